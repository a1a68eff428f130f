"""Workflows that are saved on the host: versions that stand in a file's place, checked, and nobody's lost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from server.support import SANDBOX, Place, place

from connector.runs.workflow.versions import WorkflowVersion

FILE = Path(__file__).parents[2] / "workflows" / "variations.yaml"
TEXT = FILE.read_text(encoding="utf-8")
PATH = "/api/workflows/variations"
GIVEN = {"inputs": {"prompt": "a", "seeds": [1]}}
SMALL = """\
id: {id}
title: {title}
description: A picture of the words that are given, and nothing else.
inputs:
  type: object
  required: [prompt]
  properties: {{prompt: {{type: string, title: Prompt, description: What it shows., minLength: 1}}}}
steps:
  - id: picture
    action: {action}
    inputs: {{prompt: "{{{{ inputs.prompt }}}}"}}
outputs: {{picture: "{{{{ steps.picture.file }}}}"}}
"""


def small(id: str = "small", title: str = "Small", action: str = "stable-image-core") -> str:
    return SMALL.format(id=id, title=title, action=action)


def save(host: Place, text: str, after: int, path: str = PATH, **more: Any) -> httpx.Response:
    return host("PUT", path, params={"after": after}, json={"text": text}, **more)


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Place]:
    with place(tmp_path / "home") as opened:
        yield opened


def title(host: Place, path: str = PATH) -> str:
    return str(host.get(path).json()["title"])


def test_a_saved_text_stands_in_the_files_place(host: Place) -> None:
    """Until it is taken back, or an earlier one is saved again; each version stays to be had."""
    changed = TEXT.replace("title: Variations", "title: Varied")
    file = host.get(f"{PATH}/text")
    assert (file.text, file.headers["etag"]) == (TEXT, '"0"')
    assert file.headers["content-disposition"] == 'attachment; filename="variations.yaml"'
    made = save(host, changed, 0)
    assert made.status_code == 201, made.text
    assert (made.json()["version"], made.json()["token_name"]) == (1, "first")
    assert title(host) == "Varied"
    assert "Varied" in [each["title"] for each in host.get("/api/workflows").json()["workflows"]]
    assert host.get(f"{PATH}/text").text == changed
    plain = {"content-type": "text/plain"}
    back = host("PUT", PATH, params={"after": 1}, content=TEXT.encode(), headers=plain)
    assert back.json()["version"] == 2
    assert title(host) == "Variations"
    assert save(host, changed, 2).json()["version"] == 3
    assert save(host, "", 3, PATH).status_code == 201
    assert title(host) == "Variations"
    listed = host.get(f"{PATH}/versions").json()["versions"]
    assert [(each["version"], each["removed"]) for each in listed] == [
        (4, True), (3, False), (2, False), (1, False),
    ]  # fmt: skip
    assert host.get(f"{PATH}/text", params={"version": 1}).text == changed
    assert host.get(f"{PATH}/text", params={"version": 4}).status_code == 404
    assert save(host, changed, 0).json()["version"] == 5


def test_a_new_workflow_is_one_like_any_other(host: Place) -> None:
    """Under an id that nothing else has; taken back, it is gone."""
    path = "/api/workflows/small"
    assert host.get(path).status_code == 404
    assert save(host, small(), 0, path).status_code == 201
    run = host.post(path, params=SANDBOX, json={"inputs": {"prompt": "a"}})
    assert run.status_code == 202, run.text
    assert save(host, "", 1, path).status_code == 201
    assert host.get(path).status_code == 404
    assert save(host, "", 0, path).status_code == 404
    for id, said in (("stable-image-core", "is the id of an action"), ("other", "give both the same name")):
        answer = save(host, small("stable-image-core"), 0, f"/api/workflows/{id}")
        assert answer.status_code == 422
        assert said in answer.json()["problems"][-1]["message"]
    assert save(host, small("Not One"), 0, "/api/workflows/Not One").status_code == 422


def test_whoever_would_write_over_anothers_version_is_refused(host: Place) -> None:
    """Nothing is saved, and nothing taken back."""
    assert save(host, small("variations", "One"), 0).status_code == 201
    for answer in (save(host, TEXT, 0), save(host, TEXT, 2), save(host, "", 0, PATH)):
        assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
        assert "was changed since version" in answer.json()["detail"]
    assert save(host, TEXT, 7, "/api/workflows/restore").status_code == 422
    assert title(host) == "One"
    assert save(host, small("restore"), 7, "/api/workflows/restore").status_code == 409
    assert save(host, "", 0, "/api/workflows/restore").status_code == 404


def test_a_text_with_mistakes_is_not_saved(host: Place) -> None:
    """All of them are told, each with its line, as `check` tells them; a warning stops nobody."""
    wrong = (
        small("variations").replace("inputs.prompt", "inputs.promt").replace("stable-image-core", "nothing")
    )
    answer = save(host, wrong, 0)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_input")
    told = host.post("/api/check", json={"text": wrong}).json()["problems"]
    assert [(each["line"], each["message"]) for each in answer.json()["problems"]] == [
        (each["line"], each["message"]) for each in told
    ]
    assert {8, 9, 10} & {each["line"] for each in told}
    assert len(told) >= 2
    assert save(host, "a: [", 0).status_code == 422
    half, kind = b'{"text": "\\ud800"}', {"content-type": "application/json"}
    assert host("PUT", PATH, params={"after": 0}, content=half, headers=kind).status_code == 422
    assert save(host, "a" * 300_000, 0).status_code == 413
    assert host.get(f"{PATH}/versions").json()["versions"] == []


def test_only_who_manages_saves(host: Place) -> None:
    assert save(host, TEXT, 0, bearer="use").status_code == 403
    assert save(host, "", 0, PATH, bearer="use").status_code == 403
    assert host.get(f"{PATH}/text", bearer="use").text == TEXT
    assert host.get(f"{PATH}/versions", bearer="use").status_code == 200


def test_what_began_before_keeps_its_text(host: Place) -> None:
    """A run, its repetition, a schedule, a webhook and a batch; later ones have the new text."""
    run = host.post(PATH, params=SANDBOX, json=GIVEN).json()["run"]["id"]
    hook = host.post("/api/webhooks", json={"workflow": "variations", **SANDBOX}).json()
    daily = {"subject": "variations", "cron": "0 8 * * *", **GIVEN, **SANDBOX}
    assert host.post("/api/schedules", json={"name": "before", **daily}).status_code == 201
    batch = {"subject": "variations", "items": [GIVEN["inputs"]], **SANDBOX}
    first = host.post("/api/batches", json=batch | {"name": "before"}).json()["id"]
    assert save(host, small("variations", "Anew"), 0).status_code == 201
    assert host.post("/api/schedules", json={"name": "after", **daily}).status_code == 422  # it has no seeds
    durable, history = host.host.durable, host.host.history
    again = host.post(f"/api/runs/{run}/again").json()["run"]["id"]
    delivered = host.post(
        hook["path"], json=GIVEN["inputs"], bearer=None, headers={"x-hook-secret": hook["secret"]}
    )
    later = host.post(PATH, params=SANDBOX, json={"inputs": {"prompt": "a"}}).json()["run"]["id"]
    kept = [history.get(each).definition for each in (run, again, delivered.json()["run"])]
    kept += [durable.schedules.get("before").definition, durable.batches.get(first).definition]
    assert kept == [TEXT] * 5
    assert re.search("title: (.*)", history.get(later).definition or "")[1] == "Anew"  # type: ignore[index]


def test_a_saved_text_that_no_longer_holds_is_left_out(host: Place) -> None:
    """As after an update of the integration: others go on, its text can be had and mended."""
    assert save(host, small(), 0, "/api/workflows/small").status_code == 201
    gone = small(action="is-no-more")
    host.host.durable.saved.add(WorkflowVersion("stabilityai", "small", 0, text=gone), 1)
    listed = [each["id"] for each in host.get("/api/workflows").json()["workflows"]]
    assert "variations" in listed
    assert "small" not in listed
    assert host.get("/api/workflows/small").status_code == 500
    assert host.get("/api/workflows/small/text").text == gone
    assert save(host, small(), 2, "/api/workflows/small").status_code == 201
    assert title(host, "/api/workflows/small") == "Small"
