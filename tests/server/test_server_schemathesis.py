"""The host keeps to its own OpenAPI document, whatever it is asked for: by schemathesis, and never by chance.

`make fuzz` does the same for much longer, with another seed each time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from fuzz.place import hosted
from port import INTEGRATION

from connector.server.routes import OPERATIONS

CONFIG = Path(__file__).parents[1] / "fuzz" / "schemathesis.toml"
# What can be asked for in one way alone is soon asked for.
EXAMPLES = {"GET /api/actions/": 2, "": 8}


def _labels() -> Iterator[str]:
    """The operations as schemathesis names them, which is not needed to list them."""
    for operation in OPERATIONS:
        whole = operation.path == "/api/actions/{id}"
        paths = [f"/api/actions/{name}" for name in INTEGRATION.actions] if whole else [operation.path]
        yield from (f"{operation.method} {path}" for path in paths)


@dataclass(frozen=True)
class Visitor:
    """Somebody with a token, and what the host says of itself."""

    url: str
    session: requests.Session
    schema: Any
    known: dict[str, dict[str, str]]

    def operation(self, label: str) -> Any:
        method, path = label.split(" ")
        return self.schema[path][method]

    def ask(self, case: Any, *, what_is_there: bool) -> None:
        """Asks for what chance made of it; ids of what is there are nothing that chance would find."""
        kind = "/".join(case.path.split("/")[: 3 if case.path.startswith("/api/") else 2])
        if what_is_there and case.path_parameters:
            case.path_parameters = case.path_parameters | self.known.get(kind, {})
        case.call_and_validate(base_url=self.url, session=self.session, headers=dict(self.session.headers))


def _known(url: str, session: requests.Session) -> dict[str, dict[str, str]]:
    """A run, a file, a job, a connection and more, by the beginning of their paths."""

    def post(path: str, body: object) -> Any:
        answer = session.post(f"{url}{path}", json=body)
        assert answer.ok, answer.text
        return answer.json()

    made = post("/api/actions/stable-image-core", {"inputs": {"prompt": "a boat"}})
    job = post(
        "/api/actions/start-creative-upscale", {"inputs": {"image": made["file"]["file"], "prompt": "a boat"}}
    )
    one = {"environments": ["staging"], "fields": {"api_key": "sk-12345"}}
    post("/api/connections", {"name": "here", "configurations": [one]})
    boat = {"subject": "stable-image-core", "environment": "sandbox"}
    batch = post("/api/batches", boat | {"items": [{"prompt": "a boat"}]})
    post("/api/schedules", boat | {"name": "here", "cron": "0 8 * * *", "inputs": {"prompt": "a boat"}})
    hook = post("/api/webhooks", {"workflow": "variations", "environment": "sandbox"})
    return {
        "/api/runs": {"id": made["run"]["id"]},
        "/api/files": {"id": made["file"]["id"]},
        "/api/jobs": {"id": job["run"]["job_id"]},
        "/api/connections": {"name": "here"},
        "/api/integrations": {"id": INTEGRATION.id},
        "/api/workflows": {"id": "variations"},
        "/api/batches": {"id": batch["id"]},
        "/api/schedules": {"name": "here"},
        "/api/webhooks": {"id": hook["id"]},
        "/hooks": {"id": hook["id"]},
    }


@pytest.fixture(scope="module")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    import schemathesis
    from fuzz import hooks
    from hypothesis.configuration import set_hypothesis_home_dir

    assert hooks.KINDS
    set_hypothesis_home_dir(tmp_path_factory.mktemp("hypothesis"))
    with hosted(tmp_path_factory.mktemp("home")) as (url, token), requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {token}"
        told = session.get(f"{url}/openapi.json").json()
        schema = schemathesis.openapi.from_dict(told, config=schemathesis.Config.from_path(CONFIG))
        yield Visitor(url, session, schema, _known(url, session))


@pytest.mark.parametrize("label", [*_labels()])
def test_an_operation_is_as_the_document_says(visitor: Visitor, label: str) -> None:
    """Status, headers, type and body of each answer; what is not allowed is refused, and nothing breaks."""
    from hypothesis import Phase, given, settings
    from hypothesis.strategies import booleans
    from schemathesis import GenerationMode

    operation = visitor.operation(label)
    examples = next(number for start, number in EXAMPLES.items() if label.startswith(start))
    cases = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    wrong = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)

    @settings(derandomize=True, max_examples=examples, deadline=None, phases=[Phase.generate], database=None)
    @given(case=cases | wrong, what_is_there=booleans())
    def attempt(case: Any, what_is_there: bool) -> None:
        visitor.ask(case, what_is_there=what_is_there)

    attempt()
