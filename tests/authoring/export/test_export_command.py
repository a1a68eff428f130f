"""``connector export``: files in their place, whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from connector.authoring.export import write_files
from connector.cli import main
from connector.errors import InvocationError


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("CONNECTOR_HOME", str(tmp_path / "home"))
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return work


def _export(*words, code=0):
    assert main(["export", *map(str, words)]) == code


def test_a_document_is_written(folder, capsys):
    _export("openapi", "-o", "new/api.json", "--host", "https://connector.example/")
    assert json.loads(Path("new/api.json").read_text())["servers"] == [{"url": "https://connector.example"}]
    assert "api.json is written" in capsys.readouterr().out


def test_a_connector_of_power_platform_is_two_files(folder):
    _export("swagger", "-o", "pp", "-q")
    assert sorted(path.name for path in Path("pp").iterdir()) == [
        "apiDefinition.swagger.json",
        "apiProperties.json",
    ]
    assert not [path for path in folder.iterdir() if path.name != "pp"]


@pytest.mark.parametrize(
    ("platform", "target"), [("openapi", "api.json"), ("swagger", "pp"), ("n8n", "node")]
)
def test_what_is_there_is_not_written_over(folder, capsys, platform, target):
    """Unless that is forced; what else is there stays."""
    own = folder / target if platform == "openapi" else folder / target / "mine.txt"
    own.parent.mkdir(exist_ok=True)
    own.write_text("mine")
    _export(platform, "-o", target, code=2)
    assert own.read_text() == "mine"
    assert "--force" in capsys.readouterr().err
    _export(platform, "-o", target, "--force")
    assert (own.read_text() == "mine") == (platform != "openapi")


@pytest.mark.parametrize(
    "host",
    [
        "connector.example",
        "ftp://x",
        "https://user:pass@x",
        "https://x?token=1",
        "https://",
        "http://x:99999",
    ],
)
def test_a_host_that_is_no_address_is_refused(host, capsys):
    """Also one with somebody's password in it."""
    _export("openapi", "-o", "api.json", "--host", host, code=2)
    assert not Path("api.json").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["opnapi"], "did you mean 'openapi'"),
        (["openapi"], "-o"),
        (["openapi", "-o", "."], "is a folder"),
        (["swagger", "-o", "taken"], "is no folder"),
    ],
)
def test_a_wrong_line_says_what_is_wrong(words, said, capsys):
    Path("taken").write_text("")
    _export(*words, code=2)
    assert said in capsys.readouterr().err


def test_a_folder_appears_whole_or_not_at_all(folder, monkeypatch):
    """Nothing half-written is left, whatever goes wrong."""
    before = write_files._replace

    def full(target, content):
        if target.name == "b":
            raise OSError(28, "No space left on device")
        before(target, content)

    monkeypatch.setattr(write_files, "_replace", full)
    with pytest.raises(InvocationError, match="No space left"):
        write_files.folder(folder / "new", {"a": "1", "b": "2"})
    assert [*folder.iterdir()] == []


def test_no_secret_is_written(folder, monkeypatch):
    monkeypatch.setenv("STABILITY_API_KEY", "sk-live-41d2aa")
    _export("openapi", "-o", "api.json")
    _export("swagger", "-o", "pp")
    _export("n8n", "-o", "node")
    assert not [path for path in folder.rglob("*.*") if "sk-live-41d2aa" in path.read_text()]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["export", ""], ["openapi", "swagger", "n8n", "superblocks"]),
        (["export", "openapi", "--h"], ["--host", "--help"]),
        (["export", "superblocks", "era"], ["erase"]),
        (["mcp", "--ro"], ["--root"]),
        (["mcp", "-e", "sand"], ["sandbox"]),
    ],
)
def test_a_shell_completes_it(words, found, capsys):
    assert main(["__complete", "zsh", "--", *words]) == 0
    assert [line.partition(":")[0] for line in capsys.readouterr().out.splitlines()] == found
