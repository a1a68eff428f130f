"""The host's own worker: it does what is submitted, gives way to another one, and takes over from it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
from server.support import PATIENCE as _PATIENCE
from server.support import served, until

from connector.runs.durable.worker_lease import take_lease
from connector.server import resident_worker
from connector.storage.database.database import Database

CORE = "/api/actions/stable-image-core"


def ended(client: httpx.Client, run: str) -> Any:
    def look() -> Any:
        found = client.get(f"/api/runs/{run}").json()["run"]
        return found if found["state"] not in ("queued", "running") else None

    return until(look)


def submit(client: httpx.Client) -> str:
    asked = {"environment": "sandbox", "durable": "true"}
    answer = client.post(CORE, params=asked, json={"inputs": {"prompt": "a boat"}})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["run"]["id"])


def state(client: httpx.Client) -> str:
    return str(client.get("/api/worker").json()["state"])


def test_the_host_does_what_is_submitted(tmp_path: Path) -> None:
    """A run, a batch and a workflow with its steps; all are told as they go, and counted."""
    with served(tmp_path) as client:
        run = ended(client, submit(client))
        assert (run["state"], run["outcome"], run["credits"]) == ("succeeded", "success", 3)
        assert client.get(f"/api/files/{run['file']}/content").content.startswith(b"\x89PNG")
        items = [{"prompt": f"boat {number}"} for number in range(2)]
        asked = {"subject": "stable-image-core", "environment": "sandbox", "items": items}
        batch = client.post("/api/batches", json=asked).json()["id"]

        def done() -> Any:
            found = client.get(f"/api/batches/{batch}").json()
            return found if found["state"] == "done" else None

        counted = until(done)
        assert (counted["rows"], counted["credits"], counted["seconds_left"]) == ({"succeeded": 2}, 6, 0)
        given = {"inputs": {"prompt": "a boat", "seeds": [1], "models": []}}
        flow = client.post("/api/workflows/variations", params={"environment": "sandbox"}, json=given)
        whole = ended(client, flow.json()["run"]["id"])
        assert (whole["state"], whole["credits"]) == ("succeeded", 3)
        steps = client.get(f"/api/runs/{whole['id']}/steps").json()["steps"]
        assert [step["action"] for step in steps] == ["stable-image-core"]
        with client.stream("GET", f"/api/runs/{whole['id']}/events") as events:
            assert "event: step" in events.read().decode()
        metrics = client.get("/metrics").text
        assert 'connector_durable_ended{kind="workflow",outcome="success"} 1' in metrics


def test_it_gives_way_to_another_worker_and_takes_over(tmp_path: Path, monkeypatch: Any) -> None:
    """One worker for a database in a file: whoever has the place does the work."""
    monkeypatch.setattr(resident_worker, "_LOOK_AGAIN", 0.1)
    database = Database(tmp_path / "connector.db")
    place = take_lease(database)
    with served(tmp_path) as client:
        until(lambda: state(client) == "elsewhere")
        assert "is the worker of" in client.get("/api/worker").json()["said"]
        run = submit(client)
        assert client.get(f"/api/runs/{run}").json()["run"]["state"] == "queued"
        place.close()
        until(lambda: state(client) == "working")
        assert ended(client, run)["state"] == "succeeded"


def test_without_the_engine_the_host_is_there_all_the_same(tmp_path: Path, monkeypatch: Any) -> None:
    """And says what is missing."""
    monkeypatch.setattr(resident_worker, "_PACKAGE", "no_such_package")
    with served(tmp_path) as client:
        assert client.get("/api/worker").json() == {"state": "missing", "said": resident_worker.MISSING}
        assert client.get("/healthz").status_code == 200


def test_a_host_is_started_without_one(tmp_path: Path) -> None:
    """It takes what is submitted, and says that somebody else has to do it."""
    options = ["serve", "--port", "0", "--home", str(tmp_path), "--json", "--no-worker"]
    command = [sys.executable, "-c", "import sys; from connector.cli import main; sys.exit(main())", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        headers = {"authorization": f"Bearer {told['token']}"}
        with httpx.Client(base_url=told["url"], headers=headers, timeout=_PATIENCE) as client:
            assert state(client) == "off"
            submit(client)
        process.send_signal(signal.SIGINT)
    assert process.returncode == 0
