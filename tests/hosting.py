"""A host on a port of this process, for as long as a test needs it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread

from starlette.applications import Starlette

from connector.server import listen


@contextmanager
def serving(make: Callable[[int], Starlette], host: str = "127.0.0.1") -> Iterator[str]:
    """Serves in a thread while the block runs; gives the address. ``make`` is told the port."""
    door = listen.listen(host, 0)
    running = listen.server(make(door.getsockname()[1]))
    thread = Thread(target=running.run, kwargs={"sockets": [door]}, name="host-server")
    thread.start()
    try:
        yield listen.address(door)
    finally:
        running.should_exit = True
        thread.join()
