"""The sandbox answers with the vendor's statuses, headers and bodies."""

from __future__ import annotations

import base64
import re

import httpx
import pytest
from sandbox.support import API, MINIMAL, client, request, sandbox, send

from connector.sandbox.document import Operation

WRONG = {
    "no key": None,
    "no scheme, and no key": "pk-1",
    "another scheme": "Basic sk-test",
    "a scheme alone": "Bearer",
    "another kind": "Bearer pk-1",
}


@pytest.mark.parametrize("sent", WRONG.values(), ids=WRONG)
def test_without_a_good_key_the_current_api_says_so(sent: str | None) -> None:
    """401 with errors, before anything else is looked at."""
    http = client(sandbox())
    http.headers.pop("authorization")
    headers = {"authorization": sent} if sent else {}
    answer = http.post("/v2beta/stable-image/generate/core", headers=headers, json={})
    assert answer.status_code == 401
    assert answer.json()["name"] == "unauthorized"
    assert answer.json()["errors"] == ["authorization: invalid or missing header value"]


@pytest.mark.parametrize("scheme", ["", "Bearer ", "bearer "], ids=["alone", "bearer", "lower case"])
def test_a_key_is_taken_with_and_without_its_scheme(scheme: str) -> None:
    """As the vendor's own samples and nodes send it; both are the same account, and both can be revoked."""
    served = sandbox(revoked=frozenset({"sk-old"}))
    http = client(served, "sk-new")
    assert http.post("/v2beta/stable-image/generate/core", files={"prompt": (None, "a boat")}).is_success
    paid = http.get("/v1/user/balance").json()
    http.headers["authorization"] = f"{scheme}sk-new"
    assert http.get("/v1/user/balance").json() == paid
    http.headers["authorization"] = f"{scheme}sk-old"
    assert http.get("/v1/user/balance").status_code == 401


@pytest.mark.parametrize("path", ["/v1/user/balance", "/v1/user/balnce"])
def test_the_first_generation_repeats_both_ends_of_a_key(path: str) -> None:
    """401 with a message, on paths that are not there as well, so that careless logs are caught."""
    answer = client(sandbox(), "bad-key-of-somebody").get(path)
    assert answer.status_code == 401
    assert "errors" not in answer.json()
    assert "bad-key...body (19 characters)" in answer.json()["message"]


def test_paths_that_are_not_there() -> None:
    """404 with a key, in the words of the generation; elsewhere without one too."""
    http = client(sandbox())
    assert http.get("/v1/nothing").json()["message"]
    assert http.get("/v2beta/nothing").json()["errors"]
    assert http.get("/v2beta/stable-image/generate/core").status_code == 404
    assert httpx.Client(transport=http._transport, base_url=http.base_url).get("/").status_code == 404


def test_what_the_vendor_ended_can_be_tried_or_not() -> None:
    """Image-to-video is served, unless the sandbox is to be as the vendor is today."""
    assert send(client(sandbox()), "image_to_video_start").status_code == 200
    assert send(client(sandbox(serve_removed=False)), "image_to_video_start").status_code == 404


def test_bytes_come_with_headers() -> None:
    """A picture's type, seed and finish reason are headers; who answered is told as well."""
    answer = send(client(sandbox()), "generate_core", seed=7, output_format="webp")
    assert answer.content == b"generate_core 7"
    assert answer.headers["content-type"] == "image/webp"
    assert answer.headers["seed"] == "7"
    assert answer.headers["finish-reason"] == "SUCCESS"
    assert len(answer.headers["x-request-id"]) == 32
    assert answer.headers["x-sandbox"] == "true"


@pytest.mark.parametrize("accept", ["image/*", "*/*", "IMAGE/*; q=1"])
def test_ways_to_ask_for_bytes(accept: str) -> None:
    """The declared value, anything, and nothing all mean bytes."""
    answer = request(
        client(sandbox()), API.operation("generate_core"), MINIMAL["generate_core"], accept=accept
    )
    assert answer.headers["content-type"] == "image/png"


@pytest.mark.parametrize(
    ("operation", "member", "kind"),
    [("generate_core", "image", "image/png"), ("audio2_text_to_audio", "audio", "audio/mpeg")],
)
def test_json_comes_with_members(operation: str, member: str, kind: str) -> None:
    """Base64 and its companions are members; the type is a parameter, and headers do not repeat them."""
    given = {**MINIMAL[operation], "seed": 7}
    answer = request(client(sandbox()), API.operation(operation), given, accept="application/json")
    body = answer.json()
    assert answer.headers["content-type"] == f"application/json; type={kind}"
    assert base64.b64decode(body.pop(member)) == f"{operation} 7".encode()
    assert body == {"finish_reason": "SUCCESS", "seed": 7}
    assert not {"seed", "finish-reason"} & set(answer.headers)


