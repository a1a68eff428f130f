-- Until when slots are taken by those who wait for an answer, and how many gave way to them unawares.

ALTER TABLE budgets ADD COLUMN express REAL NOT NULL DEFAULT 0

ALTER TABLE budgets ADD COLUMN debt INTEGER NOT NULL DEFAULT 0

-- Whether it goes when it expires, or is kept on by the first run that takes it.

ALTER TABLE files ADD COLUMN unused INTEGER NOT NULL DEFAULT 0

ALTER TABLE runs ADD COLUMN kind TEXT NOT NULL DEFAULT 'action'

ALTER TABLE runs ADD COLUMN durable INTEGER NOT NULL DEFAULT 0

-- The workflow's run that a run is a step of, and which step; or the batch, and its row.

ALTER TABLE runs ADD COLUMN parent TEXT

ALTER TABLE runs ADD COLUMN place TEXT

ALTER TABLE runs ADD COLUMN batch TEXT

ALTER TABLE runs ADD COLUMN row INTEGER

-- The workflow's text as it was when the run began.

ALTER TABLE runs ADD COLUMN definition TEXT

ALTER TABLE runs ADD COLUMN retry_of TEXT

CREATE INDEX runs_by_parent ON runs (parent, id) WHERE parent IS NOT NULL

CREATE INDEX runs_by_batch ON runs (batch, row) WHERE batch IS NOT NULL

CREATE TABLE batches (
    id TEXT PRIMARY KEY,
    created REAL NOT NULL,
    updated REAL NOT NULL,
    name TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    definition TEXT,
    integration TEXT NOT NULL,
    connection TEXT NOT NULL,
    environment TEXT NOT NULL,
    defaults TEXT NOT NULL,
    options TEXT NOT NULL,
    source TEXT NOT NULL,
    total INTEGER NOT NULL,
    state TEXT NOT NULL,
    message TEXT
)

CREATE TABLE batch_rows (
    batch TEXT NOT NULL,
    number INTEGER NOT NULL,
    updated REAL NOT NULL,
    label TEXT NOT NULL,
    inputs TEXT NOT NULL,
    digest TEXT NOT NULL,
    state TEXT NOT NULL,
    run_id TEXT,
    outcome TEXT,
    estimate REAL,
    credits REAL,
    billed TEXT NOT NULL,
    seconds REAL,
    files TEXT,
    message TEXT,
    PRIMARY KEY (batch, number)
) WITHOUT ROWID

CREATE INDEX batch_rows_by_state ON batch_rows (batch, state, number)

-- What has ended, and is not in its folder yet.

CREATE INDEX batch_rows_to_deliver ON batch_rows (batch, number)
WHERE files IS NULL AND state <> 'pending' AND state <> 'running'

CREATE TABLE schedules (
    name TEXT PRIMARY KEY,
    created REAL NOT NULL,
    updated REAL NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    definition TEXT,
    inputs TEXT NOT NULL,
    integration TEXT NOT NULL,
    connection TEXT NOT NULL,
    environment TEXT NOT NULL,
    cron TEXT NOT NULL,
    timezone TEXT NOT NULL,
    overlap TEXT NOT NULL,
    catch_up TEXT NOT NULL,
    -- What one run may spend, and what all runs of a UTC day may.
    limit_credits REAL,
    limit_daily REAL,
    paused INTEGER NOT NULL,
    -- Up to this moment it is settled what became of its times.
    since REAL NOT NULL
)

-- The times that a schedule came to, and what became of each.

CREATE TABLE ticks (
    schedule TEXT NOT NULL,
    at REAL NOT NULL,
    updated REAL NOT NULL,
    why TEXT NOT NULL,
    state TEXT NOT NULL,
    run_id TEXT,
    estimate REAL,
    message TEXT,
    PRIMARY KEY (schedule, at)
) WITHOUT ROWID

CREATE TABLE webhooks (
    id TEXT PRIMARY KEY,
    created REAL NOT NULL,
    workflow TEXT NOT NULL,
    definition TEXT NOT NULL,
    integration TEXT NOT NULL,
    connection TEXT NOT NULL,
    environment TEXT NOT NULL,
    digest TEXT NOT NULL UNIQUE,
    limit_credits REAL
)
