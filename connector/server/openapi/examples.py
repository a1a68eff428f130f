"""Examples for the document: those of the specs, and values that the names of a schema's members call for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator

from connector.server.openapi.components import SCHEMAS
from connector.spec.model import JsonSchema
from connector.spec.package_data import table
from connector.spec.schema.plain_schema import plain

# What stands for a file that the host keeps.
_FILE = "file:k3v9f0q2h7"
_EXAMPLES: Mapping[str, Any] = table("server/openapi/examples.yaml")
_BY_NAME: Mapping[str, Any] = _EXAMPLES["names"]
_WHOLE: Mapping[str, Any] = _EXAMPLES["schemas"]
_BY_TYPE: Mapping[str, Any] = {"string": "text", "integer": 1, "number": 1.5, "boolean": False, "object": {}}


def sample(schema: JsonSchema, name: str = "") -> Any:
    """A value that the schema allows, for the member of that name."""
    if "$ref" in schema:
        named = str(schema["$ref"]).rpartition("/")[2]
        return _WHOLE[named] if named in _WHOLE else sample(plain(SCHEMAS[named]))
    for value in (*schema.get("examples", ()), *_BY_NAME.get(name, ()), *schema.get("enum", ())):
        if Draft202012Validator(schema).is_valid(value):
            return value
    if "items" in schema:
        return [sample(schema["items"], name.removesuffix("s"))]
    if "properties" in schema:
        return {each: sample(entry, each) for each, entry in schema["properties"].items()}
    return sample(schema["anyOf"][0], name) if "anyOf" in schema else _BY_TYPE.get(schema.get("type", ""))


def by_reference(value: Any, schema: JsonSchema) -> Any:
    """What an example of a spec gives, with the references of kept files in place of paths."""
    if schema.get("format") == "binary":
        return _FILE
    if not isinstance(value, Mapping):
        return value
    inner, others = schema.get("properties", {}), schema.get("additionalProperties")
    rest = others if isinstance(others, Mapping) else {}
    return {name: by_reference(each, inner.get(name, rest)) for name, each in value.items()}


def examples() -> dict[str, Any]:
    """Those of answers, by the names of their schemas."""
    return {name: sample({"$ref": name}) for name in SCHEMAS}
