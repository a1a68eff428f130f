"""Header names are compared in one way, and a name tells whether its value is a secret."""

import pytest

from connector.spec import header_names


@pytest.mark.parametrize("name", ["X-API-Key", "x_api_key", "X_Api-KEY"])
def test_case_and_underscores_make_no_other_name(name):
    """Many servers read an underscore as a hyphen."""
    assert header_names.canonical(name) == "x-api-key"


SECRET = """
Authorization Proxy_Authorization COOKIE X_API_KEY x-goog-api-key X-Auth-Token apikey X-Amz-Security-Token
X-Session Client-Secret Password X-Credential
"""
PLAIN = "Accept X-A Idempotency-Key X-Keyword X-Tokenizer Content-Type"


@pytest.mark.parametrize("name", SECRET.split())
def test_a_name_tells_of_a_secret(name):
    """However it is written."""
    assert header_names.is_secret(name)


@pytest.mark.parametrize("name", PLAIN.split())
def test_other_names_do_not(name):
    """Words that only begin alike are other words."""
    assert not header_names.is_secret(name)


HARMLESS = "Accept content_type IDEMPOTENCY-KEY If-None-Match User-Agent X-Request-Id traceparent"


@pytest.mark.parametrize("name", HARMLESS.split())
def test_few_names_are_known_to_be_harmless(name):
    """However they are written; none of them tells of a secret."""
    assert header_names.is_harmless(name)
    assert not header_names.is_secret(name)


@pytest.mark.parametrize("name", [*SECRET.split(), "X-A", "X-Team", "Referer", "X-Forwarded-For"])
def test_any_other_name_may_hide_a_secret(name):
    """What is not known to be harmless is not taken to be."""
    assert not header_names.is_harmless(name)


def test_what_is_reserved_is_written_as_it_is_compared():
    """Else it would never be found."""
    reserved = header_names.RESERVED_HEADERS
    assert set(map(header_names.canonical, reserved)) == reserved
