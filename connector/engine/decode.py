"""Decoding: a response becomes a Result, or the error it stands for.

The rules that tell which outcome an answer has are declared; the first that holds decides. The same
Result comes of raw bytes and of JSON with base64 inside.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from connector import errors
from connector.engine.result import Result
from connector.errors import Billed, ConnectorError, Problem
from connector.media.content import File
from connector.secret import hide, redact
from connector.spec.model import Action, FactSource, Integration, OutcomeRule

# What an answer means where neither action nor integration has a rule for it.
_COMMON_RULES = (
    OutcomeRule("success", ("2xx",)),
    OutcomeRule("unauthorized", (401,)),
    OutcomeRule("out_of_credits", (402,)),
    OutcomeRule("forbidden", (403,)),
    OutcomeRule("not_found", (404, 410)),
    OutcomeRule("too_large", (413,)),
    OutcomeRule("rejected", (422,)),
    OutcomeRule("rate_limited", (429,), ran=False),
    OutcomeRule("bad_request", ("4xx",)),
    OutcomeRule("upstream_failed", (503,), ran=False),
    OutcomeRule("upstream_failed", ("5xx",), billed="unknown"),
    OutcomeRule("invalid_answer", ("1xx", "3xx"), message="The answer is a redirect or no answer at all."),
)

_FAILURES: list[type[ConnectorError]] = [errors.Unauthorized, *errors.UpstreamError.__subclasses__()]
_ERRORS = {kind.code: kind for kind in _FAILURES}

# An answer is quoted in a message up to here.
_QUOTED = 300
_READ = 4096


class ReadResponse:
    """A response whose body has been taken in: what rules are asked about.

    ``value`` is the parsed JSON, or None where the answer is not JSON. ``from_base64`` makes a file of a
    text and the type it is declared to have; it raises ValueError where the text is no base64.
    """

    def __init__(
        self,
        status: int,
        headers: Mapping[str, str],
        content: File,
        from_base64: Callable[[str, str | None], File],
    ) -> None:
        self.status = status
        self.headers = headers
        self.content = content
        self.from_base64 = from_base64
        self.type = media_type(headers)
        self.is_json = self.type in ("application/json", "text/json") or self.type.endswith("+json")
        self.value = _parsed(content) if self.is_json else None

    def at(self, path: str) -> Any:
        """The value at a dotted path of the JSON, or None."""
        return dig(self.value, path)

    def fact(self, place: FactSource) -> Any:
        """A declared fact, wherever this form of answer has it, or None."""
        if place.header and place.header.lower() in self.headers:
            return self.headers[place.header.lower()]
        return self.at(place.field) if place.field else None


class Head:
    """A response whose body is still to come: what can be asked of its status and headers alone."""

    def __init__(self, status: int, headers: Mapping[str, str]) -> None:
        self.status = status
        self.headers = headers

    def at(self, path: str) -> Any:
        """Nothing is known of the body."""
        return None

    def fact(self, place: FactSource) -> Any:
        """A declared fact, where a header has it, or None."""
        return self.headers.get(place.header.lower()) if place.header else None


def media_type(headers: Mapping[str, str]) -> str:
    """The media type of an answer, without its parameters."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def dig(value: Any, path: str) -> Any:
    """The value at a dotted path through mappings and lists, or None."""
    for step in path.split("."):
        if isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def decide(integration: Integration, action: Action, answer: ReadResponse | Head) -> OutcomeRule:
    """The first rule that holds for an answer: the action's own, the integration's, the common ones."""
    reason = answer.fact(action.output.finish_reason)
    rules = (*action.outcomes, *integration.outcomes, *_COMMON_RULES)
    return next((rule for rule in rules if _holds(rule, answer, reason)), OutcomeRule("invalid_answer"))


def decode(
    integration: Integration,
    action: Action,
    answer: ReadResponse,
    rule: OutcomeRule,
    *,
    kind: str,
    paid: bool,
    secrets: Iterable[str] = (),
) -> Result:
    """The Result of an answer with its outcome; ``kind`` is the action's output, filled in.

    Raises the error of the outcome where it is a failure; Filtered carries the Result all the same.
    """
    if rule.outcome in ("success", "pending", "filtered"):
        result = _result(action, answer, rule.outcome, kind, paid, secrets)
        if rule.outcome != "filtered":
            return result
        raise _failure(integration, action, answer, rule, secrets, result)
    raise _failure(integration, action, answer, rule, secrets, None)


