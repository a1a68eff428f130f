"""Signing secrets: sealed as a connection's are, by a name, and opened only to sign or to verify."""

from __future__ import annotations

import json
from dataclasses import asdict

from connector.secret import Secret
from connector.storage.connections.encryption import MasterKeys, Sealed, SecretAddress
from connector.storage.database.database import Database
from connector.storage.database.protocols import Transaction

_PUT = """
INSERT INTO signing_secrets (name, sealed) VALUES (:name, :sealed)
ON CONFLICT (name) DO UPDATE SET sealed = :sealed"""
_GET = "SELECT sealed FROM signing_secrets WHERE name = :name"
_ALL = "SELECT name, sealed FROM signing_secrets"
_REMOVE = "DELETE FROM signing_secrets WHERE name = :name"


class SigningSecrets:
    """The signing secrets in a database. All methods block, and may be called from any thread."""

    def __init__(self, database: Database, keys: MasterKeys) -> None:
        self._database = database
        self._keys = keys

    def put(self, name: str, secret: str) -> None:
        """Keeps the secret, in place of one of that name. Raises MissingCredential without a master key."""
        self._database.write(_PUT, self._row(name, secret))

    def get(self, name: str) -> Secret | None:
        """The secret of that name. Raises CredentialError for one that does not open."""
        rows = self._database.read(_GET, {"name": name})
        return self._opened(name, rows[0]["sealed"]) if rows else None

    def remove(self, name: str) -> None:
        self._database.write(_REMOVE, {"name": name})

    def rotate(self, database: Transaction) -> int:
        """Seals each again with the first master key; how many there are."""
        rows = database.execute(_ALL).fetchall()
        for row in rows:
            opened = self._opened(row["name"], row["sealed"])
            database.execute(_PUT, self._row(row["name"], opened.reveal()))
        return len(rows)

    def _row(self, name: str, secret: str) -> dict[str, str]:
        return {"name": name, "sealed": json.dumps(asdict(self._keys.seal(secret, _address(name))))}

    def _opened(self, name: str, sealed: str) -> Secret:
        return self._keys.unseal(Sealed(**json.loads(sealed)), _address(name))


def _address(name: str) -> SecretAddress:
    # No connection's name has a space, so that none of their secrets opens here.
    return SecretAddress(f"signing {name}", (), "secret")
