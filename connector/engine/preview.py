"""The preview: the very request that would be sent, for people and programs, with its secrets masked.

The description and the command are made of the same Request value that the transport sends.
"""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from connector.engine.http.messages import Multipart, Part, Raw, Request
from connector.engine.http.transport import wire_headers
from connector.errors import Problem
from connector.media.content import Content
from connector.secret import MASK, redact

# The bytes of a file that are read at once.
_PIECE = 1 << 18


@dataclass(frozen=True, slots=True)
class Preview:
    """A request that was not sent. ``to_dict`` and ``curl`` show no secret.

    ``where`` says environment, connection and variable, as a Result does.
    """

    request: Request
    credits: float | None
    why: str
    where: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[Problem, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Method, url, every header, and the body: ordered parts of a form, or the content of any other."""
        request = self.request
        shown: dict[str, Any] = {
            "method": request.method,
            "url": _url(request),
            "headers": {
                name: redact(value, request.secrets) for name, value in wire_headers(request).items()
            },
        }
        if isinstance(request.body, Multipart):
            shown["parts"] = [_described(part, request.secrets) for part in request.body.parts]
        elif isinstance(request.body, Raw):
            shown["body"] = _raw(request.body, request.secrets)
        shown |= {name: value for name, value in self.where.items() if value is not None}
        shown["credits"] = self.credits
        if self.warnings:
            shown["warnings"] = [str(each) for each in self.warnings]
        return shown

    def curl(self, *, by_name: bool = False) -> str:
        """A shell-safe command that sends the same; files stand as ``@path``, secrets as a mask.

        With ``by_name`` a file stands as its own name, for whoever does not read it on this machine.
        """
        request = self.request
        # With --request HEAD curl would wait for the body that the answer announces and does not have.
        method = "--head" if request.method == "HEAD" else f"--request {request.method}"
        words = [f"curl {method} {_quoted(_url(request))}"]
        words += [_header(name, value, request.secrets) for name, value in request.headers]
        words += list(_body_options(request, _name if by_name else _place))
        return " \\\n  ".join(words)


def _url(request: Request) -> str:
    """The address; a mask in its query reads as one."""
    return redact(request.url, request.secrets).replace(quote(MASK), MASK)


def _described(part: Part, secrets: Iterable[str]) -> dict[str, Any]:
    if isinstance(part.value, str):
        kind = {"content_type": part.content_type} if part.content_type else {}
        return {"name": part.name, "value": redact(part.value, secrets), **kind}
    return {
        "name": part.name,
        "filename": part.filename,
        "content_type": part.content_type,
        "bytes": part.value.size,
        "sha256": _digest(part.value),
    }


def _raw(body: Raw, secrets: Iterable[str]) -> dict[str, Any]:
    shown: dict[str, Any] = {"content_type": body.content_type}
    if isinstance(body.content, bytes):
        return shown | {"value": redact(body.content.decode("utf-8", "replace"), secrets)}
    return shown | {"bytes": body.content.size, "sha256": _digest(body.content)}


def _digest(content: Content) -> str:
    """The SHA-256 of a file's bytes, read piece by piece."""
    reckoned = hashlib.sha256()
    with content.open() as reader:
        while piece := reader.read(_PIECE):
            reckoned.update(piece)
    return reckoned.hexdigest()


def _body_options(request: Request, place: Callable[[Content], str]) -> Iterable[str]:
    body = request.body
    if isinstance(body, Multipart):
        for part in body.parts:
            yield _form_option(part, request.secrets, place)
    elif isinstance(body, Raw):
        if body.content_type:
            yield _option("--header", f"content-type: {body.content_type}", request.secrets)
        if isinstance(body.content, bytes):
            yield _option("--data-raw", body.content.decode("utf-8", "replace"), request.secrets)
        else:
            yield f"--data-binary {_quoted('@' + place(body.content))}"


def _form_option(part: Part, secrets: Iterable[str], place: Callable[[Content], str]) -> str:
    kind = f";type={part.content_type}" if part.content_type else ""
    if isinstance(part.value, str) and kind:
        return _option("--form", f"{part.name}={_escaped(redact(part.value, secrets))}{kind}", secrets)
    if isinstance(part.value, str):
        # --form would read a leading @ or < and a ;type= inside the value; --form-string does not.
        return _option("--form-string", f"{part.name}={part.value}", secrets)
    name = f";filename={_escaped(part.filename)}" if part.filename else ""
    return f"--form {_quoted(f'{part.name}=@{_escaped(place(part.value))}{kind}{name}')}"


def _place(content: Content) -> str:
    """Where a file lies, or the name that stands for one in memory."""
    return str(getattr(content, "path", None) or _name(content))


def _name(content: Content) -> str:
    return str(getattr(content, "name", None) or "FILE")


def _escaped(name: str) -> str:
    """A name as curl reads it inside a form: quoted, with its own quotes and backslashes escaped."""
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _header(name: str, value: str, secrets: Iterable[str]) -> str:
    """A header; curl takes ``name:`` for one to leave out, and ``name;`` for an empty one."""
    return _option("--header", f"{name}: {value}" if value else f"{name};", secrets)


def _option(option: str, value: str, secrets: Iterable[str]) -> str:
    return f"{option} {_quoted(redact(value, secrets))}"


def _quoted(text: str) -> str:
    return shlex.quote(text)
