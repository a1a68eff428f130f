"""A request goes out over real sockets, and the far side behaves as it likes."""

from __future__ import annotations

import contextlib
import gzip
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import BinaryIO

import httpx
import pytest

from connector.engine.http.messages import Multipart, Part, Raw, Request, Response, Timeout
from connector.engine.http.transport import HttpTransport
from connector.errors import (
    ConnectorError,
    InvalidAnswer,
    InvocationError,
    OutcomeUnknown,
    TimedOut,
    Unreachable,
)

QUICK = Timeout(connect=60, read=0.05)
SECRET = "sk-0123456789abcdef"


class Peer:
    """The far end of one connection."""

    def __init__(self, connected: socket.socket) -> None:
        self.socket = connected
        self.file = connected.makefile("rb")

    def head(self) -> str:
        lines = []
        while (line := self.file.readline()) not in (b"\r\n", b""):
            lines.append(line.decode("latin-1"))
        return "".join(lines)

    def request(self) -> tuple[str, bytes]:
        head = self.head()
        length = [
            line.split(":")[1] for line in head.lower().splitlines() if line.startswith("content-length")
        ]
        return head, self.file.read(int(length[0])) if length else b""

    def say(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.socket.sendall(piece)

    def reset(self) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def wait_for_end(self) -> None:
        with contextlib.suppress(OSError):
            while self.socket.recv(65536):
                pass


Behaviour = Callable[[Peer], None]


class FarSide:
    """A server whose connections each follow a behaviour of their own; the last one repeats."""

    def __init__(self, *behaviours: Behaviour) -> None:
        self.behaviours = list(behaviours)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.connections = 0
        self.heads: list[str] = []
        self.bodies: list[bytes] = []
        self._peers: list[tuple[threading.Thread, socket.socket]] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connected, _ = self.listener.accept()
                behaviour = self.behaviours[min(self.connections, len(self.behaviours) - 1)]
                self.connections += 1
                thread = threading.Thread(target=self._serve, args=(behaviour, connected), daemon=True)
                self._peers.append((thread, connected))
                thread.start()

    def _serve(self, behaviour: Behaviour, connected: socket.socket) -> None:
        peer = Peer(connected)
        with contextlib.suppress(OSError), connected, peer.file:
            behaviour(peer)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self._thread.join()
        for thread, connected in self._peers:
            with contextlib.suppress(OSError):
                connected.shutdown(socket.SHUT_RDWR)
            thread.join()

    def answering(self, *pieces: bytes, times: int = 1000) -> Behaviour:
        """Takes note of each request on the connection, and answers it with these pieces."""

        def behave(peer: Peer) -> None:
            for _ in range(times):
                head, body = peer.request()
                if not head:
                    return
                self.heads.append(head)
                self.bodies.append(body)
                peer.say(*pieces)

        return behave


class Stream:
    """Content that is made as it is read."""

    def __init__(self, data: bytes, size: int | None = None) -> None:
        self.data = data
        self.size = len(data) if size is None else size

    def open(self) -> BinaryIO:
        return BytesIO(self.data)


OpenFarSide = Callable[..., FarSide]


@pytest.fixture
def far_side() -> Iterator[OpenFarSide]:
    opened: list[FarSide] = []

    def open_far_side(*behaviours: Behaviour) -> FarSide:
        opened.append(FarSide(*behaviours))
        return opened[-1]

    yield open_far_side
    for each in opened:
        each.close()


@pytest.fixture
def transport(monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpTransport]:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    made = HttpTransport()
    yield made
    made.close()


def ok(body: bytes = b"hello", head: bytes = b"") -> bytes:
    return b"HTTP/1.1 200 OK\r\n%scontent-length: %d\r\n\r\n%s" % (head, len(body), body)


def echo(far: FarSide) -> FarSide:
    far.behaviours = [far.answering(ok())]
    return far


def read(response: Response) -> bytes:
    return b"".join(response.body.chunks())


# Going out


def test_request_goes_out_as_given(transport: HttpTransport, far_side: OpenFarSide) -> None:
    """Method, path, query and headers arrive as they were given."""
    far = echo(far_side())
    request = Request("GET", f"{far.url}/v1/a%2Fb?x=1&x=2", (("Authorization", "Bearer k"), ("X-Own", "1")))
    response = transport.send(request)
    assert (response.status, response.headers["content-length"], read(response)) == (200, "5", b"hello")
    lines = far.heads[0].splitlines()
    assert lines[0] == "GET /v1/a%2Fb?x=1&x=2 HTTP/1.1"
    assert {"authorization: Bearer k", "x-own: 1", f"host: {far.url[7:]}"} <= set(lines)


def test_form_arrives_whole(transport: HttpTransport, far_side: OpenFarSide) -> None:
    """A form with text and a file larger than the socket's buffers arrives byte for byte."""
    far = echo(far_side())
    picture = bytes(range(256)) * 20_000
    parts = (Part("prompt", "a cat"), Part("image", Stream(picture), "a.png", "image/png"))
    read(transport.send(Request("POST", far.url, body=Multipart(parts))))
    assert b'name="prompt"\r\n\r\na cat\r\n' in far.bodies[0]
    assert b'name="image"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n' + picture in far.bodies[0]
    assert "content-type: multipart/form-data; boundary=" in far.heads[0]


def test_post_without_body_says_so(transport: HttpTransport, far_side: OpenFarSide) -> None:
    """A POST without a body has a Content-Length of 0; a GET has none."""
    far = echo(far_side())
    for method in ("POST", "GET"):
        read(transport.send(Request(method, far.url)))
    assert "content-length: 0" in far.heads[0]
    assert "content-length" not in far.heads[1]


@pytest.mark.parametrize(
    "header",
    [
        ("X-A", "b\r\nX-C: d"),
        ("X-A", "nul\0"),
        ("X-A", "snow \u2603"),
        ("X A", "b"),
        ("X-A:", "b"),
        ("Host", "h"),
    ],
)
def test_bad_headers_are_refused_unseen(header: tuple[str, str], transport: HttpTransport) -> None:
    """A header that could smuggle another never leaves, and its value is not repeated."""
    with pytest.raises(ValueError, match="header") as raised:
        transport.send(Request("GET", "http://127.0.0.1:9", (header,)))
    assert header[1] not in str(raised.value) or header[0] in ("X A", "X-A:", "Host")


def test_bad_method_is_refused(transport: HttpTransport) -> None:
    """A method that could smuggle a second request never leaves."""
    with pytest.raises(ValueError, match="method"):
        transport.send(Request("GET / HTTP/1.1\r\nx:", "http://127.0.0.1:9"))


def test_body_that_changes_size_is_not_completed(transport: HttpTransport, far_side: OpenFarSide) -> None:
    """Where a file shrinks or grows while it is sent, the request breaks off and says why."""
    far = far_side(Peer.wait_for_end)
    for size in (3, 50):
        with pytest.raises(InvocationError, match="changed while it was sent"):
            transport.send(Request("POST", far.url, body=Raw(Stream(b"0123456789", size)), paid=True))


# Connections


def test_connection_is_kept(transport: HttpTransport, far_side: OpenFarSide) -> None:
    """Requests to one origin share a connection, also after an answer without a body."""
    far = far_side()
    far.behaviours = [far.answering(b"HTTP/1.1 204 No Content\r\n\r\n", times=1000)]
    for method in ("GET", "HEAD", "POST"):
        assert read(transport.send(Request(method, far.url))) == b""
    assert far.connections == 1


@pytest.mark.parametrize(
    "leftover",
    [b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil", b"\r\n"],
)
def test_connection_with_unread_data_is_not_reused(
    leftover: bytes, transport: HttpTransport, far_side: OpenFarSide
) -> None:
    """What arrives unasked is never taken for the next answer."""
    far = far_side()
    far.behaviours = [far.answering(ok() + leftover, times=1), far.answering(ok(b"second"))]
    assert read(transport.send(Request("GET", far.url))) == b"hello"
    assert read(transport.send(Request("GET", far.url))) == b"second"


@pytest.mark.parametrize("paid", [True, False])
def test_connection_closed_while_idle_is_not_used(
    paid: bool, transport: HttpTransport, far_side: OpenFarSide
) -> None:
    """A connection that the far side closed between two requests is noticed; also a paid request goes on."""
    closed = threading.Event()
    far = far_side()

    def once(peer: Peer) -> None:
        far.answering(ok(), times=1)(peer)
        peer.socket.shutdown(socket.SHUT_RDWR)
        closed.set()

    far.behaviours = [once, far.answering(ok(b"again"))]
    read(transport.send(Request("POST", far.url, paid=paid)))
    assert closed.wait(60)
    assert read(transport.send(Request("POST", far.url, paid=paid))) == b"again"


def hang_up_on_the_second(far: FarSide) -> Behaviour:
    def behave(peer: Peer) -> None:
        far.answering(ok(), times=1)(peer)
        far.heads.append(peer.head())

    return behave


def test_unpaid_get_goes_again_after_a_stale_connection(
    transport: HttpTransport, far_side: OpenFarSide
) -> None:
    """A GET whose kept connection breaks before any answer is sent once more."""
    far = far_side()
    far.behaviours = [hang_up_on_the_second(far), far.answering(ok(b"fresh"))]
    read(transport.send(Request("GET", far.url)))
    assert read(transport.send(Request("GET", far.url))) == b"fresh"
    assert len(far.heads) == 3


@pytest.mark.parametrize(("method", "paid"), [("POST", True), ("POST", False), ("GET", True)])
def test_others_are_never_sent_again(
    method: str, paid: bool, transport: HttpTransport, far_side: OpenFarSide
) -> None:
    """What is paid, or changes something, is sent once, whatever becomes of it."""
    far = far_side()
    far.behaviours = [hang_up_on_the_second(far)]
    read(transport.send(Request(method, far.url)))
    with pytest.raises(OutcomeUnknown if paid else Unreachable):
        transport.send(Request(method, far.url, paid=paid))
    assert len(far.heads) == 2


def test_paid_request_avoids_a_connection_that_lay_idle(
    transport: HttpTransport, far_side: OpenFarSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A paid request takes a kept connection only while it is warm."""
    far = echo(far_side())
    read(transport.send(Request("POST", far.url)))
    read(transport.send(Request("POST", far.url, paid=True)))
    assert far.connections == 1
    monkeypatch.setattr("connector.engine.http.http1.PAID_SECONDS", 0.0)
    read(transport.send(Request("POST", far.url, paid=True)))
    assert far.connections == 2


def test_many_threads_each_get_their_own_answer(transport: HttpTransport, far_side: OpenFarSide) -> None:
    """Threads that share a transport never see each other's answers."""
    far = far_side()

    def mirror(peer: Peer) -> None:
        while (request := peer.request())[0]:
            peer.say(ok(request[1]))

    far.behaviours = [mirror]
    wrong: list[bytes] = []

    def run(number: int) -> None:
        for turn in range(20):
            sent = b"%d-%d" % (number, turn)
            got = read(transport.send(Request("POST", far.url, body=Raw(sent))))
            if got != sent:
                wrong.append(got)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert far.connections <= 8


# Answers that come, one way or another


@pytest.mark.parametrize(
    ("pieces", "body"),
    [
        ([ok(b"")], b""),
        ([ok(b"abc")[:10], ok(b"abc")[10:-1], b"c"], b"abc"),
        (
            [b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=1\r\nde\r\n0\r\n\r\n"],
            b"abcde",
        ),
        ([b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n", ok(b"abc")], b"abc"),
        ([b"HTTP/1.1 100 Continue\r\n\r\n", ok(b"abc")], b"abc"),
        ([ok(gzip.compress(b"abc" * 9000), b"content-encoding: gzip\r\n")], b"abc" * 9000),
    ],
    ids=["empty", "in pieces", "chunked", "after interim answers", "after 100", "gzip unasked"],
)
def test_answers_are_read_in_every_framing(
    pieces: list[bytes], body: bytes, transport: HttpTransport, far_side: OpenFarSide
) -> None:
    """However an answer is framed, its body arrives whole and its connection is used again."""
    far = far_side()
    far.behaviours = [far.answering(*pieces)]
    for _ in range(2):
        assert read(transport.send(Request("GET", far.url))) == body
    assert far.connections == 1


def test_answer_that_ends_with_the_connection(transport: HttpTransport, far_side: OpenFarSide) -> None:
    """A body without a length lasts until the far side hangs up."""
    far = far_side()
    far.behaviours = [far.answering(b"HTTP/1.1 200 OK\r\n\r\nsome", times=1)]
    assert read(transport.send(Request("GET", far.url))) == b"some"


def test_head_has_no_body(transport: HttpTransport, far_side: OpenFarSide) -> None:
    """The Content-Length of an answer to HEAD promises nothing."""
    far = far_side()
    far.behaviours = [far.answering(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n")]
    response = transport.send(Request("HEAD", far.url))
    assert (response.headers["content-length"], read(response)) == ("100", b"")


def test_pieces_arrive_as_they_come(transport: HttpTransport, far_side: OpenFarSide) -> None:
    """A stream is handed on piece by piece, not once it is complete."""
    proceed = threading.Event()

    def drip(peer: Peer) -> None:
        peer.head()
        peer.say(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n")
        assert proceed.wait(60)
        peer.say(b"3\r\ntwo\r\n0\r\n\r\n")

    chunks = transport.send(Request("GET", far_side(drip).url)).body.chunks()
    assert next(chunks) == b"one"
    proceed.set()
    assert list(chunks) == [b"two"]


@pytest.mark.parametrize("closes", [True, False])
def test_early_refusal_is_delivered(closes: bool, transport: HttpTransport, far_side: OpenFarSide) -> None:
    """An answer that comes while the body still goes up is the answer, also where nobody reads the rest."""
    done = threading.Event()

    def refuse(peer: Peer) -> None:
        peer.head()
        peer.say(b"HTTP/1.1 413 Too Large\r\nconnection: close\r\ncontent-length: 3\r\n\r\nbig")
        assert closes or done.wait(60)

    far = far_side(refuse)
    response = transport.send(Request("POST", far.url, body=Raw(bytes(30_000_000)), paid=True))
    assert (response.status, read(response)) == (413, b"big")
    done.set()


def test_interim_answer_does_not_stop_the_upload(transport: HttpTransport, far_side: OpenFarSide) -> None:
    """A 100 or 200 that comes early lets the body go on."""
    sizes: list[int] = []

    def hasty(peer: Peer) -> None:
        head = peer.head()
        peer.say(b"HTTP/1.1 100 Continue\r\n\r\n")
        length = int(head.split("content-length: ")[1].split()[0])
        sizes.append(len(peer.file.read(length)))
        peer.say(ok())

    far = far_side(hasty)
    assert read(transport.send(Request("POST", far.url, body=Raw(bytes(9_000_000))))) == b"hello"
    assert sizes == [9_000_000]


# Answers that do not come, or not whole


def broken(*pieces: bytes, reset: bool = False) -> Behaviour:
    def behave(peer: Peer) -> None:
        peer.request()
        peer.say(*pieces)
        if reset:
            peer.reset()

    return behave


NO_ANSWER = {
    "closed at once": broken(),
    "reset": broken(reset=True),
    "cut in the head": broken(b"HTTP/1.1 200 OK\r\ncontent-ty"),
    "not HTTP": broken(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "endless header": broken(b"HTTP/1.1 200 OK\r\nx: " + b"x" * 70_000),
}


@pytest.mark.parametrize("behaviour", NO_ANSWER.values(), ids=NO_ANSWER)
@pytest.mark.parametrize(("paid", "expected"), [(True, OutcomeUnknown), (False, Unreachable)])
def test_no_answer_is_unknown_where_money_was_at_stake(
    behaviour: Behaviour,
    paid: bool,
    expected: type[ConnectorError],
    transport: HttpTransport,
    far_side: OpenFarSide,
) -> None:
    """No head came back: unknown for what is paid, for the rest something to try again."""
    far = far_side(behaviour)
    with pytest.raises(expected, match=r"127\.0\.0\.1") as raised:
        transport.send(Request("POST", far.url, paid=paid))
    assert (raised.value.billed, raised.value.retryable) == (("unknown", False) if paid else ("no", True))
    assert raised.value.__cause__ is not None
    assert far.connections == 1


@pytest.mark.parametrize(("paid", "expected"), [(True, OutcomeUnknown), (False, TimedOut)])
@pytest.mark.parametrize(
    ("timeout", "said"),
    [(QUICK, r"0\.05 s"), (Timeout(read=60, total=1), "1 s")],  # the total must suffice for connecting
    ids=["read", "total"],
)
def test_silence_times_out(
    paid: bool,
    expected: type[ConnectorError],
    timeout: Timeout,
    said: str,
    transport: HttpTransport,
    far_side: OpenFarSide,
) -> None:
    """Silence ends after the read timeout or the total, whichever is first, and says after how long."""
    far = far_side(Peer.wait_for_end)
    with pytest.raises(expected, match=f"timed out after {said}"):
        transport.send(Request("POST", far.url, timeout=timeout, paid=paid))


def test_total_bounds_a_dripping_head(transport: HttpTransport, far_side: OpenFarSide) -> None:
    """A far side that sends a byte now and then cannot stretch the total."""

    def drip(peer: Peer) -> None:
        peer.head()
        while True:
            peer.say(b"x")
            threading.Event().wait(0.005)

    with pytest.raises(TimedOut):
        transport.send(Request("GET", far_side(drip).url, timeout=Timeout(total=1)))


CUT_SHORT = {
    "short body": (
        broken(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabcd"),
        "cut short after 4 of 10 bytes",
    ),
    "reset": (
        broken(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n", reset=True),
        "cut short after 0 of 10 bytes",
    ),
    "short chunk": (
        broken(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabc"),
        "cut short after 3 bytes",
    ),
    "no last chunk": (
        broken(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n"),
        "cut short after 3 bytes",
    ),
    "bad chunk": (
        broken(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nabc"),
        "cut short after 0 bytes",
    ),
    "bad gzip": (broken(ok(b"not gzip", b"content-encoding: gzip\r\n")), "is not gzip"),
    "short gzip": (
        broken(ok(gzip.compress(b"abc" * 99)[:-4], b"content-encoding: gzip\r\n")),
        r"cut short after \d+ bytes",
    ),
    "other coding": (broken(ok(b"x", b"content-encoding: br\r\n")), "encoded as 'br'"),
}


@pytest.mark.parametrize(("behaviour", "message"), CUT_SHORT.values(), ids=CUT_SHORT)
@pytest.mark.parametrize("paid", [True, False])
def test_half_an_answer_is_invalid(
    behaviour: Behaviour, message: str, paid: bool, transport: HttpTransport, far_side: OpenFarSide
) -> None:
    """A body that is not whole is never passed off as one."""
    response = transport.send(Request("POST", far_side(behaviour).url, paid=paid))
    with pytest.raises(InvalidAnswer, match=message) as raised:
        read(response)
    assert raised.value.billed == ("unknown" if paid else "no")


@pytest.mark.parametrize(("paid", "expected"), [(True, OutcomeUnknown), (False, TimedOut)])
def test_body_that_stops_times_out(
    paid: bool, expected: type[ConnectorError], transport: HttpTransport, far_side: OpenFarSide
) -> None:
    """A body that stops coming is waited for no longer than the read timeout."""

    def stall(peer: Peer) -> None:
        peer.request()
        peer.say(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc")
        peer.wait_for_end()

    # What is said at once must come in time on any machine.
    patient = Timeout(connect=60, read=2)
    response = transport.send(Request("POST", far_side(stall).url, timeout=patient, paid=paid))
    with pytest.raises(expected, match="after 3 of 10 bytes"):
        read(response)


def test_failure_keeps_its_status_though_its_text_is_cut(
    transport: HttpTransport, far_side: OpenFarSide
) -> None:
    """An error's text is welcome as far as it came: the status is what counts."""
    far = far_side(broken(b"HTTP/1.1 402 Payment Required\r\ncontent-length: 99\r\n\r\n{", reset=False))
    response = transport.send(Request("POST", far.url, paid=True))
    assert (response.status, read(response)) == (402, b"{")


@pytest.mark.parametrize(
    "pieces", [[ok(b"x" * 101)], [ok(gzip.compress(bytes(500)), b"content-encoding: gzip\r\n")]]
)
def test_too_large_an_answer_is_given_up(
    pieces: list[bytes], transport: HttpTransport, far_side: OpenFarSide
) -> None:
    """No more than the limit is taken in, after decoding; the limit is named."""
    far = far_side(broken(*pieces))
    response = transport.send(Request("GET", far.url, max_response_bytes=100))
    with pytest.raises(InvalidAnswer, match="larger than the limit of 100 bytes"):
        read(response)


@pytest.mark.parametrize("paid", [True, False])
def test_a_small_answer_does_not_become_a_huge_one(
    paid: bool, transport: HttpTransport, far_side: OpenFarSide
) -> None:
    """What a few bytes are made to grow to is given up early, and is not to be sent again."""
    bomb = gzip.compress(bytes(64 << 20))
    far = far_side(broken(ok(bomb, b"content-encoding: gzip\r\n")))
    response = transport.send(Request("POST" if paid else "GET", far.url, paid=paid))
    taken: list[int] = []
    with pytest.raises(InvalidAnswer, match="when it is decompressed") as raised:
        taken.extend(map(len, response.body.chunks()))
    assert sum(taken) <= 16 << 20
    assert (raised.value.billed, raised.value.retryable) == ("unknown" if paid else "no", False)


def test_an_answer_that_shrank_as_text_does_is_taken(transport: HttpTransport, far_side: OpenFarSide) -> None:
    """More than what is free, and no more than text may grow."""
    text = b"".join(b'{"row": %d, "side": %d}' % (at, at * at) for at in range(800_000))
    far = far_side(broken(ok(gzip.compress(text, 1), b"content-encoding: gzip\r\n")))
    assert len(text) > 16 << 20
    assert read(transport.send(Request("GET", far.url))) == text


@pytest.mark.parametrize("host", ["169.254.169.254", "[fe80::1]", "[::ffff:a9fe:a9fe]", "metadata.example"])
def test_a_link_local_address_is_not_asked(
    host: str, transport: HttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By no spelling, and by no name that leads there: a base URL may be a stranger's."""
    link_local = [(socket.AF_INET, ("169.254.169.254", 80))]
    if host == "metadata.example":
        monkeypatch.setattr("connector.engine.http.connection.resolve", lambda *_: link_local)
    dialled: list[object] = []
    monkeypatch.setattr("connector.engine.http.connection.connect", lambda *given: dialled.append(given))
    with pytest.raises(Unreachable, match="link-local address"):
        transport.send(Request("GET", f"http://{host}/latest/meta-data"))
    assert dialled == []


def test_too_long_a_failure_keeps_its_status(transport: HttpTransport, far_side: OpenFarSide) -> None:
    """Of an error's text no more than the limit is taken, and the error is still told."""
    text = b"HTTP/1.1 500 Oh\r\ntransfer-encoding: chunked\r\n\r\n64\r\n" + b"x" * 100 + b"\r\n0\r\n\r\n"
    response = transport.send(Request("GET", far_side(broken(text)).url, max_response_bytes=99))
    assert (response.status, len(read(response)) <= 99) == (500, True)


def test_folded_header_is_one_line(transport: HttpTransport, far_side: OpenFarSide) -> None:
    """A header that is folded over lines cannot carry a line end into whatever shows it."""
    far = far_side(broken(ok(b"", b"x-a: one\r\n  two\r\n\tthree\r\n")))
    assert transport.send(Request("GET", far.url)).headers["x-a"] == "one two three"


def test_nobody_listens(transport: HttpTransport) -> None:
    """A refused connection, an unknown name and a bad port are unreachable, and not billed."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    for url in (
        f"http://127.0.0.1:{port}",
        "http://no-such-host.invalid",
        "ftp://x",
        f"https://127.0.0.1:{port}",
    ):
        with pytest.raises(Unreachable, match="Nothing was sent") as raised:
            transport.send(Request("POST", url, paid=True))
        assert raised.value.billed == "no"


def test_far_side_without_tls(transport: HttpTransport, far_side: OpenFarSide) -> None:
    """A failed TLS handshake is unreachable: the request never left."""
    far = far_side(lambda peer: peer.say(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    with pytest.raises(Unreachable):
        transport.send(Request("POST", far.url.replace("http", "https"), timeout=QUICK, paid=True))


def test_connect_timeout_is_unreachable() -> None:
    """A connection that is not made in time says after how many seconds."""

    def never(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectTimeout("")

    with pytest.raises(Unreachable, match=r"h\.example could not be reached: timed out after 3 s"):
        HttpTransport(httpx.MockTransport(never)).send(
            Request("POST", "http://h.example/", timeout=Timeout(connect=3), paid=True)
        )


def subclasses(kind: type[Exception]) -> Iterator[type[Exception]]:
    yield kind
    for each in kind.__subclasses__():
        yield from subclasses(each)


def foreign() -> list[type[Exception]]:
    kinds = [each for each in vars(httpx).values() if isinstance(each, type) and issubclass(each, Exception)]
    return sorted(set(kinds), key=lambda kind: kind.__name__)


@pytest.mark.parametrize("paid", [True, False])
@pytest.mark.parametrize("kind", foreign(), ids=lambda kind: kind.__name__)
def test_every_foreign_exception_is_translated(kind: type[Exception], paid: bool) -> None:
    """Whatever httpx raises becomes ours, without the secret that its text may hold, and keeps its cause."""

    def fail(request: httpx.Request) -> httpx.Response:
        error = kind.__new__(kind)
        Exception.__init__(error, f"sent {SECRET} to somebody")
        raise error

    request = Request("POST", f"http://h.example/?key={SECRET}", paid=paid, secrets=(SECRET,))
    with pytest.raises((Unreachable, TimedOut, OutcomeUnknown)) as raised:
        HttpTransport(httpx.MockTransport(fail)).send(request)
    assert SECRET not in str(raised.value)
    assert isinstance(raised.value.__cause__, kind)
    assert paid or raised.value.billed == "no"


# Redirects


def redirect(location: str, status: int = 302) -> bytes:
    return b"HTTP/1.1 %d Found\r\nlocation: %s\r\ncontent-length: 0\r\n\r\n" % (status, location.encode())


def test_redirect_within_the_origin_keeps_the_credential(
    transport: HttpTransport, far_side: OpenFarSide
) -> None:
    """A relative redirect is followed with all headers."""
    far = far_side()

    def behave(peer: Peer) -> None:
        far.heads.append(peer.head())
        peer.say(redirect("/b?c=1"))
        far.answering(ok(b"there"))(peer)

    far.behaviours = [behave]
    headers = (("Authorization", "Bearer k"),)
    assert read(transport.send(Request("GET", f"{far.url}/a", headers))) == b"there"
    assert far.heads[1].startswith("GET /b?c=1 HTTP/1.1")
    assert "authorization: Bearer k" in far.heads[1]


def test_redirect_to_another_port_carries_no_credential(
    transport: HttpTransport, far_side: OpenFarSide
) -> None:
    """Another origin, be it another port, gets neither credential nor cookie; not even on the way back."""
    home, other = far_side(), echo(far_side())
    home.behaviours = [home.answering(redirect(f"{other.url}/x"))]
    headers = (
        ("Authorization", "Bearer k"), ("Cookie", "a=b"), ("X-Api-Key", "k"), ("Accept", "image/*"),
    )  # fmt: skip
    read(transport.send(Request("GET", home.url, headers)))
    names = {line.split(":")[0] for line in other.heads[0].splitlines()[1:]}
    assert names == {"host", "accept", "accept-encoding", "user-agent"}
    assert "accept: image/*" in other.heads[0]


def test_redirect_never_forwards_a_secret_in_the_query(
    transport: HttpTransport, far_side: OpenFarSide
) -> None:
    """A redirect that copies the query's key to another origin is refused."""
    other = echo(far_side())
    home = far_side(broken(redirect(f"{other.url}/?key={SECRET}")))
    request = Request("GET", f"{home.url}/?key={SECRET}", secrets=(SECRET,))
    with pytest.raises(InvalidAnswer, match="credential in the address"):
        transport.send(request)
    assert not other.heads


def test_redirects_end(transport: HttpTransport, far_side: OpenFarSide) -> None:
    """Five redirects are followed, a sixth is one too many."""
    far = far_side()
    far.behaviours = [far.answering(redirect("/again"))]
    with pytest.raises(InvalidAnswer, match="more than 5 times"):
        transport.send(Request("GET", far.url))
    assert len(far.heads) == 6


@pytest.mark.parametrize("location", ["http://h.example/", "ftp://h.example/", "https://[::1"])
def test_dangerous_redirects_are_refused(location: str) -> None:
    """From https nothing leads to http, nor to what is not the web."""
    answer = httpx.MockTransport(lambda _: httpx.Response(302, headers={"location": location}))
    with pytest.raises(InvalidAnswer, match="not followed"):
        HttpTransport(answer).send(Request("GET", "https://h.example/"))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_post_is_not_redirected(status: int, transport: HttpTransport, far_side: OpenFarSide) -> None:
    """A POST's redirect is its answer: it is never sent a second time."""
    far = far_side()
    far.behaviours = [far.answering(redirect("/b", status))]
    assert transport.send(Request("POST", far.url, body=Raw(b"x"))).status == status
    assert len(far.heads) == 1


# Cancelling


def test_closing_the_transport_wakes_who_waits(transport: HttpTransport, far_side: OpenFarSide) -> None:
    """A thread that waits for an answer is woken by closing the transport, and learns what it means."""
    arrived = threading.Event()

    def hold(peer: Peer) -> None:
        peer.head()
        arrived.set()
        peer.wait_for_end()

    far = far_side(hold)
    raised: list[BaseException] = []

    def wait() -> None:
        try:
            transport.send(Request("POST", far.url, paid=True))
        except OutcomeUnknown as error:
            raised.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    assert arrived.wait(60)
    transport.close()
    thread.join(60)
    assert len(raised) == 1
    with pytest.raises(Unreachable, match="closed"):
        transport.send(Request("POST", far.url, paid=True))


def test_closing_the_body_wakes_who_reads(transport: HttpTransport, far_side: OpenFarSide) -> None:
    """A thread that waits for more of a body is woken by closing it."""

    def hold(peer: Peer) -> None:
        peer.head()
        peer.say(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc")
        peer.wait_for_end()

    response = transport.send(Request("GET", far_side(hold).url))
    reading, raised = threading.Event(), []

    def wait() -> None:
        chunks = response.body.chunks()
        next(chunks)
        reading.set()
        try:
            next(chunks)
        except InvalidAnswer as error:
            raised.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    assert reading.wait(60)
    response.body.close()
    thread.join(60)
    assert not thread.is_alive()
    assert len(raised) == 1


def test_unread_body_can_be_dropped(transport: HttpTransport, far_side: OpenFarSide) -> None:
    """Closing a body unread gives its connection up; the next request has another."""
    far = echo(far_side())
    transport.send(Request("GET", far.url)).body.close()
    assert read(transport.send(Request("GET", far.url))) == b"hello"
    assert far.connections == 2


# In the process, and through a proxy


def test_stand_in_answers_in_the_process() -> None:
    """An inner transport sees the very request: method, headers, and a form that it can read."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"ok": True}, headers={"X-Request-Id": "r1"})

    form = Multipart((Part("a", "1"),))
    response = HttpTransport(httpx.MockTransport(answer)).send(
        Request("post", "http://h.example/x", body=form)
    )
    assert response.headers["x-request-id"] == "r1"
    assert read(response) == b'{"ok":true}'
    assert b'name="a"\r\n\r\n1\r\n' in seen[0].content
    assert int(seen[0].headers["content-length"]) == len(seen[0].content)


def test_stand_in_that_truncates_is_noticed() -> None:
    """Also in the process a body must be as long as its Content-Length."""
    answer = httpx.Response(200, headers={"content-length": "9"}, stream=httpx.ByteStream(b"abc"))
    response = HttpTransport(httpx.MockTransport(lambda _: answer)).send(Request("GET", "http://h.example/"))
    with pytest.raises(InvalidAnswer, match="after 3 of 9 bytes"):
        read(response)


def test_proxy_of_the_environment_is_used(far_side: OpenFarSide, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the environment names a proxy, requests go through it, but for the hosts it excepts."""
    proxy, direct = echo(far_side()), echo(far_side())
    monkeypatch.setenv("http_proxy", proxy.url)
    monkeypatch.setenv("no_proxy", direct.url[7:])
    transport = HttpTransport()
    assert read(transport.send(Request("GET", "http://h.example/x"))) == b"hello"
    read(transport.send(Request("GET", f"{direct.url}/y")))
    transport.close()
    assert proxy.heads[0].startswith("GET http://h.example/x HTTP/1.1")
    assert direct.heads[0].startswith("GET /y HTTP/1.1")


# Requests under a rate limit


class Told:
    """A pacer that only listens."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def leaves(self) -> None:
        self.said.append("leaves")

    def is_on_its_way(self) -> None:
        if self.said[-1] != "is on its way":
            self.said.append("is on its way")

    def arrived(self, ago: float) -> None:
        assert 0 <= ago < 60
        self.said.append("arrived")

    def without(self, word: str) -> list[str]:
        return [said for said in self.said if said != word]


def test_each_request_that_leaves_is_told_of(transport: HttpTransport, far_side: OpenFarSide) -> None:
    """A redirect that is followed, and what goes again over a new connection, are requests of their own."""
    far = far_side()
    to_itself = b"HTTP/1.1 302 Found\r\nlocation: /b\r\ncontent-length: 0\r\n\r\n"

    def lead_on(peer: Peer) -> None:
        peer.request()
        peer.say(to_itself)
        peer.request()
        peer.say(ok())

    far.behaviours = [hang_up_on_the_second(far), lead_on]
    first, second = Told(), Told()
    read(transport.send(Request("GET", far.url, pacer=first)))
    read(transport.send(Request("GET", far.url, pacer=second)))
    assert first.without("is on its way") == ["leaves", "arrived"]
    assert second.without("is on its way") == ["leaves", "leaves", "arrived", "leaves", "arrived"]


def test_what_does_not_leave_is_not_told_of(transport: HttpTransport) -> None:
    """Nobody listens at the address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    pacer = Told()
    with pytest.raises(Unreachable):
        transport.send(Request("GET", url, pacer=pacer))
    assert pacer.said == []


def test_a_request_without_an_answer_has_not_arrived(transport: HttpTransport, far_side: OpenFarSide) -> None:
    """The far side hangs up, and nobody knows whether it was counted."""
    pacer = Told()
    far = far_side(lambda peer: (peer.request(), None)[1])
    with pytest.raises(OutcomeUnknown):
        transport.send(Request("POST", far.url, paid=True, pacer=pacer))
    assert pacer.without("is on its way") == ["leaves"]


def test_what_was_acknowledged_has_arrived_after_a_while(
    transport: HttpTransport, far_side: OpenFarSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer that takes a minute does not hold the limit for so long; a request that is stuck does."""
    monkeypatch.setattr("connector.engine.http.connection.SILENT_SECONDS", 0.05)
    pacer, stuck, arrived = Told(), Told(), threading.Event()

    def tell(ago: float) -> None:
        pacer.said.append("arrived")
        arrived.set()

    pacer.arrived = tell  # type: ignore[method-assign]

    def answer_late(peer: Peer) -> None:
        peer.request()
        assert arrived.wait(60)
        peer.say(ok())

    def do_not_read(peer: Peer) -> None:
        assert seen.wait(60)

    seen = threading.Event()
    far = far_side(answer_late)
    read(transport.send(Request("POST", far.url, paid=True, pacer=pacer)))
    assert pacer.without("is on its way") == ["leaves", "arrived"]

    full = far_side(do_not_read)
    full.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    large = Request(
        "POST", full.url, body=Raw(b"x" * 200_000), timeout=Timeout(read=1.0), paid=True, pacer=stuck
    )
    with pytest.raises((OutcomeUnknown, TimedOut)):
        transport.send(large)
    seen.set()
    assert stuck.said == ["leaves", "is on its way"]
