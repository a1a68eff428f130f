"""The reference of spec files, docs/spec-reference.md: every word of the JSON Schemas in schemas/.

python tools/spec_reference.py           writes it
python tools/spec_reference.py --check   says whether it is as the schemas are
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "spec-reference.md"
FILES = {
    "integration.schema.json": ("integration.yaml", "integration.yaml"),
    "action.schema.json": ("Actions", "actions/*.yaml"),
    "workflow.schema.json": ("Workflows", "workflows/*.yaml"),
}
_HEAD = """# Reference: the words of spec files

Made from the JSON Schemas in [`schemas/`](../schemas) by `make spec-reference`.
`connector check FOLDER` checks files against them, and far more than a schema can say.
[Your own API](own-api.md) shows how the words are used.

An editor completes them where a file begins with the address of its schema:

```yaml
# yaml-language-server: $schema=../schemas/action.schema.json
```
"""
_TABLE = "\n| Word | Value | Meaning |\n|---|---|---|\n"


@dataclass(frozen=True)
class Word:
    """One word. ``path`` leads to it; NAME stands for a name that an author chooses."""

    path: tuple[str, ...]
    schema: dict[str, Any]
    is_required: bool

    @property
    def name(self) -> str:
        return ".".join(self.path)


class Schemas:
    """The schemas, whose references lead from one to another."""

    def __init__(self, folder: Path) -> None:
        self._loaded = {name: json.loads((folder / name).read_text("utf-8")) for name in FILES}

    def words(self, file: str) -> Iterator[Word]:
        """All words of a file, in the order in which the schema has them."""
        yield from self._below(self._loaded[file], file, ())

    def _below(self, schema: dict[str, Any], file: str, path: tuple[str, ...]) -> Iterator[Word]:
        for name, given in schema.get("properties", {}).items():
            found, where = self._followed(given, file)
            yield Word((*path, name), self._shown(found, where), name in schema.get("required", ()))
            if where == file:  # what another file's words are stands there
                yield from self._below(found, where, (*path, name))
        for more in ("additionalProperties", "items"):
            if isinstance(schema.get(more), dict):
                found, where = self._followed(schema[more], file)
                inner = (*path, "NAME") if more != "items" else (*path[:-1], f"{path[-1]}[]")
                if where == file:
                    yield from self._below(found, where, inner)
        then = [each["then"] for each in schema.get("allOf", ()) if "then" in each]
        for choice in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *then):
            found, where = self._followed(choice, file)
            yield from self._below(found, where, path)

    def _shown(self, schema: dict[str, Any], file: str) -> dict[str, Any]:
        """The same, with what its items and choices refer to in their places."""
        changed = dict(schema)
        if isinstance(schema.get("items"), dict):
            changed["items"] = self._shown(*self._followed(schema["items"], file))
        if "anyOf" in schema:
            changed["anyOf"] = [self._shown(*self._followed(each, file)) for each in schema["anyOf"]]
        return changed

    def _followed(self, schema: dict[str, Any], file: str) -> tuple[dict[str, Any], str]:
        """What a schema refers to, with its own words before that's; the file that it is in."""
        while "$ref" in schema:
            own = {key: value for key, value in schema.items() if key != "$ref"}
            other, _, pointer = schema["$ref"].partition("#")
            file = other or file
            found: Any = self._loaded[file]
            for part in filter(None, pointer.split("/")):
                found = found[part]
            schema = {**found, **own}
        return schema, file


def value(schema: dict[str, Any]) -> str:
    """What may stand there, in a few words."""
    if "const" in schema:
        return f"`{json.dumps(schema['const'])}`"
    if "enum" in schema:
        return ", ".join(f"`{each}`" for each in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(value(each) for each in schema["anyOf"]))
    if schema.get("type") == "array":
        item = value(schema["items"]) if isinstance(schema.get("items"), dict) else "anything"
        return f"list of {item}"
    kinds = schema.get("type", "text" if "pattern" in schema else "anything")
    told = " or ".join(_KINDS.get(kind, kind) for kind in ([kinds] if isinstance(kinds, str) else kinds))
    pattern = schema.get("pattern", "")
    if pattern.startswith("^\\{\\{"):
        return "one hole: `{{ ... }}`"
    bound = [f"{said} {schema[name]}" for name, said in _BOUNDS.items() if name in schema]
    example = f", as `{schema['examples'][0]}`" if schema.get("examples") else ""
    return " ".join([told, *bound]) + example


_KINDS = {"string": "text", "object": "mapping", "array": "list", "boolean": "true or false"}
_BOUNDS = {"minimum": "from", "maximum": "to", "exclusiveMinimum": "above"}


def meaning(schema: dict[str, Any]) -> str:
    default = schema.get("default")
    told = str(schema.get("description", ""))
    shown = "" if default is None else f" Default: `{json.dumps(default)}`."
    return (told + shown).replace("|", "\\|")


def words(folder: Path = ROOT / "schemas") -> dict[str, list[Word]]:
    """The words of each schema; one that several forms share is told once."""
    schemas = Schemas(folder)
    told = {}
    for file in FILES:
        by_name: dict[str, Word] = {}
        for word in schemas.words(file):
            first = by_name.setdefault(word.name, word)
            if "const" in word.schema and first is not word:  # each of several forms has a kind
                choices = [*first.schema.get("enum", [first.schema.get("const")]), word.schema["const"]]
                merged = {"enum": [*dict.fromkeys(choices)], "description": meaning(first.schema)}
                by_name[word.name] = Word(word.path, merged, first.is_required)
        told[file] = [*by_name.values()]
    return told


def page() -> str:
    parts = [_HEAD]
    for file, found in words().items():
        title, where = FILES[file]
        parts.append(f"\n## {title}\n\nThe schema of `{where}` is [`{file}`](../schemas/{file}).\n{_TABLE}")
        for word in found:
            mark = " *" if word.is_required else ""
            parts.append(f"| `{word.name}`{mark} | {value(word.schema)} | {meaning(word.schema)} |\n")
        parts.append("\n\\* must be there.\n")
    return "".join(parts)


def main() -> int:
    made = page()
    if "--check" in sys.argv:
        is_right = PAGE.exists() and PAGE.read_text("utf-8") == made
        print("as the schemas are" if is_right else "differs from the schemas: make spec-reference")
        return int(not is_right)
    PAGE.write_text(made, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
