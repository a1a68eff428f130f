"""One method of one path, in one form whichever version of OpenAPI it was written in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

METHODS = ("get", "head", "post", "put", "patch", "delete", "options", "trace")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of the path, the query, the headers or the cookies.

    ``style`` is a spec's word for how a list or an object is written; None stands for the repeated name.
    """

    place: str
    name: str
    schema: Any
    required: bool
    description: str
    style: str | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """One form in which a body can be sent; ``styles`` are of its fields."""

    type: str
    schema: Any
    styles: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Body:
    """What a request carries: in one of several forms, the first being the document's first."""

    contents: tuple[Content, ...]
    required: bool
    description: str = ""


@dataclass(frozen=True, slots=True)
class Answers:
    """The media types of a success. ``bare`` are the statuses for which none is declared."""

    types: tuple[str, ...] = ()
    bare: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Operation:
    """``security`` None means: as the document has it. ``servers`` are the operation's own."""

    method: str
    path: str
    id: str
    summary: str
    description: str
    tags: tuple[str, ...]
    deprecated: bool
    documentation: str
    parameters: tuple[Parameter, ...]
    body: Body | None
    answers: Answers
    security: Any
    servers: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


def media_type(text: str) -> str:
    """A media type without its charset, in lower case; other parameters tell forms apart and stay."""
    whole, *parameters = [part.strip() for part in text.split(";")]
    kept = [part for part in parameters if part and not part.lower().startswith("charset")]
    return ";".join([whole.lower(), *kept])


def successes(responses: Mapping[str, Any]) -> dict[str, Any]:
    """The answers that are a success, by status; where none is, what is declared for all the rest."""
    found = {str(code): node for code, node in responses.items() if str(code)[:1] == "2"}
    return found or {code: node for code, node in responses.items() if code == "default"}
