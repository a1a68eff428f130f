"""Texts of inputs for other platforms: titles, and all that their forms cannot say in other ways."""

from __future__ import annotations

import re

from connector.spec.listing import price_text
from connector.spec.model import Action, JsonSchema
from connector.spec.schema import describe

_SMALL = re.compile(
    r"\b(?:an?d?|a[st]|because|but|by|en|for|i[fn]|neither|nor|o[fnr]|only|over|per|so|some|tha[tn]|the|to|up"
    r"|upon|vs?\.?|versus|via|when|with|without|yet)\b",
    re.IGNORECASE,
)
_TOKENS = re.compile(r"[^\s:\u2013\u2014-]+|.", re.DOTALL)
_PRICES = {"free": "Free.", "unknown": "Its price is unknown.", "varies": "Its price varies."}
# A word that somebody has cased already, such as WebP, or that has a dot in it.
_CASED = re.compile(r".(?=[A-Z]|\..)", re.DOTALL)
_LETTER = re.compile(r"[A-Za-z0-9\u00c0-\u00ff]")


def titled(text: str) -> str:
    """Title case, with the small words small, by the rule of npm's `title-case` that platforms check by."""
    spaced = " ".join(text.replace("_", " ").split())
    return "".join(_cased(found.group(), found.start(), spaced) for found in _TOKENS.finditer(spaced))


def _cased(token: str, at: int, text: str) -> str:
    end = at + len(token)
    is_small = _SMALL.search(token) and at > 0 and end < len(text)
    is_scheme = text[end : end + 1] == ":" and not text[end + 1 : end + 2].isspace()
    if _CASED.search(token) or is_small or is_scheme:
        return token
    return _LETTER.sub(lambda letter: letter.group().upper(), token, count=1)


def described(schema: JsonSchema, *, is_json: bool) -> str:
    """The description, the choices that are no limits, the rules of a file, and the default, which is told
    and never sent. ``is_json`` says that the value is written as JSON."""
    known = ", ".join(map(str, schema.get("enum", ()))) if schema.get("open") else ""
    rules = ", ".join(describe.limits(schema)) if schema.get("format") == "binary" else ""
    said = (
        schema.get("description", ""),
        f"Such as {known}." if known else "",
        f"It must be {rules}." if rules else "",
        "Written as JSON." if is_json else "",
        f"By default {describe.plain(schema['default'])}." if "default" in schema else "",
    )
    return " ".join(part for part in said if part)


def priced(action: Action) -> str:
    """What a use of it costs, as a sentence."""
    price = price_text(action)
    return _PRICES.get(price, f"Price in credits for each success: {price}.")
