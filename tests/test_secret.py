"""A secret is never shown by accident, and never survives in a text."""

from __future__ import annotations

import base64
import copy
import html
import json
import pickle
import re
import string
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, quote_plus, unquote

import pytest
import yaml
from hypothesis import given, settings
from hypothesis.strategies import lists, sampled_from
from hypothesis.strategies import text as texts

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


def _percent(text: str, also: Callable[[int], bool] = lambda at: True) -> str:
    """Percent-encoded, each character where ``also`` says so of its index."""
    return "".join(
        "".join(f"%{byte:02X}" for byte in one.encode()) if also(at) else one for at, one in enumerate(text)
    )


def _units(text: str) -> str:
    """Each as a JSON escape, beyond the first plane as two."""
    coded = text.encode("utf-16-be")
    return "".join(f"\\u{coded[at : at + 2].hex()}" for at in range(0, len(coded), 2))


# What a far side, a library or a page makes of a text: escapes, which may be laid over one another.
ESCAPES: dict[str, Callable[[str], str]] = {
    "as it is": lambda text: text,
    "percent": _percent,
    "percent in part": lambda text: _percent(text, lambda at: at % 3 != 1),
    "percent in lower case": lambda text: _percent(text).lower(),
    "as in a path": lambda text: quote(text, safe=""),
    "as in a form": lambda text: quote_plus(text),
    "HTML": html.escape,
    "decimal entities": lambda text: "".join(f"&#{ord(one)};" for one in text),
    "hex entities in part": lambda text: "".join(
        f"&#x{ord(one):X};" if at % 2 else html.escape(one) for at, one in enumerate(text)
    ),
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON of any letters": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "JSON with slashes": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "JSON escapes alone": _units,
    "JSON escapes in upper case": lambda text: _units(text).upper().replace("\\U", "\\u"),
    "Python": lambda text: "".join(f"\\x{ord(one):02x}" if ord(one) < 256 else one for one in text),
}


def _undone(name: str, text: str) -> str:
    """The text without the escapes of that name."""
    if name.startswith(("JSON", "Python")):
        return re.sub(
            r"\\(?:[ux]([0-9A-Fa-f]{4}|[0-9A-Fa-f]{2})|(.))",
            lambda found: found[2] or chr(int(found[1], 16)),
            text,
        )
    return html.unescape(text) if "HTML" in name or "entities" in name else unquote(text)


# What writes a text anew, and leaves of it what stands around a secret that was a part of it.
CODES: dict[str, Callable[[str, str], str]] = {
    "none": lambda lead, text: text,
    "hex": lambda lead, text: text.encode().hex(),
    "hex in upper case": lambda lead, text: text.encode().hex().upper(),
    "base64": lambda lead, text: b64(lead + text),
    "base64 for URLs": lambda lead, text: (
        base64.urlsafe_b64encode((lead + text).encode()).decode().rstrip("=")
    ),
    "base64 twice": lambda lead, text: b64(lead + b64(lead + text)),
    "base64 for URLs, twice": lambda lead, text: base64.urlsafe_b64encode(
        lead.encode() + base64.urlsafe_b64encode((lead + text).encode())
    ).decode(),
}
LETTERS = string.ascii_letters + string.digits + string.punctuation + "-_.~ é€\U0001f511"


@settings(max_examples=600, deadline=None, derandomize=True, database=None)
@given(
    secret=texts(LETTERS, min_size=12, max_size=60).map(str.strip).filter(lambda one: len(one) >= 12),
    code=sampled_from(sorted(CODES)),
    lead=sampled_from(["", "a", "ab"]),
    over=lists(sampled_from(sorted(ESCAPES)), max_size=2),
)
def test_a_secret_is_found_in_every_form(secret: str, code: str, lead: str, over: list[str]) -> None:
    """One writing, and up to two layers of escapes over it, in any order: nothing of it is left to read."""
    echoed = CODES[code](lead, secret)
    for name in over:
        echoed = ESCAPES[name](echoed)
    for act in (redact, hide):
        shown = act(f"<before {echoed} after>", [secret])
        assert MASK in shown
        left = shown.removeprefix("<before ").removesuffix(" after>").replace(MASK, "")
        # Of base64, what stands for the text before the secret, and the bits that it shares with it.
        for name in reversed(over):
            left = _undone(name, left)
        assert len(left) <= (12 if "base64" in code else 0), (echoed, shown)


def test_a_text_without_a_secret_stays_as_it_is() -> None:
    """Escapes are undone to look beneath them, and not in what is given back."""
    said = "100%25 &amp; \\u0041 %zz &nothing; \\\\ \\x41 %C3%A9 \ud800 &#1114112; &#0; " + b64("nothing") * 3
    assert redact(said, [KEY]) == said
    assert redact(f"{said}{quote(KEY, safe='')}{said}", [KEY]) == f"{said}{MASK}{said}"


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
