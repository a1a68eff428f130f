"""HTTP messages as plain values: calls, answers, refusals, and how an answer brings what was made."""

from __future__ import annotations

import base64
import json
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import yaml

from connector.sandbox.document import Operation

if TYPE_CHECKING:
    from connector.sandbox.studio import Made

WORDS: dict[str, Any] = yaml.safe_load(files(__package__).joinpath("answers.yaml").read_bytes())
_JSON = "application/json"
Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Call:
    """One request as it arrives: path and query as sent, and the body in pieces, to be read once."""

    method: str
    path: str
    headers: Headers = ()
    body: Iterable[bytes] = ()
    query: str = ""

    def header(self, name: str) -> str | None:
        """The last value of a header, in any case of its name."""
        found = [value for key, value in self.headers if key.lower() == name]
        return found[-1].strip() if found else None


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, and how its delivery goes wrong where that was asked for.

    ``delay`` is how long to keep the caller waiting, in seconds of real time. ``cut`` is the number of
    bytes after which the connection breaks. ``dropped`` means that nothing is delivered at all.
    """

    status: int
    headers: Headers = ()
    body: bytes = field(default=b"", repr=False)
    delay: float = 0.0
    cut: int | None = None
    dropped: bool = False

    @property
    def sent(self) -> bytes:
        """The part of the body that reaches the caller."""
        return self.body if self.cut is None else self.body[: self.cut]


def json_answer(status: int, value: Any, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer whose body is the value as JSON, or dataclasses; a content type among the headers wins."""
    named = {"content-type": "application/json", **(headers or {})}
    return Answer(status, tuple(named.items()), json.dumps(value, default=asdict).encode())


class Refusal(Exception):
    """A request is not served: the status, the sentences, and a name where the status has several."""

    def __init__(self, status: int, *errors: str, name: str | None = None, retry_after: float | None = None):
        super().__init__("; ".join(errors))
        self.status = status
        self.errors = errors
        self.name = name
        self.retry_after = retry_after

    def answer(self, path: str) -> Answer:
        """The refusal as the API under this path words it."""
        told: dict[str, Any] = {"errors": list(self.errors)}
        name = WORDS["names"].get(self.status, "error")
        if path.startswith("/v1/"):
            words, told = WORDS["first_generation"], {"message": "; ".join(self.errors)}
            about = re.split(r"\W", self.errors[0])[0] if self.status == 400 else ""
            name = words["names"].get(self.status) or words["fields"].get(about, name)
        headers = {} if self.retry_after is None else {"retry-after": str(max(1, round(self.retry_after)))}
        told |= {"id": secrets.token_hex(16), "name": self.name or name}
        return json_answer(self.status, told, headers)


def unauthorized(path: str, sent: str | None) -> Refusal:
    """The credential is missing or not accepted; the first generation repeats both ends of the key."""
    if not path.startswith("/v1/"):
        return Refusal(401, "authorization: invalid or missing header value")
    if not sent:
        return Refusal(401, "missing authorization header")
    key = sent.partition(" ")[2] or sent
    return Refusal(401, f"Incorrect API key provided: {key[:7]}...{key[-4:]} ({len(key)} characters)")


@dataclass(frozen=True, slots=True)
class Finished:
    """What was made, from which seed, and whether it was filtered."""

    made: Made
    seed: int
    filtered: bool

    @property
    def reason(self) -> str:
        return "CONTENT_FILTERED" if self.filtered else "SUCCESS"


def wants_json(operation: Operation, call: Call) -> bool:
    declared = operation.parameters.get("accept")
    if declared is None:
        return False
    wanted = accepted(call)
    return (declared["schema"]["default"] if wanted in (None, "*/*") else wanted) == _JSON


def accepted(call: Call) -> str | None:
    """The media type that the caller asks for, without its parameters."""
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
