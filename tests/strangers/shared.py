"""What the tests with other people's clients share."""

import json
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
SAMPLES = HERE.parents[1] / "actions" / "samples"
KEY = "sk-stranger-0123456789"


def said(command, **more):
    """What a client that runs in a process of its own says in its last line: a result or an error."""
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, timeout=120, check=False, **more
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.strip().splitlines()[-1])
