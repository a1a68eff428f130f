"""What the answer of an operation is, by the media types that it is declared to have."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from connector.authoring.importing.operation import Operation

_EMPTY = frozenset({"204", "205"})
_MEDIA = ("image/", "audio/", "video/", "model/")


def output(operation: Operation) -> dict[str, Any]:
    """The words under ``output``: of one kind where all forms are of that kind, else as it comes."""
    forms = [form.partition(";")[0] for form in operation.answers.types]
    bare = operation.answers.bare
    if not forms:
        return {"kind": "none" if bare and set(bare) <= _EMPTY else "auto"}
    kinds = {_kind(form) for form in forms}
    kind = kinds.pop() if len(kinds) == 1 and set(bare) <= _EMPTY else "auto"
    # A document lists the types that it thought of; what else comes is no reason to lose a file.
    exact = [form for form in forms if re.fullmatch(r"[^/\s*]+/[^/\s]+", form)]
    if kind == "media":
        return {"kind": kind, "types": sorted(set(exact))} if exact else {"kind": "binary"}
    return {"kind": kind}


def _kind(form: str) -> str:
    return next(kind for fits, kind in _KINDS if fits(form))


_KINDS: tuple[tuple[Callable[[str], bool], str], ...] = (
    (lambda form: form == "application/json" or form.endswith("+json") or form == "text/json", "json"),
    (lambda form: form in ("text/event-stream", "application/x-ndjson", "application/stream+json"), "stream"),
    (lambda form: form.startswith(_MEDIA) and form.count("/") == 1 and "*" not in form, "media"),
    (lambda form: form.startswith("text/") or form.endswith(("/xml", "+xml", "/yaml")), "text"),
    (lambda form: "*" in form, "auto"),
    (lambda form: True, "binary"),
)
