"""Error responses: the ways the vendor says no, and the body each generation of its API says it with."""

from __future__ import annotations

import re
import secrets
from importlib.resources import files
from typing import Any

import yaml

from connector.sandbox.messages import Answer, json_answer

WORDS: dict[str, Any] = yaml.safe_load(files(__package__).joinpath("answers.yaml").read_bytes())


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
        first, name = path.startswith("/v1/"), WORDS["names"].get(self.status, "error")
        if first:
            field = re.split(r"\W", self.errors[0])[0] if self.status == 400 else ""
            words = WORDS["first_generation"]
            name = words["names"].get(self.status) or words["fields"].get(field, name)
        told = {"message": "; ".join(self.errors)} if first else {"errors": list(self.errors)}
        headers = {} if self.retry_after is None else {"retry-after": str(max(1, round(self.retry_after)))}
        return json_answer(
            self.status, {"id": secrets.token_hex(16), "name": self.name or name, **told}, headers
        )


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
