"""The sandbox's store: accounts, requests counted, generations, and what was paid.

It is always SQLite: a private temporary database that spills to disk by itself, or a file that
several processes share. Keys are kept as fingerprints alone, amounts in hundredths of a credit.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from connector.sandbox.clock import Clock
from connector.sandbox.document import RateLimit

_TABLES = """
CREATE TABLE IF NOT EXISTS clock (since REAL, origin REAL, speed REAL, advanced REAL);
CREATE TABLE IF NOT EXISTS account (
    key TEXT PRIMARY KEY, credits INTEGER NOT NULL, revoked INTEGER NOT NULL DEFAULT 0,
    locked_until REAL NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS hit (key TEXT NOT NULL, at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS hit_by_key ON hit (key, at);
CREATE TABLE IF NOT EXISTS generation (
    id TEXT PRIMARY KEY, key TEXT NOT NULL, operation TEXT NOT NULL, fields TEXT NOT NULL,
    seed INTEGER NOT NULL, filtered INTEGER NOT NULL, ready REAL NOT NULL, expires REAL NOT NULL,
    polled REAL);
CREATE TABLE IF NOT EXISTS input (
    generation TEXT NOT NULL REFERENCES generation ON DELETE CASCADE, name TEXT NOT NULL,
    content BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS input_of ON input (generation);
CREATE TABLE IF NOT EXISTS ledger (
    id TEXT NOT NULL, operation TEXT NOT NULL, key TEXT NOT NULL, credits INTEGER NOT NULL,
    at REAL NOT NULL, request_id TEXT NOT NULL);
"""


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
        self._lock = threading.RLock()
        # An empty name is SQLite's word for a private database in a temporary file.
        self._base = sqlite3.connect(path or "", timeout=30, isolation_level=None, check_same_thread=False)
        self._base.row_factory = sqlite3.Row
        self._base.execute("PRAGMA foreign_keys = ON")
        # What the sandbox remembers may be lost in a power cut; waiting for the disk is not worth it.
        self._base.execute("PRAGMA synchronous = OFF")
        self._base.executescript(_TABLES)
        self.close = weakref.finalize(self, self._base.close)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._base.execute("BEGIN IMMEDIATE")
            try:
                yield self._base
            except BaseException:
                self._base.execute("ROLLBACK")
                raise
            self._base.execute("COMMIT")

    def clear(self) -> None:
        """Forgets everything but the time."""
        with self._transaction() as base:
            for table in ("account", "hit", "input", "generation", "ledger"):
                base.execute(f"DELETE FROM {table}")

    def clock(self) -> Clock | None:
        with self._lock:
            row = self._base.execute("SELECT * FROM clock").fetchone()
        return Clock(**row) if row else None

    def set_clock(self, clock: Clock) -> None:
        with self._transaction() as base:
            base.execute("DELETE FROM clock")
            base.execute("INSERT INTO clock VALUES (:since, :origin, :speed, :advanced)", asdict(clock))

    def account(self, key: str, credits: int) -> Account:
        """The account of a key; one that was never seen starts with these credits."""
        with self._transaction() as base:
            base.execute("INSERT OR IGNORE INTO account (key, credits) VALUES (?, ?)", (key, credits))
            row = base.execute("SELECT * FROM account WHERE key = ?", (key,)).fetchone()
        return Account(key, row["credits"], bool(row["revoked"]))

    def set_account(self, account: Account) -> None:
        with self._transaction() as base:
            base.execute(
                "INSERT INTO account (key, credits, revoked) VALUES (?, ?, ?) ON CONFLICT (key)"
                " DO UPDATE SET credits = excluded.credits, revoked = excluded.revoked",
                (account.key, account.credits, account.revoked),
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
        with self._transaction() as base:
            done = base.execute(
                "UPDATE account SET credits = credits - ? WHERE key = ? AND credits >= ?",
                (amount, key, amount),
            )
            return done.rowcount == 1

    def refund(self, key: str, amount: int) -> None:
        with self._transaction() as base:
            base.execute("UPDATE account SET credits = credits + ? WHERE key = ?", (amount, key))

    def pay(self, payment: Payment) -> None:
        """Writes down a payment that was charged."""
        with self._transaction() as base:
            base.execute(
                "INSERT INTO ledger VALUES (:id, :operation, :key, :credits, :at, :request_id)",
                asdict(payment),
            )

    def payments(self) -> tuple[Payment, ...]:
        with self._lock:
            rows = self._base.execute("SELECT * FROM ledger ORDER BY rowid").fetchall()
        return tuple(Payment(**row) for row in rows)

    def start(self, generation: Generation, now: float) -> None:
        """Keeps a generation until it expires, and forgets those that have."""
        row: dict[str, Any] = {
            name: getattr(generation, name)
            for name in ("id", "key", "operation", "seed", "filtered", "ready", "expires")
        }
        row["fields"] = json.dumps(dict(generation.fields))
        with self._transaction() as base:
            base.execute("DELETE FROM generation WHERE expires <= ?", (now,))
            base.execute(
                "INSERT INTO generation (id, key, operation, fields, seed, filtered, ready, expires)"
                " VALUES (:id, :key, :operation, :fields, :seed, :filtered, :ready, :expires)",
                row,
            )
            base.executemany(
                "INSERT INTO input VALUES (?, ?, ?)",
                [(generation.id, name, content) for name, content in generation.files.items()],
            )

    def generation(self, ident: str, key: str, now: float) -> Generation | None:
        """A generation of this key that has not expired."""
        with self._lock:
            row = self._base.execute(
                "SELECT id, key, operation, fields, seed, filtered, ready, expires FROM generation"
                " WHERE id = ? AND key = ? AND expires > ?",
                (ident, key, now),
            ).fetchone()
            files = self._base.execute(
                "SELECT name, content FROM input WHERE generation = ?", (ident,)
            ).fetchall()
        if row is None:
            return None
        told = dict(row) | {"fields": json.loads(row["fields"]), "filtered": bool(row["filtered"])}
        return Generation(**told, files={file["name"]: file["content"] for file in files})

    def poll(self, ident: str, now: float, floor: float) -> bool:
        """Notes that the generation was asked for, unless that is too soon after the last time."""
        with self._transaction() as base:
            done = base.execute(
                "UPDATE generation SET polled = ? WHERE id = ? AND (polled IS NULL OR polled <= ?)",
                (now, ident, now - floor),
            )
            return done.rowcount == 1
