"""Naming of actions: an id that says what one does, a title, a group, and a sentence."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from connector.authoring.importing.operation import ImportedOperation
from connector.authoring.importing.texts import kebab, sentence, title, unique

_VERSION = re.compile(r"v?[0-9]+(\.[0-9]+)*[a-z]*[0-9]*|api|rest", re.IGNORECASE)
_SHORTEST = 20
# What Windows takes for devices, whatever stands behind it.
_NO_FILES = ("con", "prn", "aux", "nul")
_LONGEST = 64
"""Characters of an id; agents take no longer names of tools."""


@dataclass(slots=True)
class ActionNames:
    """The names of one integration's actions; each is given once."""

    ids: set[str] = field(default_factory=lambda: set(_NO_FILES))
    titles: dict[str, set[str]] = field(default_factory=dict)

    def id(self, operation: ImportedOperation) -> str:
        """From the operation's own id, else from its method and path."""
        own = _own(operation) or _address(operation)
        found = own if own not in self.ids else unique(_short(f"{own} {operation.method}"), self.ids)
        self.ids.add(found)
        return found

    def title(self, operation: ImportedOperation, group: str, id: str) -> str:
        """From the summary, else from the id; two of one group are told apart."""
        taken = self.titles.setdefault(group, set())
        found = sentence(operation.summary, 80).rstrip(".")
        if not found or found in taken:
            found = unique(title(id), taken, " ")
        taken.add(found)
        return found


def _own(operation: ImportedOperation) -> str:
    """What the operation calls itself, without the address that FastAPI writes behind it."""
    written = re.sub(r"\W", "_", f"{operation.bare_path}_{operation.method.lower()}")
    return _short(operation.id.removesuffix(written))


def _short(name: str) -> str:
    """A name in kebab; of one that is too long its first word and its last part, which tell most of it."""
    whole = kebab(name, len(name) * 2)
    last = kebab(re.split(r"[./:_]", name.rstrip("./:_"))[-1], len(name) * 2).split("-")
    words = whole.split("-")
    before, last = words[: -len(last)], words[-len(last) :]
    for part, kept in ((before, 1), (last, 3)):
        while len(part) > kept and len("-".join(before + last)) > _LONGEST:
            del part[kept]
    return kebab("-".join(before + last), _LONGEST)


def _address(operation: ImportedOperation) -> str:
    parts = [part for part in operation.path.split("/") if part and not _VERSION.fullmatch(part)]
    words = [f"by-{part.strip('{}')}" if part.startswith("{") else part for part in parts]
    return _short("/".join([operation.method, *words])) or "call"


def group(operation: ImportedOperation, otherwise: str) -> str:
    """The first tag, else the first telling part of the path."""
    tag = sentence(operation.tags[0], 60) if operation.tags else ""
    if tag:
        return tag
    parts = operation.path.partition("#")[0].split("/")
    telling = [part for part in parts if part and "{" not in part and not _VERSION.fullmatch(part)]
    return (title(telling[0])[:60] if telling else "") or otherwise


def description(operation: ImportedOperation, named: str) -> str:
    """The document's own words, or what can be said without them."""
    told = sentence(operation.description, 500) or sentence(operation.summary, 500)
    if len(told) >= _SHORTEST:
        return told
    return (
        f"{(told or named).rstrip('.')}. It is {operation.method} {sentence(operation.path, 200)} of the API."
    )


def is_address(text: str) -> bool:
    """Whether a text is an address of a page."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and text.isprintable() and " " not in text
