"""The package as files: sources that n8n's own tools check and build, and what they build, ready to load."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from connector.authoring.export.n8n import node
from connector.authoring.export.n8n.lint_rules import sentences
from connector.authoring.export.n8n.literal import literal, text
from connector.authoring.export.n8n.naming import PackageNames
from connector.authoring.export.n8n.templates import DECLARED, template
from connector.authoring.export.texts import titled
from connector.spec.model import Integration

_COMMON = ("tsconfig.json", "eslint.config.mjs")
_DARK, _LIGHT = "#4b3f72", "#cdc4ea"
# Where a reader finds what the host is, when the integration does not say.
_NOWHERE = "https://connector.example"


def files(integration: Integration, url: str) -> dict[str, str]:
    """Every file of the package by its path; ``url`` is the host's, which a credential begins with."""
    names = PackageNames.of(integration)
    return dict(_files(integration, names, url))


def _files(integration: Integration, names: PackageNames, url: str) -> Iterator[tuple[str, str]]:
    yield "package.json", _json(_package(integration, names))
    yield "README.md", _readme(integration, names)
    for name in _COMMON:
        yield name, template(name)
    node_folder, credentials = f"nodes/{names.node_class}", "credentials"
    told = literal(node.description(integration, names), 1)
    credential = _credential(integration, names, url)
    yield f"{node_folder}/{names.node_class}.node.ts", template("node.ts").format(**_filled(names, told))
    yield f"dist/{node_folder}/{names.node_class}.node.js", template("node.js").format(**_filled(names, told))
    host = template("host.js")
    yield f"{node_folder}/host.js", host
    yield f"dist/{node_folder}/host.js", _as_commonjs(host)
    yield f"{credentials}/{names.credential_class}.credentials.ts", _credential_ts(names, credential)
    yield f"dist/{credentials}/{names.credential_class}.credentials.js", _credential_js(names, credential)
    for built in ("", "dist/"):
        yield f"{built}{node_folder}/{names.node_class}.node.json", _json(_codex(integration, names))
        for folder in (node_folder, credentials):
            yield f"{built}{folder}/icon.svg", _icon(integration, _DARK)
            yield f"{built}{folder}/icon.dark.svg", _icon(integration, _LIGHT)


def _as_commonjs(module: str) -> str:
    """The module as n8n loads it: what its build makes of the one import and the one export."""
    imported = module.replace("import {", "const {", 1).replace("} from ", "} = require(", 1)
    required = imported.replace("'n8n-workflow';", "'n8n-workflow');", 1)
    return f"'use strict';\n{required.replace('export function', 'function', 1)}\nexports.hostOf = hostOf;\n"


def _filled(names: PackageNames, told: str) -> dict[str, str]:
    return {"name": names.node_class, "credential": text(names.credential), "description": told}


def _package(integration: Integration, names: PackageNames) -> dict[str, Any]:
    common: dict[str, Any] = DECLARED["package"]
    return common | {
        "name": names.package,
        "version": integration.version,
        "description": sentences(integration.description),
        "homepage": integration.documentation or _NOWHERE,
        "author": common["author"] | {"name": f"Users of {integration.name}"},
        "repository": common["repository"] | {"url": f"{_NOWHERE}/{names.package}.git"},
        "n8n": common["n8n"]
        | {
            "credentials": [f"dist/credentials/{names.credential_class}.credentials.js"],
            "nodes": [f"dist/nodes/{names.node_class}/{names.node_class}.node.js"],
        },
    }


def _codex(integration: Integration, names: PackageNames) -> dict[str, Any]:
    url = integration.documentation or _NOWHERE
    return {
        "node": f"{names.package}.{names.node}",
        "nodeVersion": "1.0",
        "codexVersion": "1.0",
        "categories": ["Miscellaneous"],
        "resources": {"credentialDocumentation": [{"url": url}], "primaryDocumentation": [{"url": url}]},
    }


def _credential(integration: Integration, names: PackageNames, url: str) -> dict[str, Any]:
    common: dict[str, Any] = DECLARED["credential"]
    host, token = common["properties"]
    probe = common["test"]["request"] | {"url": f"/api/integrations/{integration.id}"}
    return common | {
        "name": names.credential,
        "displayName": titled(f"{integration.name} Host API"),
        "documentationUrl": integration.documentation or _NOWHERE,
        "properties": [host | {"default": url}, token],
        "test": {"request": probe},
    }


_CREDENTIAL_TYPES: Mapping[str, str] = {
    "icon": "Icon",
    "properties": "INodeProperties[]",
    "authenticate": "IAuthenticateGeneric",
    "test": "ICredentialTestRequest",
}


def _credential_ts(names: PackageNames, fields: Mapping[str, Any]) -> str:
    typed = {name: f"{name}: {kind}" for name, kind in _CREDENTIAL_TYPES.items()}
    told = "\n\n".join(f"\t{typed.get(name, name)} = {literal(value, 1)};" for name, value in fields.items())
    return template("credentials.ts").format(name=names.credential_class, fields=told)


def _credential_js(names: PackageNames, fields: Mapping[str, Any]) -> str:
    told = "\n".join(f"\t\tthis.{name} = {literal(value, 2)};" for name, value in fields.items())
    return template("credentials.js").format(name=names.credential_class, fields=told)


def _icon(integration: Integration, colour: str) -> str:
    if integration.icon is not None and integration.icon.suffix == ".svg":
        return integration.icon.read_text(encoding="utf-8")
    return template("icon.svg").format(colour)


def _json(value: Any) -> str:
    return json.dumps(value, indent="\t", ensure_ascii=False, allow_nan=False) + "\n"


def _readme(integration: Integration, names: PackageNames) -> str:
    return template("README.md").format(package=names.package, name=titled(integration.name))
