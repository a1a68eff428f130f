"""Where the processes of the connector come from: one with everything imported, which forks for each line.

A process so made is one like any other, and can be killed; only its start is quick. A line names the words of
the command, its environment and where its output goes. Where it says ``traced``, the calls of the process are
counted: from its start, or where that is false from the next line, which says what befalls which call.
"""

import atexit
import ctypes
import json
import os
import signal
import sys
import threading
import traceback

import connector.cli.commands.invoke
import connector.runs.worker.dbos_workflows
import connector.server.serve_command  # noqa: F401
from connector.cli import main as command
from faults.tracing import Tracer

_DIES_WITH_ITS_PARENT = 1


def main():
    for line in sys.stdin:
        told = json.loads(line)
        pid, begin = _born(told)
        if "traced" in told:
            _traced(pid, begin, told)
        else:
            begin()
            _tell(pid=pid)
            if told.get("waits", True):
                _tell(code=os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def _traced(pid, begin, told):
    home = told["environ"]["CONNECTOR_HOME"]
    if not told["traced"]:
        begin()
        _tell(pid=pid)
        told = json.loads(sys.stdin.readline())
    tracer = Tracer(pid, told["number"], told["fault"], home)
    tracer.attach()
    begin()
    _tell(pid=pid)
    code = tracer.run()
    _tell(code=code, counted=tracer.counted, struck=tracer.struck)


def _born(told):
    """A process that waits, and what lets it begin."""
    waits, begins = os.pipe()
    pid = os.fork()
    if pid == 0:
        ctypes.CDLL(None).prctl(_DIES_WITH_ITS_PARENT, signal.SIGKILL)
        os.close(begins)
        os.read(waits, 1)
        os.close(waits)
        os._exit(_lived(told))
    os.close(waits)
    opened = [begins]

    def begin():
        while opened:
            os.close(opened.pop())

    return pid, begin


def _lived(told):
    """One command line, as the interpreter would run it to its end; the exit code."""
    os.environ.update(told["environ"])
    os.chdir(told["cwd"])
    writing = os.O_WRONLY | os.O_CREAT
    for handle, (name, flags) in enumerate(
        ((os.devnull, os.O_RDONLY), (told["out"], writing), (told["err"], writing))
    ):
        opened = os.open(name, flags, 0o600)
        os.dup2(opened, handle)
        os.close(opened)
    sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w"), os.fdopen(2, "w")
    try:
        code = command(told["words"])
    except SystemExit as ended:
        code = ended.code or 0
    except BaseException:
        traceback.print_exc()
        code = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def _tell(**told):
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
