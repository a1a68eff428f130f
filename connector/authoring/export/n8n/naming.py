"""Naming in n8n: names have no dashes, and some are its own."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Self

from connector.authoring.export.n8n.lint_rules import sentences
from connector.authoring.export.n8n.templates import declared
from connector.authoring.export.texts import titled
from connector.spec.model import Integration

# Where a reader finds what the host is, when the integration does not say.
_NOWHERE = "https://connector.example"

_TAKEN = frozenset(declared("taken"))
_PLURALS: tuple[tuple[str, str], ...] = tuple(declared("plurals").items())
# The order of signs in the Unicode collation.
_SIGNS = " _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$"


@dataclass(frozen=True, slots=True)
class PackageNames:
    """Of one integration: its package, its node and its credential, as a class and as a value."""

    package: str
    node: str
    node_class: str
    credential: str
    credential_class: str

    @classmethod
    def of(cls, integration: Integration) -> Self:
        pascal = "".join(part[:1].upper() + part[1:] for part in integration.id.split("-"))
        # A class begins with a letter.
        whole = pascal if pascal[:1].isalpha() else f"Api{pascal}"
        node = whole[:1].lower() + whole[1:]
        return cls(f"n8n-nodes-{integration.id}", node, whole, f"{node}HostApi", f"{whole}HostApi")


def values(integration: Integration, names: PackageNames) -> dict[str, str]:
    """What the holes of templates stand for."""
    return asdict(names) | {
        "id": integration.id,
        "name": integration.name,
        "version": integration.version,
        "description": sentences(integration.description),
        "documentation": integration.documentation or _NOWHERE,
        "environments": ", ".join(integration.environments),
        "credential_title": titled(f"{integration.name} Host API"),
    }


def camel(text: str) -> str:
    """``Remove Background`` is removeBackground."""
    words = re.sub(r"[^A-Za-z0-9]+", " ", text).split() or ["value"]
    return words[0].lower() + "".join(word[:1].upper() + word[1:] for word in words[1:])


def order(name: str) -> list[tuple[int, int, str]]:
    """Sorts names as n8n does: signs before digits before letters, whatever their case."""
    plain = (unicodedata.normalize("NFD", one)[0].lower() for one in name)
    return [(2 if one.isalpha() else one.isdigit(), _SIGNS.find(one), one) for one in plain]


def singular(name: str) -> str:
    """A group's name as n8n has its resources: of one thing."""
    if name[-1:] == "s" and name[-2:-1].isupper():
        return name[:-1]
    for ending, one in _PLURALS:
        if name.lower().endswith(ending):
            return name[: len(name) - len(ending)] + one
    return name


def sentence(title: str) -> str:
    """The plain words of a title, the first with a capital."""
    words = re.sub(r"[^A-Za-z0-9]+", " ", title).lower().strip()
    return words[:1].upper() + words[1:]


def parameter(name: str, others: Collection[str]) -> str:
    """An input's name as a parameter of a node, which is none of the others."""
    plain = re.sub(r"\W", "_", name, flags=re.ASCII)
    found = plain if plain[:1].isalpha() and plain not in _TAKEN else f"{plain}Input"
    found = found if found[:1].isalpha() else f"input{found}"
    while found in others:
        found += "_"
    return found
