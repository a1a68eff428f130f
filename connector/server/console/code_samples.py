"""Code samples: the same use of an action for other places, to be pasted there.

As curl, a command line, Python, a tool call of MCP, JavaScript and HTTP, each by its template in ``samples``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from connector.server.console.rendering import text
from connector.spec import file_options
from connector.spec.schema import describe

_SAMPLES = ("curl", "CLI", "Python", "MCP", "JavaScript", "HTTP")
_OF_ACTIONS = ("Python", "MCP")
# What the commands `invoke` and `workflow run` have of their own, so that no input's option is called so.
_NAMES = ("accept", "accept-warnings", "connection", "dry-run", "environment", "estimate", "file", "help")
_MORE = ("input", "integration", "json", "keep-orientation", "limit-credits", "no-wait", "number")
_LAST = ("on-filtered", "output", "overwrite", "quiet", "show", "stream", "timeout", "wait", "yes")
COMMAND_OPTIONS = frozenset(f"--{name}" for name in (*_NAMES, *_MORE, *_LAST))


@dataclass(frozen=True, slots=True)
class SampleUse:
    """An action with its inputs as a run keeps them: files are facts with their reference."""

    action: str
    inputs: Mapping[str, Any]
    environment: str | None = None
    connection: str | None = None
    saves_as: str | None = None  # the file of its result, if that is known; empty where it has none
    is_workflow: bool = False


def calls(use: SampleUse, base: str) -> dict[str, str]:
    """The samples by name; ``base`` is where this host is reached. None has a token in it."""
    options = {name: True for value in use.inputs.values() for name in file_options.split(value)[1]}
    flags = [[f"--{name.replace('_', '-')}"] for name in options]
    given = {name: _filled(file_options.split(value)[0], _by_reference) for name, value in use.inputs.items()}
    shown = _request("POST", base, _target(use), _body(use)) | {
        "use": use,
        "save_as": use.action if use.saves_as is None else use.saves_as,
        "by_name": _literal({name: _filled(value, _by_name) for name, value in use.inputs.items()}, 2),
        "typed": [words for name, value in use.inputs.items() for words in _typed(name, value)] + flags,
        "tool_arguments": given | options,
    }
    names = [name for name in _SAMPLES if not (use.is_workflow and name in _OF_ACTIONS)]
    return {name: text(f"samples/{name}.txt", **shown) for name in names}


def of_request(method: str, base: str, target: str, body: str | None) -> dict[str, str]:
    """The samples of any other request to this host, whose body is JSON."""
    given = "" if body is None else _literal(json.loads(body), 1)
    shown = _request(method, base, target, body) | {"save_as": "", "by_name": given}
    templates = {"curl": "curl", "Python": "httpx", "JavaScript": "JavaScript", "HTTP": "HTTP"}
    return {name: text(f"samples/{template}.txt", **shown) for name, template in templates.items()}


def _request(method: str, base: str, target: str, body: str | None) -> dict[str, Any]:
    host = urlsplit(base).netloc
    return {"method": method, "base": base, "host": host, "target": target, "body": body}


def _typed(name: str, value: Any) -> Iterator[list[str]]:
    """An input by its option; where a command has that of its own, by ``-i``, which takes any name."""
    option = f"--{name.replace('_', '-')}"
    has_option = re.fullmatch("[a-z][a-z0-9_]*", name) and option not in COMMAND_OPTIONS
    for one in value if isinstance(value, list) else [value]:
        text = f"@{one}" if isinstance(one, str) and one[:1] == "@" else describe.plain(_filled(one, _at))
        if not has_option:
            yield ["-i", f"{name}={text}"]
        else:
            yield [f"{option}={text}"] if text.startswith("-") else [option, text]


def _target(use: SampleUse) -> str:
    chosen = {"environment": use.environment, "connection": use.connection}
    query = urlencode({name: value for name, value in chosen.items() if value}, quote_via=quote)
    kind = "workflows" if use.is_workflow else "actions"
    return f"/api/{kind}/{quote(use.action, safe='')}" + (f"?{query}" if query else "")


def _body(use: SampleUse) -> str:
    inputs = {name: _filled(value, _by_reference) for name, value in use.inputs.items()}
    return json.dumps({"inputs": inputs}, ensure_ascii=False, indent=2)


def is_file(value: Any) -> bool:
    """Whether a run's input is a file that the host keeps."""
    return isinstance(value, Mapping) and str(value.get("file", "")).startswith("file:")


def _filled(value: Any, told: Callable[[Mapping[str, Any]], Any]) -> Any:
    """The value with each file in it as it is told there."""
    if is_file(value):
        return told(value)
    return {name: _filled(one, told) for name, one in value.items()} if isinstance(value, Mapping) else value


def _at(file: Mapping[str, Any]) -> str:
    return f"@{file['name']}" if file.get("name") else str(file["file"])


def _by_reference(file: Mapping[str, Any]) -> Any:
    return file_options.joined(file["file"], file_options.split(file)[1])


def _by_name(file: Mapping[str, Any]) -> Any:
    """In a program on another machine a file is a path."""
    return file_options.joined(file.get("name") or file["file"], file_options.split(file)[1])


def _literal(value: Any, depth: int) -> str:
    """A value as Python spells it, a mapping with a line for each entry."""
    if not isinstance(value, Mapping) or not value:
        return repr(value)
    indent = "    " * depth
    lines = [f"{indent}    {name!r}: {_literal(one, depth + 1)},\n" for name, one in value.items()]
    return "{\n" + "".join(lines) + indent + "}"
