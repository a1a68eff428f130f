-- Each request under a rate limit holds a slot of its own until it has arrived and the window has passed.

CREATE TABLE rate_limit_slots (
    key TEXT NOT NULL,
    number INTEGER NOT NULL,
    holder BIGINT NOT NULL,
    left_at DOUBLE PRECISION NOT NULL,
    next_at DOUBLE PRECISION NOT NULL,
    gives_way INTEGER NOT NULL,
    PRIMARY KEY (key, number)
) WITH (fillfactor = 50)

CREATE INDEX rate_limit_slots_by_next ON rate_limit_slots (key, next_at)

CREATE INDEX rate_limit_slots_by_left ON rate_limit_slots (key, left_at)

CREATE TABLE rate_limits (
    key TEXT PRIMARY KEY,
    locked_until DOUBLE PRECISION NOT NULL
)

INSERT INTO rate_limits (key, locked_until)
SELECT key, CASE WHEN tat > locked_until THEN tat ELSE locked_until END FROM budgets

DROP TABLE budgets

-- Secrets that sign what comes from programs elsewhere, and what goes to them.

CREATE TABLE signing_secrets (
    name TEXT PRIMARY KEY,
    sealed TEXT NOT NULL
)

-- Where a delivery to a webhook tells its id, and whether it is signed.

ALTER TABLE webhooks ADD COLUMN key_header TEXT

ALTER TABLE webhooks ADD COLUMN key_member TEXT

ALTER TABLE webhooks ADD COLUMN signed INTEGER NOT NULL DEFAULT 0

-- Who is told of the end of a run or a batch. `state`: pending, handed (to the durable engine), delivered, failed.

CREATE TABLE callbacks (
    subject TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    url TEXT NOT NULL,
    state TEXT NOT NULL,
    message TEXT
)

CREATE INDEX callbacks_pending ON callbacks (subject) WHERE state = 'pending'
