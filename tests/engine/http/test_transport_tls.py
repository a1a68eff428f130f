"""Over TLS the same holds: certificates are checked, large bodies pass, connections are kept."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

import pytest

from connector.engine.http.connection import tls_context
from connector.engine.http.messages import Raw, Request
from connector.engine.http.transport import HttpTransport
from connector.errors import Unreachable

pytest.importorskip("cryptography", reason="makes the certificate; comes with the extra `secrets`")

BIG = bytes(range(256)) * 8192


def certificate(folder: Path) -> Path:
    """A certificate for 127.0.0.1 that only those trust who are told to, with its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "far side")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "far.pem"
    plain = serialization.NoEncryption()
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    )
    return path


def answer(connected: ssl.SSLSocket) -> None:
    """Sends each body back, until the other side hangs up."""
    with connected, connected.makefile("rb") as file:
        while head := list(takewhile(lambda line: line != b"\r\n", iter(file.readline, b""))):
            lengths = [line.split(b":")[1] for line in head if line.lower().startswith(b"content-length")]
            body = file.read(int(lengths[0])) if lengths else b""
            connected.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body)


@pytest.fixture
def far_side(tmp_path: Path) -> Iterator[tuple[str, Path, list[int]]]:
    """A TLS server: its address, its certificate, and a mark for each handshake."""
    path = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    listener = socket.create_server(("127.0.0.1", 0))
    handshakes: list[int] = []

    def accept() -> None:
        while True:
            try:
                connected, _ = listener.accept()
            except OSError:
                return
            try:
                secured = context.wrap_socket(connected, server_side=True)
            except OSError:
                connected.close()
                continue
            handshakes.append(1)
            threading.Thread(target=answer, args=(secured,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    yield f"https://127.0.0.1:{listener.getsockname()[1]}", path, handshakes
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


def test_large_bodies_pass_and_the_connection_is_kept(far_side: tuple[str, Path, list[int]]) -> None:
    """Two megabytes go up and come back, several times, over one handshake; paid ones too."""
    url, path, handshakes = far_side
    transport = HttpTransport(verify=ssl.create_default_context(cafile=str(path)))
    for paid in (False, True, True):
        response = transport.send(Request("POST", url, body=Raw(BIG), paid=paid))
        assert b"".join(response.body.chunks()) == BIG
    transport.close()
    assert len(handshakes) == 1


def test_unknown_certificate_is_refused_before_anything_is_sent(
    far_side: tuple[str, Path, list[int]],
) -> None:
    """A certificate that nobody vouches for: unreachable, not billed, and the reason is told."""
    transport = HttpTransport()
    with pytest.raises(Unreachable, match="certificate") as raised:
        transport.send(Request("POST", far_side[0], body=Raw(b"x"), paid=True))
    assert raised.value.billed == "no"


def test_own_certificates_come_from_the_environment(
    far_side: tuple[str, Path, list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """SSL_CERT_FILE names whom to trust."""
    url, path, _ = far_side
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    tls_context.cache_clear()
    transport = HttpTransport()
    response = transport.send(Request("POST", url, body=Raw(b"hello")))
    assert b"".join(response.body.chunks()) == b"hello"
    transport.close()
    tls_context.cache_clear()


def test_verification_can_be_switched_off(far_side: tuple[str, Path, list[int]]) -> None:
    """Where somebody says so, any certificate will do."""
    transport = HttpTransport(verify=False)
    response = transport.send(Request("GET", far_side[0]))
    assert b"".join(response.body.chunks()) == b""
    transport.close()
