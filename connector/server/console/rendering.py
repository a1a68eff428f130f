"""Requests and rendering of pages: what is not markup of ours is escaped, and nothing is written inline."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from connector.server.console.fields import is_media
from connector.server.host import Host
from connector.spec.schema import amounts, describe
from connector.storage.connections.api_tokens import Token

STATIC = Path(__file__).parent / "static"
_HEADERS = {"cache-control": "no-store"}
# What a script imports: at once, or ever; and what a page names.
_IMPORT = re.compile(r"""^import\b[^("']*["']\./([\w-]+\.js)["']""", re.MULTILINE)
_REMARK = re.compile(rb"^[ \t]*(?://[^\n]*|/\*.*?\*/[ \t]*)\n", re.MULTILINE | re.DOTALL)
_ANY_IMPORT = re.compile(rb"""(?<=["'])\./([\w-]+\.js)(?=["'])""")
_CODE = re.compile(r"`([^`]+)`")
_SCRIPT = re.compile(r"/static/([\w-]+\.js)\?")

Page = Callable[["PageRequest"], Response]


@dataclass(frozen=True, slots=True)
class PageRequest:
    """One look at a page, or at a part of one that is made of the ``body``."""

    host: Host
    request: Request
    body: Any = None

    @property
    def caller(self) -> Token | None:
        found: Token | None = getattr(self.request.state, "caller", None)
        return found

    @property
    def manages(self) -> bool:
        return self.caller is not None and self.caller.may_manage

    @property
    def base(self) -> str:
        """Where this host is reached by whoever looks."""
        return str(self.request.base_url).rstrip("/")

    def name(self, hole: str) -> str:
        """What stands in a hole of the address."""
        return str(self.request.path_params[hole])

    def asked(self, name: str) -> str:
        """A parameter of the query; empty where it is not there."""
        return self.request.query_params.get(name, "")


def page(template: str, status: int = 200, **values: Any) -> Response:
    """The template, filled in."""
    return HTMLResponse(_environment().get_template(template).render(values), status, _HEADERS)


def text(template: str, **values: Any) -> str:
    """A template that is no page, filled in."""
    return _environment().get_template(template).render(values).rstrip("\n")


@lru_cache(maxsize=1)
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("connector.server.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Callable[..., Any]] = {
        "size": amounts.size,
        "plain": describe.plain,
        "number": number,
        "ago": lambda value: _moment(value).strftime("%-d %b, %H:%M"),
        "iso": lambda value: _moment(value).isoformat(timespec="seconds"),
        "capitalize_first": lambda text: text[:1].upper() + text[1:],
        "lasting": amounts.duration,
        "pretty": lambda value: json.dumps(value, ensure_ascii=False, indent=2),
        "compact": compact,
        "prose": prose,
        "shell": shlex.quote,
        "python": repr,
    }
    made.filters |= filters
    made.tests["media_field"] = is_media
    made.tests["file"] = lambda value: isinstance(value, Mapping) and "file" in value
    made.globals |= {"static": static, "preloads": preloads}
    return made


def static(name: str) -> str:
    """The address of a file of ours; a changed file has another one, so that it may be kept for long."""
    return f"/static/{name}?v={digest(name)}"


@lru_cache(maxsize=64)
def digest(name: str) -> str:
    return hashlib.sha256(asset(name)).hexdigest()[:10]


@lru_cache(maxsize=64)
def asset(name: str) -> bytes:
    """A file of ours as it is sent: without remarks on lines of their own, which are a tenth of it.

    A script imports others by addresses that name their content too.
    """
    content = (STATIC / name).read_bytes()
    if not name.endswith((".js", ".css")):
        return content
    content = _REMARK.sub(b"", content)
    return _ANY_IMPORT.sub(lambda found: static(found[1].decode()).encode(), content)


def preloads(scripts: str) -> list[str]:
    """The addresses of the modules that the scripts of a page import, one by another."""
    named = _SCRIPT.findall(scripts)
    found = dict.fromkeys(named)
    waiting = [*found]
    while waiting:
        content = (STATIC / waiting.pop()).read_text(encoding="utf-8")
        new = [name for name in _IMPORT.findall(content) if name not in found]
        found |= dict.fromkeys(new)
        waiting += new
    return [static(name) for name in found if name not in named]


def number(value: float | None) -> str:
    """A count or a sum, without needless zeros."""
    if value is None:
        return "unknown"
    return f"{value:,.4f}".rstrip("0").rstrip(".") if isinstance(value, float) else f"{value:,}"


def compact(value: Any) -> str:
    """JSON on one line, for an attribute; the template escapes it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def prose(text: str) -> Markup:
    """A text with what stands between backticks as code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))


def _moment(value: Any) -> datetime:
    """A time as the stores tell it: seconds, or ISO text."""
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    return datetime.fromisoformat(str(value).replace("Z", "+00:00"))
