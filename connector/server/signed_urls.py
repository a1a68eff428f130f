"""Signed URLs: addresses of this host that open one file for a while, without a token.

Each is signed by HMAC-SHA256 over its method, its path and the second when it ends.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from connector.secret import Secret
from connector.server.problem_documents import Refused
from connector.storage.connections.signing_secrets import SigningSecrets

PREFIX = "/signed/"
# The name of their secret among the signing secrets, which all hosts of a database share.
_SECRET = "links"
_DOWNLOAD_SECONDS, _UPLOAD_SECONDS = 3600, 900


class SignedUrls:
    """Links to the files of a host, at the ``origin`` by which it is reached. All methods block.

    Making one raises MissingCredential where no secret can be kept.
    """

    def __init__(self, signing: SigningSecrets, clock: Callable[[], float]) -> None:
        self._signing = signing
        self._clock = clock

    def download(self, file_id: str, origin: str) -> str:
        """Where the file is read, by anybody, for an hour."""
        return self._made("GET", file_id, origin, _DOWNLOAD_SECONDS)

    def upload(self, origin: str) -> tuple[str, str]:
        """Where one file is PUT, once, within a quarter of an hour; and the id that it will have."""
        file_id = secrets.token_hex(16)
        return self._made("PUT", file_id, origin, _UPLOAD_SECONDS), file_id

    def check(self, method: str, file_id: str, query: Any) -> None:
        """Raises Refused for a link that was not made here, or has ended."""
        key, expires = self._signing.get(_SECRET), query.get("expires", 0)
        is_ours = key is not None and hmac.compare_digest(
            _signature(key, method, file_id, expires), query.get("signature", "")
        )
        if not is_ours or expires < self._clock():
            raise Refused("unauthenticated", "this link is not of this host, or has ended; ask for another")

    def _made(self, method: str, file_id: str, origin: str, seconds: int) -> str:
        while (key := self._signing.get(_SECRET)) is None:
            self._signing.put(_SECRET, secrets.token_hex(32))
        expires = int(self._clock()) + seconds
        query = {"expires": expires, "signature": _signature(key, method, file_id, expires)}
        return f"{origin.rstrip('/')}{PREFIX}{file_id}?{urlencode(query)}"


def _signature(key: Secret, method: str, file_id: str, expires: int) -> str:
    return hmac.new(key.reveal().encode(), f"{method} {file_id} {expires}".encode(), "sha256").hexdigest()
