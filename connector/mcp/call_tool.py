"""Tool calls: each becomes a run, is watched, and its answer is told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from logging import getLogger
from typing import Any

import anyio
import mcp_types as types

from connector.engine import arguments
from connector.errors import ConnectorError, UnknownName
from connector.mcp import tool_results, tools
from connector.mcp.backend import Backing
from connector.mcp.session_cap import SessionCap
from connector.runs.service.runner import Runner, ServedIntegration
from connector.spec import file_options
from connector.spec.model import Action
from connector.spec.schema.suggest import nearest
from connector.storage.runs.model import Run, RunSpec

Offered = tuple[ServedIntegration, Action]
Tell = Callable[[int, str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, and where the calls go; None is the default. ``only_own`` runs are told of, or all."""

    name: str = "mcp"
    environment: str | None = None
    connection: str | None = None
    only_own: bool = False

    @property
    def place(self) -> dict[str, Any]:
        return {"environment": self.environment, "connection": self.connection}


class ToolCaller:
    """The tools of a backing. ``patterns`` are of the ids or groups that are offered; none are all of them.

    ``admit`` raises a ConnectorError where nothing new is taken.
    """

    def __init__(
        self,
        backing: Backing,
        purse: SessionCap | None = None,
        patterns: tuple[str, ...] = (),
        admit: Callable[[], object] = lambda: None,
    ) -> None:
        self.backing = backing
        self.purse = purse or SessionCap()
        # Set when the client has gone or the process stops: what is under way is then not given up.
        self.leaving = False
        self._admit = admit
        self.actions = dict(_offered(backing, patterns))

    def find(self, name: str) -> Offered:
        """The action of that id. Raises UnknownName."""
        if name not in self.actions:
            raise UnknownName(f"there is no action {name!r}{nearest(name, self.actions)}")
        return self.actions[name]

    def tools(self) -> list[types.Tool]:
        return [tools.tool(served.connector.integration, action) for served, action in self.actions.values()]

    async def invoke(
        self, name: str, given: Mapping[str, Any], caller: Caller, tell: Tell
    ) -> types.CallToolResult:
        """The answer of one use of an action; a failure is an answer too."""
        served, action = self.find(name)
        try:
            self._admit()
            inputs = arguments.each_file(action, _inputs(action, given), _by_reference)
            held = self.purse.hold(await self._price(served, action, inputs, caller), action.title)
            spec = RunSpec(action.id, inputs, caller.environment, caller.connection)
            run = await self._watched(served.runner, spec, caller, tell, held)
            return await self.backing.run(tool_results.of_run, self.backing.files, run)
        except ConnectorError as error:
            return tool_results.of_error(error)

    async def _price(
        self, served: ServedIntegration, action: Action, inputs: Mapping[str, Any], caller: Caller
    ) -> float | None:
        """What it may cost, where that has to be known before."""
        if self.purse.limit is None or not action.paid:
            return 0.0
        return (await served.connector.estimate(action.id, inputs, **caller.place)).credits

    async def _watched(self, runner: Runner, spec: RunSpec, caller: Caller, tell: Tell, held: float) -> Run:
        """The run as it ended. Who calls is told of each of its steps, and may cancel it."""
        starting = asyncio.ensure_future(runner.start(spec, token_name=caller.name))
        run: Run | None = None
        try:
            run = await self._followed(runner, starting, tell)
        except asyncio.CancelledError:
            with anyio.CancelScope(shield=True):
                run = await self._cancelled(runner, starting)
            raise
        finally:
            self.purse.settle(held, run)
        return run

    async def _followed(self, runner: Runner, starting: asyncio.Future[Run], tell: Tell) -> Run:
        run = await asyncio.shield(starting)
        # It is waited for from here on: what has ended cannot be looked up any more where a host stops.
        ended = asyncio.ensure_future(runner.wait(run.id))
        try:
            await tell(0, f"it is run {run.id}")
            async for event in runner.subscribe(run.id):
                await tell(event.seq, str(event.data.get("sentence", event.kind)))
            return await ended
        finally:
            ended.cancel()

    async def _cancelled(self, runner: Runner, starting: asyncio.Future[Run]) -> Run | None:
        """What became of a run that its caller no longer wants, by the engine's rules.

        One whose caller has only gone is brought to its end: it may be paid for already.
        """
        try:
            run = await starting
            if not self.leaving:
                run = await runner.cancel(run.id)
        except ConnectorError as error:
            getLogger(__name__).warning("a cancelled call: %s", error.message)
            return None
        if run.has_ended:
            getLogger(__name__).warning(
                "run %s was cancelled: %s (billed: %s)", run.id, run.outcome or run.state, run.billed
            )
        return run


def _offered(backing: Backing, patterns: tuple[str, ...]) -> Iterator[tuple[str, Offered]]:
    for served in backing.integrations.values():
        for action in served.connector.integration.actions.values():
            if not patterns or any(_matches(action, pattern) for pattern in patterns):
                yield action.id, (served, action)


def _matches(action: Action, pattern: str) -> bool:
    names = action.id, action.group.lower()
    return any(fnmatchcase(name, pattern.lower()) for name in names)


def _inputs(action: Action, given: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs of what a tool was given, with what was said of its files."""
    names = tools.option_names(action)
    inputs = {name: value for name, value in given.items() if name not in names}
    said = {option: given[name] for name, option in names.items() if name in given}
    return arguments.with_options(action, inputs, file_options.chosen(said))


def _by_reference(value: Any, path: str) -> Any:
    """A file that is named by the address of its resource, by its reference."""
    if isinstance(value, str) and value.startswith(tool_results.SCHEME):
        return f"file:{value.removeprefix(tool_results.SCHEME)}"
    return value
