"""The model of an integration: what it declares, as frozen values.

``loader`` makes them of files that have passed their schemas; nothing past it asks whether a key is there.
JSON Schemas (an action's inputs, a credential's fields) and templates stay as they were written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connector.errors import Billed

JsonSchema = Mapping[str, Any]


class _Nothing(Mapping[str, Any]):
    """No entries. It can be the default of a frozen value, which Python 3.11 refuses of a mapping proxy."""

    def __getitem__(self, key: str) -> Any:
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __hash__(self) -> int:
        return 0


Empty: Mapping[str, Any] = _Nothing()


@dataclass(frozen=True, slots=True)
class BodySpec:
    """The body of a request. ``kind`` may be a template; None means: as the kind has it by default.

    Without ``fields``, each input that is used nowhere else in the request is a field of its own name.
    """

    kind: str = "none"
    fields: Any = None
    files: str | None = None
    json: Any = None
    content: str | None = None
    content_type: str | None = None
    styles: Mapping[str, str] = Empty


@dataclass(frozen=True, slots=True)
class Fallback:
    """Where a request without cost is tried once more, when it ends with ``on``."""

    on: str
    path: str
    accept: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RequestSpec:
    """The request of an action, with holes.

    ``styles`` tells of a parameter of the query how a list or an object is written.
    """

    method: str
    path: str
    query: Any = Empty
    styles: Mapping[str, str] = Empty
    headers: Any = Empty
    accept: tuple[str, ...] = ()
    body: BodySpec = BodySpec()
    max_bytes: int | None = None
    fallback: Fallback | None = None


@dataclass(frozen=True, slots=True)
class FactSource:
    """Where a fact stands in an answer: a header, or a dotted path in JSON, or both by form."""

    header: str | None = None
    field: str | None = None


@dataclass(frozen=True, slots=True)
class OutputSpec:
    """What the answer is, and where its facts stand."""

    kind: str = "auto"
    types: tuple[str, ...] = ()
    field: str | None = None
    schema: JsonSchema | None = None
    seed: FactSource = FactSource()
    finish_reason: FactSource = FactSource()
    request_id: FactSource = FactSource()


@dataclass(frozen=True, slots=True)
class OutcomeRule:
    """An answer for which all conditions hold has this outcome.

    ``statuses`` holds numbers and classes such as ``"4xx"``; ``fields`` maps a dotted path to the
    values it may have. ``ran`` is False where the upstream is known not to have run the request.
    """

    outcome: str
    statuses: tuple[int | str, ...] = ()
    headers: Mapping[str, str] = Empty
    fields: Mapping[str, tuple[Any, ...]] = Empty
    finish_reason: str | None = None
    billed: Billed | None = None
    ran: bool = True
    message: str | None = None


@dataclass(frozen=True, slots=True)
class ErrorPlaces:
    """Where a failure's own words stand in a JSON answer."""

    messages: tuple[str, ...] = ()
    id: str | None = None
    name: str | None = None
    field_separator: str | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """What a success costs, in credits.

    Exactly one of these: ``flat`` (a number, or a formula); ``by`` an input, with ``values``; or
    ``by_request``, the price of whichever action has the request's method and path; or ``unknown``: it may
    cost, and nobody can tell how much. None of them: free.
    """

    flat: float | str | None = None
    by: str | None = None
    values: Mapping[str, float | str] = Empty
    by_request: bool = False
    unknown: bool = False

    @property
    def free(self) -> bool:
        is_told = self.by is not None or self.by_request or self.unknown
        return self.flat in (None, 0) and not is_told


@dataclass(frozen=True, slots=True)
class JobSpec:
    """The answer is an id, and another action fetches the result. Times in seconds."""

    id: str
    fetch: str
    interval: float
    argument: str = "id"
    keep: float | None = None


@dataclass(frozen=True, slots=True)
class Deprecation:
    """Since when (YYYY-MM-DD, where that is known), why, and what to use or do in its place."""

    since: str | None
    reason: str
    use: tuple[str, ...] = ()
    advice: str | None = None

    def sentence(self, title: str) -> str:
        instead = f" Use {', '.join(self.use)} instead." if self.use else ""
        advice = f" {self.advice}" if self.advice else ""
        since = f" since {self.since}" if self.since else ""
        return f"{title} is deprecated{since}: {self.reason}{instead}{advice}"


