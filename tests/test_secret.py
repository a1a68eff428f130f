"""A secret is never shown by accident, and never survives in a text."""

from __future__ import annotations

import base64
import copy
import json
import pickle
from pathlib import Path
from urllib.parse import quote

import pytest
import yaml

from connector.secret import MASK, Secret, fingerprint, hide, redact

KEY = "sk-Ab3dEf9hIj2lMn5pQr8tUv1xYz4/+Cd6fGh0j"


@pytest.mark.parametrize("show", [str, repr, "{}".format, "{:>12}".format, "%s".__mod__])
def test_shown_masked(show):
    """Whatever turns a secret into text shows the mask."""
    assert KEY not in show(Secret(KEY))
    assert MASK in show(Secret(KEY))


def test_revealed_on_purpose():
    """Only `reveal` gives the text."""
    assert Secret(KEY).reveal() == KEY
    assert not hasattr(Secret(KEY), "__dict__")


def test_not_serialised():
    """Neither pickle nor JSON takes a secret along."""
    with pytest.raises(TypeError, match="connection's name"):
        pickle.dumps(Secret(KEY))
    with pytest.raises(TypeError):
        json.dumps({"key": Secret(KEY)})
    assert json.dumps({"key": Secret(KEY)}, default=str) == f'{{"key": "{MASK}"}}'


def test_compared_and_copied():
    """Secrets are equal by value, a copy is the same one, and an empty one is false."""
    assert Secret(KEY) == Secret(KEY)
    assert Secret(KEY) != Secret("other")
    assert Secret(KEY) != KEY
    assert len({Secret(KEY), Secret(KEY)}) == 1
    kept = {"key": Secret(KEY)}
    assert copy.deepcopy(kept)["key"] is kept["key"] is copy.copy(kept["key"])
    assert not Secret("")


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


ECHOES = {
    "as it is": (f"key {KEY} refused", f"key {MASK} refused"),
    "in a header": (f"Bearer {KEY}", f"Bearer {MASK}"),
    "twice": (f"{KEY}{KEY}", MASK * 2),
    "URL-encoded": (f"?key={quote(KEY, safe='')}&n=1", f"?key={MASK}&n=1"),
    "URL-encoded in lower case": (
        f"?key={quote(KEY, safe='').replace('%2F', '%2f').replace('%2B', '%2b')}",
        f"?key={MASK}",
    ),
    "URL-encoded but for slashes": (f"/{quote(KEY)}", f"/{MASK}"),
    "JSON-escaped": (json.dumps({"k": KEY}).replace("/", "\\/"), f'{{"k": "{MASK}"}}'),
    "base64": (f"Basic {b64(KEY)}", f"Basic {MASK}"),
    "base64 for URLs": (f"x={b64(KEY).replace('+', '-').replace('/', '_').rstrip('=')};", f"x={MASK};"),
    "both ends in stars": (f"{KEY[:7]}{'*' * 20}{KEY[-4:]}", f"{MASK}{'*' * 20}{MASK}"),
    "both ends, dots": (
        f"Incorrect API key: {KEY[:7]}...{KEY[-4:]} (40)",
        f"Incorrect API key: {MASK}...{MASK} (40)",
    ),
    "both ends, ellipsis": (f"'{KEY[:7]}\u2026{KEY[-4:]}'", f"'{MASK}\u2026{MASK}'"),
    "both ends in crosses": (f"{KEY[:7]}xxxxxx{KEY[-4:]}", f"{MASK}xxxxxx{MASK}"),
    "both ends touching": (f"{KEY[:9]}{KEY[-5:]}", f"{MASK}{MASK}"),
    "cut short": (f"key {KEY[:20]} is too short", f"key {MASK} is too short"),
    "its start only": (f"{KEY[:6]} unknown", f"{MASK} unknown"),
    "its end only": (f"the key ending in {KEY[-4:]}", f"the key ending in {MASK}"),
    "a longer end": (f"the key ending in {KEY[-9:]}.", f"the key ending in {MASK}."),
    "its start, cut shorter": (f"{KEY[:5]} unknown", f"{KEY[:5]} unknown"),
    "in crosses of the other case": (f"{KEY[:7]}XXXX{KEY[-4:]}", f"{MASK}XXXX{MASK}"),
    "its end behind a word": (f"word{KEY[-4:]}", f"word{KEY[-4:]}"),
    "its end before a figure": (f"-{KEY[-4:]}7", f"-{KEY[-4:]}7"),
    "letters behind base64": (f"{b64(KEY)}{'more' * 5}", f"{MASK}{'more' * 5}"),
    "words after base64": (f"{b64(KEY)} and{'more' * 5}", f"{MASK} and{'more' * 5}"),
    "its end in a word": (f"the word{KEY[-4:]}s stay", f"the word{KEY[-4:]}s stay"),
    "nothing": ("prompt: is too long", "prompt: is too long"),
}


@pytest.mark.parametrize(("text", "expected"), ECHOES.values(), ids=ECHOES)
def test_redacted_by_value(text, expected):
    """A secret is masked in every form in which it comes back, and the words around it stay."""
    assert redact(text, [KEY]) == expected


