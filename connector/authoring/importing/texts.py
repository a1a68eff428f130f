"""Texts of an import: names and sentences for people, made of a document's own words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container
from functools import lru_cache
from html import unescape
from typing import Any

from connector.authoring.secret_scan import looks_secret

_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,300}>")
_TABLE = re.compile(r"^ *\|.*\| *$", re.MULTILINE)
_LINK = re.compile(r"\[([^\[\]]{1,200})\]\([^()\s]{1,500}\)")
_MARKS = re.compile(r"[*`]{1,3}|^#{1,6} ", re.MULTILINE)
# Where a word begins within a name; of "listAPIs" the last is "APIs".
_HUMPS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z](?!s(?![a-z]))[a-z])")
_BETWEEN = re.compile(r"[^a-z0-9]+")
_FIRST = 4000
"""Characters of a text that are looked at; some documents put whole manuals into one description."""


def sentence(value: Any, most: int) -> str:
    """A text on one line, without markup, cut behind a sentence or a word; empty where there is none."""
    return _sentence(value[:_FIRST], most) if isinstance(value, str) and value else ""


@lru_cache(maxsize=16384)  # a description is met at every depth, and in every operation
def _sentence(text: str, most: int) -> str:
    plain = _plain(text)
    return _without_secrets(plain if len(plain) <= most else _cut(plain, most))


def _plain(text: str) -> str:
    text = _TABLE.sub("", text) if "|" in text else text
    text = _TAG.sub(" ", text) if "<" in text else text
    text = unescape(text) if "&" in text else text
    if "](" in text:
        text = _LINK.sub(r"\1", text)
    text = _MARKS.sub("", text) if "*" in text or "`" in text or "#" in text else text
    text = " ".join(text.split())
    return text if text.isprintable() else "".join(one for one in text if one.isprintable())


def _cut(text: str, most: int) -> str:
    kept = text[:most]
    end = max(kept.rfind(mark) for mark in (". ", "! ", "? "))
    if end > most // 3:
        return kept[: end + 1]
    cut = kept[: most - 3]
    return (cut.rpartition(" ")[0].rstrip(",;:.-") if " " in kept else cut) + "..."


def _without_secrets(text: str) -> str:
    """What looks like a key is left out: an example's key is somebody's more often than one thinks."""
    if not text or not looks_secret(text):
        return text
    kept = " ".join("..." if looks_secret(word) else word for word in text.split(" "))
    return "" if looks_secret(kept) else kept


def kebab(text: str, most: int = 70) -> str:
    """A name in lower case with hyphens between its words; empty where nothing of it is left."""
    ascii_text = unicodedata.normalize("NFKD", text[:400]).encode("ascii", "ignore").decode()
    found = _BETWEEN.sub("-", _HUMPS.sub("-", ascii_text).lower()).strip("-")
    return found if len(found) <= most else found[:most].rpartition("-")[0] or found[:most]


def snake(text: str, most: int = 60) -> str:
    """A name in lower case with underscores between its words, that does not begin with a digit."""
    found = kebab(text, most).replace("-", "_")
    return f"n_{found}" if found[:1].isdigit() else found


def title(text: str) -> str:
    """The words of a name as a heading: ``listPets`` is "List pets"."""
    found = kebab(text).replace("-", " ")
    return found[:1].upper() + found[1:]


def unique(name: str, taken: Container[str], joint: str = "-") -> str:
    """The name, with a number behind it where it is taken."""
    number, found = 1, name
    while found in taken:
        number += 1
        found = f"{name}{joint}{number}"
    return found
