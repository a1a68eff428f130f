"""``connector serve``: its options, its refusal to be careless, and the words with which it greets."""

from __future__ import annotations

import argparse
import ipaddress
import json
import shlex
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from connector.errors import InvalidArguments, InvocationError, Problem
from connector.server import json_logs, listen
from connector.server.cross_origin import is_origin
from connector.server.host import Host
from connector.server.settings import Settings
from connector.spec.model import Action
from connector.spec.url import is_loopback
from connector.storage.home import home as default_home

_MIB = 1024 * 1024
_DAY = 24 * 3600.0
# How long a thread may compute while another one wants to, in seconds; 5 ms is usual. The event loop lets go
# of Python's lock several times in each request, and waits then for so long, for each thread that computes.
_SWITCH = 0.0005


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    own = Settings()
    parser.add_argument("folders", metavar="FOLDER", nargs="*", help="integrations to serve beside the first")
    parser.add_argument(
        "--insecure", action="store_true", help="listen beyond this machine without TLS, as behind a proxy"
    )
    parser.add_argument("--no-worker", action="store_true", help=_NO_WORKER)
    parser.add_argument("--allow-host", metavar="NAME", action="append", default=[], help=_ALLOW)
    parser.add_argument("--allow-base-url", metavar="URL", action="append", default=[], help=_ALLOW_URL)
    parser.add_argument("--allow-origin", metavar="ORIGIN", action="append", default=[], help=_ALLOW_ORIGIN)
    parser.add_argument("--trust-proxy", metavar="ADDRESS", action="append", default=[], help=_TRUST_PROXY)
    parser.add_argument("--public-openapi", action="store_true", help=_PUBLIC)
    for name, value, kind, default, said in _options(own):
        shown = "" if default is None else f" (default: {kind(str(default))})"
        parser.add_argument(f"--{name}", metavar=value, type=kind, default=default, help=said + shown)


_ALLOW = "a name that clients may use; repeatable"
_ALLOW_URL = "a base URL that clients may have a secret of this machine sent to (env:NAME); repeatable"
_ALLOW_ORIGIN = "an origin whose pages may call the API with a token (https://app.example); repeatable"
_TRUST_PROXY = "a proxy (address, or network as 10.0.0.0/8) whose X-Forwarded headers count; repeatable"
_PUBLIC = "let everybody read /openapi.json without a token"
_NO_WORKER = "leave durable runs to workers: connector worker"
_Option = tuple[str, str, Callable[[str], Any], Any, str]


def _options(own: Settings) -> tuple[_Option, ...]:
    """Each option that takes a value: its name, the value, its kind, the default, and what it is."""
    return (
        ("host", "ADDRESS", str, own.host, "the address to listen on"),
        ("port", "N", int, own.port, "the port; 0 takes a free one"),
        ("home", "FOLDER", str, None, "where connections, runs and files are kept (or CONNECTOR_HOME)"),
        ("tls-cert", "FILE", str, None, "the certificate, with its chain, as PEM"),
        ("tls-key", "FILE", str, None, "its key, as PEM"),
        ("add-token", "NAME", str, None, "make another token that may manage, and print its link"),
        ("max-runs", "N", _count, own.max_runs, "invocations at once"),
        ("max-body", "MIB", _count, own.max_body // _MIB, "the largest body"),
        ("keep", "DAYS", _count, None, "forget files after so many days (default: never)"),
        ("keep-unused", "DAYS", _count, int(own.keep_unused / _DAY), "forget uploads that no run has taken"),
        ("drain", "S", _count, int(own.drain), "seconds for runs to finish in a stop"),
    )


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text[:9]) < 1_000_000:
        raise argparse.ArgumentTypeError(f"is {text!r}; give a whole number above 0")
    return int(text)


def run(args: argparse.Namespace, first: str) -> int:
    """Serves until it is interrupted, which ends it well; ``first`` is the main integration's folder."""
    from connector.server.app import create

    tls = _tls(args)
    _check_exposure(args, tls)
    _check_names(args)
    json_logs.start()
    door = listen.listen(args.host, args.port)
    settings = replace(_settings(args, first), port=door.getsockname()[1])
    app = create(settings)
    host: Host = app.state.host
    url = listen.address(door, secure=tls is not None)
    sys.setswitchinterval(_SWITCH)
    said = _said(args, host, url, _new_token(host, args))
    with suppress(KeyboardInterrupt):
        listen.server(app, tls, partial(print, said, flush=True)).run(sockets=[door])
    return 0