@pytest.mark.parametrize("lead", ["", "u", "us", "use", "user:"])
@pytest.mark.parametrize("tail", ["", "!", "!!", ":x"])
def test_inside_base64(lead, tail):
    """A secret that was encoded together with other text leaves no readable character."""
    shown = redact(f"Basic {b64(lead + KEY + tail)}", [KEY])
    left = shown.removeprefix("Basic ").split(MASK)
    # At most what is needed to write the text before and after it, and a part of one more character.
    assert MASK in shown
    assert len(left[0]) <= len(b64(lead))
    assert len(left[1]) <= len(b64(tail))
    assert len(left[0]) * 6 // 8 <= len(lead)


@pytest.mark.parametrize(
    ("secret", "text", "expected"),
    [
        ("a", "a table has a leg", f"{MASK} table has {MASK} leg"),
        ("ab1", "ab1 and cab1s", f"{MASK} and cab1s"),
        ("", "nothing is hidden", "nothing is hidden"),
        ("pass", "bypassed", f"by{MASK}ed"),
        ("p\u00e4ss/w\u00f6rd", r'"p\u00e4ss\/w\u00f6rd"', f'"{MASK}"'),
        ('say "hi"&<go>', "say &quot;hi&quot;&amp;&lt;go&gt;", MASK),
        ("aaaaaaaab", "aaaaaaaaaaaab", f"{MASK.join(['aaaa', ''])}"),
        ("p\u00e4ss/w\u00f6rd", json.dumps("p\u00e4ss/w\u00f6rd", ensure_ascii=False), f'"{MASK}"'),
        ('\u00e4"b c', json.dumps('a \u00e4"b c', ensure_ascii=False), f'"a {MASK}"'),
        ("a secret word", "?q=a+secret+word&n=1", f"?q={MASK}&n=1"),
        ("a+b-c.d_e~f", "a+b-c.d_e~f a%2Bb-c.d_e~f", f"{MASK} {MASK}"),
        ("abcd", "abcd x-abcd abcde", f"{MASK} x-{MASK} {MASK}e"),
        ("abcd", b64("abcd"), MASK),
        ("bad\udcffbyte", "no bad\udcffbyte here", f"no {MASK} here"),
    ],
)
def test_odd_secrets(secret, text, expected):
    """Short secrets do not take words apart, and odd characters do not save a secret."""
    assert redact(text, [secret]) == expected


def test_base64_for_urls_at_every_alignment():
    """Whatever stands before it, and in whichever of the two alphabets."""
    secret = "?>?>?>~~~~?>?>"  # of which base64 has a plus and a slash wherever it begins
    for lead in ("", "u", "us"):
        for text in (b64(lead + secret), b64(lead + secret).replace("+", "-").replace("/", "_")):
            left = redact(text, [secret]).split(MASK)
            assert len(left) == 2
            assert len(left[0]) <= len(b64(lead))
            assert left[1] == ""


def test_hidden_in_every_part_of_a_value():
    """Names, texts and lists within lists; what only resembles a secret stays, and what is no text."""
    value = {KEY: [[KEY], {"a": f"x {KEY}"}, 7, None, True, 1.5], "b": KEY[:20]}
    assert hide(value, [KEY]) == {
        MASK: [[MASK], {"a": f"x {MASK}"}, 7, None, True, 1.5], "b": KEY[:20]
    }  # fmt: skip


def test_several_secrets():
    """Of secrets that hold one another, the longest goes first."""
    secrets = ["hunter22", "user:hunter22"]
    assert redact("user:hunter22 and hunter22", secrets) == f"{MASK} and {MASK}"
    assert hide({"user:hunter22": ["hunter22"]}, secrets) == {MASK: [MASK]}


@pytest.mark.parametrize("start", ["ab", "s/:", "abcde"])
def test_secrets_that_end_alike_leave_nothing_of_each_other(start):
    """Such as a client's secret, and the pair in which it is sent URL-encoded."""
    secret = f"{start}/hunter22"
    assert redact(f"not {secret}!", [f"me:{quote(secret, safe='')}", secret]) == f"not {MASK}!"


PINNED = Path(__file__).parent / "cases" / "formats" / "secrets.yaml"


@pytest.mark.parametrize("case", yaml.safe_load(PINNED.read_text("utf-8"))["fingerprints"])
def test_a_secret_keeps_its_name(case):
    """By it a ledger and a rate limit of before know an account."""
    assert fingerprint(case["secret"], bytes.fromhex(case["pepper"])) == case["name"]


def test_fingerprint_names_without_telling():
    """The fingerprint is the same for the same secret and pepper only, and holds no part of it."""
    name = fingerprint(KEY, b"pepper")
    assert name == fingerprint(KEY, b"pepper")
    assert len({name, fingerprint(KEY, b"salt"), fingerprint(KEY + "x", b"pepper")}) == 3
    assert redact(name, [KEY]) == name
