"""A request to this host as curl, JavaScript, Python and HTTP, to be pasted elsewhere."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from urllib.parse import urlsplit

# What the reader puts in its place; a token is never written out.
TOKEN = "$CONNECTOR_TOKEN"
_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class HttpCall:
    """A request: ``body`` is JSON text, ``accept`` the media types wanted where that is not JSON."""

    method: str
    base: str
    target: str
    body: str | None = None
    accept: str = _JSON
    save_as: str | None = None

    @property
    def url(self) -> str:
        return self.base + self.target


def curl(call: HttpCall) -> str:
    usual = "GET" if call.body is None else "POST"
    method = "" if call.method == usual else f"--request {call.method} "
    words = [
        f"curl --fail-with-body {method}{shlex.quote(call.url)}",
        f'--header "Authorization: Bearer {TOKEN}"',
    ]
    if call.body is not None:
        words += [f"--header 'Content-Type: {_JSON}'", f"--data {shlex.quote(call.body)}"]
    if call.save_as:
        words += [f"--header 'Accept: {call.accept}'", f"--output {shlex.quote(call.save_as)}"]
    return " \\\n  ".join(words)


def javascript(call: HttpCall) -> str:
    ending = "const file = await answer.blob();" if call.save_as else "console.log(await answer.json());"
    headers = ["    Authorization: `Bearer ${process.env.CONNECTOR_TOKEN}`,\n"]
    headers += [f'    "Content-Type": "{_JSON}",\n'] if call.body is not None else []
    indented = (call.body or "").replace("\n", "\n  ")
    body = f"  body: JSON.stringify({indented}),\n" if call.body is not None else ""
    return (
        f"const answer = await fetch({json.dumps(call.url)}, {{\n"
        f'  method: "{call.method}",\n'
        f"  headers: {{\n{''.join(headers)}    Accept: {json.dumps(call.accept)},\n  }},\n"
        f"{body}}});\n"
        "if (!answer.ok) throw new Error((await answer.json()).detail);\n"
        f"{ending}\n"
    )


def python(call: HttpCall) -> str:
    """With httpx."""
    body = f"    json={literal(json.loads(call.body), 1)},\n" if call.body is not None else ""
    return (
        "import os\n\nimport httpx\n\n"
        "answer = httpx.request(\n"
        f"    {call.method!r},\n    {call.url!r},\n"
        "    headers={'Authorization': f\"Bearer {os.environ['CONNECTOR_TOKEN']}\"},\n"
        f"{body})\n"
        "answer.raise_for_status()\n"
        "print(answer.json() if answer.content else answer.status_code)\n"
    )


def http(call: HttpCall) -> str:
    lines = [
        f"{call.method} {call.target} HTTP/1.1",
        f"Host: {urlsplit(call.base).netloc}",
        "Authorization: Bearer TOKEN",
    ]
    if call.body is not None:
        lines += [f"Content-Type: {_JSON}", f"Content-Length: {len(call.body.encode())}"]
    return "\n".join([*lines, "", call.body or ""])


def literal(value: object, depth: int) -> str:
    """A value as Python spells it, a mapping with a line for each entry."""
    if not isinstance(value, dict) or not value:
        return repr(value)
    indent = "    " * depth
    lines = [f"{indent}    {name!r}: {literal(one, depth + 1)},\n" for name, one in value.items()]
    return "{\n" + "".join(lines) + indent + "}"
