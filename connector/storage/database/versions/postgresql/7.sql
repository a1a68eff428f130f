-- Until when a token is good, what it is limited to (as JSON), and when it was used last.

ALTER TABLE tokens ADD COLUMN expires DOUBLE PRECISION

ALTER TABLE tokens ADD COLUMN scope TEXT

ALTER TABLE tokens ADD COLUMN limit_daily DOUBLE PRECISION

ALTER TABLE tokens ADD COLUMN last_used DOUBLE PRECISION

-- Whose batch it is.

ALTER TABLE batches ADD COLUMN token_name TEXT NOT NULL DEFAULT ''
