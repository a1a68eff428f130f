"""Errors: every way an invocation can fail, as one tree.

    ConnectorError
    ├── DatabaseUnavailable    the operator: the database is away, full or held, and may be back soon
    ├── NotSaved               the operator: what came is kept elsewhere than it was wanted
    ├── SpecError              the author: the files of an integration are wrong
    ├── InvocationError        the caller: what was asked cannot be done
    │   ├── UnknownName            no such action, environment, connection or configuration
    │   ├── InvalidArguments       the arguments break the action's rules
    │   │   └── NeedsConfirmation      they can be sent, and are hardly meant
    │   └── CapReached             the environment's credits for the day are used up
    ├── CredentialError        the operator: a secret is missing, unreadable or refused
    │   ├── MissingCredential
    │   └── Unauthorized           the upstream refused it (401)
    ├── UpstreamError          the API answered, and the answer is a failure
    │   ├── BadRequest             it found fault with the arguments (400)
    │   ├── OutOfCredits           (402)
    │   ├── Moderated              it refused the input (403)
    │   ├── Forbidden              the credential may not do this (403)
    │   ├── Filtered               it answered, and withheld or blurred the output
    │   ├── Rejected               well-formed, and not accepted (422)
    │   ├── NotFound               unknown, expired, or somebody else's (404)
    │   ├── TooLarge               (413)
    │   ├── RateLimited            too many requests; carries until when (429)
    │   ├── UpstreamFailed         its fault (5xx)
    │   └── InvalidAnswer          not what the action promises
    ├── TransportError         nobody answered
    │   ├── Unreachable            the request never left
    │   ├── TimedOut               no answer in time, and nothing was at stake
    │   └── OutcomeUnknown         a request that may cost went out and no answer came back
    └── JobError               a job cannot be had or cannot go on
        ├── JobNotFound
        ├── JobPending             it is not finished, and the caller would not wait
        ├── JobExpired             the upstream no longer keeps the result
        └── JobCancelled

Each class has a stable ``code``, says whether sending again can help (``retryable``), and whether the
failure was paid for (``billed``: "no", "yes" or "unknown"). The same codes appear in every face.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

Billed = Literal["no", "yes", "unknown"]

# What a failure may know beside its message.
_FACTS = ("status", "retry_after", "request_id", "error_id", "job_id", "invocation_id")


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding of a check: where, and a sentence that says what to do.

    ``path`` is dotted (``inputs.seed``, or just ``seed`` for an argument); ``file`` and ``line``
    (1-based) are set where the value came from a file. A ``question`` stops like an error, until what
    it warns of is accepted.
    """

    path: str
    message: str
    file: str | None = None
    line: int | None = None
    severity: Literal["error", "warning", "question"] = "error"

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line) if part is not None)
        said = ": ".join(part for part in (place, self.path, self.message) if part)
        return f"{said}; accept_warnings sends it all the same" if self.severity == "question" else said

    def to_dict(self) -> dict[str, Any]:
        """The shape that every face shows; ``field`` is the path."""
        shown: dict[str, Any] = {"field": self.path, "message": self.message}
        if self.file is not None:
            shown |= {"file": self.file, "line": self.line}
        if self.severity != "error":
            shown["severity"] = self.severity
        return shown


