CREATE TABLE settings (
    name TEXT COLLATE "C" PRIMARY KEY,
    value TEXT COLLATE "C" NOT NULL
)

-- Fingerprints of secrets are made with it, so that nobody can try guesses against them elsewhere.

INSERT INTO settings (name, value)
VALUES ('pepper', replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''))

CREATE TABLE connections (
    name TEXT COLLATE "C" PRIMARY KEY,
    integration TEXT COLLATE "C" NOT NULL,
    configurations TEXT COLLATE "C" NOT NULL,
    created DOUBLE PRECISION NOT NULL,
    updated DOUBLE PRECISION NOT NULL
)

CREATE TABLE budgets (
    key TEXT COLLATE "C" PRIMARY KEY,
    tat DOUBLE PRECISION NOT NULL,
    pace DOUBLE PRECISION NOT NULL,
    locked_until DOUBLE PRECISION NOT NULL
)

CREATE TABLE invocations (
    id TEXT COLLATE "C" PRIMARY KEY,
    created DOUBLE PRECISION NOT NULL,
    day TEXT COLLATE "C" NOT NULL,
    integration TEXT COLLATE "C" NOT NULL,
    action TEXT COLLATE "C" NOT NULL,
    connection TEXT COLLATE "C" NOT NULL,
    environment TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    estimate DOUBLE PRECISION,
    credits DOUBLE PRECISION,
    billed TEXT COLLATE "C" NOT NULL,
    outcome TEXT COLLATE "C",
    request_id TEXT COLLATE "C",
    upstream_id TEXT COLLATE "C",
    "fetch" TEXT COLLATE "C",
    next_poll DOUBLE PRECISION,
    deadline DOUBLE PRECISION,
    message TEXT COLLATE "C",
    files TEXT COLLATE "C" NOT NULL,
    writer TEXT COLLATE "C" NOT NULL,
    -- What is not known to be free counts: at its price, or at its estimate until that is known.
    counted DOUBLE PRECISION GENERATED ALWAYS AS (
        CASE WHEN billed = 'no' THEN 0 ELSE coalesce(credits, estimate, 0) END
    ) STORED
)

CREATE INDEX invocations_by_state ON invocations (state, id)

CREATE INDEX invocations_by_upstream_id ON invocations (upstream_id) WHERE upstream_id IS NOT NULL

-- The sums that caps are checked against, which would take long to add up on a busy day.

CREATE TABLE spending (
    day TEXT COLLATE "C" NOT NULL,
    connection TEXT COLLATE "C" NOT NULL,
    environment TEXT COLLATE "C" NOT NULL,
    credits DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (day, connection, environment)
)

CREATE FUNCTION begin_spending() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO spending (day, connection, environment, credits)
    VALUES (NEW.day, NEW.connection, NEW.environment, NEW.counted)
    ON CONFLICT (day, connection, environment)
    DO UPDATE SET credits = spending.credits + NEW.counted;
    RETURN NULL;
END $$

CREATE TRIGGER spending_begins AFTER INSERT ON invocations
FOR EACH ROW EXECUTE FUNCTION begin_spending()

CREATE FUNCTION change_spending() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    UPDATE spending SET credits = credits + NEW.counted - OLD.counted
    WHERE day = NEW.day AND connection = NEW.connection AND environment = NEW.environment;
    RETURN NULL;
END $$

CREATE TRIGGER spending_changes AFTER UPDATE OF billed, credits ON invocations
FOR EACH ROW WHEN (NEW.counted <> OLD.counted) EXECUTE FUNCTION change_spending()
