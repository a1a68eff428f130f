"""One HTTP connection: it keeps to a deadline, and notices an answer that comes early."""

from __future__ import annotations

import contextlib
import functools
import io
import selectors
import socket
import ssl
import struct
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.engine.http.messages import Pacer
from connector.spec.url import is_link_local

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

Address = tuple[socket.AddressFamily, tuple[Any, ...]]
Dial = Callable[[str, int, float | None], socket.socket]

_NOT_YET = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
# Linux: the counts of tcp_info in <linux/tcp.h>, of which some are read.
_TCP_INFO: int | None = getattr(socket, "TCP_INFO", None) if sys.platform == "linux" else None
_TCP_INFO_SIZE = 152
_U32, _TWO_U32 = struct.Struct("=I"), struct.Struct("=II")
SILENT_SECONDS = 15.0
"""An answer that takes longer says nothing of the way that its request took."""
_STATUS_CLASS = slice(9, 10)  # of "HTTP/1.1 413 ..."


@dataclass(frozen=True, slots=True)
class Deadline:
    """How many seconds to wait for the next piece, and the moment at which all waiting ends."""

    step: float | None = None
    deadline: float | None = None

    def left(self) -> float | None:
        """The seconds that the next wait may take; TimeoutError where there are none."""
        if self.deadline is None:
            return self.step
        remaining = self.deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError("the time for the whole exchange is over")
        return remaining if self.step is None else min(self.step, remaining)


def resolve(host: str, port: int) -> list[Address]:
    """The addresses of a host, in the order that the system prefers."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(family, address) for family, _, _, _, address in found]


def dial(host: str, port: int, timeout: float | None) -> socket.socket:
    """A socket connected to the host, unless that leads to a link-local address.

    A base URL may come from somebody who has no business with this machine's cloud.
    """
    addresses = resolve(host, port)
    if any(is_link_local(str(address[0])) for _, address in addresses):
        raise OSError(f"{host} leads to a link-local address, such as a cloud's metadata, which is not asked")
    return connect(addresses, timeout)


def connect(addresses: Sequence[Address], timeout: float | None) -> socket.socket:
    """A socket connected to the first address that takes it; they share the time."""
    deadline = None if timeout is None else time.monotonic() + timeout
    failure: OSError = OSError("the name has no address")
    for count, address in enumerate(addresses):
        try:
            return _connect(address, Deadline(deadline=deadline).left(), len(addresses) - count)
        except OSError as error:
            failure = error
    raise failure


def _connect(address: Address, left: float | None, sharers: int) -> socket.socket:
    family, target = address
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.settimeout(None if left is None else left / sharers)
        opened.connect(target)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        opened.close()
        raise
    return opened


def secure(plain: socket.socket, host: str, context: ssl.SSLContext, timeout: float | None) -> socket.socket:
    """The socket under TLS, the certificate being checked for the host's name."""
    try:
        plain.settimeout(timeout)
        return context.wrap_socket(plain, server_hostname=host)
    except BaseException:
        plain.close()
        raise


@functools.cache
def tls_context(verify: bool) -> ssl.SSLContext:
    """The one TLS context of the process, made when first needed: making it takes 20 ms.

    httpx knows where the trusted certificates are: SSL_CERT_FILE, SSL_CERT_DIR, else certifi's.
    """
    import httpx

    context = httpx.create_ssl_context(verify=verify)
    context.set_alpn_protocols(["http/1.1"])
    return context


