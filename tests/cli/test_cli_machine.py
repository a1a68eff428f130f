"""A machine that fails a command is told as that: never as a mistake of the connector's.

A child process meets the operating system's own refusal: a limit on the size of files stands for a full disk,
and permissions are those of a user without privileges.
"""

from __future__ import annotations

import errno
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from connector.cli.report import exit_codes
from connector.errors import ConnectorError, of_machine
from connector.sandbox.store import Store

ROOT = Path(__file__).parents[2]
TOLD = yaml.safe_load(Path(__file__).with_name("machine.yaml").read_text(encoding="utf-8"))
_PATIENCE = 300
# Runs each line of its input as a command, and prints the exit code of each.
_CHILD = """
import sys
from connector.cli import main
for line in sys.stdin:
    print("\\n>", line.strip(), flush=True)
    try:
        code = main(line.split())
    except SystemExit as ended:
        code = ended.code
    print("\\n<", code, flush=True)
"""


def _limit(bytes: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (bytes, bytes))


def _user() -> list[str]:
    """Nobody's permissions but a file's owner's: whoever may do everything meets none."""
    if os.geteuid() != 0:
        return []
    if not shutil.which("setpriv"):
        pytest.skip("no setpriv here, which takes root's privileges away")
    return ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]


@pytest.mark.parametrize("fault", TOLD["faults"], ids=lambda fault: fault["name"])
def test_no_command_takes_the_machines_fault_for_a_mistake(fault: dict[str, Any], tmp_path: Path) -> None:
    """It is done all the same, or says what is wrong; exit code 70 is for mistakes of ours."""
    home, out = tmp_path / "kept", tmp_path / "out"
    out.mkdir()
    full = "bytes" in fault
    if not full:
        home.mkdir()
        home.chmod(fault["mode"])
    told = "\n".join(line.format(home=home, out=out, root=ROOT) for line in TOLD["commands"])
    child = subprocess.run(
        [*([] if full else _user()), sys.executable, "-c", _CHILD],
        input=told,
        env=os.environ | {"CONNECTOR_HOME": str(home), "KEY": "k"},
        preexec_fn=_limit(fault["bytes"]) if full else None,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_PATIENCE,
        check=False,
    )
    home.chmod(0o700) if home.exists() else None
    codes = [int(line[2:]) for line in child.stdout.splitlines() if line.startswith("< ")]
    assert len(codes) == len(TOLD["commands"]), child.stdout
    assert exit_codes.CRASHED not in codes, child.stdout
    assert exit_codes.code_for(ConnectorError) in codes, child.stdout
    assert "Traceback" not in child.stdout
    assert codes[0] == codes[1] == 0, child.stdout  # what only reads does without its cache


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (errno.ENOSPC, "free some space"),
        (errno.EROFS, "give this user access"),
        (errno.EACCES, "give this user access"),
        (errno.EMFILE, "ulimit -n"),
    ],
)
def test_a_failure_of_the_machine_says_where_and_what_to_do(number: int, says: str) -> None:
    """With the system's own words."""
    found = of_machine(OSError(number, os.strerror(number), "/some/file"))
    assert found is not None
    assert found.message.startswith(f"this machine cannot do it: /some/file: {os.strerror(number)}; ")
    assert says in found.message
    assert exit_codes.code_for(type(found)) == 12


def test_any_other_failure_of_a_file_is_a_mistake() -> None:
    """A file that we should have looked for first, for example."""
    assert of_machine(FileNotFoundError(errno.ENOENT, "No such file", "x")) is None
    assert of_machine(OSError("of no number")) is None


def test_the_sandbox_tells_what_is_wrong_with_its_disk(tmp_path: Path) -> None:
    """In the system's words, as every other file's failure."""
    (tmp_path / "state").mkdir()
    with pytest.raises(OSError, match=r"sandbox\.sqlite") as raised:
        Store(tmp_path / "state" / "no" / "sandbox.sqlite")
    assert raised.value.errno == errno.EACCES
