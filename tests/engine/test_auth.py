"""A credential becomes what proves a request, or is told to be none."""

from __future__ import annotations

from typing import Any

import pytest

from connector.engine.auth import Authorization, authorize, masked
from connector.errors import ConnectorError, CredentialError, MissingCredential
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
    other: Any = [{"in": "query", "name": "id", "value": "{{ credential.other }}"}]
    with pytest.raises(MissingCredential, match="id"):
        _authorized(kind, "a-key", also=other)