class HttpConnection:
    """A connected socket with a buffered reader that lives as long as it.

    One thread at a time uses it; ``close`` may come from any other and wakes the one that waits.
    """

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._source = _Source(connected)
        self._reader = _Reader(self._source, 16 * 1024)
        self._heard = False
        self._pacer: Pacer | None = None
        self.sent = 0
        self.idle_since = 0.0

    @property
    def secure(self) -> bool:
        return isinstance(self._socket, ssl.SSLSocket)

    @property
    def received(self) -> int:
        """Bytes that arrived since ``begin``."""
        return self._source.received

    @property
    def has_ended(self) -> bool:
        """The far side has hung up, and somebody has read as far as that."""
        return self._source.has_ended

    def begin(self, patience: Deadline, pacer: Pacer | None = None) -> None:
        """A new exchange starts, whose requests the pacer is told of."""
        self._source.patience = patience
        self._pacer = pacer
        self._source.on_silence = None if pacer is None else self._on_silence
        self._source.received = self.sent = 0
        self._source.has_ended = False
        self._heard = False

    def arrived(self) -> None:
        """The far side has begun to answer."""
        pacer, self._pacer = self._pacer, None
        self._source.on_silence = None
        if pacer is not None:
            pacer.arrived(self._tcp()[1])

    def _on_silence(self) -> None:
        """No answer for long. What the far side has acknowledged counts as arrived."""
        if self._pacer is not None and self._tcp()[0]:
            self.arrived()
        elif self._pacer is not None:
            self._pacer.is_on_its_way()

    def _tcp(self) -> tuple[bool, float]:
        """Whether the far side has all that was sent, and the seconds of the fastest way back.

        That is half of the fastest round trip. Where the system does not say, all is there, and it is 0.
        """
        if not _TCP_INFO:
            return True, 0.0
        told = self._socket.getsockopt(socket.IPPROTO_TCP, _TCP_INFO, _TCP_INFO_SIZE)
        if len(told) < _TCP_INFO_SIZE:
            return True, 0.0
        (unacknowledged,), (unsent, fastest) = _U32.unpack_from(told, 24), _TWO_U32.unpack_from(told, 144)
        return not unacknowledged and not unsent, fastest / 2e6

    def makefile(self, mode: str) -> io.BufferedReader:
        """What arrives, as http.client wants it."""
        return self._reader

    def is_fit(self) -> bool:
        """Nothing has arrived since the last answer, not even the end of the connection."""
        return self._glance() is None

    def send(self, data: bytes) -> bool:
        """Send all of it; False as soon as the far side has refused it by answering early."""
        rest = memoryview(data)
        while rest and not self._is_refused():
            rest = rest[self._push(rest) :]
        return not rest

    def close(self) -> None:
        # The base class's shutdown leaves the TLS state alone, which a waiting thread still uses. It wakes
        # that thread; only then is the descriptor given back, lest it be somebody else's by then.
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
        with self._source.lock:
            self._socket.close()

    def _push(self, data: memoryview) -> int:
        """Send what the far side takes now; where it takes nothing, wait until that may have changed."""
        with self._source.lock:
            self._source.bound(0)
            try:
                count = self._socket.send(data)
            except _NOT_YET:
                count = 0
        if not count:
            self._await_room()
        self.sent += count
        return count

    def _await_room(self) -> None:
        events = selectors.EVENT_WRITE | (0 if self._heard else selectors.EVENT_READ)
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket, events)
            if not selector.select(self._source.patience.left()):
                raise TimeoutError("the far side stopped taking the request")

    def _is_refused(self) -> bool:
        """The far side has hung up, or has answered with something other than 1xx or 2xx."""
        if self._heard or not self.sent or (seen := self._glance()) is None:
            return False
        self._heard = True
        return not seen or seen[_STATUS_CLASS] in (b"3", b"4", b"5")

    def _glance(self) -> bytes | None:
        """What has arrived, without waiting and without taking it; None for nothing, empty for the end."""
        source = self._source
        source.waits, source.is_silent = False, False
        try:
            seen = self._reader.peek(1)
        except OSError:
            return b""
        finally:
            source.waits = True
        return seen if seen or not source.is_silent else None


class _Source(io.RawIOBase):
    """The bytes that arrive at a socket, each awaited no longer than patience allows."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self.lock = threading.RLock()
        self.patience = Deadline()
        self.on_silence: Callable[[], None] | None = None
        self._bound: float | None = -1
        self.received = 0
        self.has_ended = False
        self.waits = True
        self.is_silent = False

    def readable(self) -> bool:
        return True

    def bound(self, seconds: float | None) -> None:
        """How long the next act may take. Setting it costs a system call and a turn of other threads."""
        if seconds != self._bound:
            self._socket.settimeout(seconds)
            self._bound = seconds

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        with self.lock:
            try:
                count = self._received(buffer)
            except _NOT_YET:
                self.is_silent = True
                return None
        self.received += count
        self.has_ended = not count
        return count

    def _received(self, buffer: WriteableBuffer) -> int:
        left = self.patience.left() if self.waits else 0
        while self.on_silence is not None and (left is None or left > SILENT_SECONDS):
            self.bound(SILENT_SECONDS)
            try:
                return self._socket.recv_into(buffer)
            except TimeoutError:
                self.on_silence()
                left = None if left is None else left - SILENT_SECONDS
        self.bound(left)
        return self._socket.recv_into(buffer)


class _Reader(io.BufferedReader):
    """A reader that http.client may close after each answer, and that stays open for the next."""

    def close(self) -> None: ...

    def flush(self) -> None:
        """Nothing is written here. An answer that is given up calls it, maybe after our own end."""
