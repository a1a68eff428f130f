"""Encryption at rest: a secret is sealed to one field of one connection, and opened only there.

Master keys are 32 random bytes in base64. They come from ``CONNECTOR_MASTER_KEY`` (several are separated
by commas: the first seals, all open), or from the file at ``CONNECTOR_MASTER_KEY_FILE``, else from
``master.key`` in the data folder, which is made when the first secret is sealed.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from connector.errors import CredentialError, MissingCredential
from connector.secret import Secret
from connector.storage.home import create_whole

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_FILE_NAME = "master.key"
_KEY_BYTES = 32
_NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class SecretAddress:
    """Where a sealed secret belongs. Moved to any other place it does not open."""

    connection: str
    environments: tuple[str, ...]
    field: str

    def associated_data(self) -> bytes:
        identity = [self.connection, sorted(self.environments), self.field]
        return json.dumps(identity, ensure_ascii=False, separators=(",", ":")).encode()

    def __str__(self) -> str:
        return f"{self.field!r} of connection {self.connection!r} ({', '.join(sorted(self.environments))})"


@dataclass(frozen=True, slots=True)
class Sealed:
    """A secret as it is stored. ``kid`` names the master key; the bytes are base64."""

    kid: str
    nonce: str
    ciphertext: str
    v: int = 1


class MasterKeys:
    """The keys that seal and open. They are read where they are kept at each use, and not held."""

    def __init__(self, environ: Mapping[str, str] = os.environ, home: Path | None = None) -> None:
        self._environ = environ
        self._home = home

    def seal(self, secret: str, place: SecretAddress) -> Sealed:
        """Seals with the first key; where there is none yet, makes one in the data folder."""
        key = (self._keys() or self._generated())[0]
        nonce = os.urandom(_NONCE_BYTES)
        ciphertext = _cipher(key).encrypt(nonce, secret.encode(), place.associated_data())
        return Sealed(_kid(key), _text(nonce), _text(ciphertext))

    def unseal(self, sealed: Sealed, place: SecretAddress) -> Secret:
        """The secret, if it was sealed to this place with a key that is here."""
        cipher = _cipher(self._key(sealed, place))
        from cryptography.exceptions import InvalidTag

        try:
            nonce, ciphertext = _bytes(sealed.nonce), _bytes(sealed.ciphertext)
            return Secret(cipher.decrypt(nonce, ciphertext, place.associated_data()).decode())
        except (InvalidTag, ValueError) as error:
            raise CredentialError(
                f"{place} does not open: it was changed, or sealed for another place; store the secret again"
            ) from error

    def _key(self, sealed: Sealed, place: SecretAddress) -> bytes:
        for key in self._keys():
            if _kid(key) == sealed.kid:
                return key
        raise CredentialError(
            f"{place} is sealed with the master key {sealed.kid!r}, which is not here; add that key to "
            f"{self._origin()}, or store the secret again"
        )

    def _origin(self) -> str:
        if self._environ.get("CONNECTOR_MASTER_KEY"):
            return "CONNECTOR_MASTER_KEY"
        return str(self._file() or "CONNECTOR_MASTER_KEY")

    def _file(self) -> Path | None:
        if named := self._environ.get("CONNECTOR_MASTER_KEY_FILE"):
            return Path(named).expanduser()
        return self._home / KEY_FILE_NAME if self._home else None

    def _keys(self) -> tuple[bytes, ...]:
        written = self._environ.get("CONNECTOR_MASTER_KEY") or self._written(self._file())
        parts = written.replace("\n", ",").split(",")
        return tuple(self._parsed(part.strip()) for part in parts if part.strip())

    def _written(self, path: Path | None) -> str:
        try:
            if path is None:
                return ""
            with path.open(encoding="ascii") as file:
                self._check_mode(path, os.fstat(file.fileno()).st_mode)
                return file.read()
        except FileNotFoundError:
            return ""
        except (OSError, UnicodeDecodeError) as error:
            raise MissingCredential(
                f"the master key file {path} cannot be read ({type(error).__name__}); "
                "check its path and permissions"
            ) from None

    def _check_mode(self, path: Path, mode: int) -> None:
        """Raises CredentialError for a key that others could read, or put another one in the place of.

        One that an operator named may be readable, as a secret that is mounted into a container is.
        """
        own = not self._environ.get("CONNECTOR_MASTER_KEY_FILE")
        if os.name == "posix" and mode & (0o077 if own else 0o022):
            raise CredentialError(
                f"other users of this machine can use the master key {path} (mode {mode & 0o777:04o}); "
                f"run: chmod 600 {shlex.quote(str(path))}"
            )

    def _parsed(self, text: str) -> bytes:
        try:
            key = _bytes(text)
        except binascii.Error:
            key = b""
        if len(key) != _KEY_BYTES:
            raise MissingCredential(
                f"{self._origin()} holds something other than {_KEY_BYTES} bytes in base64; make a key with: "
                "openssl rand -base64 32"
            )
        return key

    def _generated(self) -> tuple[bytes, ...]:
        path = self._file()
        if path is None or self._environ.get("CONNECTOR_MASTER_KEY_FILE"):
            # A key that the operator keeps is never replaced by one that only this machine has.
            raise MissingCredential(
                f"there is no master key in {self._origin()}; make one with: openssl rand -base64 32"
            )
        _cipher(bytes(_KEY_BYTES))  # says that the package is missing before it leaves a file behind
        try:
            create_whole(path, _write_new_key)
        except OSError as error:
            raise MissingCredential(
                f"the master key {path} cannot be written ({error.strerror}); give this user write access "
                "there, or set CONNECTOR_MASTER_KEY"
            ) from error
        return self._keys()


def new_key() -> str:
    """A fresh master key, as it stands in ``CONNECTOR_MASTER_KEY``."""
    return _text(os.urandom(_KEY_BYTES))


def _write_new_key(path: Path) -> None:
    with path.open("w", encoding="ascii") as file:
        file.write(new_key() + "\n")
        file.flush()
        # All that is sealed is lost with it, so not even a power cut may take it.
        os.fsync(file.fileno())


def _kid(key: bytes) -> str:
    return sha256(b"connector master key\0" + key).hexdigest()[:8]


def _cipher(key: bytes) -> AESGCM:
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    except ImportError as error:
        raise MissingCredential(
            "storing a secret needs a package; run: pip install 'stability-connector[secrets]' "
            "(a reference such as env:NAME needs none)"
        ) from error
    return AESGCM(key)


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
