"""A download on a stranger's behalf reaches the public internet and nothing else."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from connector.engine.http.ssrf_guard import Address, Guard, is_public
from connector.engine.sources import Sources
from connector.errors import InvalidAnswer
from connector.media import MediaError, adopt
from connector.media.content import DownloadRefused

PUBLIC = [
    "8.8.8.8", "93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "64:ff9b::1.1.1.1",
    # The last before what is not, and the first after it.
    "126.255.255.255", "128.0.0.0", "9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0",
    "192.167.255.255", "192.169.0.0", "169.253.255.255", "169.255.0.0", "100.63.255.255", "100.128.0.0",
    "192.0.1.0", "191.255.255.255", "223.255.255.255", "2003::1", "2001:200::1", "2606:4700::1111%eth0",
]  # fmt: skip
OTHER = [
    "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "192.0.0.8", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "2001:db8::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1",
    "2002:7f00:1::", "2001:0:7f00:1::", "not an address", "", "8.8.8.8/32", "08.8.8.8", "8.8.8", "134744072",
    "127.255.255.255", "10.255.255.255", "172.31.255.255", "192.168.255.255", "100.127.255.255",
    "0.255.255.255",
    "192.0.0.255", "239.255.255.255", "64:ff9b::a00:1", "64:ff9b::a9fe:a9fe", "::ffff:169.254.169.254",
    "2002::1", "2002:808:808::", "2001::1", "64:ff9b:1:ffff::1", "::8.8.8.8", "::808:808", "fdff::1",
    "febf::1", "4000::1",
]  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_public(address: str) -> None:
    """What anybody on the internet can reach may be downloaded from."""
    assert is_public(address)


@pytest.mark.parametrize("address", OTHER)
def test_other_addresses_are_not(address: str) -> None:
    """Loopback, private, link-local, shared, multicast and reserved ones, also inside of IPv6."""
    assert not is_public(address)


def answering(*addresses: str) -> Callable[[str, int], Sequence[Address]]:
    """A resolver that knows one answer, and gives it once."""
    left = [addresses]

    def resolve(host: str, port: int) -> Sequence[Address]:
        return [
            (socket.AF_INET6 if ":" in address else socket.AF_INET, (address, port)) for address in left.pop()
        ]

    return resolve


@pytest.mark.parametrize(
    "url",
    [
        "ftp://h.example/a", "file:///etc/passwd", "http://", "http:///a", "//h.example/a", "http://h.example:x/",
        "http://user@h.example/", "http://user:pw@h.example/", "http://h.example:22/", "http://h.example:0/",
        "http://h.example/\r\nx", "http://h.example\\@evil/", "http://[::1/", "gopher://h.example/",
    ],
)  # fmt: skip
def test_odd_addresses_are_refused_unresolved(url: str) -> None:
    """Another scheme, a login, an odd port or sign: nobody is even asked where the host is."""
    guard = Guard(resolve=answering())
    with pytest.raises(DownloadRefused), guard.fetch(url):
        pass


@pytest.mark.parametrize(
    "url",
    [
        "http://:pw@h.example/", "http://@h.example/", "http://:@h.example/", "http://h.example/a b",
        "http://h.example/a\x7f", "http://h.example/\t", " http://h.example/", "https://h.example:444/",
        "http://h.example:8080/", "http://h.example:65536/", "HTTPS:h.example",
    ],
)  # fmt: skip
def test_addresses_that_only_look_usual_are_refused_unresolved(url: str) -> None:
    """An empty login is one, and so is a password alone; a space is no part of an address."""
    with pytest.raises(DownloadRefused):
        Guard(resolve=answering()).check(url)


@pytest.mark.parametrize(
    "url",
    ["http://h.example", "HTTP://H.example/a", "https://h.example:80/", "http://h.example:443/?a=%20#b"],
)
def test_usual_addresses_are_not(url: str) -> None:
    """On the usual ports, whichever of them; where it leads is looked at when it is dialled."""
    Guard(resolve=answering()).check(url)


@pytest.mark.parametrize(
    "allowed", ["files.internal", "FILES.internal", "files.internal.", "Files.Internal:80"]
)
@pytest.mark.parametrize("host", ["files.internal", "Files.INTERNAL", "files.internal."])
def test_a_host_is_allowed_in_any_spelling(allowed: str, host: str) -> None:
    """In capitals, or with the dot that ends a full name."""
    dialled: list[Any] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("connector.engine.http.connection.connect", lambda *given: dialled.append(given))
        Guard(allow=(allowed,), resolve=answering("127.0.0.1")).dial(host, 80, 1)
    assert dialled == [([(socket.AF_INET, ("127.0.0.1", 80))], 1)]


def test_a_host_whose_name_only_ends_alike_is_not_allowed() -> None:
    """Nor is one below it."""
    for host in ("evil-files.internal", "a.files.internal", "internal", "files.internal.evil.example"):
        with pytest.raises(DownloadRefused, match="public internet"):
            Guard(allow=("files.internal",), resolve=answering("127.0.0.1")).dial(host, 80, 1)


def test_an_odd_port_is_refused_also_where_a_redirect_leads_to_it() -> None:
    """Nobody is asked where the host is."""
    with pytest.raises(DownloadRefused, match="port 22"):
        Guard(resolve=answering()).dial("h.example", 22, 1)


def test_a_download_is_bounded_without_anybody_saying_so() -> None:
    """By a hundred megabytes, two minutes in all, and three redirects."""
    guard = Guard()
    assert (guard.max_bytes, guard.ports) == (100 * 1024 * 1024, (80, 443))
    assert (guard.timeout.connect, guard.timeout.read, guard.timeout.total) == (10, 30, 120)


@pytest.mark.parametrize("addresses", [("127.0.0.1",), ("8.8.8.8", "10.0.0.1"), ("::ffff:127.0.0.1",)])
def test_every_address_of_a_host_must_be_public(addresses: tuple[str, ...]) -> None:
    """One address behind our walls is enough to refuse the host."""
    with pytest.raises(
        DownloadRefused, match=r"h\.example leads to an address that is not on the public internet"
    ):
        Guard(resolve=answering(*addresses)).dial("h.example", 80, 1)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "localhost", "0"]
)
def test_loopback_in_any_spelling_is_refused(host: str) -> None:
    """However a loopback address is spelt, the system's answer to it is what is checked."""
    with pytest.raises(DownloadRefused, match="not on the public internet"):
        Guard().dial(host, 80, 1)


