"""``connector sandbox``: the stand-in for the API, served on a port."""

from __future__ import annotations

from connector.cli.parser import Parser
from connector.errors import InvocationError

_EPILOG = """\
The environment `sandbox` needs no server: connector invoke ... -e sandbox.
This one is for other programs, which use its address in place of the API's.

examples:
  connector sandbox
  connector sandbox --port 0 --credits 50
  connector sandbox --state ~/.sandbox --job-seconds 3
"""


def run(words: list[str]) -> int:
    from connector.sandbox import command

    parser = Parser("sandbox", "Serves a stand-in for the API on this machine, until Ctrl-C.", _EPILOG)
    command.add_arguments(parser)
    args = parser.read(words)
    if args is None:
        return 0
    try:
        return command.run(args)
    except ImportError as error:
        needed = "pip install 'stability-connector[sandbox]'"
        raise InvocationError(f"the sandbox needs a package ({error.name}): {needed}") from error
