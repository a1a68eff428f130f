"""docs/clients.md: its program for Node runs as it stands."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from server.support import served

PAGE = (Path(__file__).parents[2] / "docs" / "clients.md").read_text("utf-8")


def test_the_program_for_node_makes_two_pictures(tmp_path: Path) -> None:
    """One of words, and one of that."""
    if shutil.which("node") is None:
        pytest.skip("no node was found; Debian's package is nodejs")
    found = re.search(r"```js\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    program = tmp_path / "program.mjs"
    program.write_text(found[1])
    with served(tmp_path / "home") as client:
        token = client.headers["authorization"].removeprefix("Bearer ")
        told = {"CONNECTOR_URL": str(client.base_url).rstrip("/"), "CONNECTOR_TOKEN": token}
        done = subprocess.run(
            ["node", str(program)], env=os.environ | told, capture_output=True, text=True, timeout=120
        )
    assert (done.returncode, done.stdout) == (0, "image/png image/png true\n"), done.stderr