class Handler(BaseHTTPRequestHandler):
    """Serves a text; ``/to?...`` redirects to what follows."""

    def do_GET(self) -> None:
        target = self.path.partition("/to?")[2]
        self.send_response(302 if target else 404 if self.path == "/missing" else 200)
        if target:
            self.send_header("location", target)
        body = b"" if target else b"hello, " + self.headers["host"].encode()
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None: ...


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def fetched(guard: Guard, url: str, limit: int | None = None) -> bytes:
    with guard.fetch(url, limit) as response:
        return b"".join(response.body.chunks())


def test_allowed_host_is_reached_at_the_address_it_was_resolved_to(port: int) -> None:
    """A host that the operator allows is resolved once, and that very address is dialled."""
    guard = Guard(allow=(f"Files.internal:{port}",), resolve=answering("127.0.0.1"))
    assert fetched(guard, f"http://files.internal:{port}/a") == f"hello, files.internal:{port}".encode()


def test_allowed_host_is_not_allowed_on_every_port(port: int) -> None:
    """A host allowed by its name alone is allowed on the usual ports."""
    with pytest.raises(DownloadRefused, match=f"port {port}"):
        fetched(Guard(allow=("127.0.0.1",)), f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize(
    "target", ["http://localhost/", "http://127.0.0.1:22/", "http://169.254.169.254/latest/meta-data/"]
)
def test_redirect_passes_the_same_gate(target: str, port: int) -> None:
    """An allowed host cannot send us where we would not have gone."""
    with pytest.raises(DownloadRefused):
        fetched(Guard(allow=(f"127.0.0.1:{port}",)), f"http://127.0.0.1:{port}/to?{target}")


def test_three_redirects_are_followed_and_no_more(port: int) -> None:
    """A third redirect is followed, a fourth is one too many."""
    guard = Guard(allow=(f"127.0.0.1:{port}",))
    assert fetched(guard, f"http://127.0.0.1:{port}" + "/to?" * 3 + "/a").startswith(b"hello")
    with pytest.raises(InvalidAnswer, match="more than 3 times"):
        fetched(guard, f"http://127.0.0.1:{port}" + "/to?" * 4 + "/a")


def test_no_more_than_the_limit_is_taken(port: int) -> None:
    """The smaller of the guard's limit and the caller's holds."""
    url = f"http://127.0.0.1:{port}/a"
    for guard, limit in ((Guard(max_bytes=5), None), (Guard(), 5), (Guard(max_bytes=5), 99)):
        allowing = Guard(allow=(f"127.0.0.1:{port}",), max_bytes=guard.max_bytes)
        with pytest.raises(InvalidAnswer, match="limit of 5 bytes"):
            fetched(allowing, url, limit)


def test_media_comes_from_an_address(port: int) -> None:
    """A file is downloaded under its name; what goes wrong is a sentence."""
    policy = Sources(urls=Guard(allow=(f"127.0.0.1:{port}",)))
    media = adopt(f"http://127.0.0.1:{port}/some/na%20me.md?x=1", policy)
    assert (media.name, media.type) == ("na me.md", "text/plain")
    with pytest.raises(MediaError, match="answered 404"):
        adopt(f"http://127.0.0.1:{port}/missing", policy)
    with pytest.raises(MediaError, match=r"could not be downloaded: 127\.0\.0\.1 leads to"):
        adopt("http://127.0.0.1/", policy)
    with pytest.raises(MediaError, match="nothing is downloaded here"):
        adopt("http://h.example/", Sources(urls=None))


def test_connection_goes_to_a_checked_address() -> None:
    """What is dialled is an address, never the name: a second look-up has no part in it."""
    dialled: list[Any] = []

    class Recorded(Exception):
        pass

    def resolve(host: str, port: int) -> Sequence[Address]:
        dialled.append(host)
        return [(socket.AF_INET, ("8.8.8.8", port))]

    def connect(addresses: Sequence[Address], timeout: float | None) -> socket.socket:
        dialled.append(addresses)
        raise Recorded

    with pytest.MonkeyPatch.context() as patch, contextlib.suppress(Recorded):
        patch.setattr("connector.engine.http.connection.connect", connect)
        Guard(resolve=resolve).dial("h.example", 443, 1)
    assert dialled == ["h.example", [(socket.AF_INET, ("8.8.8.8", 443))]]
