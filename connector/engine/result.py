"""The result of an invocation."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path, PurePath
from typing import Any

from connector.errors import Billed, NotSaved, Problem
from connector.media.content import File
from connector.media.file import Held


@dataclass(frozen=True, slots=True)
class Result:
    """One answer, in the same shape whichever form it came in.

    ``outcome`` is "success", "pending" (a job that is not finished) or "filtered". ``media`` is the file
    that was delivered, ``value`` the JSON or text. ``credits`` is what it cost by the declared price, None
    where that is not known; ``billed`` says whether it was paid for. The credential is that of
    ``connection``, or what ``variable`` holds, or else the environment's own. ``job_id`` is the upstream's
    id of a job, ``invocation_id`` the ledger's own. What was paid for is ``held`` in the folder ``rescued``
    until this value goes, or longer where it is told so.
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
    variable: str | None = None
    invocation_id: str | None = None
    job_id: str | None = None
    seconds: float | None = None
    warnings: tuple[Problem, ...] = ()
    held: Held | None = field(default=None, repr=False, compare=False)

    @classmethod
    def restored(cls, facts: Mapping[str, Any], media: File | None, held: Held | None) -> Result:
        """The result whose ``to_dict`` told these facts, as far as they tell it."""
        own = {one.name for one in fields(cls)} - {"media", "headers", "warnings", "held"}
        known = {name: value for name, value in facts.items() if name in own}
        return cls(**known, headers={}, media=media, held=held)

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

    def save(self, target: Path | str = ".", *, overwrite: bool = False, number: bool = False) -> Path:
        """Write the delivered file, and give its path.

        Into a folder it goes by a name made of the action and the seed, and a number where that is taken.
        Else ``target`` is the name; a file of that name is replaced with ``overwrite``, left and written
        beside as NAME-2 with ``number``. Raises NotSaved where it cannot be written there, also because there
        is a file and neither was said; what was paid for is then kept in the folder ``rescued``.
        """
        is_folder = Path(target).is_dir() or str(target).endswith(("/", os.sep))
        name = self.file_name if is_folder else None
        try:
            path = self._file().save(target, name=name, overwrite=overwrite, number=number)
        except FileExistsError as error:
            raise self.not_saved(target, error, "; say `overwrite` or `number` to write it there") from error
        except OSError as error:
            raise self.not_saved(target, error) from error
        if self.held is not None:
            self.held.delivered()
        return path

    def not_saved(self, target: Path | str, error: OSError, hint: str = "") -> NotSaved:
        """The failure to write it there; what was paid for stays where it is held."""
        said = f"the file came and could not be written to '{target}' ({error.strerror or error})"
        if self.held is None:
            where = "free some space, or choose another place"
        else:
            self.held.stay()
            where = f"it is kept at {self.held.paths[0]}"
        return NotSaved(
            f"{said}; {where}{hint}",
            billed=self.billed,
            request_id=self.request_id,
            job_id=self.job_id,
            invocation_id=self.invocation_id,
        )

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
            "variable": self.variable,
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
