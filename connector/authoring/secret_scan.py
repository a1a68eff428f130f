"""The secret scan: whether a text holds what could be somebody's key."""

from __future__ import annotations

import re

_SECRETS = (
    re.compile(
        r"\b[sp]k-(?:proj-|live-|test-)?[A-Za-z0-9_-]{16,}"
    ),  # this vendor's keys and others like them
    re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    re.compile(r"\b(?:gh[pousr]_|github_pat_|glpat-|xox[abprs]-|hf_)[A-Za-z0-9_-]{16,}"),
    re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+"),  # a JSON web token
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    re.compile(r"(?i)\b(?:bearer|basic)\s+[A-Za-z0-9._~+/=-]{16,}"),
)
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/_=-])[A-Za-z0-9+/_-]{32,}={0,2}(?![A-Za-z0-9+/_=-])")
_WORD = re.compile("[A-Z]?[a-z]{3,}")


def looks_secret(text: str) -> bool:
    """Whether a text holds what could be somebody's key."""
    if text.startswith("data:"):
        return False
    # The names in an address are apart, where a key's slash is within it.
    whole = text.replace("/", " ") if text.startswith(("https://", "http://")) else text
    return any(pattern.search(text) for pattern in _SECRETS) or any(map(_mixed, _BASE64.findall(whole)))


def _mixed(run: str) -> bool:
    """Words and paths seldom mix all three kinds of character in one long run; keys do.

    What is mostly words is a name all the same, such as AmazonEC2ContainerRegistry_V20150921.
    """
    if not all(re.search(kind, run) for kind in ("[a-z]", "[A-Z]", "[0-9]")):
        return False
    return sum(map(len, _WORD.findall(run))) < len(run) / 2
