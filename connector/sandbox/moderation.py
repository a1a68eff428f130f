"""Moderation by trigger words, since the sandbox has no judgement of its own.

A word works in any text field, and in the name of any file, for operations that take no text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from connector.sandbox.document import Operation
from connector.sandbox.errors import Refusal

# Refused: 403 content_moderation, where the operation moderates its input.
REFUSED = "sandbox-refuse"
# Delivered blurred, with the finish reason CONTENT_FILTERED, where the operation can report that.
FILTERED = "sandbox-filter"
# Rejected: 422 under this name, where the operation knows the name.
REJECTED: Mapping[str, str] = {
    "sandbox-language": "invalid_language",
    "sandbox-celebrity": "public_figure",
    "sandbox-copyright": "copyrighted_content",
}

_REASONS = {
    "invalid_language": "prompt: only English is understood",
    "public_figure": "the request names a public figure",
    "copyrighted_content": "the recording or the prompt holds protected content",
}


def moderate(operation: Operation, texts: Iterable[str]) -> None:
    """Refuses what a trigger word asks to be refused, as far as the operation declares it."""
    said = " ".join(texts).lower()
    if REFUSED in said and "content_moderation" in operation.refusals.get(403, ()):
        raise Refusal(403, "the request was flagged by content moderation", name="content_moderation")
    for word, name in REJECTED.items():
        if word in said and name in operation.refusals.get(422, ()):
            raise Refusal(422, _REASONS[name], name=name)


def is_filtered(texts: Iterable[str]) -> bool:
    """Whether the output is to be delivered blurred."""
    return FILTERED in " ".join(texts).lower()
