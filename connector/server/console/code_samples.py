"""Code samples: the same use of an action as curl, Python, JavaScript and HTTP, to be pasted elsewhere."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from connector.spec import file_options

# What the reader puts in its place; a token is never written out.
TOKEN = "$CONNECTOR_TOKEN"
_MEDIA = "image/*, audio/*, video/*, model/*"


@dataclass(frozen=True, slots=True)
class SampleUse:
    """An action with its inputs as a run keeps them: files are facts with their reference."""

    action: str
    inputs: Mapping[str, Any]
    environment: str | None = None
    connection: str | None = None
    delivers_file: bool = True
    is_workflow: bool = False


def calls(use: SampleUse, base: str) -> dict[str, str]:
    """The forms by name; ``base`` is where this host is reached."""
    by_python = {} if use.is_workflow else {"Python": _python(use)}
    return {
        "curl": _curl(use, base),
        **by_python,
        "JavaScript": _javascript(use, base),
        "HTTP": _http(use, base),
    }


def _curl(use: SampleUse, base: str) -> str:
    words = [
        f"curl --fail-with-body {shlex.quote(base + _target(use))}",
        f'--header "Authorization: Bearer {TOKEN}"',
        "--header 'Content-Type: application/json'",
        f"--data {shlex.quote(_body(use))}",
    ]
    if use.delivers_file:
        words += [f"--header 'Accept: {_MEDIA}'", f"--output {use.action}"]
    return " \\\n  ".join(words)


def _python(use: SampleUse) -> str:
    chosen = {"environment": use.environment, "connection": use.connection}
    named = "".join(f"        {name}={value!r},\n" for name, value in chosen.items() if value)
    arguments = _literal({name: _by_name(value) for name, value in use.inputs.items()}, 2)
    ending = '    print(result.save("."))' if use.delivers_file else "    print(result.value)"
    return (
        "from connector import Connector\n\n"
        "with Connector() as connector:\n"
        "    result = connector.invoke(\n"
        f"        {use.action!r},\n"
        f"        {arguments},\n"
        f"{named}    )\n"
        f"{ending}\n"
    )


def _javascript(use: SampleUse, base: str) -> str:
    accept = _MEDIA if use.delivers_file else "application/json"
    ending = "const file = await answer.blob();" if use.delivers_file else "console.log(await answer.json());"
    body = _body(use).replace("\n", "\n  ")
    return (
        f"const answer = await fetch({json.dumps(base + _target(use))}, {{\n"
        '  method: "POST",\n'
        "  headers: {\n"
        "    Authorization: `Bearer ${process.env.CONNECTOR_TOKEN}`,\n"
        '    "Content-Type": "application/json",\n'
        f"    Accept: {json.dumps(accept)},\n"
        "  },\n"
        f"  body: JSON.stringify({body}),\n"
        "});\n"
        "if (!answer.ok) throw new Error((await answer.json()).detail);\n"
        f"{ending}\n"
    )


def _http(use: SampleUse, base: str) -> str:
    body = _body(use)
    lines = [
        f"POST {_target(use)} HTTP/1.1",
        f"Host: {urlsplit(base).netloc}",
        "Authorization: Bearer TOKEN",
        "Content-Type: application/json",
        f"Content-Length: {len(body.encode())}",
    ]
    return "\n".join([*lines, "", body])


def _target(use: SampleUse) -> str:
    chosen = {"environment": use.environment, "connection": use.connection}
    query = urlencode({name: value for name, value in chosen.items() if value}, quote_via=quote)
    kind = "workflows" if use.is_workflow else "actions"
    return f"/api/{kind}/{quote(use.action, safe='')}" + (f"?{query}" if query else "")


def _body(use: SampleUse) -> str:
    inputs = {name: _by_reference(value) for name, value in use.inputs.items()}
    return json.dumps({"inputs": inputs}, ensure_ascii=False, indent=2)


def is_file(value: Any) -> bool:
    """Whether a run's input is a file that the host keeps."""
    return isinstance(value, Mapping) and str(value.get("file", "")).startswith("file:")


def _as_given(kept: Any, file: str) -> Any:
    return file_options.joined(file, file_options.split(kept)[1])


def _by_reference(value: Any) -> Any:
    if is_file(value):
        return _as_given(value, value["file"])
    if isinstance(value, Mapping):
        return {name: _by_reference(one) for name, one in value.items()}
    return value


def _by_name(value: Any) -> Any:
    """In a program on another machine a file is a path."""
    if is_file(value):
        return _as_given(value, value.get("name") or value["file"])
    if isinstance(value, Mapping):
        return {name: _by_name(one) for name, one in value.items()}
    return value


def _literal(value: Any, depth: int) -> str:
    """A value as Python spells it, a mapping with a line for each entry."""
    if not isinstance(value, Mapping) or not value:
        return repr(value)
    indent = "    " * depth
    lines = [f"{indent}    {name!r}: {_literal(one, depth + 1)},\n" for name, one in value.items()]
    return "{\n" + "".join(lines) + indent + "}"
