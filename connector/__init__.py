"""A declared integration for Stability AI, and the runtime that turns it into requests.

    from connector import Connector

    with Connector() as connector:
        result = connector.invoke("stable-image-core", {"prompt": "a lighthouse"}, environment="sandbox")
        result.save("lighthouse.png")

Names are imported when they are first used, so that ``import connector`` costs next to nothing.
"""

from __future__ import annotations

__version__ = "0.1.0"

_ERRORS = (
    "BadRequest",
    "CapReached",
    "ConnectorError",
    "CredentialError",
    "DatabaseUnavailable",
    "Filtered",
    "Forbidden",
    "InvalidAnswer",
    "InvalidArguments",
    "InvocationError",
    "JobCancelled",
    "JobError",
    "JobExpired",
    "JobNotFound",
    "JobPending",
    "MissingCredential",
    "Moderated",
    "NeedsConfirmation",
    "NotFound",
    "NotSaved",
    "OutOfCredits",
    "OutcomeUnknown",
    "Problem",
    "RateLimited",
    "Rejected",
    "SpecError",
    "TimedOut",
    "TooLarge",
    "TransportError",
    "Unauthorized",
    "UnknownName",
    "Unreachable",
    "UpstreamError",
    "UpstreamFailed",
)
_PLACES = {
    "AsyncConnector": "connector.engine.connector",
    "Configuration": "connector.storage.connections.model",
    "Connection": "connector.storage.connections.model",
    "Connector": "connector.engine.connector",
    "Estimate": "connector.engine.pricing",
    "Event": "connector.events",
    "Integration": "connector.spec.model",
    "Media": "connector.media",
    "Preview": "connector.engine.preview",
    "Result": "connector.engine.result",
    "Sources": "connector.engine.sources",
    "Stream": "connector.engine.stream",
    "default_folder": "connector.spec.loader",
    "load": "connector.spec.loader",
    **dict.fromkeys(_ERRORS, "connector.errors"),
}

__all__ = [*sorted(_PLACES), "__version__"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from connector.engine.connector import AsyncConnector as AsyncConnector
    from connector.engine.connector import Connector as Connector
    from connector.engine.preview import Preview as Preview
    from connector.engine.pricing import Estimate as Estimate
    from connector.engine.result import Result as Result
    from connector.engine.sources import Sources as Sources
    from connector.engine.stream import Stream as Stream
    from connector.errors import *  # noqa: F403  (every error is public)
    from connector.events import Event as Event
    from connector.media import Media as Media
    from connector.spec.loader import default_folder as default_folder
    from connector.spec.loader import load as load
    from connector.spec.model import Integration as Integration
    from connector.storage.connections.model import Configuration as Configuration
    from connector.storage.connections.model import Connection as Connection


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found: object = getattr(import_module(_PLACES[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return __all__
