CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
)

-- Fingerprints of secrets are made with it, so that nobody can try guesses against them elsewhere.

INSERT INTO settings (name, value) VALUES ('pepper', lower(hex(randomblob(32))))

CREATE TABLE connections (
    name TEXT PRIMARY KEY,
    integration TEXT NOT NULL,
    configurations TEXT NOT NULL,
    created REAL NOT NULL,
    updated REAL NOT NULL
)

CREATE TABLE budgets (
    key TEXT PRIMARY KEY,
    tat REAL NOT NULL,
    pace REAL NOT NULL,
    locked_until REAL NOT NULL
)

CREATE TABLE invocations (
    id TEXT PRIMARY KEY,
    created REAL NOT NULL,
    day TEXT NOT NULL,
    integration TEXT NOT NULL,
    action TEXT NOT NULL,
    connection TEXT NOT NULL,
    environment TEXT NOT NULL,
    key TEXT NOT NULL,
    state TEXT NOT NULL,
    estimate REAL,
    credits REAL,
    billed TEXT NOT NULL,
    outcome TEXT,
    request_id TEXT,
    upstream_id TEXT,
    "fetch" TEXT,
    next_poll REAL,
    deadline REAL,
    message TEXT,
    files TEXT NOT NULL,
    writer TEXT NOT NULL,
    -- What is not known to be free counts: at its price, or at its estimate until that is known.
    counted REAL GENERATED ALWAYS AS (
        CASE WHEN billed = 'no' THEN 0 ELSE coalesce(credits, estimate, 0) END
    )
)

CREATE INDEX invocations_by_state ON invocations (state, id)

CREATE INDEX invocations_by_upstream_id ON invocations (upstream_id) WHERE upstream_id IS NOT NULL

-- The sums that caps are checked against, which would take long to add up on a busy day.

CREATE TABLE spending (
    day TEXT NOT NULL,
    connection TEXT NOT NULL,
    environment TEXT NOT NULL,
    credits REAL NOT NULL,
    PRIMARY KEY (day, connection, environment)
)

CREATE TRIGGER spending_begins AFTER INSERT ON invocations BEGIN
    INSERT INTO spending (day, connection, environment, credits)
    VALUES (NEW.day, NEW.connection, NEW.environment, NEW.counted)
    ON CONFLICT (day, connection, environment) DO UPDATE SET credits = credits + NEW.counted;
END

CREATE TRIGGER spending_changes AFTER UPDATE OF billed, credits ON invocations
WHEN NEW.counted <> OLD.counted BEGIN
    UPDATE spending SET credits = credits + NEW.counted - OLD.counted
    WHERE day = NEW.day AND connection = NEW.connection AND environment = NEW.environment;
END
