"""Settings of a host: what an operator decides, and what it needs of the world."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from connector.engine.http.transport import Transport
from connector.storage.blocking import Io
from connector.storage.home import home as default_home

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Settings:
    """Bytes are bytes, times are seconds.

    ``integrations`` are folders (none: the one that ships with the package). ``allowed_hosts`` are names by
    which clients may reach the host, beside ``localhost`` and plain addresses. ``allowed_urls`` are base URLs
    that a client may have a secret of this machine sent to (``env:NAME``), beside the integration's own.
    ``allowed_origins`` are those of applications in a browser that may call the API with a token.
    ``public_openapi`` lets everybody read the OpenAPI document. ``trusted_proxies``
    are addresses and networks of proxies that may say whose a request is, and whether it came by TLS.
    ``transport``, ``io`` and ``clock`` stand for the network, the waiting and the time: for tests.
    """

    home: Path = field(default_factory=default_home)
    integrations: tuple[Path, ...] = ()
    host: str = "127.0.0.1"
    port: int = 8760
    allowed_hosts: tuple[str, ...] = ()
    allowed_urls: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()
    public_openapi: bool = False
    trusted_proxies: tuple[str, ...] = ()
    # Invocations at once; others wait in line, and beyond the line they are turned away.
    max_runs: int = 64
    max_queue: int = 1000
    max_requests: int = 2000
    # Reads at once, and those that wait in line; beyond it they are told to come again.
    max_reads: int = 16
    max_read_queue: int = 100
    max_body: int = 100 * _MIB
    # JSON is read whole; a file in it is base64, so large ones are better uploaded.
    max_json: int = 24 * _MIB
    # How long a client may be kept waiting for a run; then it is told where to look.
    max_wait: float = 600.0
    # How long a client may be silent while it sends.
    max_silence: float = 60.0
    heartbeat: float = 15.0
    drain: float = 30.0
    # Whether the host does durable runs itself, as far as no other worker does.
    worker: bool = False
    # For how long files are kept; None is for good.
    keep: float | None = None
    # For how long an upload is kept that no run has taken, unless its sender said for how long.
    keep_unused: float = 7 * 24 * 3600.0
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    clock: Callable[[], float] = time.time
    transport: Transport | None = None
    io: Io | None = None
