"""API tokens: who may use the host."""

from __future__ import annotations

import builtins
import hmac
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal, get_args

from connector.errors import InvalidArguments, InvocationError, Problem, UnknownName
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


@dataclass(frozen=True, slots=True)
class Token:
    """Somebody who may use the host; what they show is not kept, only its digest."""

    name: str
    role: Role
    created: float

    @property
    def may_manage(self) -> bool:
        return self.role == "manage"

    def to_dict(self) -> dict[str, Any]:
        return {"name": self.name, "role": self.role, "created": timestamp(self.created)}


class Tokens:
    """The tokens in a database. All methods block, and may be called from any thread."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    def add(self, name: str, role: str = "use") -> str:
        """A new token, which is shown this once. Raises InvalidArguments with each field's problem."""
        token, row = self._made(name, role)
        problems = [*_problems(name, role)]
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
        shown = _digest(token)
        found = self._found(shown)
        return next((_token(row) for row in found if hmac.compare_digest(row["digest"], shown)), None)

    def _found(self, digest: str) -> Sequence[Any]:
        """At most one. Only a digest is looked for, of which nobody can choose the beginning."""
        return self._database.read(_SQL["who"], {"digest": digest})

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


def _token(row: Any) -> Token:
    return Token(row["name"], row["role"], row["created"])
