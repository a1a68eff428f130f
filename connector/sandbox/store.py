"""The sandbox's store: its clock, accounts, requests counted, generations, and what was paid.

It is always SQLite: a private temporary database that spills to disk by itself, or a file that
several processes share. Keys are kept as fingerprints alone, amounts in hundredths of a credit.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import sqlite3
import threading
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from connector.sandbox.document import RateLimit


@dataclass(frozen=True, slots=True)
class Clock:
    """A time that was ``origin`` when the world's was ``since``, and runs ``speed`` times as fast.

    ``advanced`` is by how many seconds it was set forward in all.
    """

    since: float
    origin: float
    speed: float = 1.0
    advanced: float = 0.0

    def at(self, world: float) -> float:
        """This clock's time, in seconds since the epoch, at a time of the world."""
        return self.origin + (world - self.since) * self.speed

    def changed(self, world: float, *, speed: float | None = None, advance: float = 0.0) -> Clock:
        """The same clock from now on at another speed, or set forward; it never jumps back."""
        speed = self.speed if speed is None else speed
        return Clock(world, self.at(world) + advance, speed, self.advanced + advance)

    @property
    def honest(self) -> dict[str, str]:
        """The headers that say so where this is not the world's time."""
        told = {"x-sandbox-speed": (self.speed, 1), "x-sandbox-advanced": (self.advanced, 0)}
        return {name: f"{value:g}" for name, (value, usual) in told.items() if value != usual}


# SQLite's word for what is wrong with a file, and the system's.
_FAULTS: Mapping[str, int] = {
    "FULL": errno.ENOSPC,
    "IOERR": errno.EIO,
    "READONLY": errno.EROFS,
    "PERM": errno.EACCES,
    "CANTOPEN": errno.EACCES,
}


@dataclass(frozen=True, slots=True)
class Generation:
    """A started generation: what was asked for, and when it is ready and gone."""

    id: str
    key: str
    operation: str
    fields: Mapping[str, str]
    seed: int
    filtered: bool
    ready: float
    expires: float
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Payment:
    """A line of the ledger: a generation that was paid for."""

    id: str
    operation: str
    key: str
    credits: int
    at: float
    request_id: str


@dataclass(frozen=True, slots=True)
class Account:
    """What belongs to one key, which is known by its fingerprint."""

    key: str
    credits: int
    revoked: bool


def fingerprint(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:16]


