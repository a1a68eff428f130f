"""The SSRF guard: downloads on behalf of strangers reach the public internet, and nothing behind our walls.

A name is resolved once. Every address that it has must be public, and the connection goes to one of those
very addresses, so that no second look-up can answer otherwise. A redirect passes the same gate.
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from connector.engine.http.messages import Request, Response, Timeout
from connector.media.content import DownloadRefused
from connector.spec.url import meant

Address = tuple[socket.AddressFamily, tuple[Any, ...]]
Resolve = Callable[[str, int], Sequence[Address]]

MAX_REDIRECTS = 3
_PORTS = {"http": 80, "https": 443}
_ODD = re.compile(r"[\x00-\x20\x7f\\]")
# NAT64 of one's own, 6to4, Teredo, IPv4-compatible, protocol assignments: older Pythons call some of them
# public, yet they lead on to any IPv4 address, or to nobody.
_LEADING_ON = ("64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96", "192.0.0.0/24")
_REFUSED = tuple(map(ipaddress.ip_network, _LEADING_ON))


def _resolve(host: str, port: int) -> Sequence[Address]:
    from connector.engine.http.connection import resolve

    return resolve(host, port)


@dataclass(frozen=True, slots=True)
class Guard:
    """What may be downloaded from.

    ``allow`` names hosts that an operator trusts, at any address: ``files.internal`` on the usual ports,
    or ``files.internal:8080`` on that one.
    """

    allow: tuple[str, ...] = ()
    ports: tuple[int, ...] = (80, 443)
    max_bytes: int = 100 * 1024 * 1024
    timeout: Timeout = field(default_factory=lambda: Timeout(connect=10, read=30, total=120))
    resolve: Resolve = _resolve

    @contextlib.contextmanager
    def fetch(self, url: str, max_bytes: int | None = None) -> Iterator[Response]:
        """The answer to a GET. Raises DownloadRefused, or a ConnectorError where no answer comes."""
        from connector.engine.http.http1 import Http1
        from connector.engine.http.transport import HttpTransport

        self.check(url)
        limit = self.max_bytes if max_bytes is None else min(max_bytes, self.max_bytes)
        # No proxy: it would look the name up again, where nobody checks.
        transport = HttpTransport(Http1(dial=self.dial), max_redirects=MAX_REDIRECTS)
        try:
            yield transport.send(Request("GET", url, timeout=self.timeout, max_response_bytes=limit))
        finally:
            transport.close()

    def check(self, url: str) -> None:
        """Refuse an address for its looks; where it leads is checked when it is dialled."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise DownloadRefused("it is not an address") from error
        if parts.scheme not in _PORTS or not host or _ODD.search(url):
            raise DownloadRefused("the address must start with http:// or https:// and name a host")
        if parts.username is not None or parts.password is not None:
            raise DownloadRefused("the address holds a user name or password; leave them out")
        self._check_port(host, _PORTS[parts.scheme] if port is None else port)

    def dial(self, host: str, port: int, timeout: float | None) -> socket.socket:
        """A connection to the host, by an address that has been checked."""
        from connector.engine.http.connection import connect

        self._check_port(host, port)
        addresses = self.resolve(host, port)
        if not self._is_allowed(host, port) and not all(is_public(address[1][0]) for address in addresses):
            raise DownloadRefused(f"{host} leads to an address that is not on the public internet")
        return connect(addresses, timeout)

    def _check_port(self, host: str, port: int) -> None:
        if port not in self.ports and f"{_plain(host)}:{port}" not in self._allowed():
            raise DownloadRefused(f"port {port} is not one that is reached for callers")

    def _is_allowed(self, host: str, port: int) -> bool:
        return not {_plain(host), f"{_plain(host)}:{port}"}.isdisjoint(self._allowed())

    def _allowed(self) -> frozenset[str]:
        return frozenset(map(_plain, self.allow))


def is_public(text: str) -> bool:
    """The address is one that anybody on the internet means by it."""
    address = meant(text)
    if address is None or any(
        address in network for network in _REFUSED if network.version == address.version
    ):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _plain(host: str) -> str:
    return host.lower().rstrip(".")
