"""Nothing is paid for that is hardly meant, unless somebody says so; on every face."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connector.engine.connector import Connector
from connector.errors import InvalidArguments, NeedsConfirmation
from tests.media.test_mask import CASES

SAMPLES = Path(__file__).parents[2] / "actions/samples"
ROOM = SAMPLES / "room.png"
PLACE = {"environment": "sandbox"}
DOUBTED: dict[str, dict[str, Any]] = {
    "a blank mask": {"image": ROOM, "mask": CASES["black"][0]},
    "a white mask": {"image": ROOM, "mask": CASES["white"][0]},
    "another service's mask": {"image": ROOM, "mask": CASES["a picture with a hole"][0]},
    "no mask, and nothing transparent": {"image": ROOM},
}


@pytest.fixture
def connector(tmp_path: Path) -> Any:
    with Connector(home=tmp_path, environ={}) as made:
        yield made


def balance(connector: Connector) -> float:
    return float(connector.invoke("balance", **PLACE).value["credits"])


@pytest.mark.parametrize("given", DOUBTED.values(), ids=DOUBTED)
@pytest.mark.parametrize(("action", "more"), [("erase", {}), ("inpaint", {"prompt": "a teapot"})])
def test_what_is_hardly_meant_is_asked_about_before_it_is_paid_for(
    connector: Connector, action: str, more: dict[str, Any], given: dict[str, Any]
) -> None:
    """Nothing is sent; accepted, it is sent with a warning; a preview only warns."""
    before = balance(connector)
    with pytest.raises(NeedsConfirmation, match=r"mask.*accept_warnings") as caught:
        connector.invoke(action, given | more, **PLACE)
    assert [each.path for each in caught.value.problems] == ["mask"]
    assert balance(connector) == before
    assert any("mask" in str(each) for each in connector.preview(action, given | more, **PLACE).warnings)
    accepted = given | more | {"image": {"file": given["image"], "accept_warnings": True}}
    result = connector.invoke(action, accepted, **PLACE)
    assert [each.path for each in result.warnings] == ["mask"]
    assert balance(connector) < before


def test_mistakes_come_before_doubts(connector: Connector) -> None:
    """What cannot be sent is told first, whatever is accepted."""
    with pytest.raises(InvalidArguments) as caught:
        connector.invoke("erase", DOUBTED["a blank mask"] | {"seed": -1}, **PLACE)
    assert not isinstance(caught.value, NeedsConfirmation)
    assert [each.path for each in caught.value.problems] == ["seed"]


def test_a_mask_that_selects_something_is_sent(connector: Connector) -> None:
    """As is a picture whose own transparency is the mask."""
    result = connector.invoke("erase", {"image": ROOM, "mask": SAMPLES / "room-mask.png"}, **PLACE)
    assert not result.warnings
    cut = CASES["a picture with a hole"][0]
    assert not connector.invoke("erase", {"image": cut}, **PLACE).warnings


@pytest.mark.parametrize("text", ["\u200b", "\u200b\u2060\ufeff", "\x07\x1b", " \n\t", "\u202e \u00ad"])
def test_a_prompt_of_which_nothing_can_be_seen_is_no_prompt(connector: Connector, text: str) -> None:
    """Control and format characters alone would be paid for like words."""
    with pytest.raises(InvalidArguments, match="has nothing that can be seen") as caught:
        connector.preview("stable-image-core", {"prompt": text}, **PLACE)
    assert [each.path for each in caught.value.problems] == ["prompt"]


@pytest.mark.parametrize("text", ["a", "\u200b\u0430", "🫠", "👩‍🚀", "?", "\ue000", "ｱ"])
def test_whatever_can_be_seen_is_sent_as_it_is(connector: Connector, text: str) -> None:
    request = connector.preview("stable-image-core", {"prompt": text}, **PLACE).request
    assert [part.value for part in request.body.parts if part.name == "prompt"] == [text]
