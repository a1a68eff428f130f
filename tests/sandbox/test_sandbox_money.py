"""Credits go down by the price of what succeeded, and never below nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sandbox.support import MINIMAL, client, sandbox, send

PRICES: list[tuple[str, dict[str, Any], float]] = [
    ("generate_ultra", {}, 8),
    ("generate_core", {}, 3),
    ("generate_sd3", {}, 6.5),
    ("generate_sd3", {"model": "sd3.5-large-turbo"}, 4),
    ("generate_sd3", {"model": "sd3.5-flash"}, 2.5),
    ("generate_sd3", {"model": "sd3-medium"}, 3.5),
    ("upscale_conservative", {}, 40),
    ("upscale_creative_start", {}, 60),
    ("upscale_fast", {}, 2),
    ("edit_replace_background_and_relight", {}, 8),
    ("3d_stable_point_aware", {}, 4),
    ("audio2_text_to_audio", {}, 20),
    ("audio2_text_to_audio", {"steps": 30}, 18.8),
    ("audio2_text_to_audio", {"model": "stable-audio-2.5"}, 20),
    ("audio3_inpaint", {}, 26),
    ("image_to_video_start", {}, 20),
    ("v2alpha_inpaint", {}, 3),
    ("v1_text_to_image", {}, 0),
]


@pytest.mark.parametrize(("operation", "given", "credits"), PRICES)
def test_each_costs_its_price(operation: str, given: dict[str, Any], credits: float) -> None:
    """The balance falls by the price, and the ledger says so."""
    served = sandbox(credits=100)
    http = client(served)
    answer = send(http, operation, **given)
    assert http.get("/v1/user/balance").json() == {"credits": 100 - credits}
    line = http.get("/_sandbox/ledger").json()[0]
    assert (line["operation"], line["credits"]) == (operation, credits)
    assert line["request_id"] == answer.headers["x-request-id"]


def test_too_few_credits() -> None:
    """402 in the vendor's words, and nothing is made."""
    served = sandbox(credits=2.5)
    answer = send(client(served), "generate_core")
    assert (answer.status_code, answer.json()["name"]) == (402, "payment_required")
    assert served.studio.asked == []  # type: ignore[attr-defined]


def test_keys_have_accounts_of_their_own() -> None:
    """What one key spends, another still has."""
    served = sandbox(credits=10)
    send(client(served, "sk-one"), "generate_core")
    assert client(served, "sk-two").get("/v1/user/balance").json() == {"credits": 10}


def test_many_threads_cannot_overspend() -> None:
    """Ten credits pay for three pictures, however many ask at once."""
    served = sandbox(credits=10)

    def status(_: int) -> int:
        return send(client(served), "generate_core").status_code

    with ThreadPoolExecutor(8) as threads:
        statuses = list(threads.map(status, range(24)))
    assert sorted(statuses) == [200] * 3 + [402] * 21
    assert client(served).get("/v1/user/balance").json() == {"credits": 1}


def test_every_paid_operation_has_a_price() -> None:
    """All but the first generation, whose prices nobody states, cost something."""
    for operation in MINIMAL:
        served = sandbox(credits=100)
        send(client(served), operation)
        assert (served.store.payments()[0].credits > 0) == (not operation.startswith("v1_"))
