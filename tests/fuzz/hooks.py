"""What requests are made of beside chance: files that are ones, and keys that are not used twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import strategies

SAMPLES = Path(__file__).parents[2] / "actions" / "samples"
KINDS = {
    "image/png": ("room.png", "room-mask.png"),
    "image/jpeg": ("style.jpg",),
    "audio/mpeg": ("tone.mp3",),
    "audio/wav": ("tone.wav",),
}
LONG_ENOUGH = 60

for kind, names in KINDS.items():
    contents = [(SAMPLES / name).read_bytes() for name in names]
    schemathesis.openapi.media_type(kind, strategies.sampled_from([*contents, b"", b"no such file"]))


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """A key that was used for something else is refused, and rightly: each case has its own.

    And whoever waits too short for what is paid is told that nobody knows what became of it, which is a 500.
    """
    for name in [name for name in case.headers if name.lower() == "idempotency-key"]:
        case.headers[name] = f"{case.headers[name]}{case.id}"[-255:]
    timeout = (case.query or {}).get("timeout")
    if isinstance(timeout, int | float) and 1 <= timeout < LONG_ENOUGH:
        case.query["timeout"] = LONG_ENOUGH
