"""A delivery is signed as everybody signs it, and any other is refused with its reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from connector.runs.service import standard_webhooks as webhooks

VECTORS = yaml.safe_load(Path(__file__).with_name("standard_webhooks.yaml").read_text(encoding="utf-8"))
NOW = 1_700_000_000.0
SECRET = webhooks.new_secret()
BODY = b'{"prompt":"a boat"}'


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_a_signature_is_that_of_every_library(vector: dict[str, Any]) -> None:
    """Made, and found right."""
    body, id, then = vector["body"].encode(), vector["id"], vector["timestamp"]
    assert webhooks.sign(vector["secret"], id, then, body) == vector["signature"]
    given = {webhooks.ID: id, webhooks.TIMESTAMP: str(then), webhooks.SIGNATURE: vector["signature"]}
    webhooks.verify(vector["secret"], given, body, then)


def _given(**changed: str) -> dict[str, str]:
    return webhooks.headers(SECRET, "msg_1", NOW, BODY) | {
        f"webhook-{name}": v for name, v in changed.items()
    }


def test_what_is_signed_is_found_right_for_five_minutes() -> None:
    """In either direction: clocks differ."""
    for now in (NOW - 300, NOW, NOW + 300):
        webhooks.verify(SECRET, _given(), BODY, now)
    for now in (NOW - 301, NOW + 301):
        with pytest.raises(webhooks.BadSignature, match="5 minutes"):
            webhooks.verify(SECRET, _given(), BODY, now)


def test_one_of_several_signatures_is_enough() -> None:
    """While a sender changes its secret, it signs with both; other versions are passed over."""
    right = _given()[webhooks.SIGNATURE]
    webhooks.verify(SECRET, _given(signature=f"v1,AAAA v1a,xyz {right}"), BODY, NOW)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"id": ""}, "has no webhook-id"),
        ({"id": "", "signature": ""}, "has no webhook-id, webhook-signature"),
        ({"id": "msg_2"}, "is not that of this body"),
        ({"timestamp": "1700000001"}, "is not that of this body"),
        ({"timestamp": "soon"}, "whole seconds"),
        ({"timestamp": "9" * 5000}, "whole seconds"),
        ({"timestamp": "\N{ARABIC-INDIC DIGIT ONE}"}, "whole seconds"),
        ({"signature": "v1,"}, "is not that of this body"),
        ({"signature": "v1,é"}, "is not that of this body"),
    ],
)
def test_anything_else_is_refused(changed: dict[str, str], said: str) -> None:
    """With what is wrong, and nothing of the secret."""
    with pytest.raises(webhooks.BadSignature, match=said) as refused:
        webhooks.verify(SECRET, _given(**changed), BODY, NOW)
    assert SECRET not in str(refused.value)


def test_another_body_or_secret_is_refused() -> None:
    for secret, body in ((SECRET, BODY + b" "), (webhooks.new_secret(), BODY)):
        with pytest.raises(webhooks.BadSignature, match="is not that of this body"):
            webhooks.verify(secret, _given(), body, NOW)


@pytest.mark.parametrize(
    ("secret", "is_good"),
    [
        ("whsec_" + "A" * 32, True),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", True),
        ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", False),
        ("whsec_", False),
        ("whsec_c2hvcnQ=", False),
        ("whsec_no base64 at all, and long enough otherwise", False),
        ("whsec_" + "A" * 120, False),
        ("whsec_é", False),
    ],
)
def test_a_secret_is_looked_at_before_it_is_kept(secret: str, is_good: bool) -> None:
    """What is wrong is told without it."""
    said = webhooks.problem(secret)
    assert (said is None) is is_good
    assert secret.removeprefix("whsec_") == "" or secret not in (said or "")
