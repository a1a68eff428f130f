"""Moderation by trigger words, since the sandbox has no judgement of its own.

A word works in any text field, and in the name of any file, for operations that take no text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from connector.sandbox.document import Operation
from connector.sandbox.errors import WORDS, Refusal

# Refused: 403 content_moderation, where the operation moderates its input.
REFUSED = "sandbox-refuse"
# Delivered blurred, with the finish reason CONTENT_FILTERED, where the operation can report that.
FILTERED = "sandbox-filter"
# Rejected: 422 under a name, where the operation knows the name.
REJECTED: Mapping[str, Mapping[str, str]] = WORDS["rejected"]


def moderate(operation: Operation, texts: Iterable[str]) -> None:
    """Refuses what a trigger word asks to be refused, as far as the operation declares it."""
    said = " ".join(texts).lower()
    if REFUSED in said and "content_moderation" in operation.refusals.get(403, ()):
        raise Refusal(403, "the request was flagged by content moderation", name="content_moderation")
    for word, told in REJECTED.items():
        if word in said and told["name"] in operation.refusals.get(422, ()):
            raise Refusal(422, told["says"], name=told["name"])


def is_filtered(texts: Iterable[str]) -> bool:
    """Whether the output is to be delivered blurred."""
    return FILTERED in " ".join(texts).lower()
