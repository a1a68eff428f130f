"""Secrets and redaction: a secret shows itself masked, and a text loses its secrets by their value."""

from __future__ import annotations

import base64
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple, NoReturn

MASK = "********"

# An upstream that quotes a key shows its ends, such as `sk-abcd***...wxyz`. From these lengths on
# an end is taken for an echo of the key and not for a word that happens to begin or end the same.
_SHORTEST_START = 6
_SHORTEST_END = 4
# How often a text is looked through for escapes within escapes, and what escapes a character.
_LAYERS = 4
_ESCAPE = re.compile(
    r"(?:%[0-9A-Fa-f]{2})+|&(?:#[0-9]{1,8}|#[xX][0-9A-Fa-f]{1,8}|[A-Za-z][A-Za-z0-9]{1,31});|"
    r"\\u[dD][89ABab][0-9A-Fa-f]{2}\\u[dD][C-Fc-f][0-9A-Fa-f]{2}|"
    r"\\(?:u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|[\"'\\/bfnrt])"
)
_LETTERS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
# A secret that was encoded twice is told from chance by so many characters.
_SHORTEST_TWICE = 8


def trimmed(text: str) -> str:
    """A secret as it is meant: without a byte order mark, and without the newline at its end."""
    return text.removeprefix("\ufeff").rstrip("\r\n")


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


def fingerprint(secret: str, pepper: bytes) -> str:
    """A name for the secret that does not give it away: the same secret and pepper, the same name."""
    from hmac import digest

    return digest(pepper, _encoded(secret), "sha256").hex()[:32]


def redact(text: str, secrets: Iterable[str]) -> str:
    """The text without the secrets, in whatever form an upstream or a library repeats them.

    That is: as they are; with any of their characters percent-encoded, as HTML entities, or escaped as in
    JSON and Python, also several times over; in hex; in base64, also inside a longer text that was encoded as
    a whole, and twice; and shortened to their two ends.
    """
    known = frozenset(secrets)
    long = [secret for secret in known if len(secret) >= _SHORTEST_END]
    # First as wholes: what ends like another one would else lose its end, and not be found any more.
    text = _without_whole(text, _Looks.of(known))
    text = _masked(text, lambda layer: chain.from_iterable(_starts(layer, secret) for secret in long))
    return _masked(text, lambda layer: chain.from_iterable(_ends(layer, secret) for secret in long))


def hide(value: Any, secrets: Iterable[str]) -> Any:
    """What an upstream delivered, without the secrets that stand in its texts as a whole.

    It is somebody's result, so that what only resembles a part of a secret stays.
    """
    return _hidden(value, _Looks.of(frozenset(secrets)))


class _Looks(NamedTuple):
    """What secrets look like in texts, made once for all the texts of an answer.

    The very ``short`` ones stand by themselves. ``forms`` are whole, and ``cores`` the characters that base64
    has wherever a secret is encoded.
    """

    short: tuple[str, ...]
    forms: tuple[str, ...]
    cores: tuple[str, ...]

    @classmethod
    @lru_cache(maxsize=256)
    def of(cls, secrets: frozenset[str]) -> _Looks:
        """They are the same for each answer of a credential."""
        short: dict[str, None] = {}
        forms: dict[str, None] = {}
        cores: dict[str, None] = {}
        for secret in secrets:
            if len(secret) < _SHORTEST_END:
                short |= dict.fromkeys((secret,) if secret else ())
                continue
            content = _encoded(secret)
            # Forms write a space as a plus; other escapes are undone where they are looked for.
            forms |= dict.fromkeys((secret, secret.replace(" ", "+"), content.hex(), content.hex().upper()))
            once = dict.fromkeys(_base64_cores(content))
            twice = (core for inner in once for core in _base64_cores(inner.encode()))
            cores |= once | dict.fromkeys(core for core in twice if len(core) >= _SHORTEST_TWICE)
        return cls(tuple(short), tuple(forms), tuple(cores))


def _hidden(value: Any, looks: _Looks) -> Any:
    if isinstance(value, str):
        return _without_whole(value, looks)
    if isinstance(value, Mapping):
        return {_hidden(name, looks): _hidden(entry, looks) for name, entry in value.items()}
    return [_hidden(item, looks) for item in value] if isinstance(value, list) else value


