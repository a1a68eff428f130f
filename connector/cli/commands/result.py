"""``connector result``: what a job made, in whichever process it was started."""

from __future__ import annotations

from argparse import Namespace

from connector.cli.parsing import find_action
from connector.cli.parsing.invoke_options import add_result_options
from connector.cli.parsing.parser import Parser, folder_of
from connector.cli.report import output_path
from connector.cli.report.invocation import interruptible, saved_all_the_same
from connector.cli.report.show_result import Shown
from connector.cli.terminal.progress import Progress
from connector.engine.connector import Connector
from connector.engine.result import Result


def run(words: list[str]) -> int:
    args = _parser().read(words)
    output_path.check(args)
    progress = Progress("Asking for the job", quiet=args.quiet)
    progress.job_id = args.job_id
    with Connector(find_action.integration(folder_of(args)), on_event=progress) as connector:
        shown = Shown(connector, args)
        return saved_all_the_same(words, shown, lambda: _fetch(connector, args, progress, shown))


def _fetch(connector: Connector, args: Namespace, progress: Progress, shown: Shown) -> int:
    def wait() -> Result:
        timeout = args.timeout if args.wait else 0
        return connector.wait(args.job_id, accept=args.accept, on_filtered=args.on_filtered, timeout=timeout)

    with progress:
        result = interruptible(progress, True, wait)
    shown.show(result)
    return 0


def _parser() -> Parser:
    parser = Parser("result")
    add = parser.add_argument
    add("job_id", metavar="JOB_ID", help="the API's id of the job, or the connector's own")
    add("--accept", metavar="MEDIA", help="the form of answer, such as image/*, where there is a choice")
    add_result_options(add)
    return parser
