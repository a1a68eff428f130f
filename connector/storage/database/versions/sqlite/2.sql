CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    created REAL NOT NULL,
    updated REAL NOT NULL,
    action TEXT NOT NULL,
    title TEXT NOT NULL,
    integration TEXT NOT NULL,
    connection TEXT NOT NULL,
    environment TEXT NOT NULL,
    inputs TEXT NOT NULL,
    options TEXT NOT NULL,
    state TEXT NOT NULL,
    outcome TEXT,
    credits REAL,
    billed TEXT NOT NULL,
    seconds REAL,
    result TEXT,
    file TEXT,
    thumbnail TEXT,
    error TEXT,
    job_id TEXT,
    invocation_id TEXT,
    token_name TEXT NOT NULL,
    idempotency_key TEXT,
    digest TEXT NOT NULL,
    writer TEXT NOT NULL
)

CREATE UNIQUE INDEX runs_by_key ON runs (token_name, idempotency_key)
WHERE idempotency_key IS NOT NULL

-- Which run an invocation is; written with it in one act.

ALTER TABLE invocations ADD COLUMN origin TEXT

CREATE INDEX invocations_by_origin ON invocations (origin) WHERE origin IS NOT NULL

CREATE INDEX runs_by_action ON runs (action, id)

CREATE INDEX runs_by_state ON runs (state, id)

CREATE TABLE run_events (
    run_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    at REAL NOT NULL,
    kind TEXT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (run_id, seq)
) WITHOUT ROWID

CREATE TABLE files (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    width INTEGER,
    height INTEGER,
    seconds REAL,
    sha256 TEXT NOT NULL,
    created REAL NOT NULL,
    expires REAL,
    source TEXT NOT NULL,
    run_id TEXT,
    -- The file that this one is the small picture of.
    thumbnail_of TEXT UNIQUE
)

CREATE INDEX files_by_expiry ON files (expires) WHERE expires IS NOT NULL

CREATE TABLE tokens (
    name TEXT PRIMARY KEY,
    role TEXT NOT NULL,
    digest TEXT NOT NULL UNIQUE,
    created REAL NOT NULL
)
