"""Secrets and redaction: a secret shows itself masked, and a text loses its secrets by their value."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, NoReturn
from urllib.parse import quote, quote_plus

MASK = "********"

# An upstream that quotes a key shows its ends, such as `sk-abcd***...wxyz`. From these lengths on
# an end is taken for an echo of the key and not for a word that happens to begin or end the same.
_SHORTEST_START = 6
_SHORTEST_END = 4

_HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"})


class Secret:
    """A text that nobody may see; ``reveal`` is for the place where the request is made."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __str__(self) -> str:
        return MASK

    def __repr__(self) -> str:
        return f"Secret({MASK!r})"

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        from hmac import compare_digest  # loads OpenSSL, which a preview can do without

        return compare_digest(_encoded(self._value), _encoded(other._value))

    def __hash__(self) -> int:
        return hash(self._value)

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not pickled: pass the connection's name and resolve it there")


class Secrets(tuple[str, ...]):
    """Texts that nobody may see, and that show themselves masked, as in a traceback with its variables."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Secrets({len(self)})"


class Credential(dict[str, Any]):
    """The fields of a credential, whose values show themselves masked."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Credential({', '.join(self)})"


class Pairs(tuple[tuple[str, str], ...]):
    """Names and values, such as headers, of which only the names show themselves."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Pairs({', '.join(name for name, _ in self)})"


def fingerprint(secret: str, pepper: bytes) -> str:
    """A name for the secret that does not give it away: the same secret and pepper, the same name."""
    from hmac import digest

    return digest(pepper, _encoded(secret), "sha256").hex()[:32]


def redact(text: str, secrets: Iterable[str]) -> str:
    """The text without the secrets, in whatever form an upstream or a library repeats them.

    That is: as they are, URL-encoded, JSON- or HTML-escaped, in base64 (also inside a longer text
    that was encoded as a whole), and shortened to their two ends.
    """
    longest_first = sorted(set(secrets), key=len, reverse=True)
    # First each as a whole: what ends like another one would else lose its end, and not be found any more.
    for secret in longest_first:
        text = _without_whole(text, _Looks.of(secret))
    for secret in longest_first:
        forms = dict.fromkeys((secret, *_forms(secret))) if len(secret) >= _SHORTEST_END else ()
        for form in forms:
            text = _without_ends(_without_starts(text, form), form)
    return text


def hide(value: Any, secrets: Iterable[str]) -> Any:
    """What an upstream delivered, without the secrets that stand in its texts as a whole.

    It is somebody's result, so that what only resembles a part of a secret stays.
    """
    return _hidden(value, [_Looks.of(secret) for secret in sorted(set(secrets), key=len, reverse=True)])


class _Looks(NamedTuple):
    """What a secret looks like in texts, made once for all the texts of an answer."""

    secret: str
    forms: tuple[str, ...]
    cores: tuple[str, ...]

    @classmethod
    def of(cls, secret: str) -> _Looks:
        if len(secret) < _SHORTEST_END:
            return cls(secret, (), ())
        return cls(secret, tuple(_forms(secret)), tuple(_base64_cores(_encoded(secret))))


def _hidden(value: Any, looks: list[_Looks]) -> Any:
    if isinstance(value, str):
        for one in looks:
            value = _without_whole(value, one)
        return value
    if isinstance(value, Mapping):
        return {_hidden(name, looks): _hidden(entry, looks) for name, entry in value.items()}
    return [_hidden(item, looks) for item in value] if isinstance(value, list) else value


def _without_whole(text: str, looks: _Looks) -> str:
    if not looks.forms:
        # `a` would take the word `table` apart, so a very short secret must stand by itself.
        secret = looks.secret
        return re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", MASK, text) if secret else text
    for form in looks.forms:
        text = text.replace(form, MASK)
    for core in looks.cores:
        text = _without_core(text, core)
    return text


def _forms(secret: str) -> list[str]:
    """The secret as it is and as it is written in URLs, JSON and HTML; the longest first."""
    if _EVERYWHERE_THE_SAME.fullmatch(secret):
        return [secret]
    quoted = {encode(secret, safe=safe, errors="surrogateescape") for encode, safe in _URL_ENCODINGS}
    lower = {re.sub("%..", lambda found: found[0].lower(), text) for text in quoted}
    escaped = {json.dumps(secret, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)}
    slashed = {text.replace("/", "\\/") for text in escaped}
    forms = {secret, secret.translate(_HTML)} | quoted | lower | escaped | slashed
    return sorted(forms, key=len, reverse=True)


_EVERYWHERE_THE_SAME = re.compile(r"[A-Za-z0-9_.~-]+")
_URL_ENCODINGS = ((quote, ""), (quote, "/"), (quote_plus, ""))


def _base64_cores(secret: bytes) -> Iterator[str]:
    """The characters that stand in base64 wherever the secret does: one run for each alignment."""
    for lead, touched in ((0, 0), (1, 2), (2, 3)):
        padded = bytes(lead) + secret
        core = base64.b64encode(padded[: len(padded) // 3 * 3]).decode()[touched:]
        if len(core) >= _SHORTEST_END:
            yield from {core, core.replace("+", "-").replace("/", "_")}


def _without_core(text: str, core: str) -> str:
    if core not in text:
        return text
    # What follows holds the last bits of the secret, and padding.
    return re.sub(re.escape(core) + r"[\w+/=-]{0,4}", MASK, text)


def _without_starts(text: str, form: str) -> str:
    """Masks each beginning of the form, as much of it as there is."""
    start, done, pieces = form[:_SHORTEST_START], 0, []
    if len(form) < _SHORTEST_START or start not in text:
        return text
    while (at := text.find(start, done)) >= 0:
        pieces += [text[done:at], MASK]
        done = at + _shared(form, text[at : at + len(form)])
    return "".join([*pieces, text[done:]])


def _without_ends(text: str, form: str) -> str:
    """Masks each end of the form that stands by itself or behind an ellipsis."""
    end, done, pieces = form[-_SHORTEST_END:], 0, []
    stop = _after(text, end, 0)
    while stop:
        at = _token_start(text, form, done, stop)
        if at is not None:
            pieces += [text[done:at], MASK]
            done = stop
        stop = _after(text, end, stop - len(end) + 1)
    return "".join([*pieces, text[done:]])


def _after(text: str, end: str, start: int) -> int:
    """The index behind the next ``end``, or 0 where there is none."""
    at = text.find(end, start)
    return at + len(end) if at >= 0 else 0


def _token_start(text: str, form: str, done: int, stop: int) -> int | None:
    """Where the longest end of the form begins that closes at ``stop`` and is a token of its own."""
    if text[stop : stop + 1].isalnum():
        return None
    before = text[max(done, stop - len(form)) : stop]
    longest = _shared(before[::-1], form[::-1])
    starts = range(stop - longest, stop - _SHORTEST_END + 1)
    return next((at for at in starts if _opens(text[max(0, at - 3) : at])), None)


def _opens(before: str) -> bool:
    """Whether a token may begin behind this: no letter or digit, or a masking in crosses."""
    return not before[-1:].isalnum() or before in ("xxx", "XXX")


def _shared(one: str, other: str) -> int:
    """How many characters the two begin with in common."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (left, right) in pairs if left != right), min(len(one), len(other)))


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
