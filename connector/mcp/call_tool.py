"""Tool calls: each becomes a run, is watched, and its answer is told."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from logging import getLogger
from pathlib import Path
from typing import Any

import anyio
import mcp_types as types

from connector.engine import arguments
from connector.errors import ConnectorError, UnknownName
from connector.mcp import tool_results, tools
from connector.mcp.backend import Backing
from connector.mcp.offer import MAIN, Offer
from connector.mcp.session_cap import SessionCap
from connector.mcp.tools import DECLARED
from connector.runs.service.runner import Runner, ServedIntegration
from connector.spec import file_options, listing
from connector.spec.model import Action, Empty
from connector.spec.schema.suggest import nearest
from connector.storage.files.store import StoredFile
from connector.storage.runs.model import Run, RunSpec

# How a file may be named that is not named by its place.
_NAME = re.compile(r"[^/\\:]{1,200}")

Offered = tuple[ServedIntegration, Action]
Tell = Callable[[int, str], Awaitable[None]]


async def _silent(step: int, sentence: str) -> None:
    """Nobody is told."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, where the calls go (None is the default), and what is offered to them.

    ``only_own`` runs are told of, or all; ``origin`` is by which address the caller reaches a host,
    and ``tell`` hears of each step.
    """

    name: str = "mcp"
    environment: str | None = None
    connection: str | None = None
    only_own: bool = False
    offer: Offer = MAIN
    origin: str = ""
    tell: Tell = _silent

    @property
    def place(self) -> dict[str, Any]:
        return {"environment": self.environment, "connection": self.connection}


class ToolCaller:
    """The tools of a backing. ``admit`` raises a ConnectorError where nothing new is taken."""

    def __init__(
        self,
        backing: Backing,
        purse: SessionCap | None = None,
        admit: Callable[[], object] = lambda: None,
    ) -> None:
        self.backing = backing
        self.purse = purse or SessionCap()
        # Set when the client has gone or the process stops: what is under way is then not given up.
        self.leaving = False
        self._admit = admit
        offered = [
            (served, action)
            for served in backing.integrations.values()
            for action in served.connector.integration.actions.values()
        ]
        self._actions: Mapping[str, Offered] = {one[1].id: one for one in offered}
        # An action is called by its id as well.
        self.names: Mapping[str, Offered] = {**self._actions, **{one[1].tool.name: one for one in offered}}
        self.shared = tools.shared_inputs(self.shown(MAIN), backing.folders is not None)

    def offered(self, offer: Offer) -> list[Action]:
        """All that may be called."""
        return [action for _, action in self._actions.values() if offer.takes(action)]

    def shown(self, offer: Offer) -> list[Action]:
        """Those that are listed."""
        return offer.shown(self.offered(offer))

    def search(self, words: str, offer: Offer) -> list[Action]:
        """Those that fit the words, best first; or the one that has them for its name."""
        offered = self.offered(offer)
        ranks = listing.ranks([listing.entry(action) for action in offered], words)
        best = sorted(zip(ranks, offered, strict=True), key=lambda one: -one[0])
        exact = [action for action in offered if words in (action.id, action.tool.name)]
        return exact or [action for rank, action in best if rank]

    def find(self, name: str, caller: Caller) -> Offered:
        """The action whose tool's name or id that is, if it is offered to the caller. Raises UnknownName."""
        found = self.names.get(name)
        if found is None or not caller.offer.takes(found[1]):
            known = [known for known, (_, action) in self.names.items() if caller.offer.takes(action)]
            raise UnknownName(f"there is no tool and no action {name[:100]!r}{nearest(name, known)}")
        return found

    def listed(self, offer: Offer) -> list[types.Tool]:
        return [self.tool(action, offer, self.shared) for action in self.shown(offer)]

    def tool(self, action: Action, offer: Offer, shared: tools.Shared = Empty) -> types.Tool:
        return tools.tool(action, self.saves(offer), shared)

    def saves(self, offer: Offer) -> bool:
        """Whether results can be put into folders."""
        return self.backing.folders is not None and not offer.read_only

    def instructions(self, offer: Offer) -> str:
        """What holds for all tools, where they run."""
        folders = self.backing.folders
        place = "host" if folders is None else "machine" if self.saves(offer) else "read_only"
        files = DECLARED["files"][place].format(roots=folders and folders.said)
        said = (DECLARED["instructions"], files, DECLARED["shared"], tools.shared_words(self.shared))
        return "\n".join(said)

    async def invoke(self, name: str, given: Mapping[str, Any], caller: Caller) -> types.CallToolResult:
        """The answer of one use of an action; a failure is an answer too."""
        served, action = self.find(name, caller)
        try:
            self._admit()
            inputs, wanted = _inputs(action, given, self.saves(caller.offer))
            target = self.target(wanted, caller.offer)
            known = partial(self._known, caller)
            inputs = await self.backing.run(arguments.each_file, action, inputs, known)
            held = self.purse.hold(await self._price(served, action, inputs, caller), action.title)
            spec = RunSpec(action.id, inputs, caller.environment, caller.connection)
            run = await self._watched(served.runner, spec, caller, held)
            return await self.told(run, caller, target)
        except ConnectorError as error:
            return tool_results.of_error(error)

    def target(self, wanted: Any, offer: Offer) -> Path | None:
        """Where a result is to be put, of this machine's folders. Raises InvalidArguments."""
        folders = self.backing.folders
        return folders.target(wanted) if folders is not None and self.saves(offer) else None

    async def told(self, run: Run, caller: Caller, target: Path | None = None) -> types.CallToolResult:
        """The answer of a run, with where its file is for whoever called."""

        def handed(stored: StoredFile) -> dict[str, str]:
            if self.backing.folders is not None and target is not None:
                where = self.backing.folders.put(self.backing.files.open(stored.id), target)
            else:
                where = tool_results.address(self.backing.links, stored, caller.origin)
            return {**where, "next": DECLARED["next"][next(iter(where), "file")]}

        return await self.backing.run(tool_results.of_run, self.backing.files, run, handed)

    def _known(self, caller: Caller, value: Any, path: str) -> Any:
        """A file that is named by its resource's address, or as an earlier result is, by its reference."""
        if not isinstance(value, str):
            return value
        if value.startswith(tool_results.SCHEME):
            return f"file:{value.removeprefix(tool_results.SCHEME)}"
        folders = self.backing.folders
        if caller.only_own or not _NAME.fullmatch(value) or (folders is not None and folders.has(value)):
            return value
        found = self.backing.files.list(source="result", name=value, limit=1)
        return found[0].reference if found else value

    async def _price(
        self, served: ServedIntegration, action: Action, inputs: Mapping[str, Any], caller: Caller
    ) -> float | None:
        """What it may cost, where that has to be known before."""
        if self.purse.limit is None or not action.paid:
            return 0.0
        return (await served.connector.estimate(action.id, inputs, **caller.place)).credits

    async def _watched(self, runner: Runner, spec: RunSpec, caller: Caller, held: float) -> Run:
        """The run as it ended. Who calls is told of each of its steps, and may cancel it."""
        starting = asyncio.ensure_future(runner.start(spec, token_name=caller.name))
        run: Run | None = None
        try:
            run = await self._followed(runner, starting, caller.tell)
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


def _inputs(action: Action, given: Mapping[str, Any], saves: bool) -> tuple[dict[str, Any], Any]:
    """The inputs of what a tool was given, with what was said of its files; and where its result goes."""
    names = tools.option_names(action, saves)
    inputs = {name: value for name, value in given.items() if name not in names}
    said = {option: given[name] for name, option in names.items() if name in given}
    return arguments.with_options(action, inputs, file_options.chosen(said)), said.get("save_as")
