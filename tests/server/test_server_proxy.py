"""The host behind nginx and Caddy, which are configured as docs/operations.md says."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from port import SAMPLES
from server.certificates import certificate
from server.support import SANDBOX, served, until

from connector.server import json_logs

DOCS = Path(__file__).parents[2] / "docs" / "operations.md"
NAME = "connector.example"
# Who asks, as the proxy sees it; the host sees the proxy at 127.0.0.1.
CLIENT = "127.0.0.7"
PIECE = bytes(1 << 20)


def snippet(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


def free_port() -> int:
    with closing(socket.socket()) as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


def changed(text: str, **changes: str) -> str:
    """The text with other places in it, each of which must be there."""
    for before, after in changes.values():
        assert before in text
        text = text.replace(before, after)
    return text


def nginx(folder: Path, port: int, upstream: str) -> list[str]:
    cert, key = certificate(folder, NAME)
    server = changed(
        snippet("nginx"),
        port=("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        cert=("/etc/ssl/connector.example.pem", str(cert)),
        key=("/etc/ssl/connector.example.key", str(key)),
        upstream=("http://127.0.0.1:8760", upstream),
    )
    kept = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "".join(f"{name}_temp_path {folder}/{name};" for name in kept)
    told = f"daemon off; master_process off; pid {folder}/pid; events {{}}"
    (folder / "nginx.conf").write_text(f"{told} http {{ access_log off; {paths} {server} }}")
    return ["nginx", "-e", "stderr", "-c", str(folder / "nginx.conf")]


def caddy(folder: Path, port: int, upstream: str) -> list[str]:
    cert, key = certificate(folder, NAME)
    site = changed(
        snippet("caddyfile"),
        place=("connector.example {", f"https://{NAME}:{port} {{\n\tbind 127.0.0.1\n\ttls {cert} {key}"),
        upstream=("127.0.0.1:8760", upstream.removeprefix("http://")),
    )
    told = "{\n\tadmin off\n\tauto_https disable_redirects\n}\n"
    (folder / "Caddyfile").write_text(told + site)
    return ["caddy", "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]


PROXIES: dict[str, Callable[[Path, int, str], list[str]]] = {"nginx": nginx, "caddy": caddy}


def program(name: str) -> str:
    """Where the proxy is. Without it the test is skipped, but where it is meant to be."""
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        said = f"no {name} was found; `apt-get install {name}` brings it"
        pytest.fail(said) if os.environ.get("CI") == "true" else pytest.skip(said)
    return found


@pytest.mark.parametrize("name", PROXIES)
def test_it_is_served_behind_a_proxy(tmp_path: Path, name: str) -> None:
    """Cookies stay with TLS, links lead back, 100 MB go up, events come while a run goes on, and the log has
    who asked."""
    found = program(name)
    settings = {"allowed_hosts": (NAME,), "trusted_proxies": ("127.0.0.1",), "heartbeat": 0.2}
    with served(tmp_path / "home", **settings) as direct:
        log, port = io.StringIO(), free_port()
        stop_log = json_logs.start(log)
        _, *words = PROXIES[name](tmp_path, port, str(direct.base_url).rstrip("/"))
        environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
        with subprocess.Popen([found, *words], env=environ, stderr=subprocess.DEVNULL) as process:
            try:
                with visitor(tmp_path, port, direct.headers["authorization"]) as client:
                    until(lambda: is_there(client))
                    signed_in(client, port)
                    sent_and_fetched(client)
                    followed(client)
            finally:
                process.terminate()
        stop_log()
    told = [json.loads(line) for line in log.getvalue().splitlines()]
    assert {one["client"] for one in told if one["event"] == "request"} == {CLIENT}


class FromHere(httpx.HTTPTransport):
    """Every name is an address of this machine."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.extensions["sni_hostname"] = request.url.host
        request.url = request.url.copy_with(host="127.0.0.1")
        return super().handle_request(request)


def visitor(folder: Path, port: int, token: str) -> httpx.Client:
    context = ssl.create_default_context(cafile=str(folder / "cert.pem"))
    transport = FromHere(verify=context, local_address=CLIENT)
    headers = {"authorization": token}
    return httpx.Client(base_url=f"https://{NAME}:{port}", transport=transport, headers=headers, timeout=60)


def is_there(client: httpx.Client) -> bool:
    try:
        return client.get("/healthz").status_code == 200
    except httpx.TransportError:
        return False


def signed_in(client: httpx.Client, port: int) -> None:
    token = client.headers["authorization"].removeprefix("Bearer ")
    answer = client.get("/login", params={"token": token})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "secure" in answer.headers["set-cookie"].lower()
    assert "max-age" in answer.headers["strict-transport-security"]
    page = client.get("/reference/invoke.stable-image-core")
    assert f"https://{NAME}:{port}" in page.text


def sent_and_fetched(client: httpx.Client) -> None:
    def body() -> Iterator[bytes]:
        for _ in range(99):
            yield PIECE

    headers = {"content-type": "application/octet-stream"}
    kept = client.post("/api/files", content=body(), headers=headers)
    assert kept.status_code == 201, kept.text
    path = f"/api/files/{kept.json()['id']}/content"
    with client.stream("GET", path) as answer:
        assert sum(map(len, answer.iter_bytes())) == 99 * len(PIECE)


def followed(client: httpx.Client) -> None:
    """A job takes minutes: what is told of it until then was not held back by the proxy."""
    headers = {"content-type": "image/png"}
    picture = client.post("/api/files", content=(SAMPLES / "room.png").read_bytes(), headers=headers).json()
    answer = client.post(
        "/api/actions/start-creative-upscale",
        params={**SANDBOX, "wait": "false"},
        json={"inputs": {"prompt": "a room", "image": f"file:{picture['id']}"}},
    )
    assert answer.status_code < 300, answer.text
    begun = answer.json()["run"]
    path = f"/api/runs/{begun['id']}"
    with client.stream("GET", f"{path}/events") as answer:
        lines = answer.iter_lines()
        assert any(line == "event: running" for line in lines)
        assert any(line.startswith(":") for line in lines)
    assert client.post(f"{path}/cancel").json()["run"]["state"] == "cancelled"
