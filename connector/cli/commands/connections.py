"""``connector connections``: the credentials that this machine keeps, and where each of them is used."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Callable, Iterator

from connector.cli.parsing import find_action
from connector.cli.parsing.parser import Parser, folder_of, subcommand
from connector.cli.report import exit_codes, failure
from connector.cli.terminal import terminal
from connector.engine.connector import Connector
from connector.errors import ConnectorError
from connector.spec.schema import amounts
from connector.storage.connections.model import Configuration, Connection, configuration_for
from connector.storage.connections.store import VARIABLE


def run(words: list[str]) -> int:
    name = subcommand("connections", words, ("add", *_COMMANDS))
    if name == "add":
        from connector.cli.commands import connections_add

        return connections_add.run(words[1:])
    description, wants_name, act = _COMMANDS[name]
    args = _parser(name, description, wants_name).read(words[1:])
    with Connector(find_action.integration(folder_of(args))) as connector:
        return act(connector, args)


def _parser(name: str, description: str, wants_name: str | None) -> Parser:
    parser = Parser(f"connections {name}", description)
    if wants_name is not None:
        parser.add_argument("name", metavar="NAME", nargs=wants_name or None, help="the connection")
    if name == "test":
        parser.add_argument("-e", "--environment", metavar="ENV", help="only this environment of it")
    return parser


def _list(connector: Connector, args: Namespace) -> int:
    found = connector.workspace.connections.list()
    if args.json:
        terminal.print_json({"connections": [connection.to_dict() for connection in found]})
    elif found:
        print(terminal.table(("name", "integration", "environments", "cap"), map(_cells, found)))
    elif not args.quiet:
        terminal.say("There is none yet. Add one with: connector connections add NAME --help")
    return 0


def _cells(connection: Connection) -> tuple[str, ...]:
    environments = ", ".join(
        name + (" (default)" if one.default and len(connection.configurations) > 1 else "")
        for one in connection.configurations
        for name in one.environments
    )
    caps = [f"{one.cap:g} a day" for one in connection.configurations if one.cap is not None]
    return connection.name, connection.integration, environments, ", ".join(caps)


def _show(connector: Connector, args: Namespace) -> int:
    connection = connector.workspace.connections.get(args.name)
    if args.json:
        terminal.print_json(connection.to_dict())
        return 0
    told = connection.to_dict()
    print(f"{terminal.paint(connection.name, 'bold')} of {connection.integration}, since {told['created']}")
    for one in connection.configurations:
        print("\n".join(["", *_configuration(one)]))
    return 0


def _configuration(one: Configuration) -> Iterator[str]:
    """What may be shown of a configuration; ``to_dict`` leaves out what may not."""
    told = one.to_dict()
    yield f"  {', '.join(one.environments)}{' (default)' if one.default else ''}"
    facts = {"base URL": one.base_url, "cap": one.cap is not None and f"{amounts.credits(one.cap)} a day"}
    facts |= {f"header {name}": _field(value) for name, value in told["headers"].items()}
    facts |= {name: _field(value) for name, value in told["fields"].items()}
    yield from terminal.columns(((name, str(value)) for name, value in facts.items() if value), "    ")
    yield from (f"    {terminal.paint('Warning:', 'yellow')} {said}" for said in told.get("warnings", ()))


def _field(shown: object) -> str:
    if not isinstance(shown, dict):
        return str(shown)
    return str(shown.get("plain", shown.get("reference", "is kept, and never shown")))


def _test(connector: Connector, args: Namespace) -> int:
    """Tries every configuration in every environment; the exit code is that of the first failure."""
    store = connector.workspace.connections
    found = (store.get(args.name),) if args.name else store.list(connector.integration.id)
    codes, told = [], []
    places = list(_places(found, args.environment))
    width = max((len(f"{connection.name}/{environment}") for connection, environment in places), default=0)
    for connection, environment in places:
        said, error = _tried(connector, connection.name, environment)
        codes.append(exit_codes.code_for(type(error)) if error else exit_codes.DONE)
        place = {"connection": connection.name, "environment": environment, "ok": error is None}
        told.append(place | (failure.document(error.to_dict()) if error else {"said": said}))
        if not args.json:
            _print_test(f"{connection.name}/{environment}".ljust(width), said, error is None)
    if args.json:
        terminal.print_json({"tests": told})
    elif not told and not args.quiet:
        terminal.say("There is nothing to test. Add a connection with: connector connections add NAME")
    return next((code for code in codes if code), exit_codes.DONE)


def _places(found: tuple[Connection, ...], only: str | None) -> Iterator[tuple[Connection, str]]:
    for connection in found:
        if only is not None:
            configuration_for(connection, only)  # says which environments there are
        for one in connection.configurations:
            yield from ((connection, name) for name in one.environments if only in (None, name))


def _tried(connector: Connector, name: str, environment: str) -> tuple[str, ConnectorError | None]:
    try:
        return connector.test(connection=name, environment=environment), None
    except ConnectorError as error:
        return error.message, error


def _print_test(place: str, said: str, ok: bool) -> None:
    mark = terminal.paint("ok", "green") if ok else terminal.paint("failed", "red")
    first, *more = terminal.clean(said).splitlines() or [""]
    print("\n".join([f"{place}  {mark}  {first}", *(f"    {line.strip()}" for line in more)]))


def _remove(connector: Connector, args: Namespace) -> int:
    connector.workspace.connections.remove(args.name)
    terminal.report(args, {"removed": args.name}, f"{args.name} and its secrets are forgotten.")
    return 0


def _default(connector: Connector, args: Namespace) -> int:
    store = connector.workspace.connections
    if args.name:
        store.set_default(args.name)
    found = store.default(store.list(connector.integration.id))
    said = f"{found.name} is used where several could be" if found else "There is no default connection"
    by = f", by {VARIABLE}" if os.environ.get(VARIABLE) else ""
    terminal.report(args, {"default": found and found.name}, f"{said}{by}.")
    return 0


def _rotate(connector: Connector, args: Namespace) -> int:
    count = connector.workspace.connections.rotate()
    sentence = f"{count} secret{'' if count == 1 else 's'} sealed again with the first master key."
    terminal.report(args, {"rotated": count}, sentence)
    return 0


# what it does; how many names it takes ("" for one, None for none); the act
_COMMANDS: dict[str, tuple[str, str | None, Callable[[Connector, Namespace], int]]] = {
    "list": ("Lists the connections of this machine.", None, _list),
    "show": ("Tells all about a connection, but its secrets.", "", _show),
    "test": ("Tries a connection, or all of them, and says what the API answered.", "?", _test),
    "default": ("Chooses the connection that is used where several could be, or tells it.", "?", _default),
    "remove": ("Forgets a connection and its secrets.", "", _remove),
    "rotate": (
        "Seals all secrets again with the first master key. Put a new key before the old one in"
        " CONNECTOR_MASTER_KEY, separated by a comma; afterwards the old one can go.",
        None,
        _rotate,
    ),
}
