"""``connector check``: every problem in an integration's files, at once."""

from __future__ import annotations

from connector.cli import exits, terminal
from connector.cli.parser import Parser, folder_of

_EPILOG = """\
Each problem is a line: FILE:LINE: PATH: what is wrong and what to do.
The exit code is 1 where there is one, else 0; warnings alone leave it at 0.

examples:
  connector check
  connector check my-integration/
  connector check --against openapi.json    compare with that document too
"""


def run(words: list[str]) -> int:
    parser = Parser("check", "Names every problem in an integration's files.", _EPILOG)
    parser.add_argument("folder", metavar="FOLDER", nargs="?", help="where integration.yaml is")
    parser.add_argument("--against", metavar="DOC", help="an OpenAPI document that the specs must agree with")
    args = parser.read(words)
    if args is None:
        return 0
    from connector.checks import problems

    folder = args.folder or folder_of(args)
    found = problems(folder, args.against)
    if args.json:
        told = [problem.to_dict() | {"severity": problem.severity} for problem in found]
        terminal.print_json({"problems": told, "count": len(found)})
    else:
        for problem in found:
            print(terminal.clean(str(problem)))
    if not args.json and not args.quiet:
        terminal.say(_count(len(found), folder))
    return exits.FOUND if any(problem.severity == "error" for problem in found) else exits.DONE


def _count(number: int, folder: str) -> str:
    return f"{number or 'no'} problem{'' if number == 1 else 's'} in {folder}"