class ConnectorError(Exception):
    """Anything this package raises on purpose.

    ``retry_after`` is in seconds from now, ``request_id`` and ``error_id`` are the upstream's own
    names for the exchange and the failure. ``job_id`` is set where something paid can still be fetched,
    ``invocation_id`` where the failure is written down in the ledger.
    """

    code: ClassVar[str] = "error"
    retryable: ClassVar[bool] = False
    default_billed: ClassVar[Billed] = "no"

    def __init__(
        self,
        message: str,
        *,
        problems: Iterable[Problem] = (),
        billed: Billed | None = None,
        status: int | None = None,
        retry_after: float | None = None,
        request_id: str | None = None,
        error_id: str | None = None,
        job_id: str | None = None,
        invocation_id: str | None = None,
        result: Any = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.problems = tuple(problems)
        self.billed: Billed = billed or self.default_billed
        self.status = status
        self.retry_after = retry_after
        self.request_id = request_id
        self.error_id = error_id
        self.job_id = job_id
        self.invocation_id = invocation_id
        # What was delivered all the same: a filtered picture is still the caller's.
        self.result = result

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> ConnectorError:
        """The failure that ``to_dict`` told, as it was raised; of this class, where its code is not known."""
        kind = _KINDS.get(facts["code"], cls)
        error = kind.__new__(kind)
        problems = [_problem(told) for told in facts.get("problems", ())]
        known = {name: facts[name] for name in _FACTS if name in facts}
        ConnectorError.__init__(error, facts["message"], problems=problems, billed=facts["billed"], **known)
        # What it said of itself holds, whatever its class says today.
        error.__dict__ |= {name: facts[name] for name in ("code", "retryable") if name in facts}
        return error

    def __reduce__(self) -> Any:
        return _restored, (type(self), self.args, self.__dict__)

    def to_dict(self) -> dict[str, Any]:
        """The failure as every face shows it; absent facts are left out."""
        facts: Mapping[str, Any] = {name: getattr(self, name) for name in _FACTS}
        shown: dict[str, Any] = {
            "code": self.code,
            "message": self.message,
            "billed": self.billed,
            "retryable": self.retryable,
        }
        shown |= {name: value for name, value in facts.items() if value is not None}
        if self.problems:
            shown["problems"] = [problem.to_dict() for problem in self.problems]
        return shown


def _problem(told: Mapping[str, Any]) -> Problem:
    known = {name: told[name] for name in ("file", "line", "severity") if name in told}
    return Problem(told["field"], told["message"], **known)


def _restored(kind: type[ConnectorError], args: tuple[Any, ...], state: dict[str, Any]) -> ConnectorError:
    """An error as it was before it was pickled: not every kind is made from its message."""
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


class SpecError(ConnectorError):
    """The files of an integration are wrong. Carries every problem, with file, line and path."""

    code = "invalid_spec"

    def __init__(self, problems: Iterable[Problem], subject: str = "the integration") -> None:
        found = tuple(problems)
        count = f"{len(found)} problem{'s' if len(found) != 1 else ''}"
        super().__init__(f"{subject} has {count}:\n" + "\n".join(map(str, found)), problems=found)


class InvocationError(ConnectorError):
    """What the caller asked for cannot be done as asked."""

    code = "invocation_error"


class UnknownName(InvocationError):
    """There is no action, environment, connection or configuration of that name."""

    code = "unknown_name"


class InvalidArguments(InvocationError):
    """The arguments break the action's rules; nothing was sent. Carries a problem for each field."""

    code = "bad_input"

    def __init__(
        self,
        problems: Iterable[Problem],
        action: str | None = None,
        said: str = "the arguments cannot be sent",
    ) -> None:
        found = tuple(problems)
        subject = f"{action}: " if action else ""
        listed = "\n".join(f"  {problem}" for problem in found)
        super().__init__(f"{subject}{said}:\n{listed}", problems=found)


class NeedsConfirmation(InvalidArguments):
    """Something would be paid for that is hardly meant; nothing was sent. Carries what speaks against it.

    With ``accept_warnings`` said of a file it is sent all the same.
    """

    code = "needs_confirmation"

    def __init__(self, problems: Iterable[Problem], action: str | None = None) -> None:
        super().__init__(problems, action, "this is perhaps not what is meant, so nothing was sent")


class CapReached(InvocationError):
    """The credits that this environment may spend today do not cover the invocation; nothing was sent."""

    code = "cap_reached"


class CredentialError(ConnectorError):
    """A secret is missing, cannot be read, or was refused."""

    code = "credential_error"


class MissingCredential(CredentialError):
    """No credential is stored for the environment, or its reference resolves to nothing."""

    code = "missing_credential"


class Unauthorized(CredentialError):
    """The upstream refused the credential."""

    code = "unauthorized"


class UpstreamError(ConnectorError):
    """The API answered, and the answer is a failure."""

    code = "upstream_error"


class BadRequest(UpstreamError):
    """The upstream found fault with the arguments; it names them where it can."""

    code = "bad_request"


class OutOfCredits(UpstreamError):
    """The account has too few credits."""

    code = "out_of_credits"


class Moderated(UpstreamError):
    """The upstream's moderation refused the input."""

    code = "moderated"


class Forbidden(UpstreamError):
    """The credential is good, and may not do this."""

    code = "forbidden"


class Filtered(UpstreamError):
    """The upstream delivered, and withheld or blurred the output. ``result`` holds what it delivered."""

    code = "filtered"
    default_billed = "unknown"


class Rejected(UpstreamError):
    """The request was well-formed and not accepted, for the reason told."""

    code = "rejected"


class NotFound(UpstreamError):
    """What was asked for is unknown, has expired, or belongs to another credential."""

    code = "not_found"


class TooLarge(UpstreamError):
    """The request was larger than the upstream takes."""

    code = "too_large"


class RateLimited(UpstreamError):
    """Too many requests. ``retry_after`` says for how many seconds nothing more should be sent."""

    code = "rate_limited"
    retryable = True


class UpstreamFailed(UpstreamError):
    """The upstream failed by its own fault."""

    code = "upstream_failed"
    retryable = True


class InvalidAnswer(UpstreamError):
    """The answer is not what the action promises: other content, cut short, or unreadable.

    Sending again can help where that costs nothing, unless every answer would be refused (``may_pass``).
    """

    code = "invalid_answer"
    default_billed = "unknown"

    def __init__(self, message: str, *, may_pass: bool = True, **facts: Any) -> None:
        super().__init__(message, **facts)
        self.__dict__["retryable"] = may_pass and self.billed == "no"


class TransportError(ConnectorError):
    """Nobody answered."""

    code = "transport_error"


class Unreachable(TransportError):
    """No connection could be made; the request never left."""

    code = "unreachable"
    retryable = True


class TimedOut(TransportError):
    """No answer came in time, and asking again costs nothing."""

    code = "timed_out"
    retryable = True


class OutcomeUnknown(TransportError):
    """A request that may cost went out, and no answer came back.

    It is written down and never sent again by itself: a person decides.
    """

    code = "unknown"
    default_billed = "unknown"


class DatabaseUnavailable(ConnectorError):
    """What the connector keeps cannot be read or written just now."""

    code = "database_unavailable"
    retryable = True


class NotSaved(ConnectorError):
    """The answer came, and its file could not be written where it was wanted. It says where it is kept."""

    code = "not_saved"


class JobError(ConnectorError):
    """A job cannot be had, or cannot go on."""

    code = "job_error"


class JobNotFound(JobError):
    """No job of that id is known here."""

    code = "job_not_found"


class JobPending(JobError):
    """The job is not finished, and the caller would not wait longer. It can be resumed by its id."""

    code = "job_pending"
    retryable = True
    default_billed = "yes"


class JobExpired(JobError):
    """The upstream no longer keeps the result."""

    code = "job_expired"
    default_billed = "unknown"


class JobCancelled(JobError):
    """We stopped asking for the job, because somebody said so."""

    code = "job_cancelled"
    default_billed = "unknown"


_SPACE, _ACCESS = "free some space", "give this user access there, or choose another folder"
# What this machine says of a file, where that is no mistake of ours, and what its owner can do.
_OF_MACHINE: Mapping[int, str] = {
    errno.ENOSPC: _SPACE,
    errno.EDQUOT: _SPACE,
    errno.EFBIG: _SPACE,
    errno.EACCES: _ACCESS,
    errno.EPERM: _ACCESS,
    errno.EROFS: _ACCESS,
    errno.EIO: "see whether the disk is well",
    errno.EMFILE: "allow more open files (ulimit -n)",
    errno.ENFILE: "let other programs close some files",
}
# What Python says where it can write to none of the folders for temporary files.
_NO_TEMPORARY = "No usable temporary directory"


def of_machine(error: OSError) -> ConnectorError | None:
    """The failure where it is this machine's: a full disk, a folder that cannot be written, a missing
    permission. None for any other, which is a mistake of ours."""
    said = error.strerror or ""
    if said.startswith(_NO_TEMPORARY):
        advice = "free some space, or name a folder that can be written with TMPDIR"
    else:
        advice = _OF_MACHINE.get(error.errno or 0, "")
    if not advice:
        return None
    where = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, str | bytes) else ""
    return ConnectorError(f"this machine cannot do it: {where}{said}; {advice}")


@contextmanager
def needing(what: str, extra: str) -> Iterator[None]:
    """Says how to install the extra where a package is missing that something needs."""
    try:
        yield
    except ImportError as error:
        needed = f"pip install 'stability-connector[{extra}]'"
        raise InvocationError(f"{what} needs a package ({error.name}): {needed}") from error


# Each class by its code.
_KINDS: Mapping[str, type[ConnectorError]] = {
    kind.code: kind
    for kind in [*globals().values()]
    if isinstance(kind, type) and issubclass(kind, ConnectorError)
}
