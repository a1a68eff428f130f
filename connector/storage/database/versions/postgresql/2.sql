CREATE TABLE runs (
    id TEXT COLLATE "C" PRIMARY KEY,
    created DOUBLE PRECISION NOT NULL,
    updated DOUBLE PRECISION NOT NULL,
    action TEXT COLLATE "C" NOT NULL,
    title TEXT COLLATE "C" NOT NULL,
    integration TEXT COLLATE "C" NOT NULL,
    connection TEXT COLLATE "C" NOT NULL,
    environment TEXT COLLATE "C" NOT NULL,
    inputs TEXT COLLATE "C" NOT NULL,
    options TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    outcome TEXT COLLATE "C",
    credits DOUBLE PRECISION,
    billed TEXT COLLATE "C" NOT NULL,
    seconds DOUBLE PRECISION,
    result TEXT COLLATE "C",
    file TEXT COLLATE "C",
    thumbnail TEXT COLLATE "C",
    error TEXT COLLATE "C",
    job_id TEXT COLLATE "C",
    invocation_id TEXT COLLATE "C",
    token_name TEXT COLLATE "C" NOT NULL,
    idempotency_key TEXT COLLATE "C",
    digest TEXT COLLATE "C" NOT NULL,
    writer TEXT COLLATE "C" NOT NULL
)

CREATE UNIQUE INDEX runs_by_key ON runs (token_name, idempotency_key)
WHERE idempotency_key IS NOT NULL

-- Which run an invocation is; written with it in one act.

ALTER TABLE invocations ADD COLUMN origin TEXT COLLATE "C"

CREATE INDEX invocations_by_origin ON invocations (origin) WHERE origin IS NOT NULL

CREATE INDEX runs_by_action ON runs (action, id)

CREATE INDEX runs_by_state ON runs (state, id)

CREATE TABLE run_events (
    run_id TEXT COLLATE "C" NOT NULL,
    seq BIGINT NOT NULL,
    at DOUBLE PRECISION NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    data TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (run_id, seq)
)

CREATE TABLE files (
    number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id TEXT COLLATE "C" NOT NULL UNIQUE,
    name TEXT COLLATE "C" NOT NULL,
    type TEXT COLLATE "C" NOT NULL,
    bytes BIGINT NOT NULL,
    width BIGINT,
    height BIGINT,
    seconds DOUBLE PRECISION,
    sha256 TEXT COLLATE "C" NOT NULL,
    created DOUBLE PRECISION NOT NULL,
    expires DOUBLE PRECISION,
    source TEXT COLLATE "C" NOT NULL,
    run_id TEXT COLLATE "C",
    -- The file that this one is the small picture of.
    thumbnail_of TEXT COLLATE "C" UNIQUE
)

CREATE INDEX files_by_expiry ON files (expires) WHERE expires IS NOT NULL

CREATE TABLE tokens (
    name TEXT COLLATE "C" PRIMARY KEY,
    role TEXT COLLATE "C" NOT NULL,
    digest TEXT COLLATE "C" NOT NULL UNIQUE,
    created DOUBLE PRECISION NOT NULL
)
