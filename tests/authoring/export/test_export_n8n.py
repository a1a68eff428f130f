"""The package for n8n: its names and words by n8n's rules, its fields by the specs.

That n8n's own tools accept it, and that it does what it says in a running n8n, is proved by `make test-n8n`.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from connector.authoring.export import texts
from connector.authoring.export.n8n import lint_rules, literal, naming, node, package
from connector.spec.loader import default_folder, load

INTEGRATION = load(default_folder())
OTHER = load(Path(__file__).parents[2] / "other")
FILES = package.files(INTEGRATION, "https://connector.example")
NAMES = naming.PackageNames.of(INTEGRATION)
DESCRIPTION = node.description(INTEGRATION, NAMES)
CASES = yaml.safe_load((Path(__file__).parents[2] / "cases" / "export-n8n.yaml").read_text(encoding="utf-8"))
CHANGES = {
    "titled": texts.titled,
    "sentences": lint_rules.sentences,
    "singular": naming.singular,
    "sentence": naming.sentence,
    "camel": naming.camel,
    "parameter": lambda name: naming.parameter(name, ()),
    "literal": literal.literal,
}


@pytest.mark.parametrize(
    ("change", "given", "becomes"),
    [(change, given, becomes) for change, cases in CASES.items() for given, becomes in cases],
)
def test_a_name_becomes_one_of_n8n(change, given, becomes):
    assert CHANGES[change](given) == becomes


def test_signs_come_before_digits_and_these_before_letters():
    """As where names are compared by a language's rules."""
    assert sorted(["16:9", "1:1", "b", "A", "21:9", "é", "f"], key=naming.order) == [
        *("1:1", "16:9", "21:9", "A", "b", "é", "f")
    ]


def _of(action):
    """The parameters that are seen with an action's operation."""
    return [
        one
        for one in DESCRIPTION["properties"]
        if one.get("displayOptions", {}).get("show", {}).get("operation") == [action]
    ]


def _operations():
    return {
        option["value"]: option
        for one in DESCRIPTION["properties"]
        if one["name"] == "operation"
        for option in one["options"]
    }


@pytest.mark.parametrize("name", sorted(INTEGRATION.actions))
def test_every_action_is_an_operation_with_its_own_fields(name):
    """What is required stands by itself, and what is not given is not sent."""
    action = INTEGRATION.actions[name]
    assert f"host.invocation('{name}'" in _operations()[name]["routing"]
    alone = {one["routing"]["send"]["property"]: one for one in _of(name) if one["type"] != "collection"}
    added = {
        each["routing"]["send"]["property"]: each
        for one in _of(name)
        if one["type"] == "collection"
        for each in one["options"]
    }
    assert {*alone} == {*action.inputs.get("required", ())}
    assert {*alone, *added} == {*action.parameters}
    assert all(one["required"] for one in alone.values())
    for file in action.files:
        assert f"'{file}'" in _operations()[name]["routing"]
        assert "binary field" in (alone | added)[file]["hint"]


def test_a_choice_and_a_number_have_their_limits():
    (added,) = [one for one in _of("stable-image-core") if one["type"] == "collection"]
    found = {one["name"]: one for one in added["options"]}
    assert found["seed"]["typeOptions"] == {"minValue": 0, "maxValue": 4294967294}
    assert [each["name"] for each in found["aspect_ratio"]["options"]][:2] == ["1:1", "16:9"]
    assert found["aspect_ratio"]["default"] == "1:1"
    assert found["output_format"]["options"][-1] == {"name": "Webp", "value": "webp"}


def test_an_agent_may_use_it_and_is_told_what_it_costs():
    assert DESCRIPTION["usableAsTool"] is True
    assert "Price in credits for each success: 3." in _operations()["stable-image-core"]["description"]


@pytest.mark.parametrize("integration", [INTEGRATION, OTHER], ids=["shipped", "other"])
def test_the_package_is_whole(integration):
    """What it names is there, what is ready to load says the same as its source, and JSON is strict."""
    files = package.files(integration, "https://connector.example")
    told = json.loads(files["package.json"])["n8n"]
    for built in (*told["nodes"], *told["credentials"]):
        source = built.removeprefix("dist/").removesuffix(".js") + ".ts"
        literals = [re.sub(r"\s", "", files[name]).partition("={")[2].strip("};") for name in (built, source)]
        assert "displayName" in files[built]
        if ".node." in built:
            assert literals[0] == literals[1]
    for name, text in files.items():
        if name.endswith(".json"):
            json.loads(text, parse_constant=pytest.fail)
    assert {"README.md", "tsconfig.json", "eslint.config.mjs"} <= {*files}
    assert 'fill="none"' in package._icon(replace(integration, icon=None), "#000")


def test_what_asks_the_host_is_one_source():
    """It is ready to load as it stands, but for how it imports and exports."""
    source, ready = (FILES[name].splitlines() for name in FILES if name.endswith("/host.js"))
    assert ready[0] == "'use strict';"
    assert [line for line in source if line not in ready] == [
        "import { NodeApiError, NodeOperationError, sleep } from 'n8n-workflow';",
        "export function hostOf(credential) {",
    ]
    assert "const { NodeApiError, NodeOperationError, sleep } = require('n8n-workflow');" in ready
    assert ready[-1] == "exports.hostOf = hostOf;"


def test_the_credential_holds_no_secret_and_names_the_host():
    (built,) = [name for name in FILES if name.endswith(".credentials.js")]
    assert "default: 'https://connector.example'" in FILES[built]
    assert "password: true" in FILES[built]
    assert "sk-sandbox" not in "".join(FILES.values())


@pytest.mark.parametrize(
    ("named", "becomes"),
    [
        ({"name": "access_token"}, {"typeOptions": {"password": True}}),
        ({"name": "fontColor", "typeOptions": {"rows": 4}}, {"type": "color"}),
        ({"name": "email"}, {"placeholder": "name@email.com"}),
        ({"name": "x", "description": "The x"}, {}),
        ({"name": "x", "description": "What is X"}, {"description": "What is X"}),
    ],
)
def test_a_name_says_how_a_field_is_shown(named, becomes):
    """Secrets are hidden, colours picked; what only repeats the title is left out."""
    found = lint_rules.usual(
        {"displayName": "X", "type": "string", "default": "", "description": "Said", **named}
    )
    own = {"displayName": "X", "type": "string", "default": "", "name": named["name"]}
    said = {} if "description" in named else {"description": "Said"}
    assert found == own | said | becomes


def test_names_that_no_class_can_have_are_mended():
    """An id may begin with a digit, and has dashes."""
    names = naming.PackageNames.of(replace(INTEGRATION, id="3d-shop"))
    assert (names.package, names.node_class, names.node) == ("n8n-nodes-3d-shop", "Api3dShop", "api3dShop")
    assert names.credential == "api3dShopHostApi"


def test_two_inputs_are_two_parameters():
    """Also where their names differ in signs alone."""
    first = naming.parameter("a.b", ())
    assert naming.parameter("a-b", {first}) != first
