"""Paid uses by the command line, each of which is disturbed once, and what a user finds after it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from runs.world import CORE, SAMPLE, UPSCALE

from connector.engine.connector import Connector
from connector.errors import ConnectorError
from connector.spec.loader import load

_LONGEST = 120


class Scene:
    """A home that has been used before, an integration that leads to the far side, and a folder for files."""

    def __init__(self, place, folder):
        self.place, self.folder = place, folder
        self.home, self.out, self.temp = place / "home", place / "out", place / "tmp"
        if not (place / "fresh").exists():
            with Connector(load(folder), home=place / "fresh", environ={}) as connector:
                connector.balance()
                connector.workspace.database.write("DELETE FROM invocations", {})

    def clear(self):
        """As it was before the use."""
        for each in (self.home, self.out, self.temp):
            shutil.rmtree(each, ignore_errors=True)
        shutil.copytree(self.place / "fresh", self.home)
        self.out.mkdir()
        self.temp.mkdir()

    def command(self, words, traced=()):
        """The connector's command in a process of its own, under strace where that is given."""
        environ = {**os.environ, "CONNECTOR_HOME": str(self.home), "TMPDIR": str(self.temp)}
        given = [sys.executable, "-m", "connector", *words, "--integration", str(self.folder)]
        return subprocess.run(
            [*traced, *given], env=environ, capture_output=True, text=True, timeout=_LONGEST, cwd=self.place
        )

    def connector(self):
        return Connector(load(self.folder), home=self.home, environ={})


def invoke(scene, prompt, traced=()):
    words = ["invoke", CORE, "--prompt", prompt, "-o", f"{scene.out}/boat.png"]
    return scene.command(words, traced)


def job(scene, prompt, traced=()):
    words = ["invoke", UPSCALE, "--prompt", prompt, "--image", str(SAMPLE), "-o", f"{scene.out}/"]
    return scene.command(words, traced)


USES = {"invoke": invoke, "job": job}


def found(scene):
    """The invocations whose answer is kept or can be had, and those that are listed as unknown.

    Who comes after a kill fetches the jobs that run, and looks into the folders.
    """
    with scene.connector() as connector:
        ledger = connector.workspace.ledger
        unknown = {entry.id for entry in ledger.unknown()}
        kept = {answer.invocation_id for answer in connector.workspace.rescued.left()}
        for entry in ledger.entries("running"):
            kept.add(_fetched(connector, entry.id, scene.out))
        entries = ledger.entries()
        whole = [path for path in Path(scene.out).iterdir() if path.name[0] != "." and path.stat().st_size]
        if whole and len(entries) == 1:
            kept.add(entries[0].id)
    return kept, unknown


def _fetched(connector, job_id, out):
    try:
        connector.wait(job_id, timeout=_LONGEST).save(out)
    except ConnectorError as error:
        raise AssertionError(f"job {job_id} cannot be had: {error.message}") from error
    return job_id
