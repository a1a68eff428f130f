"""``connector connections add``: a credential is taken in, without being shown, and kept."""

from __future__ import annotations

import argparse
import re
import shlex
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from connector.cli.parsing import find_action
from connector.cli.parsing.input_options import option_names, own_options
from connector.cli.parsing.parser import Parser, named_folder
from connector.cli.terminal import terminal
from connector.engine.connector import Connector
from connector.errors import InvalidArguments, Problem, UnknownName
from connector.secret import Secret
from connector.spec.model import Integration
from connector.storage.connections import check_credential
from connector.storage.connections.model import Configuration, Connection, Stored, header
from connector.storage.connections.secret_references import is_reference

_ACT = "connections add"
_PREFIX = "field "
_HEADER_HELP = "a header for every request, kept as a secret; or a reference as its value; repeatable"
_PLACE = re.compile(r"^configurations\.\d+\.(fields\.)?")


def run(words: list[str]) -> int:
    integration = find_action.integration(named_folder(words))
    args = _parser(integration).read(words)
    configuration = _configuration(integration, args)
    with Connector(integration) as connector:
        try:
            return _keep(connector, args, configuration)
        except InvalidArguments as error:
            raise _in_our_words(error, args.name) from error


def _configuration(integration: Integration, args: argparse.Namespace) -> Configuration:
    """What is to be kept; the credential is asked for where it is missing."""
    environments = tuple(args.environment or (integration.default_environment,))
    for said in check_credential.homeless(integration, environments, args.base_url, "--base-url"):
        raise UnknownName(said)
    own = vars(args)
    texts = {name.removeprefix(_PREFIX): own[name] for name in own if name.startswith(_PREFIX) and own[name]}
    return Configuration(
        "-".join(environments),
        environments,
        args.default,
        args.base_url,
        (
            *((name, header(name, value)) for name, value in _pairs("header", args.header)),
            *_pairs("plain-header", args.plain_header),
        ),
        args.cap,
        _fields(integration, texts, quiet=args.quiet or args.json),
    )


def _in_our_words(error: InvalidArguments, name: str) -> InvalidArguments:
    """The problems at the options that they are about, rather than at places in what is stored."""
    shown = (replace(problem, path=_PLACE.sub("", problem.path)) for problem in error.problems)
    return InvalidArguments(shown, said=f"connection {name!r} cannot be kept")


def _parser(integration: Integration) -> Parser:
    said = f"Keeps a credential for {integration.name}."
    parser = Parser(_ACT, said, "NAME [-e ENV ...] [FIELDS] [OPTIONS]", page=_ACT)
    parser.quotes_words = False
    _add_own(parser, integration)
    fields = parser.add_argument_group(f"the credential of {integration.name}")
    declared_fields = integration.credential.get("properties", {})
    for name, option in _options(integration).items():
        said = _help(declared_fields[name])
        fields.add_argument(option, dest=f"{_PREFIX}{name}", metavar="VALUE", help=said)
    return parser


def _options(integration: Integration) -> dict[str, str]:
    """The option of each field of the credential."""
    taken = own_options(lambda parser: _add_own(parser, integration))
    return option_names(integration.credential.get("properties", {}), taken)


def _add_own(parser: Parser, integration: Integration) -> None:
    add = parser.add_argument
    add("name", metavar="NAME", help="what to call the connection")
    declared = ", ".join(integration.environments)
    said = f"where it is used: {declared}, or another"
    add("-e", "--environment", metavar="ENV", action="append", help=said)
    add("--base-url", metavar="URL", help="where requests go, instead of the environment's own place")
    add("--cap", metavar="CREDITS", type=_credits, help="what may be spent in each environment and UTC day")
    add("--header", metavar="NAME=VALUE", action="append", help=_HEADER_HELP)
    add("--plain-header", metavar="NAME=VALUE", action="append", help="one that may be shown; repeatable")
    add("--default", action="store_true", help="use these environments where none is named")
    add("--replace", action="store_true", help="replace what is kept for these environments")


def _help(schema: Mapping[str, Any]) -> str:
    where = f" Get it at {schema['help']}." if "help" in schema else ""
    secret = " Secret: give - or a reference." if schema.get("secret") else ""
    return f"{schema.get('description') or schema.get('title', '')}{secret}{where}".replace("%", "%%")


def _credits(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"is {text!r}; give a number of credits") from None


