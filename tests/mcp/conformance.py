"""Runs MCP's own conformance tool and inspector against our server; fails where one finds fault.

python tests/mcp/conformance.py [FOLDER]    npm packages are installed into FOLDER, or a temporary one
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
TOLD = yaml.safe_load((HERE / "conformance.yaml").read_text(encoding="utf-8"))
PACKAGES = (
    "node@22",  # the tool asks for it
    f"@modelcontextprotocol/conformance@{TOLD['version']}",
    "@modelcontextprotocol/inspector@0.15.0",
)
PATIENCE = 120


def main(folder: Path) -> int:
    install(folder)
    tools = Tools(folder)
    failures = [*unlisted(tools)]
    with fixture() as url:
        failures += [name for name in TOLD["applies"] if not tools.passes(url, name)]
    failures += inspected(tools)
    print(f"{len(failures)} failed: {failures}" if failures else "all passed")
    return 1 if failures else 0


def install(folder: Path) -> None:
    if (folder / "node_modules" / ".bin" / "conformance").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text("{}")
    subprocess.run(["npm", "install", "--no-audit", "--no-fund", *PACKAGES], cwd=folder, check=True)


class Tools:
    """The installed programs."""

    def __init__(self, folder: Path) -> None:
        self._bin = folder / "node_modules" / ".bin"
        self._folder = folder

    def run(self, name: str, *words: str) -> subprocess.CompletedProcess[str]:
        path = f"{self._bin}{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(
            [self._bin / name, *words],
            cwd=self._folder,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def passes(self, url: str, scenario: str) -> bool:
        ended = self.run("conformance", "server", "--url", url, "--scenario", scenario)
        print(f"{'passed' if ended.returncode == 0 else 'FAILED'}  {scenario}", flush=True)
        if ended.returncode:
            print(ended.stdout, ended.stderr)
        return ended.returncode == 0


def unlisted(tools: Tools) -> Iterator[str]:
    """Scenarios that are neither run nor explained, and those that there are no longer."""
    ended = tools.run("conformance", "list", "--server")
    known = {line.split()[1] for line in ended.stdout.splitlines() if line.startswith("  - ")}
    yield from sorted(known ^ {*TOLD["applies"], *TOLD["cannot"]})


@contextmanager
def fixture() -> Iterator[str]:
    """The address of our server on the integration of tests."""
    command = [sys.executable, HERE / "farside.py"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def inspected(tools: Tools) -> Iterator[str]:
    """What the inspector's command line sees of `connector mcp`, on the sandbox."""
    server = [str(Path(sys.executable).with_name("connector")), "mcp"]
    with tempfile.TemporaryDirectory() as home:
        checks = {
            "tools/list": (),
            "tools/call": ("--tool-name", "stable-image-core", "--tool-arg", "prompt=a paper boat"),
            "resources/list": (),
        }
        for method, more in checks.items():
            place = "-e", f"CONNECTOR_HOME={home}", "-e", "CONNECTOR_ENVIRONMENT=sandbox"
            ended = tools.run("mcp-inspector", "--cli", *place, *server, "--method", method, *more)
            if ended.returncode or not seen(method, ended.stdout):
                print(ended.stdout, ended.stderr)
                yield f"inspector {method}"
            else:
                print(f"passed  inspector {method}", flush=True)


def seen(method: str, text: str) -> bool:
    """Whether the answer has in it what it should."""
    told: dict[str, Any] = json.loads(text)
    if method == "tools/list":
        return any(tool["name"] == "stable-image-core" for tool in told["tools"])
    if method == "tools/call":
        return [each["type"] for each in told["content"]] == ["text", "image", "resource_link"]
    return len(told["resources"]) == 1


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(main(Path(sys.argv[1]).resolve()))
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(main(Path(folder)))
