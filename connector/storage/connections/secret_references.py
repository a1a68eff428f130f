"""Secret references: a secret that is kept elsewhere is resolved at the moment of use.

    env:NAME                an environment variable
    file:/path/to/file      the content of a file
    keyring:SERVICE/USER    the desktop's own store (extra `keyring`)
    vault:MOUNT/PATH#FIELD  HashiCorp Vault or OpenBao, KV version 2, at VAULT_ADDR with VAULT_TOKEN
                            (or VAULT_TOKEN_FILE) and VAULT_NAMESPACE

A package adds a scheme with an entry point in the group ``connector.references``: its name is the
scheme, its object a ``Resolver``. What a reference resolves to is kept nowhere, and is used without a byte
order mark and without the newline at its end.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, Protocol
from urllib.parse import quote

from connector.errors import MissingCredential
from connector.secret import Secret, trimmed

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    import httpx

_SHAPE = re.compile(r"([a-z][a-z0-9+.-]*):(\S.*)", re.DOTALL)

# No credential is longer; a device or a log by mistake is.
_LONGEST_FILE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Reference:
    """The name of a secret that is kept elsewhere, such as ``env:API_KEY``. It is no secret itself."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class ResolverContext:
    """What resolvers need of the world: the environment variables, and how HTTP goes out (None: as usual)."""

    environ: Mapping[str, str]
    transport: httpx.BaseTransport | None = None


class Resolver(Protocol):
    """What knows one scheme. ``target`` is the reference without its scheme."""

    def __call__(self, target: str, sources: ResolverContext, /) -> str: ...


class _Unresolved(Exception):
    """Why a reference leads nowhere and what to do about it; never with what it holds."""


def is_reference(text: str) -> bool:
    """Whether the text names a secret (rather than being one): whether its scheme is known."""
    found = _SHAPE.fullmatch(text)
    return found is not None and (found[1] in _RESOLVERS or found[1] in _plugins())


def resolve(
    text: str,
    *,
    environ: Mapping[str, str] = os.environ,
    transport: httpx.BaseTransport | None = None,
) -> Secret:
    """The secret that the reference names, as it is now."""
    found = _SHAPE.fullmatch(text)
    if found is None:
        raise MissingCredential(f"this is no reference to a secret; write one of {_schemes()}")
    try:
        value = trimmed(_resolver(found[1])(found[2], ResolverContext(environ, transport)))
    except _Unresolved as failure:
        raise MissingCredential(f"{text}: {failure}") from failure.__cause__
    if not value:
        raise MissingCredential(f"{text}: it is empty; put the secret there")
    return Secret(value)


def _resolver(scheme: str) -> Resolver:
    if scheme in _RESOLVERS:
        return _RESOLVERS[scheme]
    if scheme in _plugins():
        return _guarded(_plugins()[scheme])
    raise _Unresolved(f"nothing resolves `{scheme}:`; write one of {_schemes()}")


def _schemes() -> str:
    return ", ".join(f"{scheme}:" for scheme in (*_RESOLVERS, *_plugins()))


@cache
def _plugins() -> Mapping[str, EntryPoint]:
    from importlib.metadata import entry_points

    return {entry.name: entry for entry in entry_points(group="connector.references")}


def _guarded(plugin: EntryPoint) -> Resolver:
    def call(target: str, sources: ResolverContext) -> str:
        try:
            return str(plugin.load()(target, sources))
        except Exception as error:
            # Others' messages may quote what they found, so only the kind is told.
            fault = f"its resolver {plugin.value} failed ({type(error).__name__})"
            raise _Unresolved(f"{fault}; check the reference, and that package's settings") from None

    return call


def _env(name: str, sources: ResolverContext) -> str:
    if name not in sources.environ:
        raise _Unresolved(f"the environment variable is not set; set {name} where the connector runs")
    return sources.environ[name]


def _file(target: str, sources: ResolverContext) -> str:
    path = Path(target).expanduser()
    if not path.is_absolute():
        # Each process would look for it elsewhere.
        raise _Unresolved("write the whole path, as in file:/run/secrets/key or file:~/key")
    try:
        return _content(path)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise _Unresolved(f"the file cannot be read ({reason}); check its path and permissions") from error


def _content(path: Path) -> str:
    with path.open("rb") as file:
        _warn_if_open_to_all(path, os.fstat(file.fileno()).st_mode)
        content = file.read(_LONGEST_FILE + 1)
    if len(content) > _LONGEST_FILE:
        raise _Unresolved("the file is too long for a secret; name the file that holds nothing else")
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise _Unresolved("the file is no UTF-8 text; write the secret there as text") from None