def _settings(args: argparse.Namespace, first: str) -> Settings:
    return Settings(
        home=Path(args.home).expanduser() if args.home else default_home(),
        integrations=tuple(map(Path, (first, *args.folders))),
        host=args.host,
        allowed_hosts=(args.host, *args.allow_host),
        allowed_urls=tuple(args.allow_base_url),
        allowed_origins=tuple(args.allow_origin),
        public_openapi=args.public_openapi,
        trusted_proxies=tuple(args.trust_proxy),
        max_runs=args.max_runs,
        worker=not args.no_worker,
        max_body=args.max_body * _MIB,
        drain=args.drain,
        keep=args.keep * _DAY if args.keep else None,
        keep_unused=args.keep_unused * _DAY,
    )


def _tls(args: argparse.Namespace) -> tuple[Path, Path] | None:
    given = {"tls_cert": args.tls_cert, "tls_key": args.tls_key}
    if not any(given.values()):
        return None
    missing = [
        Problem(name, "give both the certificate and its key") for name, path in given.items() if not path
    ]
    missing += [
        Problem(name, f"there is no file {path}")
        for name, path in given.items()
        if path and not Path(path).is_file()
    ]
    if missing:
        raise InvalidArguments(missing, "TLS")
    return Path(args.tls_cert), Path(args.tls_key)


def _check_exposure(args: argparse.Namespace, tls: object) -> None:
    """Tokens in plain text may not cross a network by oversight."""
    if tls or args.insecure or is_loopback(args.host):
        return
    raise InvocationError(
        f"{args.host} can be reached from other machines, and without TLS everybody on the way can read "
        "tokens and pictures. Give --tls-cert and --tls-key, listen on 127.0.0.1, or say --insecure where "
        "a proxy before it speaks TLS."
    )


def _check_names(args: argparse.Namespace) -> None:
    origin = "is {!r}; give a scheme and a host as browsers send them, as https://app.example"
    proxy = "is {!r}; give the proxy's address, as 10.0.0.2, or its network, as 10.0.0.0/8"
    wrong = [Problem("--allow-origin", origin.format(one)) for one in args.allow_origin if not is_origin(one)]
    wrong += [Problem("--trust-proxy", proxy.format(one)) for one in args.trust_proxy if not _is_network(one)]
    if wrong:
        raise InvalidArguments(wrong, "serve")


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True


def _new_token(host: Host, args: argparse.Namespace) -> str | None:
    first = host.tokens.first()
    return host.tokens.add(args.add_token, "manage") if args.add_token else first


def _said(args: argparse.Namespace, host: Host, url: str, token: str | None) -> str:
    if args.json:
        return json.dumps(
            {"url": url, "open": link(url, token), "token": token, "home": str(host.settings.home)}
        )
    return link(url, token) if args.quiet else greeting(host, url, token)


def link(url: str, token: str | None) -> str:
    """Where a browser signs in."""
    return f"{url}/login?token={quote(token)}" if token else f"{url}/login"


def greeting(host: Host, url: str, token: str | None) -> str:
    """What is said once it listens: the link, and one call that works."""
    names = ", ".join(served.integration.name for served in host.integrations.values())
    shown = token or "$TOKEN"
    lines = [f"{names} is served at {url}", ""]
    lines.append(f"  open      {link(url, token)}")
    if token:
        lines.append(f"  token     {token}")
        lines.append("            it may manage, and is shown this once; keep it")
    else:
        lines.append("            with your token; make another with: connector serve --add-token NAME")
    lines += [*_trial(host, url, shown)]
    lines.append(f"  describe  {url}/openapi.json")
    lines.append(f"  kept in   {host.settings.home}")
    return "\n".join([*lines, "", "Press Ctrl+C to stop; what is under way is finished first."])


def _trial(host: Host, url: str, token: str) -> list[str]:
    """A call that can be pasted, where there is an environment that needs no credential."""
    integration = host.served(None).integration
    free = [each.name for each in integration.environments.values() if each.credential is not None]
    found = next(filter(_is_plain, integration.actions.values()), None)
    if not free or found is None:
        return []
    body = json.dumps({"inputs": dict(found.examples[0].arguments)}, ensure_ascii=False)
    kind = found.output.types[0]
    return [
        f"  try       curl -H 'authorization: Bearer {token}' -H 'accept: {kind}' \\",
        f"              --json {shlex.quote(body)} -o {found.id}.{kind.partition('/')[2]} \\",
        f"              '{url}/api/actions/{found.id}?environment={free[0]}'",
    ]


def _is_plain(action: Action) -> bool:
    """Whether it makes a file of words alone, at once."""
    return bool(action.output.types and action.examples) and not action.files and action.job is None
