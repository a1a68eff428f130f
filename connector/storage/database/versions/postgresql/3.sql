-- Until when slots are taken by those who wait for an answer, and how many gave way to them unawares.

ALTER TABLE budgets ADD COLUMN express DOUBLE PRECISION NOT NULL DEFAULT 0

ALTER TABLE budgets ADD COLUMN debt BIGINT NOT NULL DEFAULT 0

-- Whether it goes when it expires, or is kept on by the first run that takes it.

ALTER TABLE files ADD COLUMN unused BIGINT NOT NULL DEFAULT 0

ALTER TABLE runs ADD COLUMN kind TEXT COLLATE "C" NOT NULL DEFAULT 'action'

ALTER TABLE runs ADD COLUMN durable BIGINT NOT NULL DEFAULT 0

-- The workflow's run that a run is a step of, and which step; or the batch, and its row.

ALTER TABLE runs ADD COLUMN parent TEXT COLLATE "C"

ALTER TABLE runs ADD COLUMN place TEXT COLLATE "C"

ALTER TABLE runs ADD COLUMN batch TEXT COLLATE "C"

ALTER TABLE runs ADD COLUMN row BIGINT

-- The workflow's text as it was when the run began.

ALTER TABLE runs ADD COLUMN definition TEXT COLLATE "C"

ALTER TABLE runs ADD COLUMN retry_of TEXT COLLATE "C"

CREATE INDEX runs_by_parent ON runs (parent, id) WHERE parent IS NOT NULL

CREATE INDEX runs_by_batch ON runs (batch, row) WHERE batch IS NOT NULL

CREATE TABLE batches (
    id TEXT COLLATE "C" PRIMARY KEY,
    created DOUBLE PRECISION NOT NULL,
    updated DOUBLE PRECISION NOT NULL,
    name TEXT COLLATE "C" NOT NULL UNIQUE,
    kind TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    definition TEXT COLLATE "C",
    integration TEXT COLLATE "C" NOT NULL,
    connection TEXT COLLATE "C" NOT NULL,
    environment TEXT COLLATE "C" NOT NULL,
    defaults TEXT COLLATE "C" NOT NULL,
    options TEXT COLLATE "C" NOT NULL,
    source TEXT COLLATE "C" NOT NULL,
    total BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    message TEXT COLLATE "C"
)

CREATE TABLE batch_rows (
    batch TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL,
    updated DOUBLE PRECISION NOT NULL,
    label TEXT COLLATE "C" NOT NULL,
    inputs TEXT COLLATE "C" NOT NULL,
    digest TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    run_id TEXT COLLATE "C",
    outcome TEXT COLLATE "C",
    estimate DOUBLE PRECISION,
    credits DOUBLE PRECISION,
    billed TEXT COLLATE "C" NOT NULL,
    seconds DOUBLE PRECISION,
    files TEXT COLLATE "C",
    message TEXT COLLATE "C",
    PRIMARY KEY (batch, number)
)

CREATE INDEX batch_rows_by_state ON batch_rows (batch, state, number)

-- What has ended, and is not in its folder yet.

CREATE INDEX batch_rows_to_deliver ON batch_rows (batch, number)
WHERE files IS NULL AND state <> 'pending' AND state <> 'running'

CREATE TABLE schedules (
    name TEXT COLLATE "C" PRIMARY KEY,
    created DOUBLE PRECISION NOT NULL,
    updated DOUBLE PRECISION NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    definition TEXT COLLATE "C",
    inputs TEXT COLLATE "C" NOT NULL,
    integration TEXT COLLATE "C" NOT NULL,
    connection TEXT COLLATE "C" NOT NULL,
    environment TEXT COLLATE "C" NOT NULL,
    cron TEXT COLLATE "C" NOT NULL,
    timezone TEXT COLLATE "C" NOT NULL,
    overlap TEXT COLLATE "C" NOT NULL,
    catch_up TEXT COLLATE "C" NOT NULL,
    -- What one run may spend, and what all runs of a UTC day may.
    limit_credits DOUBLE PRECISION,
    limit_daily DOUBLE PRECISION,
    paused BIGINT NOT NULL,
    -- Up to this moment it is settled what became of its times.
    since DOUBLE PRECISION NOT NULL
)

-- The times that a schedule came to, and what became of each.

CREATE TABLE ticks (
    schedule TEXT COLLATE "C" NOT NULL,
    at DOUBLE PRECISION NOT NULL,
    updated DOUBLE PRECISION NOT NULL,
    why TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    run_id TEXT COLLATE "C",
    estimate DOUBLE PRECISION,
    message TEXT COLLATE "C",
    PRIMARY KEY (schedule, at)
)

CREATE TABLE webhooks (
    id TEXT COLLATE "C" PRIMARY KEY,
    created DOUBLE PRECISION NOT NULL,
    workflow TEXT COLLATE "C" NOT NULL,
    definition TEXT COLLATE "C" NOT NULL,
    integration TEXT COLLATE "C" NOT NULL,
    connection TEXT COLLATE "C" NOT NULL,
    environment TEXT COLLATE "C" NOT NULL,
    digest TEXT COLLATE "C" NOT NULL UNIQUE,
    limit_credits DOUBLE PRECISION
)
