"""The report of a failure: what is told, in words or as JSON, and the exit code."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from connector.cli.report import exit_codes
from connector.cli.terminal import terminal
from connector.errors import ConnectorError, OutcomeUnknown, SpecError, of_machine

if TYPE_CHECKING:
    from connector.storage.connections.store import ConnectionStore

_BILLED = {"yes": "It was billed.", "unknown": "Whether it was billed is not known."}


def ended(error: BaseException, words: Sequence[str], file: str | None = None) -> int:
    """Tells of the failure, and gives its exit code. ``file`` is where something was saved all the same."""
    if isinstance(error, BrokenPipeError):
        return _cut_off()
    if isinstance(error, SystemExit | GeneratorExit):
        raise error
    if isinstance(error, KeyboardInterrupt):
        facts = _interrupted(error)
        is_unknown = facts["code"] == OutcomeUnknown.code
        code = exit_codes.code_for(OutcomeUnknown) if is_unknown else exit_codes.INTERRUPTED
        return _tell(words, facts, [], code)
    if isinstance(error, OSError):
        error = of_machine(error) or error
    if isinstance(error, ConnectorError):
        saved = {"file": file} if file else {}
        code = exit_codes.code_for(type(error))
        return _tell(words, error.to_dict(), sentences(error), code, saved)
    if isinstance(error, OSError) and error.strerror:
        return _refused(error, words)
    return _crashed(error, words)


def document(facts: dict[str, Any]) -> dict[str, Any]:
    """A failure as JSON: ``facts`` are those of ``ConnectorError.to_dict``."""
    own = {name: value for name, value in facts.items() if name != "problems"}
    return {"error": own, "problems": facts.get("problems", [])}


def sentences(error: ConnectorError) -> list[str]:
    """What a person can do with the failure, beyond its message."""
    said = [_BILLED[error.billed]] if error.billed in _BILLED else []
    if any(problem.severity == "question" for problem in error.problems):
        said.append("To send it all the same, add --yes.")
    if error.retry_after:
        said.append(f"Try again in {error.retry_after:.0f} seconds.")
    if error.job_id:
        said.append(f"The job can be asked for again: connector result {error.job_id}")
    if isinstance(error, OutcomeUnknown):
        said.append("It is not sent again by itself; settle it with: connector jobs unknown")
    named = {"request": error.request_id, "error": error.error_id}
    ids = ", ".join(f"{name} {value}" for name, value in named.items() if value)
    return [*said, *([f"The API knows it as {ids}."] if ids else [])]


def _tell(
    words: Sequence[str],
    facts: dict[str, Any],
    more: Sequence[str],
    code: int,
    saved: dict[str, Any] | None = None,
) -> int:
    try:
        if _wants_json(words):
            terminal.print_json(document(facts) | (saved or {}))
            sys.stdout.flush()
        else:
            _show(facts["message"], more)
    except BrokenPipeError:
        return _cut_off()
    return code


def _wants_json(words: Sequence[str]) -> bool:
    return "--json" in words[: words.index("--")] if "--" in words else "--json" in words


def _show(message: str, more: Sequence[str]) -> None:
    first, *others = terminal.clean(message).splitlines() or [""]
    mark = terminal.paint("Error:", "red", sys.stderr)
    terminal.say(f"{mark} {first}")
    for line in [*others, *more]:
        terminal.say(f"  {line.strip()}")


def _interrupted(error: KeyboardInterrupt) -> dict[str, Any]:
    """``use`` gives what is known of the invocation as the exception's arguments."""
    message, facts = error.args if len(error.args) == 2 else ("Interrupted.", {})
    return {"code": "interrupted", "message": message, "billed": "no", "retryable": False} | facts


def _refused(error: OSError, words: Sequence[str]) -> int:
    """A full disk, a folder that may only be read, a missing permission: nobody's mistake."""
    place = f": {error.filename}" if error.filename else ""
    message = f"the system refused it ({error.strerror}{place}); see to that, and try again"
    facts = {"code": "system_refused", "message": message, "billed": "unknown", "retryable": True}
    hint = "What may have been paid for is told by: connector jobs unknown"
    return _tell(words, facts, [hint], exit_codes.REFUSED)


def _cut_off() -> int:
    """Nobody reads on. Python would complain when it flushes at its end, so it writes to nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            os.dup2(nowhere, stream.fileno())
    return exit_codes.CUT_OFF


def _crashed(error: BaseException, words: Sequence[str]) -> int:
    """A mistake of ours. Its message could hold anything, so only its kind is told by itself."""
    kind = type(error).__name__
    message = f"a mistake in the connector ({kind}); please report it"
    facts = {"code": "internal", "message": message, "billed": "unknown", "retryable": False}
    if os.environ.get("CONNECTOR_DEBUG") == "1":
        terminal.say(_traceback(error, words))
        return _tell(words, facts, [], exit_codes.CRASHED)
    hint = "CONNECTOR_DEBUG=1 shows where it happened, with the secrets masked."
    return _tell(words, facts, [hint], exit_codes.CRASHED)


def _traceback(error: BaseException, words: Sequence[str]) -> str:
    import traceback

    from connector.secret import redact

    text = "".join(traceback.format_exception(error))
    try:
        return redact(text, _secrets(words))
    except Exception:
        return "The secrets could not be found, so that the traceback cannot be shown without them."


def _secrets(words: Sequence[str]) -> list[str]:
    """Every secret that could have got into a text: stored ones, and those in the environment."""
    from connector.cli.parsing.parser import named_folder
    from connector.engine.connector import Connector
    from connector.secret import trimmed
    from connector.spec.loader import load_lazily

    try:
        integration = load_lazily(named_folder(words))
    except SpecError:
        return []  # nothing of it was used, then
    fields = integration.credential.get("properties", {})
    variables = [fields[name].get("variable", "") for name in integration.secret_fields]
    found = [trimmed(os.environ.get(name, "")) for name in variables]
    given = [word[at:] for word in words for at in (0, *(found.end() for found in re.finditer("=", word)))]
    with Connector(integration) as connector:
        store = connector.workspace.connections
        places = [(each.name, one.name) for each in store.list() for one in each.configurations]
        for place in places:
            found += _opened(store, *place)
    return [*found, *(given if words[:1] == ["connections"] else ())]


def _opened(store: ConnectionStore, connection: str, configuration: str) -> list[str]:
    try:
        values = [
            *store.credential(connection, configuration).values(),
            *store.headers(connection, configuration).values(),
        ]
    except ConnectorError:
        return []  # what does not open was not used either
    return [value.reveal() for value in values if not isinstance(value, str)]