def _without_whole(text: str, looks: _Looks) -> str:
    for secret in looks.short:
        # `a` would take the word `table` apart.
        text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", MASK, text)
    return _masked(text, lambda layer: _found(layer, looks))


_Span = tuple[int, int]


def _masked(text: str, find: Callable[[str], Iterable[_Span]]) -> str:
    """The text with a mask for each span that is found in it, or in it with its escapes undone."""
    pieces, done = [], 0
    for start, stop in sorted(_spans(text, find)):
        if start >= done:
            pieces += [text[done:start], MASK]
        done = max(done, stop)
    return "".join([*pieces, text[done:]]) if pieces else text


def _spans(text: str, find: Callable[[str], Iterable[_Span]]) -> Iterator[_Span]:
    layers, origins = [text], list[Callable[[int], int]]()
    for _ in range(_LAYERS):
        layer = layers[-1]
        for start, stop in find(layer):
            origins += map(_origins, layers[len(origins) : -1])
            for origin in reversed(origins):
                start, stop = origin(start), origin(stop)
            yield start, stop
        is_plain = "%" not in layer and "&" not in layer and "\\" not in layer
        layers.append(layer if is_plain else _ESCAPE.sub(_unescaped, layer))
        if layers[-1] == layer:
            return


def _found(text: str, looks: _Looks) -> Iterator[_Span]:
    for part in looks.forms:
        if part in text:
            yield from ((found.start(), found.end()) for found in re.finditer(re.escape(part), text))
    for part in looks.cores:
        if part in text:
            # What follows holds the last bits of the secret, and padding.
            whole = re.escape(part) + r"[\w+/=-]{0,4}"
            yield from ((found.start(), found.end()) for found in re.finditer(whole, text))


def _unescaped(found: re.Match[str]) -> str:
    return "".join(character for character, _ in _characters(found[0]))


def _origins(text: str) -> Callable[[int], int]:
    """Where in the text each index of it is when one layer of its escapes is undone."""
    indices, origins, done, length = [0], [0], 0, 0
    for found in _ESCAPE.finditer(text):
        length += found.start() - done
        done = found.start()
        for character, width in _characters(found[0]):
            indices.append(length)
            origins.append(done)
            done += width
            length += len(character)
        indices.append(length)
        origins.append(done)

    def origin(index: int) -> int:
        at = bisect_right(indices, index) - 1
        return origins[at] + index - indices[at]

    return origin


def _characters(escape: str) -> Iterable[tuple[str, int]]:
    """What an escape stands for, character by character, each with the width that it has there."""
    if escape[0] != "%":
        return ((_character(escape), len(escape)),)
    text = bytes.fromhex(escape.replace("%", "")).decode("utf-8", "surrogateescape")
    return ((one, 3 * len(_encoded(one))) for one in text)


@lru_cache(maxsize=1024)
def _character(escape: str) -> str:
    if escape[0] == "&":
        from html import unescape

        return unescape(escape)
    if escape[1] not in "ux":
        return _LETTERS.get(escape[1], escape[1])
    units = [int(digits, 16).to_bytes(2, "big") for digits in re.split(r"\\[ux]", escape)[1:]]
    return b"".join(units).decode("utf-16-be", "surrogatepass")


def _base64_cores(secret: bytes) -> Iterator[str]:
    """The characters that stand in base64 wherever the secret does: one run for each alignment."""
    for lead, touched in ((0, 0), (1, 2), (2, 3)):
        padded = bytes(lead) + secret
        core = base64.b64encode(padded[: len(padded) // 3 * 3]).decode()[touched:]
        if len(core) >= _SHORTEST_END:
            yield from {core, core.replace("+", "-").replace("/", "_")}


def _starts(text: str, secret: str) -> Iterator[_Span]:
    """Each beginning of the secret, as much of it as there is."""
    start, done = secret[:_SHORTEST_START], 0
    if len(secret) < _SHORTEST_START:
        return
    while (at := text.find(start, done)) >= 0:
        done = at + _shared(secret, text[at : at + len(secret)])
        yield at, done


def _ends(text: str, secret: str) -> Iterator[_Span]:
    """Each end of the secret that stands by itself or behind an ellipsis."""
    end, done = secret[-_SHORTEST_END:], 0
    stop = _after(text, end, 0)
    while stop:
        at = _token_start(text, secret, done, stop)
        if at is not None:
            yield at, stop
            done = stop
        stop = _after(text, end, stop - len(end) + 1)


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
