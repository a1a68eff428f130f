-- Until when a token is good, what it is limited to (as JSON), and when it was used last.

ALTER TABLE tokens ADD COLUMN expires REAL

ALTER TABLE tokens ADD COLUMN scope TEXT

ALTER TABLE tokens ADD COLUMN limit_daily REAL

ALTER TABLE tokens ADD COLUMN last_used REAL

-- Whose batch it is.

ALTER TABLE batches ADD COLUMN token_name TEXT NOT NULL DEFAULT ''
