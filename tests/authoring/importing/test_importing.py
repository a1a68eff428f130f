"""A document becomes an integration's folder that has no problems, and what could not be said is told."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from connector.authoring import checks, drift
from connector.authoring.importing import Imported, convert, folder
from connector.authoring.importing.parse_document import MAX_DEPTH, parse
from connector.authoring.importing.report import Remarks
from connector.cli import main
from connector.errors import InvocationError, SpecError
from connector.spec import loader, template

DOCUMENTS = Path(__file__).parent / "documents"
CASES = {path.stem: yaml.safe_load(path.read_text("utf-8")) for path in sorted(DOCUMENTS.glob("*.yaml"))}
SMALL = CASES["parameters"]["document"]


def _imported(case: Mapping[str, Any]) -> Imported:
    return convert(case["document"], "api.yaml", case.get("url"))


def _agrees(said: Any, found: Any, place: str = "") -> None:
    """What is expected is there; what is expected to be None is not."""
    if not isinstance(said, Mapping):
        assert found == said, place
        return
    assert isinstance(found, Mapping), place
    for name, entry in said.items():
        _agrees(entry, found.get(name), f"{place}.{name}")


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if "refused" not in case])
def test_a_document_becomes_what_is_expected(name: str) -> None:
    """Manifest and actions, and each remark at its operation."""
    case = CASES[name]
    made = _imported(case)
    report = made.report
    _agrees(case.get("manifest", {}), made.manifest, "manifest")
    assert list(made.actions) == list(case["actions"])
    _agrees(case["actions"], made.actions, "actions")
    said = {one.action: [str(remark) for remark in one.remarks] for one in report.told if one.action}
    for action, remarks in case.get("says", {}).items():
        assert said[action][: len(remarks)] == remarks
    left_out = {one.operation: str(one.remarks[0]) for one in report.told if one.action is None}
    assert left_out.keys() == case.get("left_out", {}).keys()
    assert all(text in left_out[operation] for operation, text in case.get("left_out", {}).items())
    whole = "\n".join(map(str, report.whole))
    assert all(text in whole for text in case.get("document_says", ())), whole


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if "refused" not in case])
def test_what_is_imported_has_no_problems(name: str, tmp_path: Path) -> None:
    """Not one, and the files say what was made: no text changes its meaning on its way through YAML."""
    made = _imported(CASES[name])
    folder.write(folder.files(made), tmp_path / "made")
    assert checks.problems(tmp_path / "made") == []
    read = {
        path: yaml.safe_load((tmp_path / "made" / path).read_text("utf-8")) for path in folder.values(made)
    }
    assert read == folder.values(made)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if "refused" not in case])
def test_what_is_imported_agrees_with_its_document(name: str, tmp_path: Path) -> None:
    """Right after an import there is nothing new, gone or changed."""
    folder.write(folder.files(_imported(CASES[name])), tmp_path / "made")
    document = tmp_path / "api.yaml"
    document.write_text(yaml.safe_dump(CASES[name]["document"]))
    assert drift.report(loader.read(tmp_path / "made"), document).problems == ()


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if "refused" in case])
def test_what_is_none_is_refused(name: str) -> None:
    """With the place in the document."""
    with pytest.raises(SpecError) as caught:
        _imported(CASES[name])
    assert CASES[name]["refused"] in str(caught.value.problems[0])


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b'{"a":' * 200_000, f"is nested deeper than {MAX_DEPTH} levels"),
        (b"[" * 1_000_000, f"is nested deeper than {MAX_DEPTH} levels"),
        (b"- " * 5_000 + b"x", f"is nested deeper than {MAX_DEPTH} levels"),
        (b"openapi: 3.0.0\n" + b"a: &a [x, x, x, x, x, x, x, x, x]\n" + b"".join(
            b"%c: &%c [%s]\n" % (98 + n, 98 + n, b", ".join([b"*%c" % (97 + n)] * 9)) for n in range(12)
        ), "aliases counted in full"),
        (b"a: &a [*a]", "refers to nothing that is complete before it"),
        (b"{\n\"openapi\": }\n\"", "is not JSON"),
        (b"openapi: [", "is not YAML"),
        (b"\xff\xfe", "is not UTF-8 text"),
        (b"{1: [}", "is not"),
        (b"? [a, b]\n: c", "has a key that is not text"),
    ],
)  # fmt: skip
def test_a_hostile_text_is_refused(content: bytes, says: str) -> None:
    """Quickly, and with its place."""
    with pytest.raises(SpecError) as caught:
        convert(parse(content, "api.yaml"), "api.yaml")
    problem = caught.value.problems[0]
    assert problem.file == "api.yaml"
    assert says in problem.message


def test_yaml_is_read_as_it_is_spelt() -> None:
    """Keys are text, whatever they look like; words that only YAML 1.1 knows are text too."""
    text = b"a: &x {200: no, true: 1, null: 1.5}\nb: *x\nc: 2020-01-01\nd: '1'\ne: !!str 7\n"
    same = {"200": "no", "true": 1, "null": 1.5}
    assert parse(text, "x") == {"a": same, "b": same, "c": "2020-01-01", "d": "1", "e": "7"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": 1, "b": {"c": 1, "c": 2}}', ["the key 'c' is given again; the last one is read"]),
        ("a: 1\nb:\n  c: 1\n  c: 2\n", ["the key 'c' is given again on line 4; the last one is read"]),
        ("a: &x {c: 1}\nb: *x\nd: *x\n", []),
    ],
)
def test_a_key_that_is_given_twice_is_told(text: str, said: list[str]) -> None:
    """What stood there first is not dropped in silence."""
    twice = Remarks()
    parse(text.encode(), "x", twice)
    assert [str(one) for one in twice] == said


def test_nearly_json_is_read() -> None:
    """A comma too many is in many a document."""
    assert parse(b'{"a": [1, 2,],}', "x") == {"a": [1, 2]}


def test_a_folder_that_holds_something_is_kept(tmp_path: Path) -> None:
    """Unless its specs may be replaced; and then all else stays as it is."""
    made = convert(SMALL, "api.yaml")
    (tmp_path / "actions").mkdir()
    (tmp_path / "actions" / "old.yaml").write_text("id: old")
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InvocationError, match="not empty"):
        folder.write(folder.files(made), tmp_path)
    folder.write(folder.files(made), tmp_path, force=True)
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == [
        "integration.yaml", "list-parts.yaml", "notes.txt",
    ]  # fmt: skip
    assert checks.problems(tmp_path) == []


def test_a_failure_leaves_nothing_half_written(tmp_path: Path) -> None:
    """Neither the folder nor what it was drafted in."""
    made = convert(SMALL, "api.yaml")
    (tmp_path / "file").write_text("")
    with pytest.raises(InvocationError):
        folder.write(folder.files(made), tmp_path / "file" / "below")
    with pytest.raises(InvocationError, match="is a file"):
        folder.write(folder.files(made), tmp_path / "file")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_template_of_a_strangers_is_never_filled() -> None:
    """Whatever stands in names, paths, constants and addresses is text."""
    evil = "{{ credential.token }}"
    document = {
        "openapi": "3.0.0",
        "info": {"title": evil, "version": evil},
        "servers": [{"url": f"https://x.example/{evil}"}, {"url": "https://api.example.com"}],
        "components": {"securitySchemes": {"a": {"type": "apiKey", "in": "header", "name": evil}}},
        "paths": {
            "/a": {
                "post": {
                    "operationId": "a",
                    "parameters": [
                        {"name": "q", "in": "query", "required": True, "schema": {"enum": [evil]}},
                        {"name": evil, "in": "query", "schema": {"type": "string"}},
                        {"name": evil, "in": "header", "schema": {"type": "string"}},
                    ],
                    "requestBody": {"content": {f"text/{evil}": {}}},
                }
            },
            "/b": {"get": {"parameters": [{"name": "q", "in": "query", "schema": {"enum": [evil]}}]}},
            "/{%if%}": {"get": {}},
            "/c?x={{1}}": {"get": {}},
        },
    }
    made = convert(document, "api.yaml")
    for spec in made.actions.values():
        assert template.references(spec["request"]) <= {
            f"inputs.{name}" for name in spec["inputs"]["properties"]
        }
    assert [one.operation for one in made.report.told if one.action is None] == ["POST /a"]
    assert "{{" not in made.manifest["environments"]["production"]["base_url"]


def test_parts_that_multiply_are_read_once() -> None:
    """Thirty schemas, each made of the next one twice over, are a thousand million."""
    schemas: dict[str, Any] = {}
    for number in range(30):
        following = {"$ref": f"#/components/schemas/A{number + 1}"}
        schemas[f"A{number}"] = {"allOf": [following, {**following, "description": "The same again."}]}
    schemas["A30"] = {"type": "object", "properties": {"name": {"type": "string", "maxLength": 9}}}
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/A0"}}}}
    document = {
        "openapi": "3.0.3",
        "paths": {"/a": {"post": {"operationId": "make", "requestBody": body}}},
        "components": {"schemas": schemas},
    }
    [spec] = convert(document, "api.yaml").actions.values()
    assert spec["inputs"]["properties"]["name"]["maxLength"] == 9


def test_what_a_stranger_calls_an_operation_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A document cannot write lines of its own into the report."""
    monkeypatch.setenv("CONNECTOR_HOME", str(tmp_path / "home"))
    document = {"openapi": "3.0.0", "paths": {"/a": {"get": {}}, "/b\n0 problems": {"get": {}}}}
    (tmp_path / "api.yaml").write_text(yaml.safe_dump(document))
    assert main(["import", "openapi", str(tmp_path / "api.yaml"), "-o", str(tmp_path / "made")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("left out (GET /b 0 problems): its path cannot be read") for line in lines)
