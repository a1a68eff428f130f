"""Sources of files that a caller may name: paths, downloads guarded against SSRF, references."""

from __future__ import annotations

from dataclasses import dataclass, field

from connector.engine.http.ssrf_guard import Guard
from connector.media.adopt import Policy
from connector.media.content import Downloads


@dataclass(frozen=True, slots=True)
class Sources(Policy):
    """Where files may come from.

    ``paths``: anywhere, nowhere, or only below one folder or some (links resolved), which relative paths
    are relative to. ``urls``: what downloads are guarded by; None for no downloads. ``references``: what
    resolves a text such as ``file:ID``.
    """

    urls: Downloads | None = field(default_factory=Guard)
