"""Built-in tools: finding and using any action, what a use costs, where it goes, what was spent, how a run
stands."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import mcp_types as types

from connector.errors import ConnectorError, InvalidArguments
from connector.mcp import tool_results
from connector.mcp.call_tool import Caller, ToolCaller
from connector.mcp.tools import DECLARED
from connector.spec.schema.validator import Checker
from connector.storage.connections.api_tokens import NotPermitted
from connector.storage.runs.history import RunNotFound
from connector.storage.runs.model import Run

Given = Mapping[str, Any]
Answer = Callable[[ToolCaller, Caller, Given], Awaitable[types.CallToolResult]]

# Of so many that fit best all inputs are told, of more the names.
_BEST, _MOST_FOUND = 3, 12


@dataclass(frozen=True, slots=True)
class Own:
    """A tool of ours, as it is declared."""

    name: str
    declared: Mapping[str, Any]
    answer: Answer

    @property
    def title(self) -> str:
        return str(self.declared["title"])

    def schema(self, saves: bool) -> dict[str, Any]:
        """What it takes, where results can be put into folders or cannot."""
        required = {"required": self.declared["required"]} if "required" in self.declared else {}
        own = {"save_as": DECLARED["save_as"]} if saves and self.declared.get("saves") else {}
        inputs = self.declared.get("properties", {}) | own
        return {"type": "object", "properties": inputs, "additionalProperties": False} | required

    def tool(self, name: str, saves: bool) -> types.Tool:
        reads = {"read_only_hint": True, "open_world_hint": False}
        told = {"destructive_hint": False} if self.declared.get("changes") else reads
        return types.Tool(
            name=name,
            description=self.declared["description"],
            input_schema=self.schema(saves),
            annotations=types.ToolAnnotations(title=self.title, **told),
        )

    async def call(self, desk: ToolCaller, caller: Caller, given: Given) -> types.CallToolResult:
        """The answer; a failure is an answer too."""
        found = Checker(self.schema(desk.saves(caller.offer)), noun="an input of this tool").problems(given)
        try:
            if found:
                raise InvalidArguments(found, self.title)
            return await self.answer(desk, caller, given)
        except ConnectorError as error:
            return tool_results.of_error(error)


def named(desk: ToolCaller) -> dict[str, Own]:
    """The tools by name; where an action has that name already, ours has another."""
    here = [one for one in OWN if desk.backing.links is not None or not one.declared.get("at_host")]
    return {f"connector-{one.name}" if one.name in desk.names else one.name: one for one in here}


async def _find(desk: ToolCaller, caller: Caller, given: Given) -> types.CallToolResult:
    found = desk.search(given["words"], caller.offer)
    told = []
    for number, action in enumerate(found[:_MOST_FOUND]):
        tool = desk.tool(action, caller.offer)
        inputs = {"inputs": tool.input_schema} if number < _BEST else {}
        told.append({"action": tool.name, "description": tool.description, **inputs})
    groups = {} if found else {"groups": sorted({one.group for one in desk.offered(caller.offer)})}
    more = {"more": len(found) - _MOST_FOUND} if len(found) > _MOST_FOUND else {}
    return tool_results.of_facts({"found": told} | more | groups)


async def _use(desk: ToolCaller, caller: Caller, given: Given) -> types.CallToolResult:
    return await desk.invoke(given["action"], given.get("inputs", {}), caller)


async def _upload_address(desk: ToolCaller, caller: Caller, given: Given) -> types.CallToolResult:
    assert desk.backing.links is not None  # it is offered by hosts alone
    address, file_id = await desk.backing.run(desk.backing.links.upload, caller.origin)
    told = {"file": f"file:{file_id}", "put": address, "command": f"curl --upload-file PATH '{address}'"}
    return tool_results.of_facts(told)


async def _estimate(desk: ToolCaller, caller: Caller, given: Given) -> types.CallToolResult:
    served, action = desk.find(given["action"], caller)
    found = await served.connector.estimate(action.id, given.get("inputs", {}), **caller.place)
    told = {"credits": found.credits, "why": found.why, "left": desk.purse.left}
    return tool_results.of_facts({name: value for name, value in told.items() if value is not None})


async def _environments(desk: ToolCaller, caller: Caller, given: Given) -> types.CallToolResult:
    listed = []
    for served in desk.backing.integrations.values():
        connector = served.connector
        now, _ = await desk.backing.run(lambda one=connector: one.place(**caller.place))  # type: ignore[misc]
        listed += [
            {
                "integration": connector.integration.id,
                "environment": each.name,
                "description": each.description,
                "in_use": each.name == now,
                "needs_credential": each.credential is None,
            }
            for each in connector.integration.environments.values()
        ]
    return tool_results.of_facts({"environments": listed, "to_change": DECLARED["to_change"]})


async def _spending(desk: ToolCaller, caller: Caller, given: Given) -> types.CallToolResult:
    if caller.only_own:
        raise NotPermitted("a token that is limited is not told what others spend")
    told: dict[str, Any] = {"spent": desk.purse.spent}
    if desk.purse.limit is not None:
        told |= {"limit": desk.purse.limit, "left": desk.purse.left}
    served = next(iter(desk.backing.integrations.values()))
    environment, connection = await desk.backing.run(lambda: served.connector.place(**caller.place))
    ledger = served.connector.workspace.ledger
    told |= {
        "environment": environment,
        "today_credits": await desk.backing.run(ledger.spent, connection, environment),
    }
    return tool_results.of_facts(told | await _balance(served.connector, caller))


async def _balance(connector: Any, caller: Caller) -> dict[str, Any]:
    """What the account has left, or why that is not known."""
    if connector.integration.balance is None:
        return {}
    try:
        return {"balance": await connector.balance(**caller.place)}
    except ConnectorError as error:
        return {"balance_unknown": error.message}


async def _get_run(desk: ToolCaller, caller: Caller, given: Given) -> types.CallToolResult:
    target = desk.target(given["save_as"], caller.offer) if "save_as" in given else None
    run: Run = await desk.backing.run(desk.backing.history.get, given["run"])
    if caller.only_own and run.token_name != caller.name:
        raise RunNotFound(f"there is no run {run.id!r} of this token")
    served = desk.backing.integrations.get(run.integration)
    if not run.has_ended and served is not None:
        run = await served.runner.wait(run.id, timeout=given.get("wait", 0))
    return await desk.told(run, caller, target)


# The answers of our tools, by their names.
_ANSWERS: Mapping[str, Answer] = {
    "find-action": _find,
    "use-action": _use,
    "upload-address": _upload_address,
    "estimate": _estimate,
    "environments": _environments,
    "spending": _spending,
    "get-run": _get_run,
}
OWN = tuple(Own(name, told, _ANSWERS[name]) for name, told in DECLARED["own"].items())
