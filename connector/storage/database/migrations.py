"""The tables of every store, version by version, for both kinds of database.

They are told once, in SQLite's words. PostgreSQL has other words for some of them (``_WORDS``), and says
a trigger altogether differently (``_TWINS``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

# Each entry takes the schema one version further; what was released is never edited.
ALL: tuple[tuple[str, ...], ...] = (
    (
        """
        CREATE TABLE settings (
            name TEXT PRIMARY KEY,
            value TEXT NOT NULL
        )""",
        # Fingerprints of secrets are made with it, so that nobody can try guesses against them elsewhere.
        "INSERT INTO settings (name, value) VALUES ('pepper', lower(hex(randomblob(32))))",
        """
        CREATE TABLE connections (
            name TEXT PRIMARY KEY,
            integration TEXT NOT NULL,
            configurations TEXT NOT NULL,
            created REAL NOT NULL,
            updated REAL NOT NULL
        )""",
        """
        CREATE TABLE budgets (
            key TEXT PRIMARY KEY,
            tat REAL NOT NULL,
            pace REAL NOT NULL,
            locked_until REAL NOT NULL
        )""",
        """
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
        )""",
        "CREATE INDEX invocations_by_state ON invocations (state, id)",
        "CREATE INDEX invocations_by_upstream_id ON invocations (upstream_id) WHERE upstream_id IS NOT NULL",
        # The sums that caps are checked against, which would take long to add up on a busy day.
        """
        CREATE TABLE spending (
            day TEXT NOT NULL,
            connection TEXT NOT NULL,
            environment TEXT NOT NULL,
            credits REAL NOT NULL,
            PRIMARY KEY (day, connection, environment)
        )""",
        """
        CREATE TRIGGER spending_begins AFTER INSERT ON invocations BEGIN
            INSERT INTO spending (day, connection, environment, credits)
            VALUES (NEW.day, NEW.connection, NEW.environment, NEW.counted)
            ON CONFLICT (day, connection, environment) DO UPDATE SET credits = credits + NEW.counted;
        END""",
        """
        CREATE TRIGGER spending_changes AFTER UPDATE OF billed, credits ON invocations
        WHEN NEW.counted <> OLD.counted BEGIN
            UPDATE spending SET credits = credits + NEW.counted - OLD.counted
            WHERE day = NEW.day AND connection = NEW.connection AND environment = NEW.environment;
        END""",
    ),
    # What the host keeps: its runs, the files they took and gave, and who may use it.
    (
        """
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
        )""",
        """
        CREATE UNIQUE INDEX runs_by_key ON runs (token_name, idempotency_key)
        WHERE idempotency_key IS NOT NULL""",
        # Which run an invocation is; written with it in one act.
        "ALTER TABLE invocations ADD COLUMN origin TEXT",
        "CREATE INDEX invocations_by_origin ON invocations (origin) WHERE origin IS NOT NULL",
        "CREATE INDEX runs_by_action ON runs (action, id)",
        "CREATE INDEX runs_by_state ON runs (state, id)",
        """
        CREATE TABLE run_events (
            run_id TEXT NOT NULL,
            seq INTEGER NOT NULL,
            at REAL NOT NULL,
            kind TEXT NOT NULL,
            data TEXT NOT NULL,
            PRIMARY KEY (run_id, seq)
        ) WITHOUT ROWID""",
        """
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
        )""",
        "CREATE INDEX files_by_expiry ON files (expires) WHERE expires IS NOT NULL",
        """
        CREATE TABLE tokens (
            name TEXT PRIMARY KEY,
            role TEXT NOT NULL,
            digest TEXT NOT NULL UNIQUE,
            created REAL NOT NULL
        )""",
    ),
    # What outlasts a call: durable runs, batches with their rows, schedules and webhooks.
    (
        # Until when slots are taken by those who wait for an answer, and how many gave way to them unawares.
        "ALTER TABLE budgets ADD COLUMN express REAL NOT NULL DEFAULT 0",
        "ALTER TABLE budgets ADD COLUMN debt INTEGER NOT NULL DEFAULT 0",
        # Whether it goes when it expires, or is kept on by the first run that takes it.
        "ALTER TABLE files ADD COLUMN unused INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE runs ADD COLUMN kind TEXT NOT NULL DEFAULT 'action'",
        "ALTER TABLE runs ADD COLUMN durable INTEGER NOT NULL DEFAULT 0",
        # The workflow's run that a run is a step of, and which step; or the batch, and its row.
        "ALTER TABLE runs ADD COLUMN parent TEXT",
        "ALTER TABLE runs ADD COLUMN place TEXT",
        "ALTER TABLE runs ADD COLUMN batch TEXT",
        "ALTER TABLE runs ADD COLUMN row INTEGER",
        # The workflow's text as it was when the run began.
        "ALTER TABLE runs ADD COLUMN definition TEXT",
        "ALTER TABLE runs ADD COLUMN retry_of TEXT",
        "CREATE INDEX runs_by_parent ON runs (parent, id) WHERE parent IS NOT NULL",
        "CREATE INDEX runs_by_batch ON runs (batch, row) WHERE batch IS NOT NULL",
        """
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
        )""",
        """
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
        ) WITHOUT ROWID""",
        "CREATE INDEX batch_rows_by_state ON batch_rows (batch, state, number)",
        # What has ended, and is not in its folder yet.
        """
        CREATE INDEX batch_rows_to_deliver ON batch_rows (batch, number)
        WHERE files IS NULL AND state <> 'pending' AND state <> 'running'""",
        """
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
        )""",
        # The times that a schedule came to, and what became of each.
        """
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
        ) WITHOUT ROWID""",
        """
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
        )""",
    ),
    (
        # The first slot that somebody of the background gave up unawares.
        "ALTER TABLE budgets ADD COLUMN owed REAL NOT NULL DEFAULT 0",
        # Of two who take a run for theirs, one may send.
        """
        CREATE UNIQUE INDEX invocations_of_run ON invocations (origin)
        WHERE origin IS NOT NULL AND state <> 'failed'""",
    ),
    (
        # Whether a run was tried once more, and how many ended in which way, however many there are.
        "CREATE INDEX runs_by_retry ON runs (retry_of) WHERE retry_of IS NOT NULL",
        "CREATE INDEX runs_counted ON runs (kind, state, outcome) WHERE durable = 1",
    ),
)

# In this order; whole words of SQLite's, and what PostgreSQL calls the same. Text is compared byte by byte.
_WORDS: tuple[tuple[str, str], ...] = (
    (" INTEGER PRIMARY KEY", " BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"),
    (" INTEGER", " BIGINT"),
    (" REAL", " DOUBLE PRECISION"),
    (" TEXT", ' TEXT COLLATE "C"'),
    (" WITHOUT ROWID", ""),
    # What is computed is kept with the row.
    ("credits, estimate, 0) END\n            )", "credits, estimate, 0) END\n            ) STORED"),
)

# By how SQLite's statement begins: what PostgreSQL is told instead.
_TWINS: Mapping[str, tuple[str, ...]] = {
    "INSERT INTO settings (name, value) VALUES ('pepper'": (
        """
        INSERT INTO settings (name, value)
        VALUES ('pepper', replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''))""",
    ),
    "CREATE TRIGGER spending_begins": (
        """
        CREATE FUNCTION begin_spending() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            INSERT INTO spending (day, connection, environment, credits)
            VALUES (NEW.day, NEW.connection, NEW.environment, NEW.counted)
            ON CONFLICT (day, connection, environment)
            DO UPDATE SET credits = spending.credits + NEW.counted;
            RETURN NULL;
        END $$""",
        """
        CREATE TRIGGER spending_begins AFTER INSERT ON invocations
        FOR EACH ROW EXECUTE FUNCTION begin_spending()""",
    ),
    "CREATE TRIGGER spending_changes": (
        """
        CREATE FUNCTION change_spending() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            UPDATE spending SET credits = credits + NEW.counted - OLD.counted
            WHERE day = NEW.day AND connection = NEW.connection AND environment = NEW.environment;
            RETURN NULL;
        END $$""",
        """
        CREATE TRIGGER spending_changes AFTER UPDATE OF billed, credits ON invocations
        FOR EACH ROW WHEN (NEW.counted <> OLD.counted) EXECUTE FUNCTION change_spending()""",
    ),
}


def statements(dialect: str, version: int) -> Iterator[str]:
    """What takes the tables from a version to today's."""
    for migration in ALL[version:]:
        for statement in migration:
            yield from (statement,) if dialect == "sqlite" else _in_postgres(statement)


def _in_postgres(statement: str) -> tuple[str, ...]:
    twins = (twin for start, twin in _TWINS.items() if statement.strip().startswith(start))
    return next(twins, None) or (_reworded(statement),)


def _reworded(statement: str) -> str:
    for before, after in _WORDS:
        statement = statement.replace(before, after)
    return statement
