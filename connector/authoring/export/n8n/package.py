"""The package as files: sources that n8n's own tools check and build, and what they build, ready to load."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from connector.authoring.export.n8n import node
from connector.authoring.export.n8n.literal import literal, text
from connector.authoring.export.n8n.naming import PackageNames, values
from connector.authoring.export.n8n.templates import declared, template
from connector.authoring.export.texts import titled
from connector.spec.model import Integration

_COMMON = ("tsconfig.json", "eslint.config.mjs")
_DARK, _LIGHT = "#4b3f72", "#cdc4ea"
_CREDENTIAL_TYPES: Mapping[str, str] = {
    "icon": "Icon",
    "properties": "INodeProperties[]",
    "authenticate": "IAuthenticateGeneric",
    "test": "ICredentialTestRequest",
}


def files(integration: Integration, url: str) -> dict[str, str]:
    """Every file of the package by its path; ``url`` is the host's, which a credential begins with."""
    return dict(_files(integration, PackageNames.of(integration), url))


def _files(integration: Integration, names: PackageNames, url: str) -> Iterator[tuple[str, str]]:
    told = values(integration, names) | {"host": url, "title": titled(integration.name)}
    yield "package.json", _json(declared("package", told))
    yield "README.md", template("README.md") % told
    for name in _COMMON:
        yield name, template(name)
    node_folder, credentials = f"nodes/{names.node_class}", "credentials"
    code = told | {
        "quoted_credential": text(names.credential),
        "description": literal(node.description(integration, names), 1),
    }
    yield f"{node_folder}/{names.node_class}.node.ts", template("node.ts") % code
    yield f"dist/{node_folder}/{names.node_class}.node.js", template("node.js") % code
    host = template("host.js")
    yield f"{node_folder}/host.js", host
    yield f"dist/{node_folder}/host.js", _as_commonjs(host)
    typed, built_class = _members(declared("credential", told))
    source = template("credentials.ts") % (told | {"fields": typed})
    yield f"{credentials}/{names.credential_class}.credentials.ts", source
    ready = template("credentials.js") % (told | {"fields": built_class})
    yield f"dist/{credentials}/{names.credential_class}.credentials.js", ready
    for built in ("", "dist/"):
        yield f"{built}{node_folder}/{names.node_class}.node.json", _json(declared("codex", told))
        for folder in (node_folder, credentials):
            yield f"{built}{folder}/icon.svg", _icon(integration, _DARK)
            yield f"{built}{folder}/icon.dark.svg", _icon(integration, _LIGHT)


def _as_commonjs(module: str) -> str:
    """The module as n8n loads it: what its build makes of the one import and the one export."""
    imported = module.replace("import {", "const {", 1).replace("} from ", "} = require(", 1)
    required = imported.replace("'n8n-workflow';", "'n8n-workflow');", 1)
    return f"'use strict';\n{required.replace('export function', 'function', 1)}\nexports.hostOf = hostOf;\n"


def _members(credential: Mapping[str, Any]) -> tuple[str, str]:
    """The members of the credential's class, in TypeScript and as JavaScript sets them."""
    typed = {name: f"{name}: {kind}" for name, kind in _CREDENTIAL_TYPES.items()}
    source = (f"\t{typed.get(name, name)} = {literal(value, 1)};" for name, value in credential.items())
    ready = (f"\t\tthis.{name} = {literal(value, 2)};" for name, value in credential.items())
    return "\n\n".join(source), "\n".join(ready)


def _icon(integration: Integration, colour: str) -> str:
    if integration.icon is not None and integration.icon.suffix == ".svg":
        return integration.icon.read_text(encoding="utf-8")
    return template("icon.svg") % {"colour": colour}


def _json(value: Any) -> str:
    return json.dumps(value, indent="\t", ensure_ascii=False, allow_nan=False) + "\n"
