"""URLs: a base URL, a path whose holes are single segments, and a query.

What is given for a path can neither leave the base URL's origin nor climb out of its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

from connector.spec.segments import Segments

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv6Address

LONGEST = 60_000
"""Characters of a whole address; few servers take as many, and httpx takes hardly more."""

_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
# What RFC 3986 allows in a segment as it stands, percent signs of existing escapes included.
_KEPT_IN_PATH = "!$&'()*+,;=:@%~"


# 64:ff9b::/96, which stands for all of IPv4 (RFC 6052), and where Amazon's metadata is by IPv6.
_NAT64 = 0x64_FF9B << 64
_CLOUD = "fd00:ec2::254"


class UrlError(Exception):
    """The value cannot stand in an address; the sentence says why."""


def is_loopback(host: str) -> bool:
    """Whether a host is this machine: by number, or by a name reserved for it (RFC 6761, section 6.3)."""
    from ipaddress import ip_address

    name = host.lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def meant(address: str) -> IPv4Address | IPv6Address | None:
    """The IP address of a text, an IPv4 one where it is embedded in IPv6; None where it is none."""
    from ipaddress import IPv4Address, ip_address

    try:
        read = ip_address(address.partition("%")[0].strip("[]"))
    except ValueError:
        return None
    if isinstance(read, IPv4Address):
        return read
    return IPv4Address(int(read) & 0xFFFFFFFF) if int(read) >> 32 == _NAT64 else read.ipv4_mapped or read


def is_link_local(address: str) -> bool:
    """Whether an address leads to the next wire only, where clouds keep the credentials of their machines."""
    found = meant(address)
    return found is not None and (found.is_link_local or str(found) == _CLOUD)


def is_url(text: str) -> bool:
    """Whether a text is meant as an address of the web."""
    return text.lower().startswith(("http://", "https://"))


def text(value: Any) -> str:
    """A plain value as the text it travels as: whole numbers without a point, no exponents."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else format(Decimal(repr(value)), "f")
    return str(value)


def flat(value: Any) -> Iterator[Any]:
    """The items of a list, or the keys and values of an object in turn; what is None is left out."""
    parts = (part for pair in value.items() for part in pair) if isinstance(value, Mapping) else value
    return (part for part in parts if part is not None)


def commas(value: Any) -> str:
    """A value as a header has it: the parts of a list or an object with commas between."""
    return ",".join(map(text, flat(value))) if isinstance(value, Mapping | list | tuple) else text(value)


def encode_path(value: Any) -> str:
    """What stands in a path's hole: one percent-encoded segment, or whole Segments.

    The parts of a list have commas between. Raises UrlError for an empty value and for dot segments,
    encoded ones too.
    """
    if isinstance(value, Segments):
        return _encode_segments(value)
    if isinstance(value, Mapping | list | tuple) and (parts := [*flat(value)]):
        return ",".join(_encode_segment(text(part)) for part in parts)
    return _encode_segment("" if isinstance(value, Mapping | list | tuple) else text(value))


def join(base_url: str, path: str) -> str:
    """The path below the base URL, of the same origin."""
    return base_url.rstrip("/") + "/" + path.lstrip("/")


def encode_query(text: str) -> str:
    """What stands in a query as data: whatever means something there is encoded."""
    return quote(text, safe="")


def with_query(url: str, pairs: Iterable[tuple[str, str]]) -> str:
    """The address with these parameters, which are encoded, after those it has."""
    query = "&".join(f"{name}={value}" for name, value in pairs)
    if not query:
        return url
    return f"{url}{'&' if '?' in url else '?'}{query}"


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port, which together say who is spoken to."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)


Place = tuple[str, str, int, str]


def place(url: str) -> Place:
    """What two spellings of one base URL have in common: the origin, and the path without its last slash."""
    try:
        return (*origin(url), urlsplit(url).path.rstrip("/"))
    except ValueError:  # a port that is no number: it is nobody else's place
        return "", url, 0, ""


def _encode_segment(segment: str) -> str:
    if segment == "":
        raise UrlError("must not be empty, since it is part of the address")
    if segment in (".", ".."):
        raise UrlError(f"must not be {segment!r}, since it is part of the address")
    return quote(segment, safe="")


def _encode_segments(path: str) -> str:
    if not path.startswith("/"):
        raise UrlError("must start with /; the base URL is the connection's")
    if "?" in path or "#" in path:
        raise UrlError("must not hold ? or #; give parameters as query")
    segments = path.split("/")[1:]
    for segment in segments:
        _refuse_tricks(segment)
    return "/" + "/".join(quote(_ESCAPE.sub("%25", segment), safe=_KEPT_IN_PATH) for segment in segments)


def _refuse_tricks(segment: str) -> None:
    """A dot segment climbs, however often it is encoded; a hidden slash makes two segments of one."""
    plain = segment
    for _ in range(4):
        if plain.partition(";")[0] in (".", ".."):
            raise UrlError("must not hold the segments . or ..")
        if "/" in plain or "\\" in plain:
            raise UrlError("must not hold an encoded slash or a backslash")
        plain = unquote(plain)
    if any(ord(character) < 0x20 or ord(character) == 0x7F for character in plain):
        raise UrlError("must not hold control characters")