def _warn_if_open_to_all(path: Path, mode: int) -> None:
    if mode & 0o004:
        from logging import getLogger

        getLogger(__name__).warning("every user of this machine can read %s; run: chmod 600 %s", path, path)


def _keyring(target: str, sources: ResolverContext) -> str:
    service, _, user = target.rpartition("/")
    if not (service and user):
        raise _Unresolved("write keyring:SERVICE/USER")
    value = _keyring_password(service, user)
    if value is None:
        raise _Unresolved(f"the keyring has no such entry; run: keyring set {service} {user}")
    return value


def _keyring_password(service: str, user: str) -> str | None:
    try:
        import keyring
        from keyring.errors import KeyringError, NoKeyringError
    except ImportError as error:
        raise _Unresolved("it needs a package; run: pip install 'stability-connector[keyring]'") from error
    try:
        return keyring.get_password(service, user)
    except NoKeyringError as error:
        raise _Unresolved(
            "this machine has no keyring service (usual where there is no desktop); "
            "use an env: or file: reference, or run a Secret Service and unlock it"
        ) from error
    except KeyringError as error:
        raise _Unresolved(
            f"the keyring refused ({type(error).__name__}); unlock it, and try again"
        ) from error


def _vault(target: str, sources: ResolverContext) -> str:
    path, _, field = target.partition("#")
    mount, _, rest = path.strip("/").partition("/")
    if not (mount and rest and field) or {".", ".."} & set(path.split("/")):
        raise _Unresolved("write vault:MOUNT/PATH#FIELD")
    answer = _vault_answer(f"/v1/{quote(mount)}/data/{quote(rest)}", sources)
    try:
        value = answer.json()["data"]["data"][field]
    except (ValueError, LookupError, TypeError):
        # The cause would hold the whole answer.
        raise _Unresolved(f"the secret has no field {field!r}; name one that it has") from None
    if not isinstance(value, str):
        raise _Unresolved(f"the field {field!r} is no text; store the secret as text")
    return value


def _vault_answer(path: str, sources: ResolverContext) -> httpx.Response:
    import httpx

    address = sources.environ.get("VAULT_ADDR", "").rstrip("/")
    if not address.startswith(("https://", "http://")):
        raise _Unresolved("VAULT_ADDR holds no http URL; set it to the vault's, where the connector runs")
    headers = _vault_headers(sources)
    try:
        # A redirect would carry the token elsewhere; it is answered as a refusal.
        with httpx.Client(transport=sources.transport, timeout=10.0, follow_redirects=False) as client:
            answer = client.get(address + path, headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        fault = f"the vault at VAULT_ADDR cannot be reached ({type(error).__name__})"
        raise _Unresolved(f"{fault}; check VAULT_ADDR, and that the vault runs") from error
    if answer.status_code != 200:
        _refuse(answer.status_code)
    return answer


def _vault_headers(sources: ResolverContext) -> dict[str, str]:
    token = sources.environ.get("VAULT_TOKEN", "")
    if not token and (path := sources.environ.get("VAULT_TOKEN_FILE")):
        token = _file(path, sources)
    token = trimmed(token)
    if not (token.isascii() and token.isprintable()):
        raise _Unresolved("the token has characters that no header may have; set VAULT_TOKEN again")
    if not token:
        raise _Unresolved("there is no VAULT_TOKEN; set it, or VAULT_TOKEN_FILE, where the connector runs")
    namespace = sources.environ.get("VAULT_NAMESPACE")
    return {"X-Vault-Token": token} | ({"X-Vault-Namespace": namespace} if namespace else {})


# The status a vault refuses with: what it means, and what to do.
_VAULT_REFUSALS: Mapping[int, str] = {
    403: "the vault refuses the token; renew VAULT_TOKEN, or let its policy read this path",
    404: "the vault has no such secret; check the path, and that MOUNT is a KV version 2 engine",
    503: "the vault is sealed; unseal it",
}


def _refuse(status: int) -> NoReturn:
    raise _Unresolved(
        _VAULT_REFUSALS.get(status, f"the vault answered {status}; check VAULT_ADDR, and the vault's log")
    )


_RESOLVERS: Mapping[str, Resolver] = {"env": _env, "file": _file, "keyring": _keyring, "vault": _vault}
