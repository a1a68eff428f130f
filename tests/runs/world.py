"""A far side in its own process, an integration that leads to it, and workers that can be killed."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import yaml

from connector.engine.connector import Connector
from connector.engine.sources import Sources
from connector.runs.service.durable_runs import DurableRuns
from connector.spec.loader import default_folder, load
from connector.storage.files.store import FileStore

TESTS = Path(__file__).parents[1]
SAMPLE = TESTS.parent / "actions" / "samples" / "room.png"
CORE, UPSCALE = "stable-image-core", "start-creative-upscale"
# Its time runs so fast that the vendor's limit and floor are kept, and nobody waits for them.
SPEED = 100
_KEPT = (CORE, UPSCALE, "fetch-creative-upscale-result", "balance")


def integration(folder, url):
    """The shipped integration in a folder of its own, with one environment and an impatient pace."""
    shipped = default_folder()
    told = yaml.safe_load((shipped / "integration.yaml").read_text())
    told["environments"] = {"far": {"base_url": url, "credential": {"api_key": "sk-far-0123"}}}
    told["default_environment"] = "far"
    told["defaults"]["rate_limit"] = {"requests": 500, "window": 1, "lockout": 0.5}
    told["defaults"]["retry"] = {"attempts": 4, "first": 0.05, "longest": 0.2}
    told["actions"] = [f"actions/{name}.yaml" for name in _KEPT]
    told.pop("workflows", None)
    (folder / "actions").mkdir(parents=True)
    for name in _KEPT:
        action = yaml.safe_load((shipped / "actions" / f"{name}.yaml").read_text())
        if "job" in action:
            action["job"]["interval"] = 0.2
        (folder / "actions" / f"{name}.yaml").write_text(yaml.safe_dump(action))
    shutil.copytree(shipped / "actions" / "samples", folder / "actions" / "samples")
    (folder / "integration.yaml").write_text(yaml.safe_dump(told))
    return folder


def python(script, told, **options):
    """A process of one of the scripts here."""
    environ = {**os.environ, "PYTHONPATH": str(TESTS)}
    return subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name(script)), json.dumps(told)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ, **options,
    )  # fmt: skip


class Far:
    """The far side, by what its control path tells and takes."""

    def __init__(self, url):
        self.url = url
        self.http = httpx.Client(base_url=f"{url}/_sandbox", timeout=60)

    def fault(self, kind, **told):
        assert self.http.post("/faults", json={"kind": kind} | told).status_code == 200

    def well(self):
        """Nothing goes wrong from now on."""
        assert self.http.delete("/faults").status_code == 200

    def paid(self):
        """The prompt of each generation that was paid for."""
        ledger = self.http.get("/ledger").json()
        until = time.monotonic() + 60
        while True:  # what is paid for is remembered as a request once its answer is on its way
            requests = {one["request_id"]: one for one in self.http.get("/requests").json()}
            if {payment["request_id"] for payment in ledger} <= requests.keys():
                return [_prompt(requests[payment["request_id"]]) for payment in ledger]
            assert time.monotonic() < until
            time.sleep(0.01)


def _prompt(request):
    return next(part["value"] for part in request["parts"] if part["name"] == "prompt")


@contextmanager
def far(**settings):
    # What it says of dropped connections is what it was asked for.
    process = python("far.py", {"speed": SPEED, "job_seconds": 50} | settings, stderr=subprocess.DEVNULL)
    try:
        opened = Far(process.stdout.readline().strip())
        yield opened
        opened.http.close()
    finally:
        process.kill()
        process.communicate()


class Nursery:
    """Makes workers of one home (or at the database of a URL), each in its own process."""

    def __init__(self, home, folder, database=None):
        told = {"home": str(home), "integration": str(folder), "database": database}
        self._process = python("nursery.py", told)
        self._born = []

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        # Who lives on would hold the pipe open that is waited for here.
        for pid in filter(_is_worker, self._born):
            kill(pid)
        self._process.kill()
        self._process.communicate()

    def worker(self, **options):
        """The id of a new worker's process."""
        self._process.stdin.write(json.dumps(options) + "\n")
        self._process.stdin.flush()
        self._born.append(int(self._process.stdout.readline()))
        return self._born[-1]


def _is_worker(pid):
    """Whether it lives, and is one of these still: numbers come again."""
    with suppress(OSError):
        return b"nursery.py" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def kill(pid, how=signal.SIGKILL):
    """The process gets the signal, and is gone when this returns."""
    os.kill(pid, how)
    while Path(f"/proc/{pid}").exists():
        time.sleep(0.002)


@contextmanager
def asking(home, folder, database=None):
    """The runs of a home (or of a URL's database), as somebody asks for them who executes none."""
    with Connector(load(folder), home=home, database=database, environ={}) as connector:
        files = FileStore(connector.workspace.database, home / "files")
        runs = DurableRuns([connector], files, sources=Sources())
        try:
            yield runs
        finally:
            runs.close()
