"""A connection that is given as a value."""

from dataclasses import replace

import pytest
from upstream import KEY, World

from connector import Configuration, Connection, InvalidArguments, UnknownName
from connector.secret import Secret
from connector.storage.connections.secret_references import Reference

PROMPT = {"prompt": "a boat"}
MAIN = Configuration("main", ("production",), True, fields={"api_key": Secret("sk-given-0123456")})


def given(*configurations, **changed):
    return Connection(
        **{"name": "mine", "integration": "stabilityai", "configurations": configurations} | changed
    )


def world(tmp_path, *configurations, **changed):
    return World(tmp_path, connection=given(*configurations or (MAIN,), **changed))


def bearer(world):
    return world.upstream.requests[-1].headers["authorization"]


def test_it_is_used_in_place_of_what_the_environment_says(tmp_path):
    """Whether or not it is named."""
    one = world(tmp_path)
    for named in (None, "mine"):
        result = one.connector.invoke("stable-image-core", PROMPT, connection=named)
        assert (bearer(one), result.connection) == ("Bearer sk-given-0123456", "mine")


def test_it_is_kept_nowhere(tmp_path):
    """Neither as a connection, nor is its secret in any file of the home."""
    one = world(tmp_path)
    one.connector.invoke("stable-image-core", PROMPT)
    assert one.connector.workspace.connections.list() == ()
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"sk-given" not in written


def test_no_other_is_looked_for(tmp_path):
    """A connection that is kept under that name is another one."""
    one = world(tmp_path)
    one.connector.workspace.connections.add(replace(given(MAIN), name="kept"), {"api_key"})
    with pytest.raises(UnknownName, match="mine"):
        one.connector.invoke("stable-image-core", PROMPT, connection="kept")


def test_its_base_url_headers_and_cap_hold(tmp_path):
    """As those of a connection that is kept."""
    own = replace(MAIN, base_url="https://proxy.example/api", headers=(("x-team", "blue"),), cap=3)
    one = world(tmp_path, own)
    one.connector.invoke("stable-image-core", PROMPT)
    request = one.upstream.requests[-1]
    assert (request.url.host, request.headers["x-team"]) == ("proxy.example", "blue")
    with pytest.raises(Exception, match="may spend 3 credits a day"):
        one.connector.invoke("stable-image-core", PROMPT)


def test_a_reference_is_resolved_at_each_use_and_a_text_is_what_it_says(tmp_path):
    """Whoever may write a text here need not be somebody who may read this machine's files."""
    one = world(tmp_path, replace(MAIN, fields={"api_key": Reference("env:STABILITY_API_KEY")}))
    one.connector.invoke("stable-image-core", PROMPT)
    assert bearer(one) == f"Bearer {KEY}"
    two = world(tmp_path, replace(MAIN, fields={"api_key": Secret("env:STABILITY_API_KEY")}))
    two.connector.invoke("stable-image-core", PROMPT)
    assert bearer(two) == "Bearer env:STABILITY_API_KEY"


def test_its_secret_is_masked_in_a_preview(tmp_path):
    """Also where somebody typed it into a prompt."""
    one = world(tmp_path)
    told = str(one.connector.preview("stable-image-core", {"prompt": "see sk-given-0123456"}))
    assert "sk-given" not in told


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"fields": {}}, "configurations.0.fields.api_key"),
        ({"fields": {"api_key": Secret("Bearer sk-1")}}, "configurations.0.fields.api_key"),
        ({"base_url": "proxy"}, "configurations.0.base_url"),
        ({"environments": ("moon",)}, "configurations.0.environments"),
    ],
)
def test_what_is_wrong_with_it_is_told_at_once(tmp_path, changed, path):
    """Before it is used, and at its field."""
    with pytest.raises(InvalidArguments) as raised:
        world(tmp_path, replace(MAIN, **changed))
    assert [problem.path for problem in raised.value.problems] == [path]
