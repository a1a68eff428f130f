"""Clients that strangers' generators write of the host's document compile, and do what a program wants."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from shared import HERE, SAMPLES, said

BIN = Path(sys.executable).parent
NPM = Path(sys.prefix) / "npm"
TOOLS = NPM / "node_modules" / ".bin"
with_npm = pytest.mark.skipif(
    not shutil.which("node") or not (TOOLS / "openapi-typescript").exists(), reason="npm did not install it"
)
STRICT = ["--strict", "--skipLibCheck", "--target", "es2022", "--module", "esnext"]
STRICT += ["--moduleResolution", "bundler", "--lib", "es2022,dom,dom.iterable", "--types", "node"]


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    """A host on a port, whose document everybody may read: its address and a token."""
    home = tmp_path_factory.mktemp("home")
    command = [BIN / "connector", "serve", "--port", "0", "--json", "--public-openapi", "--home", home]
    with subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as run:
        told = json.loads(run.stdout.readline())
        yield told["url"], told["token"]
        run.terminate()


@pytest.fixture
def document(host, tmp_path):
    path = tmp_path / "openapi.json"
    path.write_bytes(httpx.get(f"{host[0]}/openapi.json", timeout=60).content)
    return path


def ran(*command, cwd):
    """What a tool says; it has to be content."""
    done = subprocess.run(
        [*map(str, command)], cwd=cwd, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout + done.stderr


def promised(told):
    assert told.pop("uploaded").startswith("file:")
    assert told == {
        "picture": b"\x89PNG".hex(),
        "again": True,
        "replayed": "true",
        "problem": ["bad_input", "no", "prompt"],
        "events": 1,
    }


def test_openapi_python_client(host, document, tmp_path):
    """No operation is left out, the types hold, and uploads, pictures, keys, problems and events work."""
    config = tmp_path / "config.yaml"
    config.write_text("post_hooks: []\n")
    words = ["generate", "--path", document, "--meta", "none", "--output-path", tmp_path / "host_client"]
    told = ran(BIN / "openapi-python-client", *words, "--config", config, cwd=tmp_path)
    assert "WARNING" not in told
    assert "Unable" not in told
    client = shutil.copy(HERE / "clients" / "generated_python.py", tmp_path)
    checked = subprocess.run(
        [BIN / "mypy", "--no-incremental", client], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    # What it writes of itself is the same for every document.
    own = "host_client/client.py:"
    wrong = [line for line in checked.stdout.splitlines() if "error" in line and not line.startswith(own)]
    assert wrong[:-1] == [], checked.stdout
    where = {**os.environ, "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, client, *host, SAMPLES / "room.png", SAMPLES / "room-mask.png"]
    promised(said(command, env=where))


@with_npm
def test_openapi_typescript(host, document, tmp_path):
    """The same with openapi-fetch."""
    (tmp_path / "node_modules").symlink_to(NPM / "node_modules")
    (tmp_path / "package.json").write_text('{"type": "module"}')
    # What has a default need not be sent.
    words = ["--default-non-nullable", "false", "-o", tmp_path / "host.d.ts"]
    ran(TOOLS / "openapi-typescript", document, *words, cwd=tmp_path)
    client = shutil.copy(HERE / "clients" / "generated_fetch.ts", tmp_path)
    ran(TOOLS / "tsc", *STRICT, client, cwd=tmp_path)
    promised(said(["node", tmp_path / "generated_fetch.js", *host, SAMPLES / "room.png"]))


@with_npm
def test_hey_api(document, tmp_path):
    """Its client compiles, with a function for each operation."""
    (tmp_path / "node_modules").symlink_to(NPM / "node_modules")
    told = ran(
        TOOLS / "openapi-ts", "-i", document, "-o", "client", "-c", "@hey-api/client-fetch", cwd=tmp_path
    )
    assert "warn" not in told.lower()
    ran(TOOLS / "tsc", *STRICT, "--noEmit", "client/index.ts", cwd=tmp_path)
    written = (tmp_path / "client" / "sdk.gen.ts").read_text()
    operations = json.loads(document.read_text())["paths"].values()
    assert written.count("export const ") == sum(map(len, operations))
