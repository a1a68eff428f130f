"""A credential becomes what proves a request, or is told to be none."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from connector.engine.auth import Authorization, Exchange, authorize, masked
from connector.engine.http.messages import Raw
from connector.errors import ConnectorError, CredentialError, MissingCredential, Unauthorized
from connector.spec.model import Auth

KINDS = {
    "bearer": {"token": "{{ credential.key }}"},
    "api_key": {"in": "header", "name": "x-key", "value": "{{ credential.key }}"},
    "basic": {"username": "me", "password": "{{ credential.key }}"},
}
every_kind = pytest.mark.parametrize("kind", KINDS)


def _authorized(kind: str, key: str | None, **settings: str) -> Authorization:
    credential: dict[str, Any] = {} if key is None else {"key": key}
    conversation = authorize(Auth(kind, KINDS[kind] | settings), credential, "https://api.example")
    with pytest.raises(StopIteration) as ended:
        next(conversation)
    found: Authorization = ended.value.value
    return found


def _refused(kind: str, key: str | None) -> ConnectorError:
    with pytest.raises(CredentialError) as caught:
        _authorized(kind, key)
    return caught.value


@pytest.mark.parametrize(
    ("kind", "settings", "headers", "query"),
    [
        ("bearer", {}, (("authorization", "Bearer a-key"),), ()),
        ("basic", {}, (("authorization", "Basic bWU6YS1rZXk="),), ()),
        ("api_key", {}, (("x-key", "a-key"),), ()),
        ("api_key", {"in": "query"}, (), (("x-key", "a-key"),)),
    ],
)
def test_each_kind_has_its_place(kind: str, settings: Any, headers: Any, query: Any) -> None:
    """Where it goes is declared, and the key is among what nobody may see."""
    found = _authorized(kind, "a-key", **settings)
    assert (found.headers, found.query) == (headers, query)
    assert "a-key" in found.secrets
    assert "a-key" not in repr(found)


@every_kind
def test_a_field_that_is_missing_is_named(kind: str) -> None:
    """Before anything is sent."""
    assert isinstance(_refused(kind, None), MissingCredential)


@every_kind
@pytest.mark.parametrize("key", ["a-key\n", "\u201ca-key\u201d", "a-key\x00"])
def test_what_was_pasted_around_a_key_is_told(kind: str, key: str) -> None:
    """And the key is not shown."""
    assert "a-key" not in _refused(kind, key).message


@pytest.mark.parametrize("key", ["Bearer a-key", "bearer a-key"])
def test_a_bearer_token_is_the_key_alone(key: str) -> None:
    """The word is added to it, so that twice would be refused by the far side; it is told here."""
    error = _refused("bearer", key)
    assert "begins with the word Bearer" in error.message
    assert "a-key" not in error.message


def test_basic_hides_the_pair_as_it_is_and_as_it_is_sent() -> None:
    """An upstream that quotes the header quotes base64."""
    found = _authorized("basic", "a-key")
    assert set(found.secrets) == {"a-key", "me:a-key", "bWU6YS1rZXk="}


def test_what_a_header_cannot_hold_is_told_also_of_a_further_key() -> None:
    """Before anything is sent; a number is what it is written as."""
    also: Any = [{"in": "header", "name": "X-App", "value": "{{ credential.key }}\n"}]
    with pytest.raises(CredentialError, match="cannot be sent"):
        _authorized("api_key", "a-key", **{"in": "query"}, also=also)
    assert _authorized("api_key", 7).headers == (("x-key", "7"),)  # type: ignore[arg-type]  # YAML's number


@pytest.mark.parametrize("key", ["a~", " a", "!"])
def test_all_that_is_printable_is_sent_as_it_is(key: str) -> None:
    """From the space to the tilde."""
    assert _authorized("bearer", key).headers == (("authorization", f"Bearer {key}"),)


@pytest.mark.parametrize("key", ["a\x7f", "a\x1f", "a\xe9"])
def test_the_next_character_at_either_end_is_not(key: str) -> None:
    """Nor is what only some servers take."""
    _refused("bearer", key)


@pytest.mark.parametrize(
    ("kind", "settings", "headers", "query"),
    [
        ("none", {}, (), ()),
        ("bearer", {}, (("authorization", "Bearer ****"),), ()),
        ("basic", {}, (("authorization", "Basic ****"),), ()),
        ("oauth2_client_credentials", {}, (("authorization", "Bearer ****"),), ()),
        ("api_key", {"in": "header", "name": "x-key"}, (("x-key", "****"),), ()),
        ("api_key", {"in": "query", "name": "key"}, (), (("key", "****"),)),
    ],
)
def test_a_mask_stands_where_the_key_would(kind: str, settings: Any, headers: Any, query: Any) -> None:
    """And is no secret itself, which would be masked in turn."""
    found = masked(Auth(kind, settings), "****")
    assert (found.headers, found.query, found.secrets) == (headers, query, ())


OAUTH = {
    "token_url": "/oauth/token", "client_id": "a b", "client_secret": "{{ credential.key }}", "scope": "all",
}  # fmt: skip
PAIR = base64.b64encode(b"a+b:s%2F%3Acret").decode()


def _conversation(**settings: Any) -> Exchange:
    credential = {"key": "s/:cret"}
    return authorize(
        Auth("oauth2_client_credentials", OAUTH | settings), credential, "https://api.example/v1/"
    )


def _answered(body: Any, status: int = 200, **settings: Any) -> Authorization:
    conversation = _conversation(**settings)
    next(conversation)
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(StopIteration) as ended:
        conversation.send((status, text))
    found: Authorization = ended.value.value
    return found


def test_a_token_is_asked_for_as_the_standard_says() -> None:
    """RFC 6749: the client's two parts are form-encoded before they become basic's."""
    request = next(_conversation())
    assert (request.method, request.url) == ("POST", "https://api.example/v1/oauth/token")
    assert request.headers == (("accept", "application/json"), ("authorization", f"Basic {PAIR}"))
    assert request.body == Raw(
        b"grant_type=client_credentials&scope=all", "application/x-www-form-urlencoded"
    )
    assert set(request.secrets) == {"s/:cret", "a+b:s%2F%3Acret", PAIR}
    assert request.max_response_bytes == 1 << 20


def test_or_in_the_body_where_that_is_declared() -> None:
    """Then it is in no header."""
    request = next(_conversation(client_auth="body", scope=""))
    assert request.headers == (("accept", "application/json"),)
    assert request.body == Raw(
        b"grant_type=client_credentials&client_id=a+b&client_secret=s%2F%3Acret",
        "application/x-www-form-urlencoded",
    )


def test_a_token_may_be_got_elsewhere() -> None:
    """An address of its own is taken as it is."""
    assert next(_conversation(token_url="https://id.example/token")).url == "https://id.example/token"


def test_no_scope_is_no_mistake() -> None:
    """Where the credential has none to fill it with, none is asked for."""
    request = next(_conversation(scope="{{ credential.scope }}"))
    assert request.body == Raw(b"grant_type=client_credentials", "application/x-www-form-urlencoded")


@pytest.mark.parametrize(
    ("said", "lasts"),
    [
        (600, 570), (60, 30), (59, 29.5), (10, 5), (0.5, 0.25),
        (0, 300), (-1, 300), (None, 300), ("600", 300),
    ],
)  # fmt: skip
def test_a_token_is_renewed_before_it_ends(said: Any, lasts: float) -> None:
    """Half a minute before, or at half of a short life; five minutes where nobody says how long."""
    found = _answered({"access_token": "t1", "expires_in": said})
    assert (found.headers, found.secrets) == ((("authorization", "Bearer t1"),), ("t1",))
    assert found.expires_in == lasts


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (400, {"error": "invalid_scope"}, ": invalid_scope"),
        (401, {"error": "invalid_client", "error_description": "not s/:cret"}, r": not \*{8}"),
        (201, {"access_token": "t1"}, "answered 201"),
        (200, {"access_token": 7}, "answered 200"),
        (200, {"token": "t1"}, "answered 200"),
        (200, b"<html>", "answered 200"),
        (200, ["t1"], "answered 200"),
        (200, None, "answered 200"),
        (200, b"[" * 100_000, "answered 200"),
        (400, {"error": "x" * 5000}, ": x{300}$"),
    ],
)
def test_an_answer_without_a_token_is_told(status: int, body: Any, told: str) -> None:
    """With its own words, and without the secret that it quotes."""
    with pytest.raises(Unauthorized, match=told) as caught:
        _answered(body, status)
    assert "cret" not in str(caught.value)


@every_kind
def test_further_keys_are_sent_beside(kind: str) -> None:
    """In their places, and as secret as the first; one that is missing is named."""
    also: Any = [
        {"in": "header", "name": "X-App", "value": "{{ credential.key }}-2"},
        {"in": "query", "name": "id", "value": "{{ credential.key }}-3"},
    ]
    found = _authorized(kind, "a-key", also=also)
    assert found.headers[-1] == ("X-App", "a-key-2")
    assert found.query[-1] == ("id", "a-key-3")
    assert {"a-key-2", "a-key-3"} <= set(found.secrets)
    assert "x-app" in found.names
    seen = masked(Auth(kind, KINDS[kind] | {"also": also}), "****")
    assert (seen.headers[-1], seen.query[-1]) == (("X-App", "****"), ("id", "****"))
    assert seen.secrets == ()
    other: Any = [{"in": "query", "name": "id", "value": "{{ credential.other }}"}]
    with pytest.raises(MissingCredential, match="id"):
        _authorized(kind, "a-key", also=other)