OFFERING = [known for known in API.operations if "accept" in known.parameters and known.id in MINIMAL]
FETCHING = [known for known in API.operations if "accept" in known.parameters and known.result_of]


@pytest.mark.parametrize("operation", [*OFFERING, *FETCHING], ids=lambda operation: operation.id)
def test_the_refusal_of_an_accept_header_names_all_that_are_taken(operation: Operation) -> None:
    """Each that it names is taken, and what the vendor's samples send is among them."""
    given, http = MINIMAL.get(operation.id, {}), client(sandbox())
    refused = request(http, operation, given, accept="text/nothing").json()
    [told] = re.findall(r"accept: must be one of ([^;\"']+)", str(refused))
    taken = told.split(", ")
    assert {"*/*", "application/json"} < set(taken)
    assert operation.path.startswith("/v1/") or set(taken) & {"image/*", "audio/*", "video/*"}
    for form in taken:
        assert "accept" not in request(http, operation, given, accept=form).text, form


def test_models_come_as_bytes_alone() -> None:
    """3D has no seed and no finish reason to tell."""
    answer = send(client(sandbox()), "3d_stable_point_aware")
    assert answer.headers["content-type"] == "model/gltf-binary"
    assert not {"seed", "finish-reason"} & set(answer.headers)


@pytest.mark.parametrize("given", [{}, {"seed": 0}], ids=["absent", "zero"])
def test_without_a_seed_one_is_chosen_and_told(given: dict[str, int]) -> None:
    """Seeds that nobody chose differ from each other, and are reported."""
    http = client(sandbox())
    seeds = {send(http, "generate_core", **given).headers["seed"] for _ in range(3)}
    assert len(seeds) == 3
    assert all(1 <= int(seed) <= 4294967294 for seed in seeds)


def test_the_studio_is_given_what_was_sent() -> None:
    """Texts and files arrive as they are; the filtered ones are to be blurred."""
    served = sandbox()
    send(client(served), "edit_erase", seed=5, image="@png 64x64 sandbox-filter.png")
    operation, fields, files, seed, filtered = served.studio.asked[0]  # type: ignore[attr-defined]
    assert (operation, fields, list(files), seed, filtered) == (
        "edit_erase",
        {"seed": "5"},
        ["image"],
        5,
        True,
    )


def test_account_balance_and_engines() -> None:
    """The three free questions have answers of the declared shape."""
    http = client(sandbox(credits=12.5))
    assert http.get("/v1/user/balance").json() == {"credits": 12.5}
    assert http.get("/v1/user/account").json()["organizations"][0]["is_default"] is True
    assert {engine["type"] for engine in http.get("/v1/engines/list").json()} == {"PICTURE"}


def test_first_generation_artifacts() -> None:
    """Several samples come as artifacts, each with a seed of its own; one may come as bytes."""
    http = client(sandbox())
    told = send(http, "v1_text_to_image", samples=2, seed=3).json()["artifacts"]
    assert [(one["seed"], one["finishReason"]) for one in told] == [(3, "SUCCESS"), (4, "SUCCESS")]
    one = request(http, API.operation("v1_upscale"), MINIMAL["v1_upscale"], accept="image/png")
    assert one.headers["content-type"] == "image/png"


def test_a_studio_that_breaks_costs_nothing() -> None:
    """500 in the vendor's words, and the credits are given back."""
    served = sandbox()
    answer = send(client(served), "generate_core", prompt="break")
    assert answer.status_code == 500
    assert answer.json()["name"] == "internal_error"
    assert client(served).get("/v1/user/balance").json() == {"credits": 1000}


@pytest.mark.parametrize("encoding", ["json", "data"])
def test_a_form_is_multipart_or_refused(encoding: str) -> None:
    """Also where there is no file: the mistake that every new client makes."""
    answer = client(sandbox()).post("/v2beta/stable-image/generate/core", **{encoding: {"prompt": "a boat"}})
    assert answer.status_code == 400
    assert answer.json()["errors"] == ["content-type: must be multipart/form-data"]


def test_too_large_is_told_before_it_is_all_read() -> None:
    """413 as soon as the limit is passed, whether or not the length was announced."""
    read = 0

    def endless() -> object:
        nonlocal read
        yield b'--b\r\ncontent-disposition: form-data; name="image"; filename="a"\r\n\r\n'
        while True:
            read += 1
            yield b"x" * (1 << 20)

    headers = {"content-type": "multipart/form-data; boundary=b"}
    answer = client(sandbox()).post("/v2beta/stable-image/edit/erase", content=endless(), headers=headers)  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["name"]) == (413, "payload_too_large")
    assert read == 10
