"""What we export is a node of n8n: its own tools find no fault, and it does what it says in a running n8n."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
from conftest import OUT, Host, N8n, tools_env
from farside import Model
from PIL import Image

SAMPLES = Path(__file__).parents[2] / "actions" / "samples"


def _picture(answer: httpx.Response, name: str) -> Image.Image:
    """The picture of an answer, which is kept to be looked at."""
    assert answer.status_code == 200, answer.text
    (OUT / f"{name}.png").write_bytes(answer.content)
    picture = Image.open(io.BytesIO(answer.content))
    picture.load()
    return picture


def _runs(host: Host, prompt: str) -> list[dict[str, Any]]:
    found = host.get("/api/runs", limit=200)["runs"]
    return [run for run in found if run["inputs"].get("prompt") == prompt]


def test_its_own_tools_check_and_build_it(package: Path, tmp_path: Path) -> None:
    """Their lint has nothing to say, and what they build behaves as what is written ready to load."""
    copy = tmp_path / "package"
    shutil.copytree(package, copy)
    (copy / "node_modules").symlink_to(OUT / "tools" / "node_modules")
    ready = copy / "dist"
    ready.rename(tmp_path / "ready")
    for command in ("lint", "build"):
        done = subprocess.run(
            ["n8n-node", command], cwd=copy, env=tools_env(), capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "problem" not in done.stdout + done.stderr
    built = {path.relative_to(ready): path for path in ready.rglob("*") if path.is_file()}
    own = {path.relative_to(tmp_path / "ready") for path in (tmp_path / "ready").rglob("*") if path.is_file()}
    assert own <= {*built}
    host_js = next(path for path in own if path.name == "host.js")
    assert _bare(built[host_js].read_text()) == _bare((tmp_path / "ready" / host_js).read_text())
    assert _described(copy / "dist") == _described(tmp_path / "ready", copy)


def _bare(module: str) -> str:
    """A module's text without what a build makes of it: spaces, commas, and how it imports and exports."""
    text = re.sub(
        r"\(0, n8n_workflow_1\.(\w+)\)|n8n_workflow_1\.", r"\1", module[module.index("// Seconds") :]
    )
    return re.sub(r"\s|,(?=\s*\))|\bexport(?= function)", "", text).removesuffix("exports.hostOf=hostOf;")