def _parsed(content: File) -> Any:
    data = content.bytes
    try:
        value = json.loads(data, parse_constant=_no_number)
        return _mended(value) if b"\\ud" in data.lower() else value
    except (ValueError, RecursionError):
        return None


def _no_number(name: str) -> None:
    """NaN and the infinities, which Python reads and JSON does not have."""


def _mended(value: Any) -> Any:
    """The value without halves of characters, which JSON can spell and no text can hold."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_mended(name): _mended(entry) for name, entry in value.items()}
    return [_mended(item) for item in value] if isinstance(value, list) else value


def _holds(rule: OutcomeRule, answer: ReadResponse | Head, finish_reason: Any) -> bool:
    if rule.statuses and not any(_is(status, answer.status) for status in rule.statuses):
        return False
    said = str(finish_reason).strip().casefold()
    if rule.finish_reason is not None and said != rule.finish_reason.casefold():
        return False
    if any(answer.headers.get(name.lower()) != value for name, value in rule.headers.items()):
        return False
    return all(answer.at(path) in values for path, values in rule.fields.items())


def _is(declared: int | str, status: int) -> bool:
    return declared == status or (isinstance(declared, str) and declared[0] == str(status // 100))


def _result(
    action: Action, answer: ReadResponse, outcome: str, kind: str, paid: bool, secrets: Iterable[str]
) -> Result:
    output = action.output
    delivered = outcome == "pending" or (answer.status == 204 and kind != "media") or kind == "none"
    value, content = (answer.value, None) if delivered else _READERS[kind](action, answer, paid)
    try:
        value = hide(value, secrets)
    except RecursionError as error:
        raise _unpromised("The answer is nested too deeply", action, paid) from error
    reason, seed, request_id = (
        answer.fact(place) for place in (output.finish_reason, output.seed, output.request_id)
    )
    return Result(
        action=action.id,
        outcome=outcome,
        status=answer.status,
        headers=dict(answer.headers),
        media=content,
        value=value,
        seed=whole(seed),
        finish_reason=None if reason is None else hide(str(reason), secrets),
        request_id=None if request_id is None else hide(str(request_id), secrets),
    )


_WHOLE = re.compile(r"[0-9]{1,40}")


def whole(seed: Any) -> int | None:
    """A seed is text in a header and a number in JSON; one type for both."""
    try:
        if isinstance(seed, int) or (isinstance(seed, str) and _WHOLE.fullmatch(seed)):
            return int(seed)  # a float would round it
        return None if seed is None else int(float(seed))
    except (TypeError, ValueError, OverflowError):
        return None


def _media(action: Action, answer: ReadResponse, paid: bool) -> tuple[Any, File | None]:
    if answer.is_json and action.output.field:
        return None, _from_json(action, answer, paid)
    found = answer.content
    if found.size == 0:
        raise _unpromised("The answer is empty", action, paid)
    if action.output.types and found.type not in action.output.types:
        raise _unpromised(f"The answer is {found.type}, not {_any_of(action.output.types)}", action, paid)
    return None, found


def _from_json(action: Action, answer: ReadResponse, paid: bool) -> File:
    assert action.output.field is not None
    text = answer.at(action.output.field)
    if not isinstance(text, str) or not text:
        raise _unpromised(f"The JSON answer holds no {action.output.field!r}", action, paid)
    declared = answer.headers.get("content-type", "").partition("type=")[2].strip('" ')
    try:
        return answer.from_base64(text, declared or None)
    except ValueError as error:
        raise _unpromised(
            f"{action.output.field!r} in the JSON answer is unreadable: {error}", action, paid
        ) from error


def _json(action: Action, answer: ReadResponse, paid: bool) -> tuple[Any, File | None]:
    value = answer.value if answer.is_json else _parsed(answer.content)
    if value is None and answer.content.bytes.strip() != b"null":
        raise _unpromised(f"The answer is {answer.type or answer.content.type}, not JSON", action, paid)
    if action.job is not None and not _is_id(dig(value, action.job.id)):
        raise _unpromised(f"The answer holds no job id at {action.job.id!r}", action, paid)
    return value, None


_CHARSET = re.compile(r"""(?i)\bcharset\s*=\s*["']?([^\s"';]+)""")


def _is_id(found: Any) -> bool:
    return isinstance(found, str) and found != ""


def _text(action: Action, answer: ReadResponse, paid: bool) -> tuple[Any, File | None]:
    found = _CHARSET.search(answer.headers.get("content-type", ""))
    charset = found[1] if found else "utf-8"
    try:
        return answer.content.bytes.decode(charset), None
    except (ValueError, LookupError) as error:  # not every codec fails with a UnicodeDecodeError
        raise _unpromised(f"The answer is no {charset} text", action, paid) from error


def _binary(action: Action, answer: ReadResponse, paid: bool) -> tuple[Any, File | None]:
    return None, answer.content


def _auto(action: Action, answer: ReadResponse, paid: bool) -> tuple[Any, File | None]:
    """JSON where it parses as such, text where it is declared so, else the bytes as they are."""
    if answer.is_json and answer.value is not None:
        return answer.value, None
    if answer.content.size == 0:
        return None, None
    if answer.type.startswith("text/") or answer.type in ("application/xml", "application/javascript"):
        return _text(action, answer, paid)
    return None, answer.content


_READERS = {
    "media": _media,
    "json": _json,
    "text": _text,
    "binary": _binary,
    "stream": _binary,
    "auto": _auto,
}


def _unpromised(found: str, action: Action, paid: bool) -> errors.InvalidAnswer:
    sentence = f"{found}, which is not what {action.title} promises."
    return errors.InvalidAnswer(sentence, billed="unknown" if paid else "no")


def _any_of(types: tuple[str, ...]) -> str:
    return " or ".join(types)


def _failure(
    integration: Integration,
    action: Action,
    answer: ReadResponse,
    rule: OutcomeRule,
    secrets: Iterable[str],
    result: Result | None,
) -> ConnectorError:
    kind = _ERRORS[rule.outcome]
    # Redacted before they are cut: of half a secret in some encoding nobody could tell what it is.
    words, limit = _said(integration, answer)
    said = [redact(text, secrets)[:limit] for text in words]
    request_id = answer.fact(action.output.request_id)
    billed: Billed = rule.billed or kind.default_billed
    error_id = answer.at(integration.errors.id) if integration.errors.id else None
    return kind(
        _sentence(rule, answer, said),
        problems=_problems(integration, action, said),
        billed=billed,
        status=answer.status,
        request_id=None if request_id is None else redact(str(request_id), secrets),
        error_id=None if error_id is None else redact(str(error_id), secrets),
        result=result,
    )


def _said(integration: Integration, answer: ReadResponse) -> tuple[list[str], int | None]:
    """The upstream's own words, from the first place that has any, or its text; and how much to tell."""
    found = (answer.at(path) for path in integration.errors.messages)
    words = next((words for words in found if words), None)
    if isinstance(words, list):
        return [text if isinstance(text, str) else json.dumps(text) for text in words], None
    if isinstance(words, str):
        return [words], None
    if words is not None or (answer.is_json and answer.value is not None):
        return [json.dumps(words or answer.value, ensure_ascii=False)[:_READ]], _QUOTED
    if answer.content.type.startswith("text/"):
        return [_plain(answer.content.bytes[:_READ].decode("utf-8", "replace"))], _QUOTED
    return [], None


def _plain(text: str) -> str:
    """What a page says, without its markup: a gateway's answer is often HTML."""
    bare = re.sub(r"(?is)<(script|style|title)\b.*?</\1>|<[^>]*>", " ", text)
    return " ".join(bare.split())


def _sentence(rule: OutcomeRule, answer: ReadResponse, said: list[str]) -> str:
    lead = rule.message or _LEADS.get(rule.outcome, "The API refused the request.")
    words = "; ".join(word for word in said if word)
    return f"{lead} (HTTP {answer.status}{': ' + words if words else ''})"


_LEADS: Mapping[str, str] = {
    "bad_request": "The API found fault with the arguments.",
    "unauthorized": "The API refused the credential.",
    "out_of_credits": "The account has too few credits.",
    "moderated": "The API's moderation refused the input.",
    "forbidden": "The credential may not do this.",
    "filtered": "The API withheld or blurred the output.",
    "rejected": "The API did not accept the request.",
    "not_found": "The API does not know it, or no longer.",
    "too_large": "The request was larger than the API takes.",
    "rate_limited": "Too many requests were sent with this credential.",
    "upstream_failed": "The API failed.",
    "invalid_answer": "The answer is not one that the action promises.",
}


def _problems(integration: Integration, action: Action, said: list[str]) -> list[Problem]:
    """The upstream's ``field: message`` lines as problems of the action's own parameters."""
    separator = integration.errors.field_separator
    if not separator:
        return []
    cut = (text.partition(separator) for text in said)
    return [Problem(name, message) for name, found, message in cut if found and name in action.parameters]
