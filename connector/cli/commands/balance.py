"""``connector balance``: the credits that the account has left."""

from __future__ import annotations

from connector.cli.parsing import find_action
from connector.cli.parsing.invoke_options import add_place_options
from connector.cli.parsing.parser import Parser, folder_of
from connector.cli.terminal import terminal
from connector.cli.terminal.progress import Progress
from connector.engine.connector import Connector
from connector.spec.schema import amounts


def run(words: list[str]) -> int:
    parser = Parser("balance")
    add_place_options(parser.add_argument)
    args = parser.read(words)
    progress = Progress("Asking for the balance", quiet=args.quiet)
    with Connector(find_action.integration(folder_of(args)), on_event=progress) as connector, progress:
        credits = connector.balance(environment=args.environment, connection=args.connection)
    if args.json:
        where = {"environment": args.environment, "connection": args.connection}
        terminal.print_json({"credits": credits} | {name: each for name, each in where.items() if each})
        return 0
    print(f"{credits:g}" if args.quiet else amounts.credits(credits))
    return 0
