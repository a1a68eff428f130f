"""API tokens: who may use the host."""

from __future__ import annotations

import builtins
import hmac
import json
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields
from hashlib import sha256
from typing import Any, Literal, get_args

from connector.errors import ConnectorError, InvalidArguments, InvocationError, Problem, UnknownName
from connector.spec import package_data
from connector.spec.schema.suggest import nearest
from connector.storage.database.database import Database, timestamp

_SQL = package_data.statements("storage/connections/api_tokens.sql")

Role = Literal[
    "use",  # invoke, read, upload
    "manage",  # connections, tokens and caps besides
]
ROLES: tuple[str, ...] = get_args(Role)

_FIRST = "first"
_LONGEST_NAME = 100
# Whoever adds the first or removes the last looks at all of them.
_ALL = "tokens"
# The last use is known to so many seconds, so that most uses write nothing.
_USED = 60.0


class NotPermitted(InvocationError):
    """The token is limited to other actions or environments; nothing was sent."""

    code = "role"


@dataclass(frozen=True, slots=True)
class Token:
    """Somebody who may use the host; what they show is not kept, only its digest.

    Where ``actions`` (or workflows), ``environments`` or ``origins`` (of pages) are named, it is for no
    others. ``limit_daily``: credits on a UTC day in an environment of a connection.
    """

    name: str
    role: Role
    created: float
    expires: float | None = None
    actions: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    limit_daily: float | None = None
    origins: tuple[str, ...] = ()
    last_used: float | None = field(default=None, compare=False)

    @property
    def is_limited(self) -> bool:
        """Whether it is for some actions, environments or credits only."""
        return bool(self.actions or self.environments or self.limit_daily is not None)

    def refusal(self, subject: str, environment: str) -> str | None:
        """Why the token does not permit that use."""
        for allowed, asked, what in (
            (self.actions, subject, "action"),
            (self.environments, environment, "environment"),
        ):
            if allowed and asked not in allowed:
                return f"the token {self.name!r} is for the {what} {' or '.join(allowed)}, not for {asked}"
        return None

    @property
    def may_manage(self) -> bool:
        return self.role == "manage"

    def to_dict(self) -> dict[str, Any]:
        moments = {name: getattr(self, name) for name in ("created", "expires", "last_used")}
        own = {one.name: getattr(self, one.name) for one in fields(self)}
        return own | {name: None if at is None else timestamp(at) for name, at in moments.items()}


class Tokens:
    """The tokens in a database. All methods block, and may be called from any thread."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    def add(
        self,
        name: str,
        role: str = "use",
        *,
        expires: float | None = None,
        limit_daily: float | None = None,
        **scope: Sequence[str],
    ) -> str:
        """A new token, shown this once, for the ``scope``. Raises InvalidArguments with all problems."""
        limits = {name: [*value] for name, value in scope.items() if value}
        token, row = self._made(name, role)
        kept = json.dumps(limits) if limits else None
        row = {**row, "expires": expires, "limit_daily": limit_daily, "scope": kept}
        problems = [*_problems(name, role), *_limit_problems(row, self._clock(), limits)]
        if problems:
            raise InvalidArguments(problems)
        if not self._database.write(_SQL["add"], row):
            taken = f"a token is named {name!r} already; choose another name, or remove that one first"
            raise InvalidArguments([Problem("name", taken)])
        return token

    def first(self) -> str | None:
        """The token that a new host is managed with, shown this once; None where there are tokens."""
        token, row = self._made(_FIRST, "manage")
        return token if self._database.write(_SQL["add_first"], row, about=_ALL) else None

    def list(self) -> builtins.list[Token]:
        return [_token(row) for row in self._database.read(_SQL["list"])]

    def remove(self, name: str) -> None:
        """Nobody is let in by it any more. Raises where there is none, and for the last that may manage."""
        if self._database.write(_SQL["remove"], {"name": name}, about=_ALL):
            return
        names = [token.name for token in self.list()]
        if name not in names:
            raise UnknownName(f"there is no token {name[:60]!r}{nearest(name, names)}")
        raise InvocationError(f"{name!r} is the last token that may manage; add another such one first")

    def who(self, token: str) -> Token | None:
        """Whose token it is. How long that takes tells nothing of the tokens that there are."""
        shown, now = _digest(token), self._clock()
        found = self._found(shown, now)
        who = next((_token(row) for row in found if hmac.compare_digest(row["digest"], shown)), None)
        if who is not None and not 0 <= now - (who.last_used or 0.0) < _USED:
            with suppress(ConnectorError):  # nobody is shut out because that cannot be written down
                self._database.write(_SQL["used"], {"name": who.name, "now": now})
        return who

    def _found(self, digest: str, now: float) -> Sequence[Any]:
        """At most one. Only a digest is looked for, of which nobody can choose the beginning."""
        return self._database.read(_SQL["who"], {"digest": digest, "now": now})

    def _made(self, name: str, role: str) -> tuple[str, Mapping[str, Any]]:
        token = secrets.token_urlsafe(32)
        return token, {"name": name, "role": role, "digest": _digest(token), "created": self._clock()}


def _digest(token: str) -> str:
    # Chance of 256 bits cannot be tried out, so that a slow digest, as for passwords, would gain nothing.
    return sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def _problems(name: str, role: str) -> builtins.list[Problem]:
    found = []
    if not (name.strip() and name.isprintable() and len(name) <= _LONGEST_NAME):
        found.append(Problem("name", f"give a name of 1 to {_LONGEST_NAME} printable characters"))
    if role not in ROLES:
        found.append(Problem("role", f"is {role!r}; give one of: {', '.join(ROLES)}"))
    return found


def _limit_problems(row: Mapping[str, Any], now: float, limits: Mapping[str, Any]) -> Iterator[Problem]:
    if row["expires"] is not None and row["expires"] <= now:
        yield Problem("expires", "has passed already; give a time to come")
    if row["role"] == "manage" and (limits or row["limit_daily"] is not None):
        yield Problem("role", "may do everything, so that limits would mean nothing; take the role use")


def permit(found: Sequence[Any], subject: str, environment: str) -> None:
    """Raises NotPermitted where the token, as ``NAMED`` finds it, is limited to something else."""
    refused = next((_token(row).refusal(subject, environment) for row in found), None)
    if refused:
        raise NotPermitted(refused)


NAMED = _SQL["named"]


def _token(row: Any) -> Token:
    scope: dict[str, Any] = {name: tuple(value) for name, value in json.loads(row["scope"] or "{}").items()}
    told = ("name", "role", "created", "expires", "limit_daily", "last_used")
    return Token(**{name: row[name] for name in told}, **scope)
