"""Processes that share a key never pass its limit, however late a network is and however long it stalls."""

import json
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
import yaml

FAR = Path(__file__).with_name("far_limit.py")
# The vendor's 150 in 10 seconds with all times a tenth.
LIMIT = {"requests": 30, "window": 1.0}
CHILD = """
import json, sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from connector import Connector
from connector.errors import ConnectorError

folder, home = sys.argv[1:]
def ask(connector):
    try:
        return str(connector.invoke("balance").outcome)
    except ConnectorError as error:
        return error.code

with Connector(folder, home=home, environ={}) as connector, ThreadPoolExecutor(10) as threads:
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps(Counter(threads.map(ask, [connector] * 40))))
"""


def integration(folder, url):
    shipped = Path(__file__).parents[2]
    told = yaml.safe_load((shipped / "integration.yaml").read_text())
    told["environments"] = {"local": {"base_url": url, "credential": {"api_key": "sk-shared"}}}
    told["default_environment"] = "local"
    told["defaults"] |= {"retry": {"attempts": 1}, "rate_limit": {**LIMIT, "lockout": 60}}
    told["actions"] = ["actions/balance.yaml"]
    told.pop("workflows", None)
    (folder / "actions").mkdir(parents=True)
    (folder / "actions" / "balance.yaml").write_text((shipped / "actions" / "balance.yaml").read_text())
    (folder / "integration.yaml").write_text(yaml.safe_dump(told))
    return folder


@pytest.mark.parametrize(
    "network",
    [{"jitter": [0.002, 0.03]}, {"jitter": [0.002, 0.1], "stall": 0.34, "every": 2.0}],
    ids=["jitter", "stalls"],
)
def test_the_limit_is_never_passed(network, tmp_path):
    """Four processes ask as often as they may, from the first moment on; none is refused."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with ExitStack() as stack:
        started = lambda *words: stack.enter_context(subprocess.Popen([sys.executable, *words], **pipes))  # noqa: E731
        far = started(str(FAR), json.dumps(LIMIT | network))
        folder = integration(tmp_path / "integration", far.stdout.readline().strip())
        asking = [started("-c", CHILD, str(folder), str(tmp_path / "home")) for _ in range(4)]
        assert [process.stdout.readline() for process in asking] == ["ready\n"] * 4
        for process in asking:
            process.stdin.write("go\n")
            process.stdin.flush()
        outcomes = [json.loads(process.communicate()[0]) for process in asking]
        counted = json.loads(far.communicate()[0])
    assert outcomes == [{"success": 40}] * 4
    assert counted["refused"] == 0
    assert counted["most"] <= LIMIT["requests"]
    assert len(counted["arrivals"]) == 160
