"""A long talk with the host by schemathesis: every check, every phase, and another seed each time.

``python -m fuzz.run 5`` makes 5 examples of each operation in place of a hundred; what follows is for
schemathesis, such as ``--seed 7`` or ``--include-path /api/files``.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path

from fuzz.place import hosted

HERE = Path(__file__).parent
OUT = HERE.parents[1] / "out" / "fuzz"
EXAMPLES = "100"


def main(examples: str = EXAMPLES, *options: str) -> int:
    OUT.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="fuzz-") as name,
        (OUT / "host.log").open("w") as log,
        hosted(Path(name), log) as (url, token),
    ):
        done = subprocess.run(_command(url, token, examples, options), cwd=name, env=_environ())
    print(f"What the host said is in {OUT / 'host.log'}.")
    return done.returncode


def _command(url: str, token: str, examples: str, options: tuple[str, ...]) -> list[str]:
    told = {
        "--header": f"Authorization: Bearer {token}",
        "--phases": "examples,coverage,fuzzing,stateful",
        "--max-examples": examples,
        "--seed": str(secrets.randbelow(2**32)),
    }
    tool = [
        str(Path(sys.executable).parent / "schemathesis"),
        "--config-file",
        str(HERE / "schemathesis.toml"),
    ]
    named = [word for pair in told.items() for word in pair]
    return [*tool, "run", f"{url}/openapi.json", "--continue-on-failure", *named, *options]


def _environ() -> dict[str, str]:
    return os.environ | {"SCHEMATHESIS_HOOKS": "fuzz.hooks", "PYTHONPATH": str(HERE.parent)}


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