def _described(dist: Path, resolving: Path | None = None) -> Any:
    """What the classes in a built folder say of themselves; what they ask of a host as it is called."""
    shown = """
    const [folder] = process.argv.slice(1);
    const { globSync } = require('fs');
    const bare = (value) => String(value).replace(/\\s/g, '').replace(/,(?=\\))/g, '');
    const told = {};
    for (const name of globSync(folder + '/**/*.{node,credentials}.js')) {
        for (const [key, made] of Object.entries(require(name))) told[key] = new made();
    }
    console.log(JSON.stringify(told, (_, value) => (typeof value === 'function' ? bare(value) : value)));
    """
    world = tools_env() | {"NODE_PATH": str(OUT / "tools" / "node_modules")}
    done = subprocess.run(["node", "-e", shown, dist], env=world, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_a_picture_comes_back(n8n: N8n, host: Host) -> None:
    """Webhook, node, response: with the inputs that were added, and in the environment that was named."""
    picture = _picture(n8n.hook("picture", json={"prompt": "a paper boat"}), "picture")
    assert picture.width > picture.height
    (run,) = _runs(host, "a paper boat")
    assert run["inputs"] == {"prompt": "a paper boat", "seed": 7, "aspect_ratio": "16:9"}
    assert (run["environment"], run["credits"], run["token_name"]) == ("sandbox", 3, "n8n")


def test_files_go_in(n8n: N8n, host: Host) -> None:
    """Two of them, by the names of their binary fields; zero is a value."""
    files = {
        "photo": ("r\u00f6om.png", (SAMPLES / "room.png").read_bytes(), "image/png"),
        "mask": ("mask.png", (SAMPLES / "room-mask.png").read_bytes(), "image/png"),
    }
    erased = _picture(n8n.hook("edit", files=files), "edit")
    assert erased.size == (768, 512)
    (run,) = [run for run in host.get("/api/runs")["runs"] if run["action"] == "erase"]
    assert run["inputs"]["image"]["name"] == "r\u00f6om.png"
    assert run["inputs"]["grow_mask"] == 0


def test_a_job_is_waited_for(n8n: N8n, host: Host) -> None:
    """Its start and its result are one use of the node."""
    files = {"photo": ("room.png", (SAMPLES / "room.png").read_bytes(), "image/png")}
    upscaled = _picture(n8n.hook("job", files=files), "job")
    assert upscaled.width > 768


def test_a_host_that_dies_loses_nothing(n8n: N8n, host: Host) -> None:
    """The node asks again for the run that it began, which the host goes on with, and pays once."""
    files = {"photo": ("room.png", (SAMPLES / "room.png").read_bytes(), "image/png")}
    before = {run["id"] for run in _jobs(host)}
    with ThreadPoolExecutor() as pool:
        asked = pool.submit(n8n.hook, "job", files=files)
        while not [run for run in _jobs(host) if run["id"] not in before and run["job_id"]]:
            assert not asked.done()
            time.sleep(0.1)
        host.die_and_come_back()
        assert _picture(asked.result(), "job-after-a-kill").width > 768
    assert len([run for run in _jobs(host) if run["id"] not in before]) == 1


def _jobs(host: Host) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = host.get("/api/runs", action="start-creative-upscale")["runs"]
    return found


def test_what_is_no_file_comes_as_json(n8n: N8n) -> None:
    """The value with the facts of its run."""
    assert n8n.hook("balance", json={}).json()["value"]["credits"] > 0
    assert len(n8n.hook("generic", json={}).json()["value"]) > 0


def test_a_mistake_is_told_at_its_field(n8n: N8n, host: Host) -> None:
    """In the node's error, with what was billed."""
    error = json.dumps(n8n.hook("mistake", json={"prompt": ""}).json())
    assert "prompt" in error
    assert "billed: no" in error


def test_a_node_that_tries_again_pays_once(n8n: N8n, host: Host) -> None:
    """Each try of one use asks by the same key."""
    error = json.dumps(n8n.hook("retried", json={"prompt": "sandbox-refuse"}).json())
    assert "moderation" in error
    assert len(_runs(host, "sandbox-refuse")) == 1


def test_each_item_is_a_use_of_its_own(n8n: N8n, host: Host) -> None:
    """Asked for at once, and handed on in the order in which they came."""
    prompts = [f"boat {number}" for number in range(5)]
    told = n8n.hook("many", json={"prompts": [*prompts, prompts[0]]}).json()
    runs = {run["id"]: run["inputs"].get("prompt") for run in host.get("/api/runs", limit=200)["runs"]}
    assert [runs[item["run"]] for item in told] == [*prompts, prompts[0]]
    assert len({item["run"] for item in told}) == 6


def test_a_run_can_be_waited_for_later(n8n: N8n) -> None:
    """By another use of the node, in another workflow."""
    begun = n8n.hook("begun", json={"prompt": "a slow boat"}).json()
    assert begun["id"]
    _picture(n8n.hook("awaited", json={"run": begun["id"]}), "awaited")


def test_its_credential_is_tested(n8n: N8n, host: Host) -> None:
    """By a call that is free: a wrong token is told."""
    for token, status in ((host.token, "OK"), ("wrong", "Error")):
        told = {
            "id": "",
            "name": "Host",
            "type": "stabilityaiHostApi",
            "data": {"host": host.url, "token": token},
        }
        answer = n8n.rest.post("/rest/credentials/test", json={"credentials": told})
        assert answer.json()["data"]["status"] == status, answer.text


def test_an_agent_uses_it_as_a_tool(n8n: N8n, model: Model, host: Host) -> None:
    """n8n makes a tool of the node, and the model is told what came of it."""
    model.arguments = {"prompt": "a boat for an agent"}
    answer = n8n.hook("agent", json={"prompt": "Make me a picture of a boat"})
    assert answer.status_code == 200, answer.text
    (run,) = _runs(host, "a boat for an agent")
    assert run["state"] == "succeeded"
    assert run["id"] in json.dumps(model.asked[-1]["messages"])
