"""The demo: a sandbox on a port, a connection to it, a story, then every action once, by its own example."""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from connector.engine.arguments import beside
from connector.engine.connector import AsyncConnector
from connector.engine.result import Result
from connector.errors import ConnectorError
from connector.events import Event
from connector.media import from_path, kinds
from connector.runs.contact_sheet.layout import Tile, draw
from connector.spec.model import Action
from connector.spec.schema import amounts
from connector.storage.connections.model import Configuration, Connection
from connector.storage.ledger.ledger import Ledger

ENVIRONMENT = "demo"
# The sandbox's own clock: a job takes 12 of its seconds, so at this speed 6 of ours.
SPEED = 2
_KEY = "sk-demo-of-the-sandbox"
_DUSK = {"prompt": "a lighthouse on a cliff at dusk, warm light", "aspect_ratio": "3:2", "seed": 7}
_SNOW = {"prompt": "a small house in the snowy mountains, morning", "aspect_ratio": "3:2", "seed": 11}
# The books on the table, in fractions of the picture.
_DETAIL = (0.1, 0.62, 0.35, 0.87)
# Two cores draw two pictures; jobs wait beside them.
_AT_ONCE = 6
# Seconds; nothing that the sandbox makes takes as long.
_LONGEST = 240


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
        told = await _story(connector, folder)
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
    tiles = await _use_all(connector, folder / "actions")
    _say(f"  contact sheet  {_sheet(tiles, folder / 'all-actions.png', 6)}")
    return sum(tile.failed for tile in tiles)


def _sheet(tiles: Sequence[Tile], target: Path, columns: int) -> Path:
    """Draws the tiles into one picture. An earlier sheet of that name is replaced."""
    draw(tiles, columns=columns).save(target)
    return target


def _costs(ledger: Ledger) -> None:
    today = datetime.now(UTC).date()
    _say("\nWhat it cost, by the ledger")
    rows = ledger.summary(today - timedelta(days=1), today)
    for row in rows:
        often = "once" if row.invocations == 1 else f"{row.invocations} times"
        _say(f"  {row.action:<36} {row.credits:>8g} credits  {often}")
    _say(f"  {'together':<36} {sum(row.credits for row in rows):>8g} credits")


def _hear(event: Event) -> None:
    """What goes otherwise than it should is said; a job that is not finished yet is no news."""
    if event.kind in ("again", "waiting") or (event.kind == "poll" and "in progress" not in event.sentence):
        _say(f"  ... {event.sentence}")


async def _story(connector: AsyncConnector, folder: Path) -> list[Tile]:
    """The tiles of the story: two prompts, a room and its mask, the room without the vase, and enlarged."""
    samples = (connector.integration.folder or Path()) / "actions" / "samples"
    room, mask = samples / "room.png", samples / "room-mask.png"
    _say("1. A picture from a prompt")
    made = [
        await connector.invoke("stable-image-core", given) for given in (_DUSK, _DUSK | {"seed": 21}, _SNOW)
    ]
    pictures = [_saved(result, folder) for result in made]
    _say("2. The vase is erased from a room, where the mask is white")
    erased = await connector.invoke("erase", {"image": room, "mask": mask, "seed": 4})
    without = _saved(erased, folder)
    _say("3. That picture is enlarged by a job: started, its id written down, asked for after ten seconds")
    larger = await connector.invoke(
        "start-creative-upscale", {"image": erased, "prompt": "a bright room, sharp and detailed", "seed": 5}
    )
    enlarged = _saved(larger, folder)
    return [
        _tile(f"“{_DUSK['prompt']}”", made[0], pictures[0]),
        _tile("The same prompt, another seed", made[1], pictures[1]),
        _tile(f"“{_SNOW['prompt']}”", made[2], pictures[2]),
        Tile("A room", "768 x 512, given", from_path(room)),
        Tile("The mask", "white is erased", from_path(mask)),
        _tile("Erased", erased, without),
        _tile("Enlarged", larger, enlarged),
        Tile("Detail before", "at the same scale as after", from_path(without), _DETAIL),
        Tile("Detail after", f"{_size(larger)}", from_path(enlarged), _DETAIL),
    ]


def _saved(result: Result, folder: Path) -> Path:
    path = result.save(folder)
    _say(f"   {path}  {_scene_facts(result)}")
    return path


def _tile(title: str, result: Result, path: Path) -> Tile:
    return Tile(title, _scene_facts(result), from_path(path))


def _size(result: Result) -> str:
    media = result.media
    return f"{media.width} x {media.height}" if media is not None and media.width else ""


def _scene_facts(result: Result) -> str:
    return f"{_size(result)}, seed {result.seed}, {amounts.credits(result.credits or 0)}"


async def _use_all(connector: AsyncConnector, folder: Path) -> list[Tile]:
    """A tile for each action, in the integration's order. What fails is shown as failed."""
    folder.mkdir(parents=True, exist_ok=True)
    together = asyncio.Semaphore(_AT_ONCE)
    finished: dict[str, Result] = {}
    listed = list(connector.integration.actions.values())
    fetching = {action.job.fetch for action in listed if action.job}

    async def use(action: Action) -> Tile:
        async with together:
            return await _used(connector, action, _given(action, connector, finished), folder, finished)

    makers = [action for action in listed if action.id not in fetching]
    fetchers = [action for action in listed if action.id in fetching]
    shown = dict(zip(makers, await asyncio.gather(*map(use, makers)), strict=True))
    # The upstream was just asked for these results, and may not be asked again at once.
    await asyncio.sleep(max((action.job.interval for action in listed if action.job), default=0))
    shown |= dict(zip(fetchers, await asyncio.gather(*map(use, fetchers)), strict=True))
    return [shown[action] for action in listed]


def _given(action: Action, connector: AsyncConnector, finished: dict[str, Result]) -> dict[str, Any]:
    """The example's arguments; one that fetches a job's result is given the id of a job that was run."""
    for start in connector.integration.actions.values():
        ended = finished.get(start.id)
        if start.job is not None and start.job.fetch == action.id and ended is not None:
            return {start.job.argument: ended.job_id}
    folder = action.source.parent if action.source else Path()
    return beside(action, dict(action.examples[0].arguments), folder)


async def _used(
    connector: AsyncConnector,
    action: Action,
    given: dict[str, Any],
    folder: Path,
    finished: dict[str, Result],
) -> Tile:
    try:
        result = await connector.invoke(action.id, given, timeout=_LONGEST)
    except ConnectorError as error:
        _say(f"  {action.id:<34} {error.code}: {error.message.splitlines()[0]}")
        return Tile(action.title, error.code, failed=True)
    finished[action.id] = result
    path = _kept(result, folder)
    _say(f"  {action.id:<34} {_facts(result)}")
    return Tile(action.title, _facts(result), from_path(path))


def _kept(result: Result, folder: Path) -> Path:
    if result.media is not None:
        return result.save(folder)
    path = folder / f"{result.action}.json"
    path.write_text(json.dumps(result.value, indent=2) + "\n")
    return path


def _facts(result: Result) -> str:
    media = result.media
    kind = "JSON" if media is None else kinds.title_of(media.type)
    if media is None:
        told = kind
    elif media.seconds:
        told = f"{media.seconds:.0f} s {kind}"
    elif media.width:
        told = f"{media.width} x {media.height} {kind}"
    else:
        told = f"{media.size / 1000:,.0f} kB {kind}"
    price = "free" if not result.credits else amounts.credits(result.credits)
    return f"{told}, {price}"


def _say(text: str) -> None:
    print(text, flush=True)
