"""Addresses: which are one place, and which lead where nobody asks."""

import pytest

from connector.spec import url


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("169.254.0.1", True),
        ("169.254.169.254", True),
        ("[fe80::1]", True),
        ("fe80::1%eth0", True),
        ("::ffff:169.254.169.254", True),
        ("64:ff9b::a9fe:a9fe", True),
        ("fd00:ec2::254", True),
        ("169.253.255.255", False),
        ("127.0.0.1", False),
        ("10.0.0.1", False),
        ("fd00::1", False),
        ("64:ff9b::808:808", False),
        ("api.example", False),
        ("", False),
    ],
)
def test_a_link_local_address_is_known_in_every_spelling(address, found):
    """IPv4 also where it is embedded in IPv6; a name says nothing before it is looked up."""
    assert url.is_link_local(address) is found


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://API.example/v1/", "https://api.example:443/v1", True),
        ("https://api.example/v1", "https://api.example/v2", False),
        ("https://api.example", "http://api.example", False),
        ("https://api.example", "https://api.example.org", False),
        ("https://api.example:x", "https://api.example:y", False),
    ],
)
def test_two_base_urls_may_be_one_place(one, other, same):
    """However they are spelt; scheme, host, port and path count."""
    assert (url.place(one) == url.place(other)) is same
