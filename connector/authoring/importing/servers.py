"""Servers of a document become environments, each with a base URL that a credential may be sent to."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urljoin, urlsplit

from connector.authoring.importing.report import Remarks
from connector.authoring.importing.texts import kebab, sentence, unique
from connector.spec.url import is_loopback

_BASE_URL = re.compile(r"https?://[^\s/?#@{}]+(/[^\s?#{}]*)?")
NOWHERE = "http://localhost"
_TO_MEND = f"the base URL begins with {NOWHERE}; put the right one into integration.yaml"
_MOST = 20
# What a server is for, by what its name or address says.
_KINDS = (
    ("sandbox", "sandbox"),
    ("staging", "staging"),
    ("test", "test"),
    ("dev", "development"),
    ("demo", "demo"),
    ("localhost", "local"),
    ("127.0.0.1", "local"),
)


def environments(
    told: Iterable[tuple[str, str]], document_url: str | None, remarks: Remarks
) -> dict[str, dict[str, str]]:
    """Environments by name, the document's first server first."""
    found: dict[str, dict[str, str]] = {}
    addresses = [*told] or [("/", "")]
    safe = {address.removeprefix("https:") for address, _ in addresses if address.startswith("https:")}
    for address, about in addresses:
        if address.startswith("http:") and address.removeprefix("http:") in safe:
            continue  # the same one is there with https
        base = base_url(address, document_url, remarks)
        if base is None or base in [one["base_url"] for one in found.values()] or len(found) >= _MOST:
            continue
        described = {"description": sentence(about, 200)} if sentence(about, 200) else {}
        found[unique(_name(about, base, not found), found)] = {**described, "base_url": base}
    if not found:
        remarks.add("it names no server", _TO_MEND)
        found["local"] = {"base_url": NOWHERE}
    return found


def base_url(address: str, document_url: str | None, remarks: Remarks) -> str | None:
    """The base URL of a server; None where it is none, which is told."""
    whole = _absolute(address.strip(), document_url, remarks)
    if whole is None:
        return None
    base = whole.partition("?")[0].partition("#")[0].rstrip("/")
    if not _BASE_URL.fullmatch(base) or not _is_address(base) or {".", ".."} & {*base.split("/")}:
        remarks.add(f"its server {address[:80]!r} is no base URL", "it is left out")
        return None
    if base.startswith("http://") and not is_loopback(urlsplit(base).hostname or ""):
        remarks.add(f"its server {base} would get the credential in clear", "https is written")
        return "https://" + base.removeprefix("http://").replace(":80/", "/").removesuffix(":80")
    return base


def _absolute(address: str, document_url: str | None, remarks: Remarks) -> str | None:
    if address.startswith("//"):
        return f"https:{address}"
    if re.match(r"https?://", address, re.IGNORECASE):
        scheme, _, rest = address.partition("://")
        return f"{scheme.lower()}://{rest}"
    if re.match(r"[a-z][a-z0-9+.-]*:", address, re.IGNORECASE):
        return address  # of another kind, which is told
    if document_url is None:
        if not address.strip("/"):
            return None
        remarks.add(f"its server {address[:80]!r} is relative, and it was read from a file", _TO_MEND)
        return f"{NOWHERE}/{address.lstrip('/')}"
    try:
        return urljoin(document_url, address)
    except ValueError:
        return address


def _is_address(base: str) -> bool:
    try:
        parts = urlsplit(base)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _name(about: str, base: str, is_first: bool) -> str:
    told = f"{about} {base}".lower()
    kind = next((name for word, name in _KINDS if word in told), None)
    if is_first:
        return kind if kind == "local" else "production" if kind is None else kind
    return kind or kebab(about, 30) or kebab(urlsplit(base).hostname or "", 40) or "other"
