"""Who may use the host: a token is shown once, known by its digest, and revoked by its name."""

import pytest
from upstream import Clock

from connector import errors
from connector.storage.connections.api_tokens import Tokens


@pytest.fixture
def tokens(database):
    return Tokens(database, Clock())


def test_a_token_is_known_by_what_it_is(tokens):
    """Its name and role come back; another text is nobody's."""
    token = tokens.add("ci", "use")
    assert (tokens.who(token).name, tokens.who(token).may_manage) == ("ci", False)
    assert tokens.who(tokens.add("admin", "manage")).may_manage
    for other in ("", token[:-1], token + "x", token.swapcase(), "\udc80", "ci"):
        assert tokens.who(other) is None


def test_only_its_digest_is_kept(tokens, database, tmp_path):
    """Who reads the database cannot use the host."""
    token = tokens.add("ci", "use")
    database.close()
    assert all(token.encode() not in path.read_bytes() for path in tmp_path.iterdir())
    assert token not in str([one.to_dict() for one in tokens.list()])


def test_the_first_is_made_once(tokens):
    """A new host makes one that may manage, and no second one, even when it is started again."""
    token = tokens.first()
    assert tokens.who(token).may_manage
    assert tokens.first() is None
    assert [one.name for one in tokens.list()] == ["first"]


def test_a_removed_token_lets_nobody_in(tokens):
    """At once."""
    tokens.first()
    token = tokens.add("ci", "use")
    tokens.remove("ci")
    assert tokens.who(token) is None


def test_the_last_that_may_manage_stays(tokens):
    """Nobody locks themselves out; with another one it can go."""
    tokens.first()
    tokens.add("ci", "use")
    with pytest.raises(errors.InvocationError, match="last token that may manage; add another"):
        tokens.remove("first")
    tokens.add("admin", "manage")
    tokens.remove("first")
    assert {one.name for one in tokens.list()} == {"ci", "admin"}


def test_an_unknown_name_names_the_nearest(tokens):
    """So that a mistyped revocation is not taken for one that worked."""
    tokens.add("laptop", "use")
    with pytest.raises(errors.UnknownName, match="did you mean 'laptop'"):
        tokens.remove("labtop")


@pytest.mark.parametrize(
    ("name", "role", "fields"),
    [
        ("", "use", ["name"]),
        (" ", "use", ["name"]),
        ("a\nb", "use", ["name"]),
        ("x" * 101, "use", ["name"]),
        ("ok", "root", ["role"]),
        ("", "", ["name", "role"]),
        ("taken", "use", ["name"]),
    ],
)
def test_what_is_wrong_is_told_at_its_field(tokens, name, role, fields):
    """All of it at once, and nothing is added."""
    tokens.add("taken", "use")
    with pytest.raises(errors.InvalidArguments) as caught:
        tokens.add(name, role)
    assert [problem.path for problem in caught.value.problems] == fields
    assert [one.name for one in tokens.list()] == ["taken"]


def test_a_token_ends(database):
    """From its moment on it lets nobody in; one that has ended already is not made."""
    clock = Clock()
    tokens = Tokens(database, clock)
    token = tokens.add("week", "use", expires=clock() + 7 * 86400)
    assert tokens.who(token)
    clock.now += 7 * 86400 + 1
    assert tokens.who(token) is None
    with pytest.raises(errors.InvalidArguments, match="has passed already"):
        tokens.add("late", "use", expires=clock() - 1)


def test_the_last_that_may_manage_for_good_stays(tokens, database):
    """One that will end is nobody's to rely on."""
    tokens.first()
    tokens.add("for a day", "manage", expires=Clock()() + 86400)
    with pytest.raises(errors.InvocationError, match="last token that may manage"):
        tokens.remove("first")
    tokens.remove("for a day")


def test_the_last_use_is_told(database):
    """To the minute; what cannot be written down shuts nobody out."""
    clock = Clock()
    tokens = Tokens(database, clock)
    token = tokens.add("ci", "use")
    assert tokens.list()[0].last_used is None
    tokens.who(token)
    first = tokens.list()[0].last_used
    clock.now += 3600
    tokens.who(token)
    assert tokens.list()[0].last_used == pytest.approx(first + 3600, abs=60)


def test_limits_are_kept(tokens):
    limits = {"actions": ("erase",), "environments": ("sandbox",), "origins": ("https://shop.example",)}
    who = tokens.who(tokens.add("shop", "use", limit_daily=30, **limits))
    assert (who.actions, who.environments, who.origins) == tuple(limits.values())
    assert (who.limit_daily, who.is_limited) == (30, True)
    assert who.refusal("erase", "sandbox") is None
    assert "for the action erase, not for inpaint" in who.refusal("inpaint", "sandbox")
    assert "not for production" in who.refusal("erase", "production")
    with pytest.raises(errors.InvalidArguments, match="take the role use"):
        tokens.add("boss", "manage", actions=["erase"])
