"""The engine: everything that an invocation needs, opened when first used and kept until it closes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from connector.engine import destination as targets
from connector.engine.attempts import Wire, taken_in
from connector.engine.auth import Authorization, authorize
from connector.engine.destination import Connections, Destination, Opened
from connector.engine.http.messages import Request
from connector.engine.http.transport import HttpTransport, Transport
from connector.engine.render import Target
from connector.engine.sources import Sources
from connector.errors import InvocationError, Problem, SpecError, UnknownName, needing
from connector.events import Listener, hearing
from connector.spec.model import Action, Integration
from connector.spec.schema.suggest import nearest, same
from connector.spec.schema.validator import Checker
from connector.storage.blocking import CLOSED, Io
from connector.storage.workspace import Workspace

if TYPE_CHECKING:
    from connector.storage.connections.model import Connection


class Engine:
    """An integration, the folder where this machine keeps its data, and the world.

    ``transport``, where given, answers in place of the network in every environment. ``background`` requests
    leave those first that somebody waits for. ``environment`` and ``connection`` are used where a call names
    none; a Connection is the only one there is.
    """

    def __init__(
        self,
        integration: Integration,
        workspace: Workspace,
        io: Io,
        *,
        environ: Mapping[str, str],
        clock: Callable[[], float],
        tell: Listener,
        sources: Sources,
        transport: Transport | None = None,
        background: bool = False,
        environment: str | None = None,
        connection: Connection | str | None = None,
    ) -> None:
        self.integration = integration
        self.workspace = workspace
        self.io = io
        self.environ = environ
        self.clock = clock
        self.tell = hearing(tell)
        self.sources = sources
        self._given_transport = transport
        self._is_background = background
        self._environment = environment
        self._connection = connection if isinstance(connection, str) else None
        given = None if isinstance(connection, str) else connection
        self._given = given and _given(given, integration, environ)
        self._transports: dict[str | None, Transport] = {}
        self._checkers: dict[str, Checker] = {}
        self._authorizations: dict[str, tuple[Authorization, float | None]] = {}
        self._opened = Opened()
        self._lock = threading.Lock()
        self._is_closed = False

    @cached_property
    def wire(self) -> Wire:
        limiter, spool = self.workspace.rate_limiter, self.workspace.rescued.folder
        return Wire(
            self.integration, self.io, limiter, self.clock, self.tell, self._is_background, spool=spool
        )

    def action(self, name: str) -> Action:
        """The action of that id or title, in whatever case. Raises UnknownName with the nearest one."""
        actions = self.integration.actions
        if not isinstance(name, str):
            raise UnknownName(f"an action is named by text, such as {next(iter(actions))!r}")
        if name in actions:
            return actions[name]
        for action in actions.values():
            if same(name, action.id) or same(name, action.title):
                return action
        raise UnknownName(f"{self.integration.name} has no action {name!r}{nearest(name, actions)}")

    def checker(self, action: Action) -> Checker:
        """The checker of an action's arguments, made once."""
        if action.id not in self._checkers:
            self._checkers[action.id] = Checker(action.inputs)
        return self._checkers[action.id]

    def destination(
        self, connection: str | None, environment: str | None, *, masked: bool = False
    ) -> Destination:
        """Where these names lead; with ``masked``, without opening any secret. It blocks."""
        asked = self._asked(connection, environment)
        return targets.resolve(*asked, masked=masked, opened=self._opened)

    def place(self, *, connection: str | None, environment: str | None) -> tuple[str, str]:
        """The environment and the connection that these names lead to. It blocks."""
        self.check_open()
        found = targets.choose(*self._asked(connection, environment))
        return found.environment.name, found.connection.name if found.connection else ""

    def _asked(
        self, connection: str | None, environment: str | None
    ) -> tuple[Integration, Connections, Mapping[str, str], str | None, str | None]:
        """What is looked for, by the names of a call or else of the engine."""
        named = self._connection if connection is None else connection
        return self.integration, self._connections, self.environ, named, environment or self._environment

    @property
    def _connections(self) -> Connections:
        return self._given or self.workspace.connections

    def transport(self, destination: Destination) -> Transport:
        """What sends to a destination: the network, or what its environment has registered."""
        if self._given_transport is not None:
            return self._given_transport
        with self._lock:
            name = destination.transport
            if name not in self._transports:
                self._transports[name] = _registered(name, self.workspace.home) if name else HttpTransport()
            return self._transports[name]

    def authorization(self, destination: Destination) -> Authorization:
        """What proves a request there; a token that was got is kept until it ends. It blocks."""
        known, ends = self._authorizations.get(destination.identity, (None, None))
        if known is not None and (ends is None or self.clock() < ends):
            return known
        got = self._converse(destination.target, self.transport(destination))
        ends = None if got.expires_in is None else self.clock() + got.expires_in
        if ends is not None:
            self._authorizations[destination.identity] = (got, ends)
        return got

    def forget_authorization(self, destination: Destination) -> bool:
        """Drops a token that was refused; whether there was one, so that a new one may help."""
        return self._authorizations.pop(destination.identity, None) is not None

    def _converse(self, target: Target, transport: Transport) -> Authorization:
        """Holds the conversation of an authentication kind, which for most kinds is none."""
        conversation = authorize(self.integration.auth, target.credential, target.base_url)
        try:
            request = next(conversation)
            while True:
                request = conversation.send(_exchanged(transport, request))
        except StopIteration as finished:
            authorization: Authorization = finished.value
            return authorization

    def check_open(self) -> None:
        """Raises InvocationError once the engine is closed: nothing begins any more."""
        if self._is_closed:
            raise InvocationError(CLOSED)

    def close(self) -> None:
        """Ends what is under way and lets go of everything that was opened."""
        self._is_closed = True
        for transport in self._transports.values():
            transport.close()
        self._transports.clear()
        self.io.close()
        self.workspace.close()


def _given(connection: Connection, integration: Integration, environ: Mapping[str, str]) -> Connections:
    from connector.storage.connections.inline import FixedConnection

    return FixedConnection(connection, integration, environ)


def _exchanged(transport: Transport, request: Request) -> tuple[int, bytes]:
    answer = taken_in(transport.send(request))
    return answer.status, answer.content.bytes


def _registered(name: str, home: Path) -> Transport:
    """The transport that an installed package registers under a name.

    A manifest names it rather than where its code is, so that a folder of YAML cannot run code.
    """
    from importlib.metadata import entry_points

    found = next(iter(entry_points(group="connector.transports", name=name)), None)
    if found is None:
        raise SpecError([Problem("environments", f"no installed package registers a transport {name!r}")])
    with needing(f"the transport {name!r} of an environment", "all"):
        make = found.load()
    try:
        return HttpTransport(make(home / name))
    except OSError as error:
        raise InvocationError(
            f"{home / name} cannot be made ({error.strerror or error}); "
            "give this user write access there, or set CONNECTOR_HOME to another folder"
        ) from error