@dataclass(frozen=True, slots=True)
class Example:
    """Arguments that work as they stand; files are paths relative to the spec."""

    title: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TimeoutSpec:
    """Seconds; None means: as the integration has it."""

    connect: float | None = None
    read: float | None = None
    total: float | None = None


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """How people find an action: what they want to do, a title that stands alone, words they search by."""

    task: str
    title: str
    words: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class ToolEntry:
    """How agents meet an action: the name of its tool, whether they are shown it before they search for it,
    and what it says of itself in place of the description and the notes."""

    name: str
    listed: bool = False
    description: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Action:
    """One named thing the integration can do. Two are the same when they are one object."""

    id: str
    title: str
    group: str
    catalog: CatalogEntry
    tool: ToolEntry
    description: str
    request: RequestSpec
    inputs: JsonSchema
    output: OutputSpec
    documentation: str | None = None
    notes: tuple[str, ...] = ()
    outcomes: tuple[OutcomeRule, ...] = ()
    price: Price = Price()
    job: JobSpec | None = None
    timeout: TimeoutSpec = TimeoutSpec()
    deprecated: Deprecation | None = None
    examples: tuple[Example, ...] = ()
    source: Path | None = None

    @property
    def names(self) -> list[str]:
        """Whatever people may call it."""
        entry = self.catalog
        return [self.id, self.tool.name, self.title, self.group, entry.title, entry.task, *entry.words]

    @property
    def parameters(self) -> Mapping[str, JsonSchema]:
        properties: Mapping[str, JsonSchema] = self.inputs.get("properties", Empty)
        return properties

    @property
    def paid(self) -> bool:
        """Whether a use of it may cost, so that it must never be sent twice by itself."""
        return not self.price.free

    @property
    def files(self) -> tuple[str, ...]:
        """The parameters that take a file."""
        return tuple(name for name, schema in self.parameters.items() if schema.get("format") == "binary")


@dataclass(frozen=True, slots=True)
class Auth:
    """How a connection authenticates; ``settings`` are the templates that its kind needs.

    ``also`` among them lists further keys, each a mapping with ``in``, ``name`` and ``value``.
    """

    kind: str = "none"
    settings: Mapping[str, Any] = Empty


@dataclass(frozen=True, slots=True)
class Balance:
    """The action that tells what the account has left, and where its answer holds the credits."""

    action: str
    field: str


@dataclass(frozen=True, slots=True)
class ConnectionTest:
    """The action that probes a connection, and the sentence that tells what it saw."""

    action: str
    says: str | None = None


@dataclass(frozen=True, slots=True)
class Environment:
    """A world the integration can act in."""

    name: str
    base_url: str
    description: str = ""
    transport: str | None = None
    credential: Mapping[str, Any] | None = None
    billed: bool = True  # whether what is used here costs anything


@dataclass(frozen=True, slots=True)
class Retry:
    """For requests without cost, and those known not to have run. Seconds."""

    attempts: int = 3
    first: float = 1.0
    longest: float = 30.0


@dataclass(frozen=True, slots=True)
class RateLimit:
    """What one credential may send: so many requests in each window of so many seconds.

    ``lockout`` is for how many seconds the upstream refuses everything once it was passed.
    """

    requests: int
    window: float
    lockout: float = 0.0


@dataclass(frozen=True, slots=True)
class Integration:
    """What the manifest and its actions declare about one API.

    ``workflows`` are files, relative to the folder; they are read when they are asked for.
    """

    id: str
    name: str
    version: str
    description: str
    environments: Mapping[str, Environment]
    default_environment: str
    actions: Mapping[str, Action]
    credential: JsonSchema = Empty
    auth: Auth = Auth()
    test: ConnectionTest | None = None
    balance: Balance | None = None
    headers: Mapping[str, Any] = Empty
    timeout: TimeoutSpec = TimeoutSpec()
    retry: Retry = Retry()
    rate_limit: RateLimit | None = None
    max_request_bytes: int | None = None
    max_response_bytes: int | None = None
    errors: ErrorPlaces = ErrorPlaces()
    outcomes: tuple[OutcomeRule, ...] = ()
    icon: Path | None = None
    documentation: str | None = None
    workflows: tuple[str, ...] = ()
    folder: Path | None = field(default=None, compare=False)

    @property
    def secret_fields(self) -> tuple[str, ...]:
        """The fields of the credential that nobody may see."""
        fields: Mapping[str, JsonSchema] = self.credential.get("properties", Empty)
        return tuple(name for name, schema in fields.items() if schema.get("secret"))
