"""An Airflow of its own: a home with a database, DAGs, and its commands and services as processes."""

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import httpx
from conftest import QUIET

HERE = Path(__file__).parent
AIRFLOW = [sys.executable, "-m", "airflow"]
# Who has died is missed soon: Airflow's own times are minutes.
IMPATIENT = {
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "10",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
    "AIRFLOW__SCHEDULER__JOB_HEARTBEAT_SEC": "1",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "10",
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "3",
    "AIRFLOW__CORE__PARALLELISM": "3",
    "AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC": "1",
    "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "4",
}
_LONG = 90


def until(found, what, seconds=_LONG):
    """What is found, as soon as it is."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        seen = found()
        if seen:
            return seen
        time.sleep(0.2)
    raise AssertionError(f"{what}: not within {seconds} seconds")


class Stage:
    """One Airflow. ``told`` are connections by their ids."""

    def __init__(self, home, dags, **told):
        self.home = home
        (home / "dags").mkdir(parents=True)
        for dag in dags:
            shutil.copy(dag, home / "dags")
        self.environ = {
            **os.environ,
            **QUIET,
            **IMPATIENT,
            "AIRFLOW_HOME": str(home),
            "CONNECTOR_HOME": str(home / "connector"),
            "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        }
        for name, connection in told.items():
            self.environ[f"AIRFLOW_CONN_{name.upper()}"] = json.dumps({"conn_type": "connector"} | connection)
        self._services = {}
        self.http = None
        self.run("db", "migrate")

    def run(self, *words, check=True):
        """What a command of Airflow's printed."""
        done = subprocess.run(
            [*AIRFLOW, *words], env=self.environ, cwd=self.home, capture_output=True, text=True, timeout=180
        )
        assert done.returncode == 0 or not check, done.stdout + done.stderr
        return done.stdout

    def json(self, *words):
        """What a command listed. Airflow's own log may stand before it."""
        said = self.run(*words, "-o", "json")
        return json.loads(said[said.index("[") :])

    def serve(self, *names):
        """Services, until the block ends."""
        if "api-server" in names:
            self._port()
        for name in names:
            with (self.home / f"{name}.log").open("ab") as log:
                self._services[name] = subprocess.Popen(
                    [*AIRFLOW, name],
                    env=self.environ,
                    cwd=self.home,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )

    def _port(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.environ |= {
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(port),
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        }
        for name in ("TRIGGER", "WORKER"):
            self.environ[f"AIRFLOW__LOGGING__{name}_LOG_SERVER_PORT"] = "0"
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v2", timeout=30)

    def kill(self, name):
        """The service is gone, with all of its processes, at once."""
        process = self._services.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def close(self):
        for name in [*self._services]:
            with suppress(ProcessLookupError):
                self.kill(name)
        if self.http is not None:
            self.http.close()

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.close()

    def trigger(self, dag_id, **conf):
        """A run of a DAG, by its path in Airflow's API."""
        until(lambda: self._get(f"/dags/{dag_id}"), f"{dag_id} is read")
        answer = self.http.post(f"/dags/{dag_id}/dagRuns", json={"logical_date": None, "conf": conf})
        assert answer.status_code == 200, answer.text
        return f"/dags/{dag_id}/dagRuns/{answer.json()['dag_run_id']}"

    def clear(self, dag_id, run):
        """A person wants the tasks of a run once more."""
        asked = {"dag_run_id": run.rpartition("/")[2], "dry_run": False, "only_failed": False}
        answer = self.http.post(f"/dags/{dag_id}/clearTaskInstances", json=asked)
        assert answer.status_code == 200, answer.text

    def ui(self, path):
        """What Airflow's own pages are told."""
        answer = self.http.get(str(self.http.base_url).replace("/api/v2/", "/ui") + path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def state(self, run, task=None):
        told = self._get(run) if task is None else self.task(run, task)
        return told and told["state"]

    def given(self, run, task):
        """What a task handed on."""
        return self._get(f"{run}/taskInstances/{task}/xcomEntries/return_value")["value"]

    def task(self, run, task="task"):
        """What Airflow's API tells of a task."""
        return self._get(f"{run}/taskInstances/{task}")

    def _get(self, path):
        with suppress(httpx.TransportError):
            answer = self.http.get(path)
            if answer.status_code == 200:
                return answer.json()
        return None

    def logs(self):
        """All that tasks and services said, for whoever looks why something failed."""
        return {str(path.relative_to(self.home)): path.read_text() for path in self.home.rglob("*.log")}
