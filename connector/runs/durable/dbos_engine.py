"""The durable engine (DBOS) in our own database, for whoever executes runs and whoever asks for them.

The names of flows and queues, and the version, are a data format: what is written down by them is found
by them after an upgrade, so they stay as they are.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from connector.errors import ConnectorError, DatabaseUnavailable, needing
from connector.runs.durable.worker_lease import LeaseLost
from connector.storage.database.database import Database

if TYPE_CHECKING:
    from dbos import DBOSClient
    from sqlalchemy import Engine

NAME = "connector"
VERSION = "1"
SCHEMA = "dbos"

CALL_BACK = "call_back"
RUN_ACTION, RUN_WORKFLOW, FEED_BATCH, RUN_SCHEDULED = (
    "run_action",
    "run_workflow",
    "feed_batch",
    "run_scheduled",
)
# What is asked for by somebody who waits has a queue of its own, so that no batch stands in its way.
URGENT, ACTIONS, WORKFLOWS, BATCHES = "urgent", "actions", "workflows", "batches"
CALLBACKS = "callbacks"

# As long as a writer of the same file may take, in seconds.
_PATIENCE = 30.0
_CONNECTIONS = 4
_WHERE_MIGRATED = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'dbos_migrations'",
    "postgresql": f"SELECT 1 WHERE to_regclass('{SCHEMA}.dbos_migrations') IS NOT NULL",
}
# Where the engine keeps what it knows of each flow.
_FLOWS = {"sqlite": "workflow_status", "postgresql": f"{SCHEMA}.workflow_status"}


def connect(database: Database) -> Engine:
    """The engine's own way into the database that everything else is in."""
    _hush()
    with needing("a durable run", "runs"):
        import sqlalchemy
    with database.transaction():
        pass  # the file is there from now on, as ours
    if database.url:
        return _on_server(database.url.reveal())
    url = f"sqlite:///{database.path}"
    made = sqlalchemy.create_engine(
        url, connect_args={"timeout": _PATIENCE}, pool_size=_CONNECTIONS, max_overflow=2 * _CONNECTIONS
    )

    @sqlalchemy.event.listens_for(made, "connect")
    def prepare(connection: Any, record: object) -> None:
        connection.isolation_level = "IMMEDIATE"
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA wal_autocheckpoint = 4000")
        connection.execute("PRAGMA foreign_keys = ON")

    return made


def _on_server(url: str) -> Engine:
    import sqlalchemy

    address = sqlalchemy.make_url(url).set(drivername="postgresql+psycopg")
    # A server may have been started anew since a connection was used last.
    return sqlalchemy.create_engine(
        address, pool_size=_CONNECTIONS, max_overflow=2 * _CONNECTIONS, pool_pre_ping=True
    )


def flows(database: Database) -> str:
    """The table of what the engine knows of each flow."""
    return _FLOWS[database.dialect]


def client(made: Engine) -> DBOSClient:
    """What asks for runs, and cancels and resumes them, without executing any."""
    from dbos import DBOSClient, DBOSPortableJSONSerializer

    return DBOSClient(
        system_database_engine=made,
        dbos_system_schema=SCHEMA,
        serializer=DBOSPortableJSONSerializer(),
        application_name=NAME,
        lazy=True,
        retry_connection_errors=False,
    )


def migrate(database: Database, made: Engine) -> None:
    """Makes the engine's tables where there are none yet: who asks may come before the first worker."""
    if not database.read(_WHERE_MIGRATED[database.dialect]):
        from dbos import DBOS

        DBOS.migrate(made.url.render_as_string(hide_password=False), schema=SCHEMA)


def dispose(made: Engine) -> None:
    """Closes the connections, also those that a thread still has and gives back later."""
    import sqlalchemy

    @sqlalchemy.event.listens_for(made, "checkin")
    def close(connection: object, record: Any) -> None:
        record.invalidate()

    made.dispose()


def _hush() -> None:
    """The engine's log goes where ours goes, and only tells of mistakes."""
    log = logging.getLogger("dbos")
    if not log.handlers:  # else it would write to the terminal by itself
        log.addHandler(logging.NullHandler())
    log.setLevel(logging.ERROR)


def failures() -> tuple[type[Exception], ...]:
    """What the engine raises where its database fails."""
    from dbos import error
    from sqlalchemy.exc import SQLAlchemyError

    return SQLAlchemyError, error.DBOSException


@contextmanager
def translated(database: Database) -> Iterator[None]:
    """A failure of the engine's database leaves as DatabaseUnavailable."""
    try:
        yield
    except failures() as error:
        raise DatabaseUnavailable(
            f"the database {database.name} could not be used ({said(error)}); try again when it can be"
        ) from error


def said(error: Exception) -> str:
    """The failure in one line, without the statement that met it."""
    shown = getattr(error, "orig", None) or (error if _is_ours(error) else None)
    return str(shown or type(error).__name__).splitlines()[0]


def _is_ours(error: Exception) -> bool:
    return isinstance(error, ConnectorError | LeaseLost)
