"""The package as files: sources that n8n's own tools check and build, and what they build, ready to load."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib.resources import files as resources
from typing import Any

from connector.authoring.export.n8n import node
from connector.authoring.export.n8n.lint_rules import sentences
from connector.authoring.export.n8n.literal import literal, text
from connector.authoring.export.n8n.naming import PackageNames
from connector.authoring.export.texts import titled
from connector.spec.model import Integration

_HERE = "connector.authoring.export.n8n"
_COMMON = ("tsconfig.json", "eslint.config.mjs")
_ICON = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 60 60" fill="none" stroke="{}" stroke-width="5">
<path d="M18 12v14a12 12 0 0 0 24 0V12M30 38v12M24 4v10M36 4v10"/></svg>
"""
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
        yield name, _resource(name)
    node_folder, credentials = f"nodes/{names.node_class}", "credentials"
    told = literal(node.description(integration, names), 1)
    credential = _credential(integration, names, url)
    yield f"{node_folder}/{names.node_class}.node.ts", _NODE_TS.format(**_filled(names, told))
    yield f"dist/{node_folder}/{names.node_class}.node.js", _NODE_JS.format(**_filled(names, told))
    host = _resource("host.js")
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
    return {
        "name": names.package,
        "version": integration.version,
        "description": sentences(integration.description),
        "license": "MIT",
        "keywords": ["n8n-community-node-package"],
        "homepage": integration.documentation or _NOWHERE,
        "author": {"name": f"Users of {integration.name}", "email": "author@connector.example"},
        "repository": {"type": "git", "url": f"{_NOWHERE}/{names.package}.git"},
        "scripts": {
            "build": "n8n-node build",
            "dev": "n8n-node dev",
            "lint": "n8n-node lint",
            "release": "n8n-node release",
            "prepublishOnly": "n8n-node prerelease",
        },
        "files": ["dist"],
        "n8n": {
            "n8nNodesApiVersion": 1,
            "strict": True,
            "credentials": [f"dist/credentials/{names.credential_class}.credentials.js"],
            "nodes": [f"dist/nodes/{names.node_class}/{names.node_class}.node.js"],
        },
        "devDependencies": {
            "@n8n/node-cli": "*",
            "eslint": "9.29.0",
            "prettier": "3.6.2",
            "release-it": "^19.0.4",
            "typescript": "5.9.2",
        },
        "peerDependencies": {"n8n-workflow": "*"},
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
    """The fields of the credential's class: where the host answers, and a token of it."""
    return {
        "name": names.credential,
        "displayName": titled(f"{integration.name} Host API"),
        "icon": {"light": "file:icon.svg", "dark": "file:icon.dark.svg"},
        "documentationUrl": integration.documentation or _NOWHERE,
        "properties": [
            {
                "displayName": "Host",
                "name": "host",
                "type": "string",
                "default": url,
                "required": True,
                "placeholder": "e.g. https://connector.example",
                "description": "Where the connector's host answers, as seen from n8n",
            },
            {
                "displayName": "Token",
                "name": "token",
                "type": "string",
                "typeOptions": {"password": True},
                "default": "",
                "required": True,
                "description": "A token of it, which <code>connector serve --add-token n8n</code> prints",
            },
        ],
        "authenticate": {
            "type": "generic",
            "properties": {"headers": {"Authorization": "=Bearer {{$credentials.token}}"}},
        },
        "test": {
            "request": {
                "baseURL": '={{$credentials.host.replace(/\\/+$/, "")}}',
                "url": f"/api/integrations/{integration.id}",
            }
        },
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
    return _CREDENTIAL_TS.format(name=names.credential_class, fields=told)


def _credential_js(names: PackageNames, fields: Mapping[str, Any]) -> str:
    told = "\n".join(f"\t\tthis.{name} = {literal(value, 2)};" for name, value in fields.items())
    return _CREDENTIAL_JS.format(name=names.credential_class, fields=told)


def _icon(integration: Integration, colour: str) -> str:
    if integration.icon is not None and integration.icon.suffix == ".svg":
        return integration.icon.read_text(encoding="utf-8")
    return _ICON.format(colour)


def _resource(name: str) -> str:
    return resources(_HERE).joinpath(name).read_text(encoding="utf-8")


def _json(value: Any) -> str:
    return json.dumps(value, indent="\t", ensure_ascii=False, allow_nan=False) + "\n"


def _readme(integration: Integration, names: PackageNames) -> str:
    return _resource("README.md").format(package=names.package, name=titled(integration.name))


_NODE_TS = """\
import {{ NodeConnectionTypes, type INodeType, type INodeTypeDescription }} from 'n8n-workflow';
import {{ hostOf }} from './host';

const host = hostOf({credential});

export class {name} implements INodeType {{
\tdescription: INodeTypeDescription = {description};
}}
"""
_NODE_JS = """\
'use strict';
const {{ NodeConnectionTypes }} = require('n8n-workflow');
const {{ hostOf }} = require('./host');

const host = hostOf({credential});

exports.{name} = class {name} {{
\tdescription = {description};
}};
"""
_CREDENTIAL_TS = """\
import type {{
\tIAuthenticateGeneric,
\tIcon,
\tICredentialTestRequest,
\tICredentialType,
\tINodeProperties,
}} from 'n8n-workflow';

export class {name} implements ICredentialType {{
{fields}
}}
"""
_CREDENTIAL_JS = """\
'use strict';

exports.{name} = class {name} {{
\tconstructor() {{
{fields}
\t}}
}};
"""
