"""All that the stores say of a home, as plain values."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from connector.runs.batch.store import Batches
from connector.runs.callbacks import Callbacks
from connector.runs.schedule.store import ScheduleStore
from connector.runs.service.webhook_secrets import Webhook, Webhooks
from connector.runs.workflow.versions import WorkflowVersions
from connector.secret import Secret
from connector.storage.connections.api_tokens import Tokens
from connector.storage.connections.encryption import MasterKeys
from connector.storage.connections.signing_secrets import SigningSecrets
from connector.storage.connections.store import ConnectionStore
from connector.storage.database.database import Database
from connector.storage.files.store import FileStore
from connector.storage.ledger.ledger import Ledger
from connector.storage.ledger.rate_limit import DatabaseRateLimiter
from connector.storage.runs.history import History

NOW = 1_763_812_800.0  # 2025-11-22T12:00:00Z
ENVIRON = {"REFERRED": "sk-referred-to"}


def read(home: Path, shown: Mapping[str, Any], where: str | Path | None = None) -> dict[str, Any]:
    """What is in a home; ``shown`` is what was shown once, and is kept as a digest only.

    ``where`` is the database where it is not the home's own.
    """
    with closing(Database(where or home / "connector.db")) as database:
        found = {name: read_part(database, home, shown) for name, read_part in _PARTS.items()}
        return json.loads(json.dumps(found))


def _now() -> float:
    return NOW


def _ledger(database: Database, home: Path, shown: Mapping[str, Any]) -> Any:
    return [each.to_dict() for each in Ledger(database, _now).entries()]


def _spending(database: Database, home: Path, shown: Mapping[str, Any]) -> Any:
    ledger = Ledger(database, _now)
    summary = [each.to_dict() for each in ledger.summary(date(2025, 11, 1), date(2025, 11, 30))]
    return {"summary": summary, "spent": ledger.spent("main", "production", date(2025, 11, 22))}


def _rate_limits(database: Database, home: Path, shown: Mapping[str, Any]) -> Any:
    return {key: round(wait, 3) for key, wait in DatabaseRateLimiter(database, _now).ahead().items()}


def _fingerprint(database: Database, home: Path, shown: Mapping[str, Any]) -> Any:
    return database.fingerprint("sk-main")


def _connections(database: Database, home: Path, shown: Mapping[str, Any]) -> Any:
    store = ConnectionStore(database, _keys(home), environ=ENVIRON)
    return [
        each.to_dict()
        | {
            "opened": {
                one.name: {
                    name: _opened(value) for name, value in store.credential(each.name, one.name).items()
                }
                | {
                    f"header {name}": _opened(value)
                    for name, value in store.headers(each.name, one.name).items()
                }
                for one in each.configurations
            }
        }
        for each in store.list()
    ]


def _opened(value: Secret | str) -> str:
    return value.reveal() if isinstance(value, Secret) else value


def _tokens(database: Database, home: Path, shown: Mapping[str, Any]) -> Any:
    tokens = Tokens(database, _now)
    known = {name: tokens.who(text) for name, text in shown["tokens"].items()}
    return [each.to_dict() | {"is_let_in": known[each.name] == each} for each in tokens.list()]


def _runs(database: Database, home: Path, shown: Mapping[str, Any]) -> Any:
    history = History(database, _now)
    return [
        run.to_dict()
        | {
            "events": [event.to_dict() for event in _told(history, run.id)],
            "children": [asdict(child) for child in history.children(run.id)],
        }
        for run in history.list()
    ]


def _told(history: History, run_id: str) -> Iterator[Any]:
    for event in history.events(run_id):
        event.data.pop("run", None)  # the run itself, which is there already
        yield event


def _batches(database: Database, home: Path, shown: Mapping[str, Any]) -> Any:
    batches = Batches(database, _now)
    return [
        each.to_dict()
        | {
            "definition": each.definition,
            "rows": [asdict(row) for row in batches.rows(each.id).rows()],
            "counts": batches.rows(each.id).counts().to_dict(),
        }
        for each in batches.list()
    ]


def _schedules(database: Database, home: Path, shown: Mapping[str, Any]) -> Any:
    store = ScheduleStore(database, _now)
    return [
        each.to_dict()
        | {"definition": each.definition, "ticks": [tick.to_dict() for tick in store.ticks(each.name)]}
        for each in store.list()
    ]


def _workflows(database: Database, home: Path, shown: Mapping[str, Any]) -> Any:
    store = WorkflowVersions(database)
    current = store.current("stabilityai")
    return [
        each.to_dict() | {"text": each.text, "counts": current.get(id) == each}
        for id in ("once", "twice")
        for each in store.history("stabilityai", id)
    ]


def _webhooks(database: Database, home: Path, shown: Mapping[str, Any]) -> Any:
    hooks = Webhooks(database, _signing(database, home), _now)
    return [
        each.to_dict()
        | {
            "definition": each.definition,
            "is_let_in": _is_let_in(hooks.admitted(each.id, secret), each, secret),
        }
        for each in hooks.list()
        for secret in (shown["webhooks"][each.workflow],)
    ]


def _is_let_in(admitted: tuple[Webhook, Secret | None] | None, hook: Webhook, secret: str) -> bool:
    """By its secret, or with the secret that signs."""
    return admitted is not None and admitted == (hook, Secret(secret) if hook.signed else None)


def _callbacks(database: Database, home: Path, shown: Mapping[str, Any]) -> Any:
    rows = database.read("SELECT subject FROM callbacks ORDER BY subject")
    callbacks = Callbacks(database, _signing(database, home), {}, _now)
    return {row["subject"]: callbacks.state(row["subject"]) for row in rows}


def _signing(database: Database, home: Path) -> SigningSecrets:
    return SigningSecrets(database, _keys(home))


def _keys(home: Path) -> MasterKeys:
    # By its text: a checkout lets everybody read the file, and such a key is refused.
    return MasterKeys({"CONNECTOR_MASTER_KEY": (home / "master.key").read_text("ascii")})


def _files(database: Database, home: Path, shown: Mapping[str, Any]) -> Any:
    store = FileStore(database, home / "files", _now)
    return [
        each.to_dict()
        | {"content": store.open(each.id).bytes[:12].hex(), "thumbnail": store.thumbnail(each.id)}
        for each in store.list()
    ]


_PARTS = {
    "fingerprint": _fingerprint,
    "connections": _connections,
    "tokens": _tokens,
    "ledger": _ledger,
    "spending": _spending,
    "rate_limits": _rate_limits,
    "runs": _runs,
    "batches": _batches,
    "schedules": _schedules,
    "workflows": _workflows,
    "webhooks": _webhooks,
    "callbacks": _callbacks,
    "files": _files,
}
