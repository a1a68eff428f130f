"""The launch of the durable engine, and its end."""

import threading
from concurrent.futures import ThreadPoolExecutor

from connector.runs.worker import launch


class Beginning(threading.Thread):
    """A thread that has been asked to begin, and has not begun until the gate is opened."""

    gate = threading.Event()

    def _bootstrap(self):
        self.gate.wait(60)
        super()._bootstrap()


def test_a_queue_is_looked_into_by_nobody_once_the_engine_has_stopped():
    """Also where the engine has only just begun to start a thread for it."""
    launch.stop()  # imports the engine, which takes longer than the gate is closed below
    looking = Beginning(name="queue-worker-late", target=lambda: None, daemon=True)
    with ThreadPoolExecutor(2) as pool:
        started = pool.submit(looking.start)
        while looking not in threading.enumerate():
            pass
        stopped = pool.submit(launch.stop)
        threading.Timer(0.2, looking.gate.set).start()
        stopped.result(60)
        assert looking.gate.is_set()
        started.result(60)
    assert not looking.is_alive()
