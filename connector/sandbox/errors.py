"""Error responses: the ways the vendor says no, and the body each generation of its API says it with."""

from __future__ import annotations

import secrets

from connector.sandbox.messages import Answer, json_answer

# The name that belongs to a status; 403 and 422 have several and are always given one.
_NAMES = {
    400: "bad_request",
    401: "unauthorized",
    402: "payment_required",
    404: "not_found",
    413: "payload_too_large",
    429: "rate_limit_exceeded",
    500: "internal_error",
    502: "bad_gateway",
    503: "service_unavailable",
    504: "gateway_timeout",
}
# The first generation calls the same failure by another name.
_NAMES_V1 = _NAMES | {500: "server_error"}


class Refusal(Exception):
    """A request is not served: the status, the sentences, and a name where the status has several."""

    def __init__(self, status: int, *errors: str, name: str | None = None, retry_after: float | None = None):
        super().__init__("; ".join(errors))
        self.status = status
        self.errors = errors
        self.name = name
        self.retry_after = retry_after

    def answer(self, path: str) -> Answer:
        """The refusal as the API under this path words it."""
        first = path.startswith("/v1/")
        name = self.name or (_NAMES_V1 if first else _NAMES).get(self.status, "error")
        told = {"message": "; ".join(self.errors)} if first else {"errors": list(self.errors)}
        headers = {} if self.retry_after is None else {"retry-after": str(max(1, round(self.retry_after)))}
        return json_answer(self.status, {"id": secrets.token_hex(16), "name": name, **told}, headers)


def no_such_path(path: str) -> Refusal:
    return Refusal(404, f"{path}: there is nothing here")


def unauthorized(path: str, sent: str | None) -> Refusal:
    """The credential is missing or not accepted; the first generation repeats both ends of the key."""
    if not path.startswith("/v1/"):
        return Refusal(401, "authorization: invalid or missing header value")
    if not sent:
        return Refusal(401, "missing authorization header")
    key = sent.partition(" ")[2] or sent
    return Refusal(401, f"Incorrect API key provided: {key[:7]}...{key[-4:]} ({len(key)} characters)")
