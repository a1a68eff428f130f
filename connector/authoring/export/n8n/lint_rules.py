"""The rules of n8n's own linter: how words are spelt, and what some names mean."""

from __future__ import annotations

import re
from typing import Any

from connector.authoring.export.n8n.templates import declared

Property = dict[str, Any]

_CAPITALS: dict[str, str] = declared("capitals")
_WEAK: dict[str, str] = declared("weak_phrases")
_WORDS = re.compile(rf"\b(?:{'|'.join(_CAPITALS)})\b", re.IGNORECASE)
_SECRET = re.compile("secret|password|token|apikey", re.IGNORECASE)
_COLOUR = re.compile("colou?r", re.IGNORECASE)
_EMAIL = "name@email.com"
_WEAKLY = re.compile("|".join(_WEAK), re.IGNORECASE)


def usual(found: Property) -> Property:
    """The parameter as its name asks for: secrets are hidden, and colours are picked."""
    told = {name: fact for name, fact in found.items() if name != "description" or _says_more(found)}
    if found["type"] != "string":
        return told
    if _SECRET.search(found["name"]):
        return told | {"typeOptions": {"password": True}}
    if _COLOUR.search(found["name"]):
        return {name: fact for name, fact in told.items() if name != "typeOptions"} | {"type": "color"}
    return told | ({"placeholder": _EMAIL} if found["name"] == "email" else {})


def _says_more(found: Property) -> bool:
    """Whether the description says more than the title does."""
    said = found["description"]
    return bool(said.removeprefix("The ").lower() != found["displayName"].lower())


def sentences(said: str) -> str:
    """One alone has no period at its end, and several have."""
    plain = " ".join(spelt(said).split()).rstrip(".").strip()
    strong = _WEAKLY.sub(lambda found: _WEAK[found.group().lower()], plain)
    shown = re.sub("(?<=omma) separated", "-separated", strong[:1].upper() + strong[1:])
    # A form takes them for markup.
    shown = shown.replace("<", "&lt;").replace(">", "&gt;")
    return f"{shown}." if ". " in shown.replace("e.g.", "") else shown


def spelt(said: str) -> str:
    return _WORDS.sub(lambda found: _CAPITALS[found.group().lower()], said)
