"""The demo's actions: every one once, by the example in its spec."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from connector.engine.arguments import beside
from connector.engine.connector import AsyncConnector
from connector.engine.result import Result
from connector.errors import ConnectorError
from connector.media import from_path, kinds
from connector.runs.contact_sheet.layout import Tile
from connector.spec.model import Action
from connector.spec.schema import amounts

Say = Callable[[str], None]

# Two cores draw two pictures; jobs wait beside them.
_AT_ONCE = 6
# Seconds; nothing that the sandbox makes takes as long.
_LONGEST = 240


async def use_all(connector: AsyncConnector, folder: Path, say: Say) -> list[Tile]:
    """A tile for each action, in the integration's order. What fails is shown as failed."""
    folder.mkdir(parents=True, exist_ok=True)
    together = asyncio.Semaphore(_AT_ONCE)
    finished: dict[str, Result] = {}
    listed = list(connector.integration.actions.values())
    fetching = {action.job.fetch for action in listed if action.job}
    argument = {action.job.fetch: action.job.argument for action in listed if action.job}

    async def use(action: Action) -> Tile:
        async with together:
            given = _given(action, connector, finished if action.id in fetching else {}, argument)
            return await _used(connector, action, given, folder, finished, say)

    makers = [action for action in listed if action.id not in fetching]
    fetchers = [action for action in listed if action.id in fetching]
    shown = dict(zip(makers, await asyncio.gather(*map(use, makers)), strict=True))
    # The upstream was just asked for these results, and may not be asked again at once.
    await asyncio.sleep(max((action.job.interval for action in listed if action.job), default=0))
    shown |= dict(zip(fetchers, await asyncio.gather(*map(use, fetchers)), strict=True))
    return [shown[action] for action in listed]


def _given(
    action: Action, connector: AsyncConnector, finished: dict[str, Result], argument: dict[str, str]
) -> dict[str, Any]:
    """The example's arguments; one that fetches a job's result is given the id of a job that was run."""
    example = dict(action.examples[0].arguments)
    for start in connector.integration.actions.values():
        ended = finished.get(start.id)
        if start.job is not None and start.job.fetch == action.id and ended is not None:
            return {argument[action.id]: ended.job_id}
    return beside(action, example, action.source.parent if action.source else Path())


async def _used(
    connector: AsyncConnector,
    action: Action,
    given: dict[str, Any],
    folder: Path,
    finished: dict[str, Result],
    say: Say,
) -> Tile:
    try:
        result = await connector.invoke(action.id, given, timeout=_LONGEST)
    except ConnectorError as error:
        say(f"  {action.id:<34} {error.code}: {error.message.splitlines()[0]}")
        return Tile(action.title, error.code, failed=True)
    finished[action.id] = result
    path = _kept(result, folder)
    say(f"  {action.id:<34} {_facts(result)}")
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