class Store:
    """The memory itself. Every method is one transaction, whoever else uses the same file."""

    def __init__(self, path: Path | None) -> None:
        self._name = str(path or "the sandbox's temporary file")
        self._lock = threading.RLock()
        with self._translated():
            self._base = self._opened(path)
        self.close = weakref.finalize(self, self._base.close)

    def _opened(self, path: Path | None) -> sqlite3.Connection:
        # An empty name is SQLite's word for a private database in a temporary file.
        base = sqlite3.connect(path or "", timeout=30, isolation_level=None, check_same_thread=False)
        base.row_factory = sqlite3.Row
        base.execute("PRAGMA foreign_keys = ON")
        # What the sandbox remembers may be lost in a power cut; waiting for the disk is not worth it.
        base.execute("PRAGMA synchronous = OFF")
        base.executescript(files(__package__).joinpath("store.sql").read_text("utf-8"))
        return base

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """What is wrong with the disk leaves as OSError; a mistake of ours stays as it is."""
        try:
            yield
        except sqlite3.Error as error:
            name = getattr(error, "sqlite_errorname", None) or ""
            number = _FAULTS.get(name.removeprefix("SQLITE_").split("_")[0])
            if number is None:
                raise
            raise OSError(number, os.strerror(number), self._name) from error

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._translated():
            self._base.execute("BEGIN IMMEDIATE")
            try:
                yield self._base
            except BaseException:
                if self._base.in_transaction:  # SQLite ends it by itself where the disk is full
                    self._base.execute("ROLLBACK")
                raise
            self._base.execute("COMMIT")

    def _read(self, query: str, *values: Any) -> list[sqlite3.Row]:
        with self._lock, self._translated():
            return self._base.execute(query, values).fetchall()

    def _write(self, statement: str, *values: Any) -> bool:
        """A statement that is a transaction by itself; whether it changed anything."""
        with self._lock, self._translated():
            return self._base.execute(statement, values).rowcount > 0

    def clear(self) -> None:
        """Forgets everything but the time."""
        with self._transaction() as base:
            for table in ("account", "hit", "input", "generation", "ledger"):
                base.execute(f"DELETE FROM {table}")

    def clock(self) -> Clock | None:
        return next((Clock(**row) for row in self._read("SELECT * FROM clock")), None)

    def set_clock(self, clock: Clock) -> None:
        with self._transaction() as base:
            base.execute("DELETE FROM clock")
            _insert(base, "clock", asdict(clock))

    def account(self, key: str, credits: int) -> Account:
        """The account of a key; one that was never seen starts with these credits."""
        self._write("INSERT OR IGNORE INTO account (key, credits) VALUES (?, ?)", key, credits)
        (row,) = self._read("SELECT * FROM account WHERE key = ?", key)
        return Account(key, row["credits"], bool(row["revoked"]))

    def set_account(self, account: Account) -> None:
        self._write(
            "INSERT INTO account (key, credits, revoked) VALUES (?, ?, ?) ON CONFLICT (key)"
            " DO UPDATE SET credits = excluded.credits, revoked = excluded.revoked",
            *(account.key, account.credits, account.revoked),
        )

    def locked_for(self, key: str, now: float, limit: RateLimit) -> float:
        """Counts a request of the key; returns for how many seconds it is locked out (0: it may go on)."""
        with self._transaction() as base:
            until = base.execute("SELECT locked_until FROM account WHERE key = ?", (key,)).fetchone()[0]
            if until > now:
                return float(until - now)
            base.execute("DELETE FROM hit WHERE key = ? AND at <= ?", (key, now - limit.window))
            base.execute("INSERT INTO hit VALUES (?, ?)", (key, now))
            (seen,) = base.execute("SELECT count(*) FROM hit WHERE key = ?", (key,)).fetchone()
            if seen <= limit.requests:
                return 0.0
            base.execute("UPDATE account SET locked_until = ? WHERE key = ?", (now + limit.lockout, key))
            return limit.lockout

    def charge(self, key: str, amount: int) -> bool:
        """Takes the amount from the account, where it holds that much."""
        taking = "UPDATE account SET credits = credits - ? WHERE key = ? AND credits >= ?"
        return self._write(taking, amount, key, amount)

    def refund(self, key: str, amount: int) -> None:
        self._write("UPDATE account SET credits = credits + ? WHERE key = ?", amount, key)

    def pay(self, payment: Payment) -> None:
        """Writes down a payment that was charged."""
        with self._transaction() as base:
            _insert(base, "ledger", asdict(payment))

    def payments(self) -> tuple[Payment, ...]:
        return tuple(Payment(**row) for row in self._read("SELECT * FROM ledger ORDER BY rowid"))

    def start(self, generation: Generation, now: float) -> None:
        """Keeps a generation until it expires, and forgets those that have."""
        told = asdict(generation)
        inputs = told.pop("files")
        with self._transaction() as base:
            base.execute("DELETE FROM generation WHERE expires <= ?", (now,))
            _insert(base, "generation", told | {"fields": json.dumps(told["fields"])})
            for name, content in inputs.items():
                _insert(base, "input", {"generation": generation.id, "name": name, "content": content})

    def generation(self, ident: str, key: str, now: float) -> Generation | None:
        """A generation of this key that has not expired."""
        kept = self._read(
            "SELECT * FROM generation WHERE id = ? AND key = ? AND expires > ?", ident, key, now
        )
        if not kept:
            return None
        told = dict(kept[0]) | {
            "fields": json.loads(kept[0]["fields"]),
            "filtered": bool(kept[0]["filtered"]),
        }
        del told["polled"]
        inputs = self._read("SELECT name, content FROM input WHERE generation = ?", ident)
        return Generation(**told, files=dict(map(tuple, inputs)))

    def poll(self, ident: str, now: float, floor: float) -> bool:
        """Notes that the generation was asked for, unless that is too soon after the last time."""
        noting = "UPDATE generation SET polled = ? WHERE id = ? AND (polled IS NULL OR polled <= ?)"
        return self._write(noting, now, ident, now - floor)


def _insert(base: sqlite3.Connection, table: str, row: Mapping[str, Any]) -> None:
    places = ", ".join(f":{name}" for name in row)
    base.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})", row)
