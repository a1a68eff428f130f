"""Settings of a sandbox."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """The choices that the vendor leaves open, or that one wants otherwise for a while.

    ``credits`` is what a key starts with that was never seen; any key that begins with ``sk-`` and is
    not ``revoked`` is an account. ``job_seconds`` is how long a started generation takes, and ``speed``
    how much faster than the world's the clock runs (None: as the kept state says, else 1).
    ``poll_floor`` refuses polls that come too soon. ``retry_after`` adds that header to a 429, which the
    vendor does not. ``serve_removed`` serves what the vendor has ended; without it, it is 404 as today.
    ``strict_fields`` refuses form fields that an operation does not have; the vendor lets them pass, as
    its own samples show, and so they are only named in a header of the answer.
    """

    credits: float = 1000
    revoked: frozenset[str] = frozenset()
    job_seconds: float = 12
    speed: float | None = None
    poll_floor: bool = True
    retry_after: bool = False
    serve_removed: bool = True
    strict_fields: bool = False
    kept_requests: int = 1000
