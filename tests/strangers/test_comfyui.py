"""The requests of the vendor's own nodes for ComfyUI, as cases: the nodes need large libraries."""

import httpx
import pytest
import yaml
from shared import HERE, KEY, SAMPLES

CASES = yaml.safe_load((HERE / "cases/comfyui.yaml").read_text())
FILES = {"mask": "room-mask.png"}


def sent(url, case):
    """As requests sends it: texts without a file name, files under the name of their field, the key alone."""
    parts = [(name, (None, str(value))) for name, value in case["fields"].items()]
    named = [(name, (SAMPLES / FILES.get(name, "room.png")).read_bytes()) for name in case.get("files", ())]
    parts += [(name, (name, content)) for name, content in named]
    headers = {"authorization": KEY, "accept": case.get("accept", "image/*"), "user-agent": "python-requests"}
    with httpx.Client(base_url=f"{url}/v2beta/", headers=headers, timeout=60) as client:
        answer = client.post(case["path"], files=parts)
        if answer.is_success and case.get("starts"):
            path = f"results/{answer.json()['id']}"
            assert client.get(path).status_code == 202
            client.post(f"{url}/_sandbox/clock", json={"advance": 60})
            return client.get(path)
        return answer


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["node"])
def test_node(url, control, case, request):
    """A picture comes, is paid once, and the fields that the vendor does not have are named."""
    if "fault" in case:
        request.applymarker(pytest.mark.xfail(reason=case["fault"], strict=True))
    answer = sent(url, case)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("image/")
    asked = next(one for one in control.get("/requests").json() if one["method"] == "POST")
    assert asked["ignored"] == case.get("ignored", [])
    assert len(control.get("/ledger").json()) == 1
