"""The result of an invocation."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

from connector.errors import Billed, Problem
from connector.media.content import File


@dataclass(frozen=True, slots=True)
class Result:
    """One answer, in the same shape whichever form it came in.

    ``outcome`` is "success", "pending" (a job that is not finished) or "filtered". ``media`` is the file
    that was delivered, ``value`` the JSON or text. ``credits`` is what it cost by the declared price, None
    where that is not known; ``billed`` says whether it was paid for. ``job_id`` is the upstream's id of a
    job, ``invocation_id`` the ledger's own.
    """

    action: str
    outcome: str
    status: int
    headers: Mapping[str, str] = field(repr=False)
    media: File | None = None
    value: Any = None
    seed: int | None = None
    finish_reason: str | None = None
    request_id: str | None = None
    credits: float | None = 0.0
    billed: Billed = "no"
    environment: str = ""
    connection: str | None = None
    invocation_id: str | None = None
    job_id: str | None = None
    seconds: float | None = None
    warnings: tuple[Problem, ...] = ()

    @property
    def bytes(self) -> bytes:
        """The delivered file's bytes; raises ValueError where there is none."""
        return self._file().bytes

    @property
    def base64(self) -> str:
        """The delivered file as base64 text."""
        return self._file().base64

    @property
    def data_uri(self) -> str:
        """The delivered file as a data URI."""
        return self._file().data_uri

    def save(self, target: Path | str = ".") -> Path:
        """Write the delivered file, and give its path; nothing is ever overwritten.

        Into a folder it goes by a name made of the action and the seed; else ``target`` is the name.
        """
        if Path(target).is_dir() or str(target).endswith(("/", os.sep)):
            return self._file().save(target, name=self.file_name)
        return self._file().save(target)

    @property
    def file_name(self) -> str:
        """The name that the delivered file has by itself: the action, the seed, the ending of its content."""
        stem = self.action if self.seed is None else f"{self.action}-{self.seed}"
        return stem + PurePath(self._file().name).suffix

    def to_dict(self) -> dict[str, Any]:
        """The stable shape that every face shows; absent facts are left out."""
        facts = {
            "value": self.value,
            "media": None if self.media is None else describe(self.media),
            "seed": self.seed,
            "finish_reason": self.finish_reason,
            "request_id": self.request_id,
            "credits": self.credits,
            "connection": self.connection,
            "invocation_id": self.invocation_id,
            "job_id": self.job_id,
            "seconds": None if self.seconds is None else round(self.seconds, 3),
        }
        shown: dict[str, Any] = {
            "action": self.action,
            "outcome": self.outcome,
            "environment": self.environment,
            "status": self.status,
            "billed": self.billed,
        }
        shown |= {name: value for name, value in facts.items() if value is not None}
        if self.warnings:
            shown["warnings"] = [problem.to_dict() for problem in self.warnings]
        return shown

    def _file(self) -> File:
        if self.media is None:
            raise ValueError(f"the answer of {self.action} is no file; its outcome is {self.outcome}")
        return self.media


def describe(file: File) -> dict[str, Any]:
    """What a file is, as every face shows it; absent facts are left out, and so are its bytes."""
    facts = {"type": file.type, "bytes": file.size, "width": file.width, "height": file.height}
    facts |= {"seconds": file.seconds, "sha256": file.sha256}
    return {name: value for name, value in facts.items() if value is not None}
