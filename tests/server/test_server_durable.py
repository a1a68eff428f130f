"""Durable runs over HTTP: written down, looked at, decided upon, whoever does them."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from server.support import SANDBOX, Place, picture, place

from connector.server import resident_worker

CORE = "stable-image-core"
CRON = {"name": "dawn", "subject": CORE, "cron": "0 8 * * *", "inputs": {"prompt": "a boat"}}
CRON |= {"environment": "sandbox", "timezone": "Europe/Berlin"}
BATCH = {"subject": CORE, "environment": "sandbox"}


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A host that nobody works for."""
    with place(tmp_path_factory.mktemp("home")) as opened:
        yield opened


def told(answer: httpx.Response, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json()


def submitted(host: Place, **inputs: Any) -> str:
    run = told(host.invoke(CORE, {"prompt": "a boat"} | inputs, params={"durable": "true"}), 202)["run"]
    assert (run["state"], run["durable"]) == ("queued", True)
    return str(run["id"])


def lost(host: Place) -> str:
    """A durable run whose answer never came."""
    run = submitted(host)
    error = {"code": "unknown", "message": "the line went dead", "billed": "unknown", "retryable": False}
    host.host.history.enter(run, "unknown", "no answer came", outcome="unknown", error=error)
    return run


class TestRuns:
    def test_a_durable_run_waits_for_a_worker(self, host: Place) -> None:
        """It is among the runs, and is cancelled before it was sent."""
        run = submitted(host)
        assert told(host.get("/api/runs", params={"state": "queued"}))["runs"][0]["id"] == run
        assert told(host.post(f"/api/runs/{run}/cancel"))["run"]["state"] == "cancelled"

    def test_a_key_submits_once(self, host: Place) -> None:
        headers = {"idempotency-key": "the same boat"}
        params = {"durable": "true"}
        ids = [
            told(host.invoke(CORE, {"prompt": "x"}, params=params, headers=headers), 202) for _ in range(2)
        ]
        assert ids[0]["run"]["id"] == ids[1]["run"]["id"]

    def test_a_durable_run_is_done_again_as_one(self, host: Place) -> None:
        again = told(host.post(f"/api/runs/{submitted(host)}/again"), 202)["run"]
        assert (again["durable"], again["inputs"]["prompt"]) == (True, "a boat")

    @pytest.mark.parametrize(("paid", "billed", "outcome"), [(True, "yes", "lost"), (False, "no", "not_run")])
    def test_a_person_settles_what_nobody_knows(
        self, host: Place, paid: bool, billed: str, outcome: str
    ) -> None:
        """It is listed until somebody says whether it was paid."""
        run = lost(host)
        assert run in [one["id"] for one in told(host.get("/api/unknown"))["unknown"]]
        settled = told(host.post(f"/api/runs/{run}/mark", json={"paid": paid}))["run"]
        assert (settled["state"], settled["billed"], settled["outcome"]) == ("failed", billed, outcome)
        assert run not in [one["id"] for one in told(host.get("/api/unknown"))["unknown"]]
        told(host.post(f"/api/runs/{run}/mark", json={"paid": paid}), 400)

    def test_what_was_lost_is_tried_once_more(self, host: Place) -> None:
        """By a new run in its place, and only by one."""
        run = lost(host)
        later = told(host.post(f"/api/runs/{run}/retry"), 202)["run"]
        assert later["retry_of"] == run
        assert later["id"] in told(host.post(f"/api/runs/{run}/retry"), 400)["detail"]

    def test_what_has_no_job_cannot_be_resumed(self, host: Place) -> None:
        run = submitted(host)
        host.post(f"/api/runs/{run}/cancel")
        assert "try it once more" in told(host.post(f"/api/runs/{run}/resume"), 409)["detail"]

    def test_without_the_engine_it_says_what_is_missing(
        self, host: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """And everything else works."""
        monkeypatch.setattr(resident_worker, "_PACKAGE", "no_such_package")
        answer = told(host.invoke(CORE, {"prompt": "x"}, params={"durable": "true"}), 501)
        assert "[runs]" in answer["detail"]
        assert told(host.post("/api/schedules", json=CRON), 501)["code"] == "not_installed"
        assert told(host.get("/api/workflows"))["workflows"]
        told(host.invoke(CORE, {"prompt": "x"}))


class TestWorkflows:
    def test_they_are_told_with_their_inputs(self, host: Place) -> None:
        listed = [one["id"] for one in told(host.get("/api/workflows"))["workflows"]]
        assert {"product-shots", "restore", "storyboard", "variations"} <= {*listed}
        one = told(host.get("/api/workflows/variations"))
        assert one["inputs"]["required"] == ["prompt"]
        assert "core" in [step["id"] for step in one["steps"]]
        assert "variations" in told(host.get("/api/workflows/variation"), 404)["detail"]

    def test_inputs_are_checked_and_priced_first(self, host: Place) -> None:
        path = "/api/workflows/variations"
        wrong = told(host.post(f"{path}/check", params=SANDBOX, json={"inputs": {"seeds": [0]}}))
        assert host.post(f"{path}/check", params=SANDBOX, json="no object").status_code == 422
        assert {one["field"] for one in wrong["problems"]} >= {"prompt", "seeds.0"}
        given = {"inputs": {"prompt": "a boat", "seeds": [1], "models": []}}
        assert told(host.post(f"{path}/check", params=SANDBOX, json=given))["problems"] == []
        assert told(host.post(f"{path}/estimate", params=SANDBOX, json=given))["credits"] == 3
        told(host.post(path, params=SANDBOX | {"limit_credits": 2}, json=given), 402)
        told(host.post(path, params=SANDBOX, json={"inputs": {}}), 422)

    def test_a_run_is_written_down_once_for_a_key(self, host: Place) -> None:
        """With a file by upload, kept with the run."""
        headers = {"idempotency-key": "shots"}
        runs = [
            told(
                host.post(
                    "/api/workflows/product-shots",
                    params=SANDBOX,
                    data={"scenes": "a beach"},
                    files={"picture": ("lamp.png", picture(128), "image/png")},
                    headers=headers,
                ),
                202,
            )["run"]
            for _ in range(2)
        ]
        assert runs[0]["id"] == runs[1]["id"]
        assert (runs[0]["kind"], runs[0]["inputs"]["picture"]["name"]) == ("workflow", "lamp.png")
        assert told(host.get(f"/api/runs/{runs[0]['id']}/steps"))["steps"] == []
        assert told(host.post(f"/api/runs/{runs[0]['id']}/cancel"))["run"]["state"] == "cancelled"

    def test_no_file_of_the_machine_is_read(self, host: Place, tmp_path: Path) -> None:
        (tmp_path / "secret.png").write_bytes(picture(128))
        given = {"inputs": {"picture": str(tmp_path / "secret.png"), "scenes": ["a beach"]}}
        answer = told(host.post("/api/workflows/product-shots", params=SANDBOX, json=given), 422)
        assert answer["problems"][0]["field"] == "picture"

    def test_a_text_is_checked_with_its_lines(self, host: Place) -> None:
        found = told(host.post("/api/check", content="id: mine\nsteps: []\n"))["problems"]
        assert all(one["line"] for one in found if "line" in one)
        assert any("title" in one["message"] or "title" in one["field"] for one in found)


class TestBatches:
    def test_rows_are_written_down_and_told(self, host: Place) -> None:
        items = [{"prompt": f"boat {number}"} for number in range(3)]
        batch = told(host.post("/api/batches", json=BATCH | {"items": items, "name": "boats"}), 201)
        assert (batch["state"], batch["total"], batch["left"]) == ("feeding", 3, 3)
        assert batch["estimate"] == 9
        rows = told(host.get(f"/api/batches/{batch['id']}/rows", params={"limit": 2}))
        assert [row["label"] for row in rows["rows"]] == ["boat-0", "boat-1"]
        assert rows["after"] == 2
        assert told(host.get("/api/batches"))["batches"][0]["name"] == "boats"
        assert told(host.post("/api/batches", json=BATCH | {"items": items, "name": "boats"}), 409)
        stopped = told(host.post("/api/batches/boats/cancel"))
        assert (stopped["state"], stopped["rows"]) == ("cancelled", {"pending": 3})

    def test_its_results_are_a_table_and_an_archive(self, host: Place) -> None:
        """As far as it is: what a spreadsheet would reckon with is text."""
        items = [{"prompt": "=1+1", "seed": 4}, {"prompt": "a boat"}]
        batch = told(host.post("/api/batches", json=BATCH | {"items": items}), 201)
        path = f"/api/batches/{batch['id']}"
        answer = host.get(f"{path}/table")
        assert f'filename="{batch["name"]}.csv"' in answer.headers["content-disposition"]
        rows = [*csv.DictReader(io.StringIO(answer.text))]
        assert [(row["row"], row["state"], row["input.prompt"], row["input.seed"]) for row in rows] == [
            ("1", "pending", "'=1+1", "4"), ("2", "pending", "a boat", "")
        ]  # fmt: skip
        assert zipfile.ZipFile(io.BytesIO(host.get(f"{path}/archive").content)).namelist() == []
        assert told(host.get(f"{path}/sheet"), 404)["code"] == "not_found"
        host.post(f"{path}/cancel")

    def test_what_failed_is_tried_again_and_what_is_unknown_is_not(self, host: Place) -> None:
        items = [{"prompt": f"boat {number}"} for number in range(4)]
        batch = told(host.post("/api/batches", json=BATCH | {"items": items}), 201)
        path = f"/api/batches/{batch['id']}"
        assert told(host.post(f"{path}/retry"), 409)["code"] == "conflict"
        host.post(f"{path}/cancel")
        ends = {1: ("unknown", "unknown", "unknown"), 2: ("failed", "upstream_failed", "no"),
                3: ("failed", "moderated", "no")}  # fmt: skip
        database = host.host.served(None).connector.workspace.database
        for number, (state, outcome, billed) in ends.items():
            values = {
                "id": batch["id"],
                "number": number,
                "state": state,
                "outcome": outcome,
                "billed": billed,
            }
            database.write(
                "UPDATE batch_rows SET state = :state, outcome = :outcome, billed = :billed "
                "WHERE batch = :id AND number = :number",
                values,
            )
        assert [told(host.get(path))[name] for name in ("retry_rows", "retry_credits")] == [2, 6]
        again = told(host.post(f"{path}/retry"))
        assert (again["state"], again["rows"]) == ("feeding", {"failed": 1, "pending": 2, "unknown": 1})
        host.post(f"{path}/cancel")

    def test_what_stopped_at_its_limit_goes_on_with_a_higher_one(self, host: Place) -> None:
        """The same limit would stop it again, and is refused at its member."""
        items = [{"prompt": f"boat {number}"} for number in range(2)]
        batch = told(host.post("/api/batches", json=BATCH | {"items": items, "limit_credits": 2}), 201)
        path = f"/api/batches/{batch['id']}"
        host.host.durable.batches.change(batch["id"], state="limited")
        for given in ({}, {"limit_credits": 2}, {"limit_credits": 1}):
            refused = told(host.post(f"{path}/retry", json=given), 422)
            assert [each["field"] for each in refused["problems"]] == ["limit_credits"]
        again = told(host.post(f"{path}/retry", json={"limit_credits": 6}))
        assert (again["state"], again["limit_credits"], again["left"]) == ("feeding", 6, 2)
        host.post(f"{path}/cancel")

    def test_a_check_says_how_long_it_may_take(self, host: Place) -> None:
        """By earlier runs here; without any, by the rate limit."""
        asked = {"subject": "fast-upscale", "environment": "sandbox"}
        image = host.post("/api/files", files={"file": ("a.png", picture(64), "image/png")}).json()["file"]
        asked["items"] = [{"image": image}] * 30
        found = told(host.post("/api/batches/check", json=asked))
        assert (found["seconds"], found["seconds_from"]) == (
            2.0, "at least, by the rate limit; nothing of this was run here yet"
        )  # fmt: skip
        assert host.invoke("fast-upscale", {"image": image}).status_code == 200
        found = told(host.post("/api/batches/check", json=asked | {"concurrency": 10}))
        assert "10 at a time" in found["seconds_from"]
        assert "runs before took here" in found["seconds_from"]

    def test_rows_come_from_an_uploaded_file(self, host: Place) -> None:
        upload = {"file": ("boats.csv", b"prompt,seed\na red boat,7\na blue boat,8\n", "text/csv")}
        stored = told(host.post("/api/files", files=upload), 201)
        batch = told(host.post("/api/batches", json=BATCH | {"file": stored["file"]}), 201)
        assert batch["total"] == 2
        host.post(f"/api/batches/{batch['id']}/cancel")

    def test_every_wrong_row_is_named_before_anything_is_sent(self, host: Place) -> None:
        items = [{"prompt": "good"}, {"prompt": "bad", "seed": -1}, {"nothing": 1}]
        answer = told(host.post("/api/batches", json=BATCH | {"items": items}), 422)
        fields = {one["field"] for one in answer["problems"]}
        assert {"items.2.seed", "items.3.nothing"} <= fields
        assert str(host.host.settings.home) not in str(answer)

    def test_a_path_is_no_file(self, host: Place, tmp_path: Path) -> None:
        """Nothing of the host's disk can be read by a row."""
        (tmp_path / "secret.png").write_bytes(picture(128))
        asked = {"subject": "remove-background", "environment": "sandbox"}
        for given in (str(tmp_path / "secret.png"), "/etc/hostname", "../../connector.db"):
            answer = told(host.post("/api/batches", json=asked | {"items": [{"image": given}]}), 422)
            assert answer["problems"][0]["field"] == "items.1.image"
        items = [{}]
        told(
            host.post("/api/batches", json=asked | {"items": items, "defaults": {"image": "/etc/hosts"}}), 422
        )


class TestSchedules:
    def test_a_schedule_is_kept_paused_and_forgotten(self, host: Place) -> None:
        kept = told(host.post("/api/schedules", json=CRON | {"limit_daily": 10}), 201)
        assert len(kept["next"]) == 5
        assert kept["next"][0].endswith(("+01:00", "+02:00"))
        told(host.post("/api/schedules", json=CRON), 400)
        assert told(host.post("/api/schedules/dawn/pause"))["next"] == []
        assert told(host.post("/api/schedules/dawn/resume"))["paused"] is False
        tick = told(host.post("/api/schedules/dawn/run"))["tick"]
        assert (tick["state"], tick["why"]) == ("begun", "hand")
        assert told(host.get("/api/schedules/dawn"))["ticks"][0]["run_id"] == tick["run_id"]
        assert told(host.get("/api/schedules"))["schedules"][0]["name"] == "dawn"
        assert host("DELETE", "/api/schedules/dawn").status_code == 204
        told(host.get("/api/schedules/dawn"), 404)

    def test_what_is_wrong_is_told_at_its_field(self, host: Place) -> None:
        answer = told(host.post("/api/schedules", json=CRON | {"cron": "61 * * * *"}), 422)
        assert answer["problems"][0]["field"] == "cron"
        answer = told(host.post("/api/schedules", json=CRON | {"inputs": {"seed": -1}}), 422)
        assert {one["field"] for one in answer["problems"]} >= {"prompt", "seed"}

    def test_who_may_only_use_may_not_keep_one(self, host: Place) -> None:
        told(host.post("/api/schedules", json=CRON, bearer="use"), 403)


class TestWebhooks:
    def made(self, host: Place, **more: Any) -> Any:
        asked = {"workflow": "variations", "environment": "sandbox", **more}
        return told(host.post("/api/webhooks", json=asked), 201)

    def test_its_secret_runs_the_workflow_and_opens_nothing_else(self, host: Place) -> None:
        """As a bearer token or in a header of its own; a key runs it once."""
        hook = self.made(host)
        given = {"prompt": "a boat", "seeds": [1]}
        bearer = {"authorization": f"Bearer {hook['secret']}", "idempotency-key": "k"}
        own = {"x-hook-secret": hook["secret"], "idempotency-key": "k"}
        runs = [
            told(host.post(hook["path"], json=given, headers=headers, bearer=None), 202)["run"]
            for headers in (bearer, own)
        ]
        assert runs[0] == runs[1]
        run = told(host.get(f"/api/runs/{runs[0]}"))["run"]
        assert (run["kind"], run["token_name"]) == ("workflow", f"webhook {hook['id']}")
        told(host.get("/api/runs", headers=bearer, bearer=None), 401)

    def test_nobody_else_is_let_in(self, host: Place) -> None:
        """Not even a token of the host; whether there is such a webhook is not told."""
        hook = self.made(host)
        there = told(host.post(hook["path"], json={"prompt": "x"}), 401)
        nowhere = told(host.post("/hooks/nothing", json={"prompt": "x"}), 401)
        assert there == nowhere
        told(host.post(hook["path"], json={"prompt": "x"}, bearer=None), 401)

    def test_it_spends_no_more_than_it_may(self, host: Place) -> None:
        hook = self.made(host, limit_credits=1)
        headers = {"x-hook-secret": hook["secret"]}
        told(host.post(hook["path"], json={"prompt": "a boat"}, headers=headers, bearer=None), 402)

    def test_its_secret_is_shown_once(self, host: Place) -> None:
        """The list does not have it, nor does the database."""
        hook = self.made(host)
        assert hook["secret"] not in host.get("/api/webhooks").text
        home = host.host.settings.home
        assert all(hook["secret"].encode() not in path.read_bytes() for path in home.glob("connector.db*"))
        told(host.get("/api/webhooks", bearer="use"), 403)
        assert host("DELETE", f"/api/webhooks/{hook['id']}").status_code == 204
        headers = {"x-hook-secret": hook["secret"]}
        told(host.post(hook["path"], json={"prompt": "x"}, headers=headers, bearer=None), 401)
        told(host("DELETE", f"/api/webhooks/{hook['id']}"), 404)


def test_the_metrics_count_what_is_durable(tmp_path: Path) -> None:
    """By state and outcome; of no prompt and no secret is there a word."""
    with place(tmp_path) as host:
        submitted(host, prompt="a prompt of mine")
        lost(host)
        told(host.post("/api/batches", json=BATCH | {"items": [{"prompt": "a"}]}), 201)
        told(host.post("/api/schedules", json=CRON), 201)
        host.post("/api/schedules/dawn/run")
        text = host.get("/metrics").text
    assert 'connector_durable_queue{kind="action",state="queued"} 2' in text
    assert 'connector_durable_ended{kind="action",outcome="unknown"} 1' in text
    assert 'connector_batches{state="feeding"} 1' in text
    assert 'connector_batch_rows{state="pending"} 1' in text
    assert 'connector_schedule_last{outcome="queued",schedule="dawn"} 1' in text
    assert "a prompt of mine" not in text


def test_answers_are_as_the_document_says(host: Place) -> None:
    """Each with a body of the schema of its status."""
    document = told(host.get("/openapi.json"))
    run = submitted(host)
    batch = told(host.post("/api/batches", json=BATCH | {"items": [{"prompt": "a"}]}), 201)["id"]
    told(host.post("/api/schedules", json=CRON | {"name": "dusk"}), 201)
    given = {"params": SANDBOX, "json": {"inputs": {"prompt": "a", "seeds": [1]}}}
    saved = {"params": {"after": 0}, "json": {"text": host.get("/api/workflows/variations/text").text}}
    asked: list[tuple[str, str, dict[str, str], dict[str, Any]]] = [
        ("GET", "/api/unknown", {}, {}),
        ("GET", "/api/worker", {}, {}),
        ("GET", "/api/runs/{id}/steps", {"id": run}, {}),
        ("GET", "/api/workflows", {}, {}),
        ("GET", "/api/workflows/{id}", {"id": "variations"}, {}),
        ("POST", "/api/workflows/{id}", {"id": "variations"}, given),
        ("POST", "/api/workflows/{id}/check", {"id": "variations"}, given),
        ("POST", "/api/workflows/{id}/estimate", {"id": "variations"}, given),
        ("PUT", "/api/workflows/{id}", {"id": "variations"}, saved),
        ("GET", "/api/workflows/{id}/versions", {"id": "variations"}, {}),
        ("GET", "/api/batches", {}, {}),
        ("GET", "/api/batches/{id}", {"id": batch}, {}),
        ("GET", "/api/batches/{id}/rows", {"id": batch}, {}),
        ("GET", "/api/schedules", {}, {}),
        ("POST", "/api/schedules/{name}/run", {"name": "dusk"}, {}),
        ("GET", "/api/schedules/{name}", {"name": "dusk"}, {}),
        ("GET", "/api/webhooks", {}, {}),
        ("POST", "/api/webhooks", {}, {"json": {"workflow": "variations", "environment": "sandbox"}}),
    ]
    for method, path, names, more in asked:
        answer = host(method, path.format(**names), **more)
        responses = document["paths"][path][method.lower()]["responses"]
        schema = responses[str(answer.status_code)]["content"]["application/json"]["schema"]
        whole = {"components": document["components"], **schema}
        errors = [each.message for each in Draft202012Validator(whole).iter_errors(answer.json())]
        assert errors == [], (method, path)
