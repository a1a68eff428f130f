-- Until when a token is good, what it is limited to (as JSON), and when it was used last.

ALTER TABLE tokens ADD COLUMN expires DOUBLE PRECISION

ALTER TABLE tokens ADD COLUMN scope TEXT

ALTER TABLE tokens ADD COLUMN limit_daily DOUBLE PRECISION

ALTER TABLE tokens ADD COLUMN last_used DOUBLE PRECISION

-- Whose batch it is.

ALTER TABLE batches ADD COLUMN token_name TEXT NOT NULL DEFAULT ''

-- Workflows that were saved here, each as it was; without a text the integration's own file counts again.

CREATE TABLE workflow_versions (
    integration TEXT NOT NULL,
    workflow TEXT NOT NULL,
    version INTEGER NOT NULL,
    created DOUBLE PRECISION NOT NULL,
    token_name TEXT NOT NULL,
    text TEXT,
    PRIMARY KEY (integration, workflow, version)
)
