"""Over HTTP: on this machine's own address alone, and in the host behind its tokens."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import httpx2
import pytest
from hosting import serving
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from port import TinyStudio
from tooling import SAMPLES

from connector.engine.http.transport import HttpTransport
from connector.errors import InvocationError
from connector.mcp import http
from connector.sandbox import InProcess, Sandbox
from connector.server import json_logs
from connector.server.app import create
from connector.server.settings import Settings

ASK = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
KINDS = {"content-type": "application/json", "accept": "application/json, text/event-stream"}


COMMAND = [sys.executable, "-c", "import sys; from connector.cli import main; sys.exit(main())", "mcp"]


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    """The server by itself, which Ctrl-C ends well."""
    environ = {**os.environ, "CONNECTOR_HOME": str(tmp_path_factory.mktemp("home"))}
    words = ["--http", "--port", "0", "--quiet", "-e", "sandbox"]
    with subprocess.Popen([*COMMAND, *words], env=environ, stdout=subprocess.PIPE) as process:
        try:
            yield process.stdout.readline().decode().strip()
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 0
            assert process.stdout.read() == b""
        finally:
            process.kill()


@pytest.mark.parametrize("era", ["legacy", "auto"])
def test_a_client_makes_a_picture(url, era):
    async def talk():
        async with Client(streamable_http_client(url), mode=era) as client:
            return await client.call_tool("stable-image-core", {"prompt": "a boat"})

    told = asyncio.run(talk())
    assert [each.type for each in told.content] == ["text", "image", "resource_link"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"origin": "http://localhost:3000"}, 200),
        ({"origin": "https://evil.example"}, 403),
        ({"host": "evil.example"}, 421),
        ({"origin": "null"}, 403),
    ],
)
def test_no_other_sites_page_gets_in(url, headers, status):
    """Neither by its own address nor by a name that it made to lead here."""
    hello = {
        **ASK,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": {"name": "t", "version": "1"},
        },
    }

    assert httpx.post(url, json=hello, headers={**KINDS, **headers}, timeout=60).status_code == status


@pytest.mark.parametrize("body", [b"", b"words", b"[]", b'{"id": 1}', b"\xff"])
def test_nonsense_is_refused_and_the_server_lives_on(url, body):
    assert 400 <= httpx.post(url, content=body, headers=KINDS, timeout=60).status_code < 500


def test_a_port_that_is_taken_is_told():
    door = http.listen(0)
    with pytest.raises(InvocationError, match="choose another --port"):
        http.listen(door.getsockname()[1])
    door.close()


def test_it_listens_on_this_machine_alone():
    door = http.listen(0)
    assert door.getsockname()[0] == "127.0.0.1"
    door.close()


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    """A host on a port with the sandbox of this process, and a token that may use it."""
    kept, stop_log = {}, json_logs.start(io.StringIO())
    sandbox = Sandbox(studio=TinyStudio())

    def make(port):
        app = create(
            Settings(
                home=tmp_path_factory.mktemp("home"),
                port=port,
                environ={},
                transport=HttpTransport(InProcess(sandbox)),
            )
        )
        kept["host"] = app.state.host
        return app

    with serving(make) as url:
        kept["host"].tokens.first()
        yield url, kept["host"].tokens.add("agent", "use"), kept["host"]
    stop_log()
    sandbox.close()


def _in_host(host, talk, era="auto", query="?environment=sandbox"):
    url, token, _ = host

    async def connected():
        headers = {"authorization": f"Bearer {token}"}
        async with httpx2.AsyncClient(headers=headers, timeout=60) as http_client:
            transport = streamable_http_client(f"{url}/mcp{query}", http_client=http_client)
            async with Client(transport, mode=era) as client:
                return await talk(client)

    return asyncio.run(connected())


@pytest.mark.parametrize("era", ["legacy", "auto"])
def test_a_host_has_the_same_tools(host, era):
    """A call is one of its runs, by the token's name, in the environment that the address names."""
    told = _in_host(host, lambda client: client.call_tool("stable-image-core", {"prompt": "a boat"}), era)
    assert not told.is_error, told.content[0].text
    run = host[2].history.get(told.structured_content["run"])
    assert (run.token_name, run.environment, run.state) == ("agent", "sandbox", "succeeded")


def test_a_host_reads_no_file_of_its_machine(host):
    """What is a path at a client is none there."""
    path = str(SAMPLES / "room.png")
    for image in (path, f"file://{path}"):
        told = _in_host(host, lambda client, one=image: client.call_tool("erase", {"image": one}))
        assert told.is_error
        assert told.structured_content["outcome"] == "bad_input"


