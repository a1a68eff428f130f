"""Over standard input and output, in a process of its own, as a client starts it."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from mcp import ClientSession
from mcp.client.stdio import StdioServerParameters, stdio_client
from tooling import SAMPLES

from connector.cli import main
from connector.storage.database.database import FILE_NAME, Database
from connector.storage.runs.history import History

WORDS = ["-c", "import sys; from connector.cli import main; sys.exit(main())", "mcp"]
FARSIDE = Path(__file__).parent / "farside.py"
HELLO = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "test", "version": "1"},
}


def test_a_client_makes_a_picture(tmp_path):
    """From the handshake to the file, with the sandbox; nothing else comes over standard output."""
    server = StdioServerParameters(
        command=sys.executable,
        args=[*WORDS, "-e", "sandbox", "--root", str(SAMPLES)],
        env={"CONNECTOR_HOME": str(tmp_path)},
    )

    async def talk():
        async with stdio_client(server) as (read, write), ClientSession(read, write) as session:
            greeted = await session.initialize()
            given = {"image": "room.png", "mask": "room-mask.png"}
            return greeted, await session.call_tool("erase", given)

    greeted, told = asyncio.run(talk())
    assert greeted.capabilities.tools is not None
    assert not told.is_error
    assert [each.type for each in told.content] == ["text", "image", "resource_link"]
    assert told.structured_content["environment"] == "sandbox"


class Wire:
    """A server whose messages are lines."""

    def __init__(self, process):
        self.process = process

    def say(self, text):
        self.process.stdin.write(text.encode() + b"\n")
        self.process.stdin.flush()

    def send(self, method, params=None, number=None):
        numbered = {} if number is None else {"id": number}
        self.say(json.dumps({"jsonrpc": "2.0", "method": method, "params": params or {}, **numbered}))

    def hear(self):
        return json.loads(self.process.stdout.readline())

    def greet(self):
        self.send("initialize", HELLO, 0)
        assert self.hear()["id"] == 0
        self.send("notifications/initialized")

    def ask(self, method, params, number):
        self.send(method, params, number)
        return self.hear()


@contextmanager
def wire(*words):
    command = [sys.executable, *map(str, words)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        try:
            yield Wire(process)
        finally:
            process.kill()


@pytest.fixture(scope="module")
def farside(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    (home / "gate").touch()
    with wire(FARSIDE, home, home / "gate") as opened:
        opened.greet()
        yield opened


NONSENSE = {
    "no method": ("tools/paint", {}, -32601),
    "no tool": ("tools/call", {"name": "paint", "arguments": {}}, -32602),
    "no name": ("tools/call", {}, -32602),
    "arguments that are a list": ("tools/call", {"name": "test_simple_text", "arguments": [1]}, -32602),
    "a name that is a number": ("tools/call", {"name": 5}, -32602),
    "a resource that is a number": ("resources/read", {"uri": 5}, -32602),
    "no resource": ("resources/read", {"uri": "connector://files/../../etc/passwd"}, -32602),
}


@pytest.mark.parametrize("case", NONSENSE)
def test_nonsense_gets_an_error_of_the_protocol(farside, case):
    """And the next question is answered."""
    method, params, code = NONSENSE[case]
    assert farside.ask(method, params, 5)["error"]["code"] == code
    assert farside.ask("ping", {}, 6)["result"] == {}


@pytest.mark.parametrize(
    "line",
    ["", "words", "{", "[]", "null", '{"jsonrpc": "1.0", "id": 1}', '{"id": {}}', "\x00\xff", "[" * 5000],
)
def test_what_is_no_message_is_passed_over(farside, line):
    """The server lives on."""
    farside.say(line)
    farside.send("ping", {}, "after")
    answers = [farside.hear()]
    while answers[-1].get("id") != "after":
        answers.append(farside.hear())
    assert answers[-1]["result"] == {}


def test_bad_arguments_are_an_answer_to_learn_from(farside):
    told = farside.ask("tools/call", {"name": "test_simple_text", "arguments": {"volume": 11}}, 9)
    assert told["result"]["isError"]
    assert told["result"]["structuredContent"]["error"]["problems"][0]["field"] == "volume"


def test_a_cancelled_call_gets_no_answer_and_others_do(tmp_path):
    """What is said of a cancelled request is said to the log."""
    gate = tmp_path / "gate"
    with wire(FARSIDE, tmp_path, gate) as opened:
        opened.greet()
        asked = {"name": "test_tool_with_progress", "_meta": {"progressToken": "p"}}
        opened.send("tools/call", asked, 1)
        while "sent" not in opened.hear()["params"]["message"]:
            pass
        opened.send("notifications/cancelled", {"requestId": 1, "reason": "enough"})
        assert opened.ask("ping", {}, 2) == {"jsonrpc": "2.0", "id": 2, "result": {}}
        gate.touch()
        opened.process.stdin.close()
        assert opened.process.stdout.read() == b""
        assert opened.process.wait(60) == 0
        assert b"was cancelled" in opened.process.stderr.read()


def test_what_is_under_way_when_the_client_goes_is_brought_to_its_end(tmp_path):
    """It may be paid for already; its result is kept."""
    gate = tmp_path / "gate"
    with wire(FARSIDE, tmp_path, gate) as opened:
        opened.greet()
        asked = {"name": "test_tool_with_progress", "_meta": {"progressToken": "p"}}
        opened.send("tools/call", asked, 1)
        run = opened.hear()["params"]["message"].split()[-1]
        while "sent" not in opened.hear()["params"]["message"]:
            pass
        opened.process.stdin.close()
        assert opened.process.stdout.readline()  # the call is given up at the wire
        gate.touch()
        assert opened.process.wait(60) == 0
    database = Database(tmp_path / FILE_NAME)
    assert History(database).get(run).state == "succeeded"
    database.close()


def test_ctrl_c_ends_it_while_its_client_is_silent(tmp_path):
    """Though nothing came, and input stays open."""
    with wire(FARSIDE, tmp_path, tmp_path / "gate") as opened:
        opened.greet()
        opened.process.send_signal(signal.SIGINT)
        assert opened.process.wait(60) == 0
        assert opened.process.stdout.read() == b""
        assert b"Traceback" not in opened.process.stderr.read()


def test_a_message_may_be_long(farside):
    """And come in many pieces."""
    given = {"volume": "x" * 3_000_000}
    told = farside.ask("tools/call", {"name": "test_simple_text", "arguments": given}, 11)
    assert told["result"]["isError"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--root", "/nowhere"], "there is no folder /nowhere"),
        (["-e", "sandbx"], "did you mean 'sandbox'"),
        (["--actions", "paint*"], "--actions leaves no action"),
        (["--limit-credits", "-1"], "give a number of credits"),
        (["--http", "--port", "99999"], "from 0 to 65535"),
    ],
)
def test_a_wrong_start_is_refused_before_a_client_waits(tmp_path, monkeypatch, capsys, words, said):
    monkeypatch.setenv("CONNECTOR_HOME", str(tmp_path))
    assert main(["mcp", *words]) == 2
    shown = capsys.readouterr()
    assert said in shown.err
    assert shown.out == ""


def test_help_imports_nothing_of_the_protocol():
    """So that it comes at once."""
    script = (
        "import sys; from connector.cli import main; main(['mcp', '--help']); print('mcp' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"