def _pairs(option: str, texts: list[str] | None) -> tuple[tuple[str, str], ...]:
    pairs = [text.partition("=") for text in texts or ()]
    if not all(equals for _, equals, _ in pairs):
        raise InvalidArguments([Problem(option, f"has no value; write --{option} NAME=VALUE")])
    return tuple((name, value) for name, _, value in pairs)


def _fields(integration: Integration, texts: Mapping[str, str], *, quiet: bool) -> dict[str, Stored]:
    """The credential's fields, checked; a secret is not in any message."""
    taken = CredentialInput(integration, quiet=quiet)
    given = {name: taken.value(name, text) for name, text in texts.items()}
    for name in integration.credential.get("required", ()):
        if name not in given:
            given |= taken.asked(name)
    problems = [*taken.problems, *check_credential.problems(integration, given)]
    if problems:
        raise InvalidArguments(problems, said="the credential cannot be kept")
    secret = integration.secret_fields
    return {
        name: Secret(text) if name in secret and not is_reference(text) else text
        for name, text in given.items()
    }


class CredentialInput:
    """The ways in which a value comes in."""

    def __init__(self, integration: Integration, *, quiet: bool) -> None:
        self.problems: list[Problem] = []
        self._schemas: Mapping[str, Any] = integration.credential.get("properties", {})
        self._options = _options(integration)
        self._quiet = quiet
        self._piped = False

    def value(self, name: str, text: str) -> str:
        if text == "-":
            return self._from_stdin(name)
        if self._schemas[name].get("secret") and not is_reference(text) and not self._quiet:
            self._warn(self._options[name])
        return text

    def _from_stdin(self, name: str) -> str:
        if sys.stdin.isatty():
            return self._typed(name)
        if self._piped:
            self.problems.append(Problem(name, "standard input holds one value; give - once"))
        self._piped = True
        return sys.stdin.read().strip()

    def asked(self, name: str) -> dict[str, str]:
        """A required field that was not given: typed in where somebody sits there."""
        if sys.stdin.isatty():
            return {name: self._typed(name)}
        option = self._options[name]
        variable = self._schemas[name].get("variable", "NAME")
        how = f"pipe it in ({option} -), or name where it is kept ({option} env:{variable})"
        self.problems.append(Problem(name, f"is missing; {how}"))
        return {}

    def _typed(self, name: str) -> str:
        from getpass import getpass

        title = self._schemas[name].get("title", name)
        if not self._schemas[name].get("secret"):
            return input(f"{title}: ").strip()
        return getpass(f"{title} (not shown): ").strip()

    def _warn(self, option: str) -> None:
        mark = terminal.paint("Warning:", "yellow", sys.stderr)
        terminal.say(f"{mark} the shell keeps {option} in its history, and other programs can see it.")
        terminal.say(f"  Better pipe it in ({option} -), or leave it out and type it at the prompt.")


def _keep(connector: Connector, args: argparse.Namespace, configuration: Configuration) -> int:
    store, integration = connector.workspace.connections, connector.integration
    existing = next((one for one in store.list() if one.name == args.name), None)
    if existing is None:
        connection = Connection(args.name, integration.id, (replace(configuration, default=True),))
        stored = store.add(connection, integration.secret_fields)
    else:
        if existing.integration != integration.id:
            raise UnknownName(f"{args.name!r} is a connection of {existing.integration}; choose another name")
        stored = store.save(_extended(existing, configuration, args), integration.secret_fields)
    terminal.report(
        args,
        stored.to_dict(),
        f"{args.name} is kept for {', '.join(configuration.environments)}.",
        f"Try it with: connector connections test {shlex.quote(args.name)}",
    )
    for one in stored.configurations if not args.json else ():
        for said in one.to_dict().get("warnings", ()):
            terminal.say(f"{terminal.paint('Warning:', 'yellow', sys.stderr)} {said}")
    return 0


def _extended(existing: Connection, new: Configuration, args: argparse.Namespace) -> Connection:
    """The connection with one configuration more, or with one in place of those it replaces."""
    theirs = [one for one in existing.configurations if set(one.environments) & set(new.environments)]
    if theirs and not args.replace:
        taken = ", ".join(
            sorted({name for one in theirs for name in one.environments} & set(new.environments))
        )
        raise InvalidArguments(
            [Problem("environment", f"{taken} is there already; replace it with --replace")]
        )
    kept = [one for one in existing.configurations if one not in theirs]
    default = args.default or not any(one.default for one in kept)
    kept = [replace(one, default=one.default and not default) for one in kept]
    return replace(existing, configurations=(*kept, replace(new, default=default)))
