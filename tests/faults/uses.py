"""Paid uses: what is done, and what whoever did it does next. ``PAID`` has them by name."""

import time
from contextlib import suppress
from dataclasses import dataclass, field

import httpx
from port import made_of
from runs.world import CORE, SAMPLE, UPSCALE

from connector.media import from_path
from connector.storage.runs.model import RunSpec
from faults.scene import LONGEST

ALL = ("kill", "once", "full", "sealed")
# Who waits for room on the disk would wait for ever.
PATIENT = ("kill", "once")


@dataclass
class Found:
    """What is found after a use: the generations by what their pictures say of themselves, and the rest."""

    kept: set = field(default_factory=set)
    unknown: set = field(default_factory=set)
    wrong: list = field(default_factory=list)

    def take(self, name, content):
        made = made_of(content)
        if made is None:
            self.wrong.append(f"{name} is no whole picture ({len(content)} bytes)")
        else:
            self.kept.add(tuple(made))


class Invoke:
    """A command that somebody waits for; killed, it is done once more."""

    kinds, most, large, options = ALL, 2, "", ()

    def act(self, scene, prompt, fault):
        return scene.command(*self._words(scene, prompt), fault=fault)

    def _words(self, scene, prompt):
        return "invoke", CORE, "--prompt", prompt, "-o", f"{scene.out}/boat.png", *self.options

    def next(self, scene, prompt, ended, found):
        # Once as it is told to be, with nothing of it being paid for again; then as if nothing had happened.
        look(scene, found)
        if ended.code != 0:
            again = scene.command(*self._words(scene, prompt))
            if again.code:
                found.wrong.append(f"the same command fails afterwards: {again.err[-300:]}")
            look(scene, found)


class Large(Invoke):
    large = " large"


class Streamed(Invoke):
    options = ("--stream",)


class Job:
    """A job that somebody waits for; killed, its result is fetched by its id."""

    kinds, most, large = ALL, 1, ""

    def act(self, scene, prompt, fault):
        words = ("invoke", UPSCALE, "--prompt", prompt, "--image", SAMPLE, "-o", f"{scene.out}/")
        return scene.command(*words, fault=fault)

    def next(self, scene, prompt, ended, found):
        look(scene, found)


class Resumed(Job):
    """As the job, but a killed one is handed to a worker."""

    def next(self, scene, prompt, ended, found):
        ids = [job["id"] for job in scene.json("jobs")["jobs"]]
        for job_id in ids:
            run = scene.json("jobs", "resume", job_id)["id"]
            with scene.worker():
                waited = scene.command("jobs", "wait", run, "-o", f"{scene.out}/")
            if waited.code:
                found.wrong.append(f"the job cannot be resumed: {waited.err[-300:]}")
        look(scene, found)


class Batch:
    """Two rows of a batch; the same command goes on with it."""

    kinds, most, large = PATIENT, 1, ""

    def act(self, scene, prompt, fault):
        rows = scene.place / "rows.csv"
        rows.write_text(f"prompt\n{prompt} one\n{prompt} two\n")
        return scene.command(*self._words(scene), fault=fault)

    def _words(self, scene):
        return "batch", CORE, scene.place / "rows.csv", "-o", scene.out, "--no-sheet", "-q"

    def next(self, scene, prompt, ended, found):
        if ended.code != 0:
            again = scene.command(*self._words(scene))
            listed = scene.json("jobs", "unknown")["unknown"]
            if again.code and not listed:
                found.wrong.append(f"the batch does not go on: {again.code} {again.err[-300:]}")
        look(scene, found)


class Host:
    """A run of the HTTP host, asked for again with the same key once the host is back."""

    kinds, most, large, action = PATIENT, 1, "", CORE

    def act(self, scene, prompt, fault):
        killed = suppress(httpx.HTTPError)  # while it is asked
        with scene.host(fault=fault) as (_, told), scene.client(told) as client, killed:
            self._asked(client, prompt)
        return scene.traced

    def _asked(self, client, prompt):
        inputs = {"prompt": prompt} | (
            {"image": from_path(SAMPLE).data_uri} if self.action == UPSCALE else {}
        )
        told = {"json": {"inputs": inputs}, "headers": {"idempotency-key": prompt}}
        return client.post(f"/api/actions/{self.action}", **told)

    def next(self, scene, prompt, ended, found):
        with scene.host() as (_, told), scene.client(told) as client:
            self._asked(client, prompt)
            for run in client.get("/api/runs").json()["runs"]:
                _look_at(run["id"], client, found)
        look(scene, found)


class HostJob(Host):
    action = UPSCALE


class Worker:
    """A durable run, done by a worker; the next worker goes on with it."""

    kinds, most, large, action = PATIENT, 1, "", CORE

    def act(self, scene, prompt, fault):
        with scene.asking() as runs, scene.worker(fault=fault) as (worker, _):
            given = {"prompt": prompt} | ({"image": SAMPLE.read_bytes()} if self.action == UPSCALE else {})
            run = runs.submit(RunSpec(self.action, given))
            until = time.monotonic() + LONGEST
            while worker.lives and not runs.get(run.id).has_ended and time.monotonic() < until:
                time.sleep(0.01)
        return scene.traced

    def next(self, scene, prompt, ended, found):
        with scene.worker(), scene.asking() as runs:
            for run in runs.list():
                run = runs.wait(run.id, timeout=LONGEST)
                if not run.has_ended:
                    found.wrong.append(f"run {run.id} does not end: {run.state}")
                elif run.state == "succeeded":
                    found.take(run.file, runs._files.resolve(f"file:{run.file}").bytes)
        look(scene, found)


class WorkerJob(Worker):
    action = UPSCALE


PAID = {
    "invoke": Invoke(), "invoke-large": Large(), "stream": Streamed(), "job": Job(), "job-resumed": Resumed(),
    "batch": Batch(), "host": Host(), "host-job": HostJob(), "worker": Worker(), "worker-job": WorkerJob(),
}  # fmt: skip


def look(scene, found):
    """As a user of the command line does: what is unknown, what is kept, which jobs run; and the files."""
    for job in scene.json("jobs")["jobs"]:
        got = scene.command("result", job["id"], "-o", f"{scene.out}/")
        if got.code:
            found.wrong.append(f"job {job['id']} cannot be had: {got.err[-300:]}")
    told = scene.json("jobs", "unknown")
    found.unknown = {one["invocation_id"] or one["id"] for one in told["unknown"]}
    if found.unknown & {one["invocation_id"] for one in told["kept"]}:
        found.wrong.append("kept, and listed as unknown")
    paths = [scene.home / one["file"] for one in told["kept"] if one["file"]]
    paths += [path for path in scene.out.iterdir() if path.name[0] != "." and path.suffix == ".png"]
    for path in paths:
        found.take(path.name, path.read_bytes())


def _look_at(run_id, client, found):
    """As a client of a host does: it waits for the run, and has its file."""
    until = time.monotonic() + LONGEST
    while (run := client.get(f"/api/runs/{run_id}").json()["run"])["state"] in ("queued", "running"):
        assert time.monotonic() < until, run
        time.sleep(0.02)
    if run["state"] == "succeeded":
        found.take(run_id, client.get(f"/api/files/{run['file']}/content").content)
