"""A Ctrl-C that is heard between two acts, and never in the middle of one: the second one ends at once."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType
from typing import Self

from connector.cli.report import exit_codes
from connector.cli.terminal import terminal


class Interrupt:
    """Listens for as long as the block lasts. ``heard`` says whether somebody asked for an end.

    The second time the process ends where it stands, as if it were killed: only for what survives that.
    """

    def __init__(self, said: str) -> None:
        self._said = said
        self.heard = False

    def __enter__(self) -> Self:
        # Only the main thread hears signals.
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._hear)
        return self

    def __exit__(self, *failure: object) -> None:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, self._before)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if self.heard:
            terminal.say(f"\n{self._said}")
            os._exit(exit_codes.INTERRUPTED)
        self.heard = True
