"""The API reference has a page for every operation of the OpenAPI document, whole and without holes."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest
from server.support import Place, place, served

_SHOWN = re.compile(r'id="call-(\w+)-reference-text".*?<code>(.*?)</code>', re.DOTALL)


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with place(tmp_path_factory.mktemp("home")) as opened:
        yield opened


def operations(host: Place) -> dict[str, tuple[str, str, dict[str, Any]]]:
    return {
        told["operationId"]: (method.upper(), path, told)
        for path, methods in host.get("/openapi.json").json()["paths"].items()
        for method, told in methods.items()
    }


def looked_at(host: Place, path: str) -> str:
    answer: httpx.Response = host.get(path, headers={"accept": "text/html"})
    assert answer.status_code == 200, path
    return unescape(answer.text)


def test_every_operation_has_a_page_with_all_that_it_takes(host: Place) -> None:
    index = looked_at(host, "/reference")
    for name, (method, path, told) in operations(host).items():
        if name.startswith("get_action."):  # stands with the action
            continue
        assert f'href="/reference/{name}"' in index
        page = looked_at(host, f"/reference/{name}")
        assert told["summary"] in page
        assert path in page
        assert f'data-method="{method}"' in page
        for parameter in told["parameters"]:
            assert f'<code class="member">{parameter["name"]}</code>' in page, name
        samples = dict(_SHOWN.findall(page))
        assert {"curl", "Python", "JavaScript", "HTTP"} <= samples.keys()
        assert shlex.split(samples["curl"])[0] == "curl"
        compile(samples["Python"], name, "exec")


def test_members_are_told_through_references(host: Place) -> None:
    page = looked_at(host, "/reference/begin_batch")
    for name in ("items", "limit_credits", "prompt"):
        assert name in page
    page = looked_at(host, "/reference/invoke.stable-image-core")
    assert "/api/actions/stable-image-core?environment=sandbox'" in page  # an example costs nothing
    assert '<span class="tag">3 credits</span>' in page
    for said in ("style_preset", "photographic", "10,000 characters", "multipart/form-data"):
        assert said in page


def test_only_what_costs_nothing_can_be_sent(host: Place) -> None:
    """Reads, and actions in an environment that is free."""
    for name, (method, _, told) in operations(host).items():
        if name.startswith("get_action."):
            continue
        page = looked_at(host, f"/reference/{name}")
        if "data-try " in page and method != "GET":
            assert "x-integration" in told
            assert 'data-environment="sandbox"' in page


def test_an_operation_that_is_not_there(host: Place) -> None:
    answer = host.get("/reference/nothing", headers={"accept": "text/html"})
    assert answer.status_code == 404
    assert "the reference lists all" in unescape(answer.text)


@pytest.mark.parametrize("language", ["curl", "Python"])
def test_samples_run_as_they_stand(language: str, tmp_path: Path) -> None:
    if language == "curl" and shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    with served(tmp_path / "home") as client:
        page = unescape(client.get("/reference/list_integrations").text)
        sample = dict(_SHOWN.findall(page))[language]
        command = ["sh", "-c", sample] if language == "curl" else [sys.executable, "-c", sample]
        token = {"CONNECTOR_TOKEN": client.headers["authorization"].removeprefix("Bearer ")}
        done = subprocess.run(
            command, env={**os.environ, **token}, capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, done.stderr
    assert "stabilityai" in done.stdout
