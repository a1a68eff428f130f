"""Over a real port: events live, uploads in flat memory, a stop that finishes, TLS, and the command."""

from __future__ import annotations

import io
import json
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from hosting import serving
from server.certificates import certificate
from server.support import picture

from connector.cli import main
from connector.server import json_logs
from connector.server.app import create
from connector.server.settings import Settings
from connector.spec.url import is_loopback

COMMAND = [sys.executable, "-c", "import sys; from connector.cli import main; sys.exit(main())", "serve"]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    """A host on a free port, on the sandbox of this process, and a client with its token."""
    kept = {}
    stop_log = json_logs.start(io.StringIO())

    def make(port: int):  # type: ignore[no-untyped-def]
        app = create(Settings(home=tmp_path_factory.mktemp("home"), port=port, environ={}))
        kept["token"] = app.state.host.tokens.first()
        return app

    with serving(make) as url:
        headers = {"authorization": f"Bearer {kept['token']}"}
        with httpx.Client(base_url=url, headers=headers, timeout=60) as client:
            yield client
    stop_log()


def test_events_come_while_it_runs(served: httpx.Client) -> None:
    """The first are there before the run has ended, and the last one ends the stream."""
    begun = served.post(
        "/api/actions/stable-image-core",
        params={"environment": "sandbox", "wait": "false"},
        json={"inputs": {"prompt": "a boat", "aspect_ratio": "21:9"}},
    ).json()["run"]
    with served.stream("GET", f"/api/runs/{begun['id']}/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        kinds = [line[7:] for line in answer.iter_lines() if line.startswith("event: ")]
    assert (kinds[0], kinds[-1]) == ("queued", "succeeded")
    assert "sent" in kinds


def test_whoever_goes_leaves_the_run_alone(served: httpx.Client) -> None:
    """A stream of events that is closed in the middle changes nothing for the run."""
    begun = served.post(
        "/api/actions/stable-image-core",
        params={"environment": "sandbox", "wait": "false"},
        json={"inputs": {"prompt": "another boat"}},
    ).json()["run"]
    with served.stream("GET", f"/api/runs/{begun['id']}/events") as answer:
        next(answer.iter_lines())
    text = served.get(f"/api/runs/{begun['id']}/events").text
    assert "event: succeeded" in text


def test_a_picture_there_and_back(served: httpx.Client) -> None:
    """By multipart, answered as the picture itself, kept under a reference."""
    answer = served.post(
        "/api/actions/remove-background",
        params={"environment": "sandbox"},
        files={"image": ("a.png", picture(96), "image/png")},
        headers={"accept": "image/*"},
    )
    assert answer.content.startswith(b"\x89PNG")
    run = served.get(f"/api/runs/{answer.headers['x-run-id']}").json()["run"]
    part = served.get(f"/api/files/{run['file']}/content", headers={"range": "bytes=1-3"})
    assert (part.status_code, part.content) == (206, b"PNG")


def test_a_refused_body_is_answered(tmp_path: Path) -> None:
    """Its sender hears why, though it has not sent everything."""
    kept = {}

    def make(port: int):  # type: ignore[no-untyped-def]
        app = create(Settings(home=tmp_path, port=port, max_body=1000, environ={}))
        kept["token"] = app.state.host.tokens.first()
        return app

    with serving(make) as url:
        headers = {"authorization": f"Bearer {kept['token']}", "content-type": "text/plain"}
        answer = httpx.post(f"{url}/api/files", content=b"x" * 4_000_000, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_uploads_and_downloads_are_never_whole_in_memory(tmp_path: Path) -> None:
    """100 MB go up and come down, and the process grows by a fraction of it."""
    told = subprocess.run(
        [sys.executable, "-m", "server.memory", str(tmp_path)],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    grown = json.loads(told.stdout)
    assert max(grown.values()) < 30, grown


@contextmanager
def _serve(home: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """A host of its own, which does not outlive a test that fails."""
    line = [*COMMAND, "--port", "0", "--home", str(home), *options]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        except BaseException:
            process.kill()
            raise


def _greeting(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith("Press Ctrl+C"):
            break
    return "".join(lines)


def _link(greeting: str) -> str:
    return next(line.split()[1] for line in greeting.splitlines() if line.strip().startswith("open"))


def test_the_command_greets_with_a_link_that_works(tmp_path: Path) -> None:
    """The token is made once; a stop ends what is under way and leaves with 0."""
    with _serve(tmp_path) as process:
        greeting = _greeting(process)
        link = _link(greeting)
        with httpx.Client() as client:
            assert client.get(link).status_code == 303
            url, _, token = link.partition("/login?token=")
            begun = client.post(
                f"{url}/api/actions/stable-image-core?environment=sandbox&wait=false",
                json={"inputs": {"prompt": "a boat"}},
                headers={"authorization": f"Bearer {token}"},
            ).json()["run"]["id"]
        process.send_signal(signal.SIGINT)
        log = process.stderr.read() if process.stderr else ""
    assert process.returncode == 0
    assert token not in log
    ended = [json.loads(line) for line in log.splitlines()]
    assert [each["state"] for each in ended if each.get("run") == begun and each["event"] == "run"] == [
        "succeeded"
    ]
    with _serve(tmp_path, "--add-token", "second") as process:
        again = _greeting(process)
        process.send_signal(signal.SIGINT)
    assert token not in again
    assert "/login?token=" in again
    # A stop in the very moment of the greeting is as good as any later one.
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--host", "0.0.0.0"], "--insecure"),
        (["--host", "192.0.2.1", "--insecure"], "cannot listen"),
        (["--tls-cert", "cert.pem"], "give both"),
        (["--tls-cert", "no.pem", "--tls-key", "no.pem"], "no file no.pem"),
        (["--max-runs", "0"], "whole number above 0"),
        (["--port", "x"], "give a number"),
    ],
)
def test_carelessness_is_refused(
    options: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything listens."""
    assert main(["serve", "--home", str(tmp_path), *options]) == 2
    assert said in capsys.readouterr().err


_ALONE = ("127.0.0.1", "127.8.8.8", "localhost", "::1")
_REACHED = ("0.0.0.0", "::", "10.0.0.1", "host.example", "")


@pytest.mark.parametrize("host", [*_ALONE, *_REACHED])
def test_who_can_reach_an_address(host: str) -> None:
    """What is no address of this machine alone can be reached by others."""
    assert is_loopback(host) is (host in _ALONE)


def test_help_names_what_can_be_set(capsys: pytest.CaptureFixture[str]) -> None:
    """With examples."""
    assert main(["serve", "--help"]) == 0
    told = capsys.readouterr().out
    assert all(
        option in told for option in ("--tls-cert", "--insecure", "--max-runs", "--max-body", "--drain")
    )
    assert main(["--help"]) == 0
    assert "serve" in capsys.readouterr().out


def test_tls_is_spoken_where_it_is_given(tmp_path: Path) -> None:
    """The link says https, the cookie stays there, and a bad key is named before anything listens."""
    cert, key = certificate(tmp_path)
    with _serve(tmp_path / "home", "--quiet", "--tls-cert", str(cert), "--tls-key", str(key)) as process:
        assert process.stdout is not None
        link = process.stdout.readline().strip()
        assert link.startswith("https://127.0.0.1")
        context = ssl.create_default_context(cafile=str(cert))
        with httpx.Client(verify=context) as client:
            answer = client.get(link)
        assert "secure" in answer.headers["set-cookie"].lower()
        process.send_signal(signal.SIGINT)
        process.communicate()
    assert process.returncode == 0
    with _serve(tmp_path / "home", "--tls-cert", str(key), "--tls-key", str(cert)) as process:
        said = process.stderr.read() if process.stderr else ""
    assert (process.returncode, "cannot be used" in said) == (2, True)


def test_a_program_gets_its_token_as_json(tmp_path: Path) -> None:
    """One document, on one line."""
    with _serve(tmp_path, "--json") as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        headers = {"authorization": f"Bearer {told['token']}"}
        assert httpx.get(f"{told['url']}/api/runs", headers=headers).json()["runs"] == []
        process.send_signal(signal.SIGINT)
        process.communicate()  # whoever hangs up earlier ends it by that
    assert process.returncode == 0


def test_a_proxy_that_is_not_trusted_is_not_believed(served: httpx.Client) -> None:
    """Whoever may ask may send such headers."""
    told = {"x-forwarded-proto": "https", "x-forwarded-for": "10.0.0.1"}
    answer = served.get("/login", headers=told)
    assert "strict-transport-security" not in answer.headers


@pytest.mark.parametrize("given", ["proxy.example", "10.0.0.5/8", ""])
def test_a_proxy_is_trusted_by_its_address(
    given: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", "--home", str(tmp_path), "--trust-proxy", given]) == 2
    assert f"--trust-proxy: is {given!r}; give the proxy's address" in capsys.readouterr().err


def test_many_clients_at_once_are_all_answered(served: httpx.Client) -> None:
    """Nobody is dropped, and nothing fails."""

    def one(number: int) -> int:
        asked = {"inputs": {"prompt": f"boat {number}"}}
        path = "/api/actions/stable-image-core/estimate?environment=sandbox"
        return max(
            served.post(path, json=asked).status_code,
            served.post("/api/files", content=picture(16), headers={"content-type": "image/png"}).status_code,
            served.get("/api/runs").status_code,
        )

    with ThreadPoolExecutor(32) as pool:
        assert {*pool.map(one, range(64))} == {201}
