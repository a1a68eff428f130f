"""docs/own-api.md, done as it stands: a folder is begun, filled, checked, and called over a port."""

from __future__ import annotations

import io
import json
import re
import shlex
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from upstream import PNG

from connector.cli import main

PAGE = (Path(__file__).parents[2] / "docs" / "own-api.md").read_text("utf-8")
KEY = "wk-0123456789"


class Weather(BaseHTTPRequestHandler):
    """The API of the page."""

    asked: list[str]

    def do_GET(self) -> None:
        self.answer("application/json", json.dumps({"path": self.path}).encode())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        assert PNG in body
        assert b'name="layer"\r\n\r\nrain' in body
        self.answer("image/png", PNG)

    def answer(self, kind: str, body: bytes) -> None:
        is_known = self.headers["x-api-key"] == KEY
        type(self).asked.append(f"{self.command} {self.path} {is_known}")
        self.send_response(200 if is_known else 401)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *said: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def weather() -> Iterator[str]:
    Weather.asked = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Weather) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def section(number: int) -> str:
    return PAGE.split("\n## ")[number]


def commands(number: int, block: int = 0) -> list[list[str]]:
    return [*map(shlex.split, re.findall(r"```sh\n(.*?)```", section(number), re.DOTALL)[block].splitlines())]


def done(words: list[str]) -> None:
    if words[0] == "rm":
        for name in words[1:]:
            Path(name).unlink()
    else:
        assert (words[0], main(words[1:])) == ("connector", 0), words


def test_the_page_leads_from_nothing_to_a_call(
    weather: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each file is written as it is printed, each command run as it stands."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONNECTOR_HOME", str(tmp_path / "home"))
    Path("base.png").write_bytes(PNG)
    for words in commands(1):
        done(words)
    for name, text in re.findall(r"`(weather/\S+\.yaml)`[^\n]*\n\n```yaml\n(.*?)```", PAGE, re.DOTALL):
        Path(name).write_text(text.replace("https://api.example.com", weather))
    for words in commands(3):
        done(words)
    capsys.readouterr()
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{KEY}\n"))
    for words in commands(4):
        done(words)
    assert KEY not in "".join(capsys.readouterr())
    assert Path("rain.png").read_bytes() == PNG
    asked = ["GET /places True", "GET /places/Lisbon/forecast?days=3 True", "POST /maps True"]
    assert Weather.asked == asked


@pytest.mark.parametrize("name", ["weather", "My API", "2nd", "--", "ünïcode"])
def test_what_is_begun_passes_check(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever the folder is called."""
    folder = tmp_path / name
    assert main(["init", str(folder)]) == 0
    assert main(["check", str(folder)]) == 0
    assert "no problems" in capsys.readouterr().err
    assert main(["init", str(folder)]) == 2
    assert "is not empty; name another folder\n" in capsys.readouterr().err
