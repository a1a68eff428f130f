"""The demo from start to end: a sandbox on a port, a connection to it, a story, then every action."""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from connector.cli.demo import actions, story
from connector.engine.connector import AsyncConnector
from connector.events import Event
from connector.runs.contact_sheet.layout import Tile, draw
from connector.storage.connections.model import Configuration, Connection
from connector.storage.ledger.ledger import Ledger

ENVIRONMENT = "demo"
# The sandbox's own clock: a job takes 12 of its seconds, so at this speed 6 of ours.
SPEED = 2
_KEY = "sk-demo-of-the-sandbox"


def run(folder: Path, *, only_story: bool = False) -> int:
    """Makes everything, writes it to the folder, and says what it cost. Needs the `sandbox` extra."""
    from connector.sandbox import Sandbox, Settings
    from connector.sandbox.server import serving

    folder.mkdir(parents=True, exist_ok=True)
    home = Path(tempfile.mkdtemp(prefix="connector-demo-"))
    try:
        with serving(Sandbox(Settings(credits=5000, speed=SPEED))) as url:
            _say(f"The sandbox answers at {url}; its clock runs {SPEED} times as fast as ours.")
            return asyncio.run(_all(url, folder, home, only_story))
    finally:
        shutil.rmtree(home, ignore_errors=True)


async def _all(url: str, folder: Path, home: Path, only_story: bool) -> int:
    began = time.monotonic()
    async with AsyncConnector(home=home, on_event=_hear) as connector:
        _connect(connector, url)
        _say(f"Connection tested: {await connector.test()}.")
        _say("")
        told = await story.tell(connector, folder, _say)
        _say(f"  contact sheet  {_sheet(told, folder / 'contact-sheet.png', 3)}")
        failures = 0
        if not only_story:
            failures = await _every_action(connector, folder)
        _costs(connector.workspace.ledger)
        balance = await connector.balance()
        _say(f"  balance left {balance:>32g} credits")
        _say(f"\nDone in {time.monotonic() - began:.0f} s. Open {folder / 'contact-sheet.png'}")
        return 1 if failures else 0


def _connect(connector: AsyncConnector, url: str) -> None:
    """A connection as a user makes one: its key sealed, its environment named."""
    configuration = Configuration(
        "demo", (ENVIRONMENT,), default=True, base_url=url, cap=2000, fields={"api_key": _KEY}
    )
    connection = Connection("demo", connector.integration.id, (configuration,))
    connector.workspace.connections.add(connection, connector.integration.secret_fields)


async def _every_action(connector: AsyncConnector, folder: Path) -> int:
    _say("\nEvery action, by its own example; jobs are asked for every ten seconds.")
    tiles = await actions.use_all(connector, folder / "actions", _say)
    _say(f"  contact sheet  {_sheet(tiles, folder / 'all-actions.png', 6)}")
    return sum(tile.failed for tile in tiles)


def _sheet(tiles: Sequence[Tile], target: Path, columns: int) -> Path:
    """Draws the tiles into one picture. An earlier sheet of that name is replaced."""
    draw(tiles, columns=columns).save(target)
    return target


def _costs(ledger: Ledger) -> None:
    from datetime import UTC, datetime, timedelta

    today = datetime.now(UTC).date()
    _say("\nWhat it cost, by the ledger")
    rows: Iterable[Any] = ledger.summary(today - timedelta(days=1), today)
    total = 0.0
    for row in rows:
        total += row.credits or 0
        often = "once" if row.invocations == 1 else f"{row.invocations} times"
        _say(f"  {row.action:<36} {row.credits or 0:>8g} credits  {often}")
    _say(f"  {'together':<36} {total:>8g} credits")


def _hear(event: Event) -> None:
    """What goes otherwise than it should is said; a job that is not finished yet is no news."""
    if event.kind in ("again", "waiting") or (event.kind == "poll" and "in progress" not in event.sentence):
        _say(f"  ... {event.sentence}")


def _say(text: str) -> None:
    print(text, file=sys.stdout, flush=True)