def test_a_host_takes_a_file_of_its_users_machine_and_hands_out_what_it_made(host):
    """By addresses that need no token, as the tools themselves say."""

    async def talk(client):
        names = {tool.name: tool for tool in (await client.list_tools()).tools}
        place = (await client.call_tool("upload-address", {})).structured_content
        async with httpx2.AsyncClient() as stranger:
            sent = await stranger.put(place["put"], content=(SAMPLES / "room.png").read_bytes())
            again = await stranger.put(place["put"], content=b"other")
            mask = (
                f"data:image/png;base64,{base64.b64encode((SAMPLES / 'room-mask.png').read_bytes()).decode()}"
            )
            told = await client.call_tool("erase-object", {"image": place["file"], "mask": mask})
            made = told.structured_content["file"]
            content = (await stranger.get(made["url"])).content
        return names, client.instructions, place, (sent.status_code, again.status_code), made, content

    names, instructions, place, statuses, made, content = _in_host(host, talk)
    assert statuses == (201, 409)
    assert place["put"] in place["command"]
    assert made["url"].startswith(f"{host[0]}/signed/")
    assert len(content) == made["bytes"]
    assert "upload-address" in instructions
    assert "given as a path" not in instructions
    assert "save_as" not in json.dumps([tool.input_schema for tool in names.values()])


def test_the_address_of_a_host_says_which_tools_it_lists(host):
    """As the options do of a server by itself."""
    for query, has, lacks in (
        ("&all", "stable-diffusion-3", "save-file"),
        ("&read_only", "stability-balance", "stable-image-core"),
        ("&actions=audio", "stable-audio-2-inpaint", "stable-image-core"),
    ):
        found = _in_host(host, lambda client: client.list_tools(), query=f"?environment=sandbox{query}")
        names = {tool.name for tool in found.tools}
        assert has in names
        assert lacks not in names


def test_a_host_lets_nobody_in_without_a_token(host):
    for headers in ({}, {"authorization": "Bearer nonsense"}):
        answer = httpx.post(f"{host[0]}/mcp", json=ASK, headers={**KINDS, **headers}, timeout=60)
        assert answer.status_code in (401, 403)


class Gate(httpx.BaseTransport):
    """A far side that answers once it may."""

    def __init__(self, inner):
        self.inner = inner
        self.reached, self.open = threading.Event(), threading.Event()

    def handle_request(self, request):
        self.reached.set()
        assert self.open.wait(60)
        return self.inner.handle_request(request)


@pytest.mark.parametrize("era", ["legacy", "auto"])
def test_a_host_that_stops_answers_what_it_was_asked(tmp_path, era):
    """As its HTTP API does; the streams that clients hold open do not keep it."""
    sandbox, kept, stop_log = Sandbox(studio=TinyStudio()), {}, json_logs.start(io.StringIO())
    gate = Gate(InProcess(sandbox))

    def make(port):
        app = create(Settings(home=tmp_path, port=port, environ={}, transport=HttpTransport(gate)))
        kept["host"] = app.state.host
        return app

    def open_when_it_stops():
        while not kept["host"].stopping.is_set():
            time.sleep(0.01)
        gate.open.set()

    async def talk(client):
        await client.list_tools()  # by which it checks the answer, when nobody can be asked any more
        kept["told"] = await client.call_tool("stable-image-core", {"prompt": "a boat"})

    with ThreadPoolExecutor() as threads:
        with serving(make) as url:
            place = url, kept["host"].tokens.first(), kept["host"]
            asked = threads.submit(_in_host, place, talk, era)
            assert gate.reached.wait(60)
            threads.submit(open_when_it_stops)
        # Its good-bye finds nobody any more.
        asked.exception(60)
    told = kept["told"]
    assert not told.is_error
    assert [each.type for each in told.content] == ["text", "image", "resource_link"]
    stop_log()
    sandbox.close()


def test_a_limited_token_sees_and_does_nothing_else(host):
    """No results of others, no run of theirs, nothing of what they spend; and only what it is for."""
    url, _, hosted = host
    run = _in_host(host, lambda client: client.call_tool("stable-image-core", {"prompt": "theirs"}))
    token = hosted.tokens.add("core", "use", actions=["stable-image-core"], environments=["sandbox"])
    limited = url, token, hosted

    async def talk(client):
        listed = (await client.list_resources()).resources
        calls = [
            ("get-run", {"run": run.structured_content["run"]}),
            ("spending", {}),
            ("stable-image-ultra", {"prompt": "a boat"}),
        ]
        refused = [await client.call_tool(name, given) for name, given in calls]
        return listed, refused, await client.call_tool("stable-image-core", {"prompt": "a boat"})

    listed, refused, done = _in_host(limited, talk)
    assert listed == []
    assert [each.is_error for each in refused] == [True, True, True]
    assert not done.is_error, done.content[0].text
