"""Responses of a finished generation: the bytes with headers, or JSON with base64."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

from connector.sandbox.document import Operation
from connector.sandbox.messages import Answer, Call, json_answer

if TYPE_CHECKING:
    from connector.sandbox.studio import Made

_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Finished:
    """What was made, from which seed, and whether it was filtered."""

    made: Made
    seed: int
    filtered: bool

    @property
    def reason(self) -> str:
        return "CONTENT_FILTERED" if self.filtered else "SUCCESS"


def accept_problems(operation: Operation, call: Call) -> list[str]:
    """What is wrong with the accept header: it must be one of the declared values, or absent."""
    declared = operation.parameter("accept")
    if declared is None or _wanted(call) is None:
        return []
    offered = declared.schema["enum"]
    if _wanted(call) in (*offered, *declared.schema.get("x-open-values", ())):
        return []
    return [f"accept: must be one of {', '.join(offered)}"]


def wants_json(operation: Operation, call: Call) -> bool:
    declared = operation.parameter("accept")
    if declared is None:
        return False
    wanted = _wanted(call)
    return (declared.schema["default"] if wanted in (None, "*/*") else wanted) == _JSON


def _wanted(call: Call) -> str | None:
    header = call.header("accept")
    return header.partition(";")[0].strip().lower() if header else None


def deliver(operation: Operation, call: Call, finished: Finished) -> Answer:
    """The answer of a synchronous operation or of a result, in the form that was asked for."""
    made = finished.made
    if wants_json(operation, call):
        # The member is called after what it is: image, audio or video.
        kind, content = made.media_type.partition("/")[0], base64.b64encode(made.content).decode()
        told = {kind: content, "finish_reason": finished.reason, "seed": finished.seed}
        return json_answer(200, told, {"content-type": f"{_JSON}; type={made.media_type}"})
    headers = {"content-type": made.media_type}
    if operation.finish_reasons:  # 3D models come without a seed and a finish reason
        headers |= {"finish-reason": finished.reason, "seed": str(finished.seed)}
    return Answer(200, tuple(headers.items()), made.content)
