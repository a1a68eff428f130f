"""LiteLLM, which knows nothing of us, takes the sandbox on a port for the vendor."""

import asyncio
import base64
import io
import os

import pytest
from PIL import Image

# Before the import, which would fetch the list of prices otherwise.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import litellm
from shared import KEY, SAMPLES

PROMPT = "a wooden table under a lamp"
KNOWN = {
    name.removeprefix("stability/"): facts["mode"]
    for name, facts in litellm.model_cost.items()
    if name.startswith("stability/")
}
GENERATIONS = sorted(name for name, mode in KNOWN.items() if mode == "image_generation")
EDITS = sorted(name for name, mode in KNOWN.items() if mode == "image_edit")
# What LiteLLM cannot do at the vendor either; how it fails has tests of its own, below.
FAULTS = {
    "creative": "it takes the id of a start for an empty success, and forgets it",
    "replace-background-and-relight": "it sends the picture as image, and the vendor asks for subject_image",
}
# Beside image and prompt, which it always sends, also where the vendor has no such field.
BESIDES = {
    "inpaint": {"mask": "room-mask.png"},
    "erase": {"mask": "room-mask.png"},
    "outpaint": {"left": 64},
    "search-and-replace": {"search_prompt": "table"},
    "search-and-recolor": {"select_prompt": "table"},
    "sketch": {"control_strength": 0.6},
}


def generated(url, model, **given):
    return litellm.image_generation(
        prompt=PROMPT, model=f"stability/{model}", api_base=url, api_key=KEY, **given
    )


def edited(url, model, picture="room.png", prompt=PROMPT, **given):
    files = {name: (SAMPLES / given.pop(name)).read_bytes() for name in ("mask",) if name in given}
    return litellm.image_edit(
        image=(SAMPLES / picture).read_bytes(),
        prompt=prompt,
        model=f"stability/{model}",
        api_base=url,
        api_key=KEY,
        **files,
        **given,
    )


def opened(response):
    """The only picture of an answer, decoded."""
    (only,) = response.data
    picture = Image.open(io.BytesIO(base64.b64decode(only.b64_json)))
    picture.load()
    return picture


def last(control):
    request = control.get("/requests").json()[-1]
    texts = {part["name"]: part["value"] for part in request["parts"] if "value" in part}
    return request, texts


def test_it_knows_what_we_expect():
    """A version that knows other models is looked at again."""
    assert len(GENERATIONS) >= 9
    assert {*BESIDES, *FAULTS} <= {*EDITS}


@pytest.mark.parametrize("model", GENERATIONS)
def test_generation(url, control, model):
    """A picture comes that opens, of the shape that was asked for; the prompt arrived, and was paid."""
    picture = opened(generated(url, model, size="1792x1024"))
    request, texts = last(control)
    assert (request["status"], texts["prompt"]) == (200, PROMPT)
    assert {*request["ignored"]} <= {"none"}  # the dummy of the vendor's own samples
    assert picture.width / picture.height == pytest.approx(16 / 9, rel=0.05)
    assert len(control.get("/ledger").json()) == 1


@pytest.mark.parametrize("model", EDITS)
def test_edit(url, control, model, request):
    """A picture comes that opens; the prompt arrived, and is named where it was sent in vain."""
    if model in FAULTS:
        request.applymarker(pytest.mark.xfail(reason=FAULTS[model], strict=True))
    picture = opened(edited(url, model, **BESIDES.get(model, {})))
    arrived, texts = last(control)
    assert (arrived["status"], texts["prompt"]) == (200, PROMPT)
    assert {*arrived["ignored"]} <= {"prompt"}
    assert picture.width >= 512
    assert len(control.get("/ledger").json()) == 1


def test_both_in_an_event_loop(url, control):
    """Its asynchronous calls are other code."""

    async def both():
        common = {"prompt": PROMPT, "api_base": url, "api_key": KEY}
        image = (SAMPLES / "room.png").read_bytes()
        return await asyncio.gather(
            litellm.aimage_generation(model="stability/stable-image-core", **common),
            litellm.aimage_edit(model="stability/outpaint", image=image, left=64, **common),
        )

    assert [opened(response).mode for response in asyncio.run(both())] == ["RGB", "RGB"]
    assert len(control.get("/ledger").json()) == 2


@pytest.mark.parametrize(
    ("account", "status"), [({"revoked": True}, 401), ({"credits": 1}, 402)], ids=["revoked", "empty"]
)
def test_a_refusal_is_a_failure(url, control, account, status):
    """In its own exceptions, and nothing is paid."""
    control.post("/accounts", json={"key": KEY} | account)
    with pytest.raises(Exception) as caught:  # noqa: PT011, its families differ by version
        generated(url, "stable-image-core")
    assert caught.value.status_code == status
    assert control.get("/ledger").json() == []


def test_relight_lacks_a_field_as_at_the_vendor(url, control):
    """It sends the picture under a name that this operation does not have."""
    with pytest.raises(Exception, match="subject_image: is required"):
        edited(url, "replace-background-and-relight")
    assert {*last(control)[0]["ignored"]} == {"image", "prompt"}
    assert control.get("/ledger").json() == []


def test_creative_starts_and_forgets_the_id_as_at_the_vendor(url, control):
    """The sandbox starts it and is paid; it is LiteLLM that makes an empty success of the id."""
    assert not edited(url, "creative").data
    assert last(control)[0]["status"] == 200
    assert [paid["operation"] for paid in control.get("/ledger").json()] == ["upscale_creative_start"]
