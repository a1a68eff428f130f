"""Tasks that are executed by hand, against a far side that is a function."""

import json
from types import SimpleNamespace

import httpx
from airflow.sdk.exceptions import TaskDeferred
from upstream import Upstream

from connector.engine.http.transport import HttpTransport

KEY = "sk-airflow-TOPSECRET-0123456"
CORE, UPSCALE = "stable-image-core", "start-creative-upscale"


class Office:
    """One task of a DAG run, which Airflow calls as often as it likes; each call is a new attempt."""

    def __init__(self, monkeypatch, tmp_path):
        self.out = tmp_path / "out"
        self.upstream = Upstream()
        self.tries = 0
        self.task_id = "picture"
        self.map_index = -1
        self._monkeypatch = monkeypatch
        transport = HttpTransport(httpx.MockTransport(self.upstream))
        monkeypatch.setattr("connector.engine.engine.HttpTransport", lambda *_: transport)
        self.connection(password=KEY)

    def connection(self, conn_id="connector_default", **told):
        """A connection as the environment of a worker tells it."""
        name = f"AIRFLOW_CONN_{conn_id.upper()}"
        self._monkeypatch.setenv(name, json.dumps({"conn_type": "connector"} | told))

    @property
    def context(self):
        task = {
            "dag_id": "dag",
            "run_id": "manual__2026",
            "task_id": self.task_id,
            "map_index": self.map_index,
        }
        return {"ti": SimpleNamespace(**task, try_number=self.tries)}

    def attempt(self, operator):
        """What the task hands on; where it defers, its trigger."""
        self.tries += 1
        try:
            return operator.execute(self.context)
        except TaskDeferred as deferred:
            return deferred.trigger

    def finish(self, operator, event):
        """The task goes on once its trigger has fired."""
        return operator.finish(self.context, event)

    def posts(self):
        return [request.method for request in self.upstream.requests].count("POST")
