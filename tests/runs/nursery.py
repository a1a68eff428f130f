"""Where workers come from: a process that has everything imported and forks one for each line it reads.

A worker so made is a process like any other, and can be killed; only its start is quick.
"""

import asyncio
import faulthandler
import json
import logging
import os
import signal
import sys
from pathlib import Path

import connector.runs.worker.dbos_workflows  # noqa: F401
from connector.runs.worker.worker import Worker
from connector.spec.loader import load
from connector.storage.database.database import Database

# Seconds after which a worker tells where it is; no test has one for so long that does not wait in vain.
_STUCK = 240


def main():
    told = json.loads(sys.argv[1])
    integration = load(Path(told["integration"]))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead are nobody's affair
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            asyncio.run(work(told, integration, json.loads(line)))
            os._exit(0)
        print(pid, flush=True)


async def work(told, integration, options):
    """A worker, until it is killed or told to stop."""
    home = Path(told["home"])
    home.mkdir(exist_ok=True)
    handlers = [
        logging.FileHandler(home / "workers.log"),
        logging.StreamHandler(),
    ]  # a failed test shows the latter
    logging.basicConfig(handlers=handlers, level="WARNING")
    faulthandler.dump_traceback_later(_STUCK)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    database = Database(told["database"]) if told.get("database") else None
    async with Worker(home, [integration], database=database, environ={}, **options):
        await stop.wait()


if __name__ == "__main__":
    main()
