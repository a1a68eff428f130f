"""Code samples: the same use of an action as curl, Python, JavaScript and HTTP, to be pasted elsewhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from connector.server.console.http_samples import HttpCall, curl, http, javascript, literal
from connector.spec import file_options

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
    call, by_python = _call(use, base), {} if use.is_workflow else {"Python": _python(use)}
    return {"curl": curl(call), **by_python, "JavaScript": javascript(call), "HTTP": http(call)}


def _python(use: SampleUse) -> str:
    chosen = {"environment": use.environment, "connection": use.connection}
    named = "".join(f"        {name}={value!r},\n" for name, value in chosen.items() if value)
    arguments = literal({name: _by_name(value) for name, value in use.inputs.items()}, 2)
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


def _call(use: SampleUse, base: str) -> HttpCall:
    file = {"accept": _MEDIA, "save_as": use.action} if use.delivers_file else {}
    return HttpCall("POST", base, _target(use), _body(use), **file)


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
