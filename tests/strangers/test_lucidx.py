"""PyPI's lucidx takes the sandbox for the vendor, in every style that it has."""

import json
import subprocess
import sys

import pytest
from PIL import Image
from shared import HERE, KEY

lucidx = pytest.importorskip("lucidx", reason="lucidx is not installed")
STYLES = [
    "photographic",
    "anime",
    "digital-art",
    "neon-punk",
    "fantasy-art",
    "pixel-art",
    "isometric",
    "low-poly",
]


@pytest.mark.parametrize("style", STYLES)
def test_style(url, control, tmp_path, style):
    """A PNG lies where it puts it, and was paid; the field that the vendor does not have was named."""
    settings = tmp_path / ".config-vritrasecz" / "lucidx-config.json"
    settings.parent.mkdir()
    settings.write_text(json.dumps({"API": KEY}))
    command = [sys.executable, HERE / "clients/lucidx_call.py", url, "a boat", style]
    environ = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "TERM": "dumb"}
    subprocess.run(
        list(map(str, command)), cwd=tmp_path, env=environ, check=True, capture_output=True, timeout=120
    )
    [made] = tmp_path.glob("*.png")
    with Image.open(made) as picture:
        picture.load()
        assert picture.format == "PNG"
    request = control.get("/requests").json()[-1]
    assert (request["status"], request["ignored"]) == (200, ["steps"])
    assert len(control.get("/ledger").json()) == 1
