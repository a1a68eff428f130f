"""A folder becomes an Integration, or all its problems at once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from connector.errors import SpecError
from connector.spec import loader, yaml_lines
from connector.spec.model import Action, FactSource, TimeoutSpec

SHIPPED = loader.default_folder()

MANIFEST = """\
id: small
name: Small
version: 1.0.0
description: An integration that is as small as can be.
connection: {auth: {kind: none}}
environments:
  here: {base_url: "https://api.example.com"}
defaults:
  timeout: {connect: 5, read: 60}
  output: {seed: {header: x-seed}}
actions: [actions/one.yaml]
"""
SPEC = """\
id: one
title: One
group: Tests
description: An action that is as small as can be.
request: {method: POST, path: /one, body: json}
inputs: {type: object, properties: {name: {type: string, description: Its name.}}}
output: {kind: json}
timeout: {read: 10}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "small" / "actions").mkdir(parents=True)
    (tmp_path / "small" / "integration.yaml").write_text(MANIFEST)
    (tmp_path / "small" / "actions" / "one.yaml").write_text(SPEC)
    return tmp_path / "small"


def _with(folder: Path, name: str, old: str, new: str) -> None:
    path = folder / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_the_shipped_folder_loads_whole() -> None:
    """Every listed spec is an action under its id, in the manifest's order."""
    integration = loader.load(SHIPPED)

    listed = yaml_lines.read(SHIPPED / "integration.yaml").value["actions"]
    assert [f"actions/{id}.yaml" for id in integration.actions] == listed
    assert all(isinstance(action, Action) for action in integration.actions.values())
    assert integration.icon is not None
    assert integration.icon.is_file()


def test_what_the_manifest_says_for_all_holds_where_a_spec_is_silent(folder: Path) -> None:
    """The spec's own word comes first, entry by entry."""
    action = loader.load(folder).actions["one"]

    assert action.timeout == TimeoutSpec(connect=5, read=10)
    assert action.output.seed == FactSource(header="x-seed")
    assert action.source == folder / "actions" / "one.yaml"


def test_every_problem_is_told_at_once(folder: Path) -> None:
    """With file and line, from all files."""
    _with(folder, "integration.yaml", "version: 1.0.0", "version: one")
    _with(folder, "actions/one.yaml", "method: POST", "method: PSOT")
    _with(folder, "actions/one.yaml", "kind: json", "kind: jsn")

    with pytest.raises(SpecError) as raised:
        loader.load(folder)

    places = [(problem.file, problem.line, problem.path) for problem in raised.value.problems]
    assert places == [
        ("integration.yaml", 3, "version"),
        ("actions/one.yaml", 5, "request.method"),
        ("actions/one.yaml", 7, "output.kind"),
    ]


@pytest.mark.parametrize("name", ["../one.yaml", "/etc/passwd", "actions/../../one.yaml"])
def test_a_spec_outside_the_folder_is_refused(folder: Path, name: str) -> None:
    """Also where the file is there, and where a link leads to it."""
    (folder.parent / "one.yaml").write_text(SPEC)
    _with(folder, "integration.yaml", "actions/one.yaml", name)

    with pytest.raises(SpecError, match="lies outside the integration's folder"):
        loader.load(folder)


def test_a_link_out_of_the_folder_is_refused(folder: Path) -> None:
    """A path is judged by where it leads."""
    shutil.move(folder / "actions" / "one.yaml", folder.parent / "one.yaml")
    (folder / "actions" / "one.yaml").symlink_to(folder.parent / "one.yaml")

    with pytest.raises(SpecError, match="lies outside the integration's folder"):
        loader.load(folder)


def test_a_folder_without_a_manifest_is_a_problem(tmp_path: Path) -> None:
    """The caller is told which file is missing."""
    with pytest.raises(SpecError, match=r"integration\.yaml.* cannot be read"):
        loader.load(tmp_path)


def test_what_is_left_of_a_wrong_file_is_still_made(folder: Path) -> None:
    """So that the rest of it can be checked; a caller of load never sees it."""
    _with(folder, "actions/one.yaml", "timeout:", "colour: red\ntimeout:")

    loaded = loader.read(folder)

    assert [problem.path for problem in loaded.problems] == ["colour"]
    assert loaded.integration is not None
    assert "one" in loaded.integration.actions


class TestLazily:
    """One action is read without the others."""

    def test_only_the_action_that_is_asked_for_is_read(self, folder: Path) -> None:
        """A mistake in another spec does not stand in its way."""
        _with(folder, "integration.yaml", "[actions/one.yaml]", "[actions/one.yaml, actions/two.yaml]")
        (folder / "actions" / "two.yaml").write_text("id: [")

        integration = loader.load_lazily(folder)

        assert list(integration.actions) == ["one", "two"]
        assert len(integration.actions) == 2
        assert "two" in integration.actions
        assert integration.actions["one"].id == "one"
        with pytest.raises(SpecError):
            integration.actions["two"]

    def test_an_action_is_made_once(self, folder: Path) -> None:
        """The same object each time, so that what is kept for it stays."""
        actions = loader.load_lazily(folder).actions

        assert actions["one"] is actions["one"]

    def test_a_name_that_is_none_is_a_key_error(self, folder: Path) -> None:
        """As with any mapping."""
        with pytest.raises(KeyError):
            loader.load_lazily(folder).actions["none"]

    def test_it_is_the_same_integration(self) -> None:
        """Laziness changes nothing but when."""
        whole, lazy = loader.load(SHIPPED), loader.load_lazily(SHIPPED)

        assert [action.request for action in lazy.actions.values()] == [
            action.request for action in whole.actions.values()
        ]
        assert (lazy.outcomes, lazy.environments, lazy.auth) == (
            whole.outcomes,
            whole.environments,
            whole.auth,
        )


class TestCache:
    """Files that have not changed are not read again, and nothing that is wrong passes by that way."""

    def test_an_unchanged_folder_needs_neither_yaml_nor_schema(
        self, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whatever came from the files comes from the cache."""
        cache = tmp_path / "cache"
        first = loader.load(folder, cache)
        monkeypatch.setattr(yaml_lines, "read", None)
        monkeypatch.setattr(loader, "_checkers", None)

        assert loader.load(folder, cache).actions["one"].request == first.actions["one"].request
        assert loader.load_lazily(folder, cache).actions["one"].request == first.actions["one"].request

    def test_a_changed_file_is_read_again(self, folder: Path, tmp_path: Path) -> None:
        """Also where its size stays the same."""
        cache = tmp_path / "cache"
        loader.load(folder, cache)
        _with(folder, "actions/one.yaml", "path: /one", "path: /two")

        assert loader.load(folder, cache).actions["one"].request.path == "/two"

    def test_a_change_for_the_worse_is_found(self, folder: Path, tmp_path: Path) -> None:
        """And found again, until it is mended: what is wrong is never kept."""
        cache = tmp_path / "cache"
        loader.load(folder, cache)
        _with(folder, "actions/one.yaml", "method: POST", "method: PSOT")

        for _ in range(2):
            with pytest.raises(SpecError, match="PSOT"):
                loader.load(folder, cache)
        _with(folder, "actions/one.yaml", "method: PSOT", "method: PUT")
        assert loader.load(folder, cache).actions["one"].request.method == "PUT"

    def test_lazy_reading_adds_to_what_is_kept(self, folder: Path, tmp_path: Path) -> None:
        """The first use of an action pays for the next one."""
        cache = tmp_path / "cache"
        loader.load_lazily(folder, cache).actions["one"]

        assert set(loader.spec_cache.values(folder, cache)) == {"integration.yaml", "actions/one.yaml"}
