"""The conversion of a document: its manifest, its actions, and a report of what could not be said."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from connector.authoring import request_identity
from connector.authoring.importing import naming, openapi3, swagger2
from connector.authoring.importing.operation import ImportedOperation, output
from connector.authoring.importing.parse_document import Json, mapping, refused, text
from connector.authoring.importing.references import References
from connector.authoring.importing.report import ImportReport, Remark, Remarks, Told, Unfit
from connector.authoring.importing.requests import Requests
from connector.authoring.importing.schemas import Schemas
from connector.authoring.importing.security import SecuritySchemes, Way
from connector.authoring.importing.servers import base_url, environments
from connector.authoring.importing.texts import kebab, sentence
from connector.engine.render import SAFE_METHODS
from connector.spec.parse import request as request_of

Spec = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Imported:
    """What the files of an integration are going to say; ``actions`` by id.

    ``addresses`` tell which action an operation became, such as "GET /pets".
    """

    manifest: Spec
    actions: Mapping[str, Spec]
    report: ImportReport
    addresses: Mapping[str, str]


def convert(document: Any, name: str, url: str | None = None, said: Iterable[Remark] = ()) -> Imported:
    """The integration of a document that was read from ``url``, or from a file where that is None.

    ``said`` is what was told of the document as it was read.
    Raises SpecError where it is no OpenAPI document, or nothing of it can be an action.
    """
    dialect = _dialect(document, name)
    found = list(dialect.operations(document))
    about = Remarks(dict.fromkeys((*said, *openapi3.beside(document, References(document)))))
    places = environments(dialect.servers(document), url, about)
    maker = _Maker(document, dialect.schemes(document), [one for one, _ in found], places, about)
    for operation, remarks in found:
        maker.make(operation, remarks)
    if not maker.actions:
        raise refused(name, "holds no operation that can become an action", path="paths")
    maker.sort()
    report = ImportReport(len(found), tuple(about), tuple(maker.told))
    return Imported(maker.manifest(places), maker.actions, report, maker.addresses)


def operations(document: Any, name: str) -> list[ImportedOperation]:
    """The operations alone."""
    return [operation for operation, _ in _dialect(document, name).operations(document)]


def _dialect(document: Any, name: str) -> ModuleType:
    told = mapping(document)
    if str(told.get("openapi", "")).startswith("3."):
        return openapi3
    if str(told.get("swagger", "")).startswith("2"):
        return swagger2
    raise refused(name, "is not an OpenAPI document of version 3.0, 3.1 or 2.0 (Swagger)", path="openapi")


class _Maker:
    """Makes the actions of one document, one operation after the other."""

    def __init__(
        self,
        document: Json,
        schemes: Json,
        operations: list[ImportedOperation],
        places: Mapping[str, Mapping[str, str]],
        about: Remarks,
    ) -> None:
        self._document = document
        self._base = next(iter(places.values()))["base_url"]
        self._security = SecuritySchemes(document, schemes, self._base)
        self._security.choose(operations, about)
        self._way = self._security.way
        self._schemas = Schemas(References(document))
        self._names = naming.ActionNames()
        self._title = sentence(mapping(document.get("info")).get("title"), 80) or "Imported API"
        self._addresses: dict[tuple[str, ...], str] = {}
        self.actions: dict[str, Spec] = {}
        self.addresses: dict[str, str] = {}
        self.told: list[Told] = []

    def make(self, operation: ImportedOperation, remarks: Remarks) -> None:
        try:
            spec = self._action(operation, remarks)
        except Unfit as error:
            self.told.append(Told(operation.name, None, (Remark(str(error), "it is left out"),)))
            return
        self.actions[spec["id"]] = spec
        self.addresses[operation.name] = spec["id"]
        if remarks:
            self.told.append(Told(operation.name, spec["id"], tuple(remarks)))

    def sort(self) -> None:
        """Puts the actions of a group together, the groups in the document's order."""
        groups = [spec["group"] for spec in self.actions.values()]
        places = {group: place for place, group in enumerate(dict.fromkeys(groups))}
        self.actions = dict(sorted(self.actions.items(), key=lambda item: places[item[1]["group"]]))

    def _action(self, operation: ImportedOperation, remarks: Remarks) -> Spec:
        self._check_server(operation)
        requests = Requests(operation, self._schemas, self._way.sent, remarks)
        request = requests.request()
        self._check_security(operation, remarks)
        self._check_same(operation, request, output(operation))
        id, group = self._names.id(operation), naming.group(operation, self._title)
        title = self._names.title(operation, group, id)
        spec: Spec = {
            "id": id,
            "title": title,
            "group": group,
            "description": naming.description(operation, title),
        }
        if naming.is_address(operation.documentation):
            spec["documentation"] = operation.documentation
        spec |= {"request": request, "inputs": requests.inputs.schema(), "output": output(operation)}
        if operation.method not in SAFE_METHODS:
            # It may cost, or do something twice, so that it is not sent again where no answer came.
            spec["credits"] = "unknown"
        if operation.deprecated:
            advice = "Look in the API's documentation for what to use in its place."
            spec["deprecated"] = {"reason": "The API calls it deprecated.", "advice": advice}
        return spec

    def _check_same(self, operation: ImportedOperation, request: Spec, answer: Spec) -> None:
        """Two operations of one address could not be told apart when they are used."""
        address = request_identity.address(request_of(request), str(answer["kind"]))
        if address in self._addresses:
            raise Unfit(f"its request is that of {self._addresses[address]}")
        if address is not None:
            self._addresses[address] = operation.name

    def _check_server(self, operation: ImportedOperation) -> None:
        """An action is sent below the environment's base URL; what lives elsewhere is another integration."""
        own = [base_url(address, self._base + "/", Remarks()) for address in operation.servers]
        if own and self._base not in own:
            raise Unfit(f"it is on another server, {operation.servers[0][:80]}")

    def _check_security(self, operation: ImportedOperation, remarks: Remarks) -> None:
        needed = self._security.unserved(operation)
        if needed is not None:
            remarks.add(f"it is proved by {needed}", f"the connection sends {_shown(self._way)}")

    def manifest(self, places: Mapping[str, Mapping[str, str]]) -> Spec:
        info = mapping(self._document.get("info"))
        id = kebab(self._title, 60) or "imported-api"
        about = sentence(info.get("description"), 400)
        about = about if len(about) >= 20 else f"{self._title}, imported from its OpenAPI document."
        page = text(mapping(self._document.get("externalDocs")).get("url"))
        return {
            "id": id,
            "name": self._title,
            "version": _version(info.get("version")),
            "description": about,
            **({"documentation": page} if naming.is_address(page) else {}),
            "connection": self._connection(id),
            "environments": places,
            "default_environment": next(iter(places)),
            "actions": [f"actions/{id}.yaml" for id in self.actions],
        }

    def _connection(self, id: str) -> Spec:
        found: Spec = {}
        if self._way.fields:
            found["credential"] = {
                "type": "object",
                "additionalProperties": False,
                "required": [name for name in self._way.fields if name != "scope"],
                "properties": {
                    name: {**entry, "variable": _variable(id, name)}
                    for name, entry in self._way.fields.items()
                },
            }
        found["auth"] = dict(self._way.auth)
        if probe := next(self._probes(), None):
            found["test"] = {"action": probe}
        return found

    def _probes(self) -> Iterator[str]:
        """Actions that only look, need nothing, and by their name tell who is asking."""
        for id, spec in self.actions.items():
            last = spec["request"]["path"].rpartition("/")[2].lower()
            needs_nothing = not spec["inputs"].get("required") and spec["request"]["method"] == "GET"
            if needs_nothing and last in _PROBES and "deprecated" not in spec:
                yield id


_PROBES = ("me", "self", "whoami", "user", "account", "profile", "balance", "ping", "status", "health")


def _variable(id: str, name: str) -> str:
    short = kebab(id.removesuffix("-api"), 30)
    found = re.sub(r"[^A-Z0-9]+", "_", f"{short}_{name}".upper()).strip("_")
    return found if found[0].isalpha() else f"API_{found}"


def _version(told: Any) -> str:
    numbers = re.findall(r"[0-9]+", str(told))[:3] if isinstance(told, str | int | float) else []
    if not numbers or max(map(len, numbers)) > 10:
        return "1.0.0"
    return ".".join([*(str(int(number)) for number in numbers), "0", "0"][:3])


def _shown(chosen: Way) -> str:
    return {"none": "nothing", "api_key": f"the key {chosen.auth.get('name')}"}.get(
        chosen.auth["kind"], f"{chosen.auth['kind']} alone"
    )
