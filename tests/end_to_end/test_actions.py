"""Every shipped spec is well formed, works by its own examples and refuses what the vendor would refuse."""

import re

import pytest
from declared import ACTIONS, EXAMPLES, INVALID, MANIFEST, ROOT, SPECS, load_json, parameters
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from connector.spec import yaml_lines
from connector.spec.schema.validator import Checker

# The product page's actions: their titles are used as they stand.
PRODUCT_PAGE = {
    "start-generation": ("Image-to-video", "Start generation"),
    "fetch-generation-result": ("Image-to-video", "Fetch generation result"),
    "stable-image-ultra": ("Generate", "Stable Image Ultra"),
    "stable-image-core": ("Generate", "Stable Image Core"),
    "stable-diffusion-3": ("Generate", "Stable Diffusion 3"),
    "conservative": ("Upscale", "Conservative"),
    "start-creative-upscale": ("Upscale", "Start Creative Upscale"),
    "fetch-creative-upscale-result": ("Upscale", "Fetch Creative Upscale result"),
    "erase": ("Edit", "Erase"),
    "inpaint": ("Edit", "Inpaint"),
    "outpaint": ("Edit", "Outpaint"),
    "search-and-replace": ("Edit", "Search and Replace"),
    "remove-background": ("Edit", "Remove Background"),
    "sketch": ("Control", "Sketch"),
    "structure": ("Control", "Structure"),
}
JOBS = [action for action, spec in SPECS.items() if "job" in spec]
FETCHES = sorted({SPECS[action]["job"]["fetch"] for action in JOBS} | {"fetch-result"})
REFUSED = [
    pytest.param(action, case, id=f"{action}-{case['wrong']}")
    for action, cases in INVALID.items()
    for case in cases
]

every_action = pytest.mark.parametrize("action", SPECS)
every_example = pytest.mark.parametrize(
    ("action", "given"), [pytest.param(action, given, id=f"{action}-{n}") for action, n, given in EXAMPLES]
)


def validator(name):
    documents = [load_json(f"{kind}.schema.json") for kind in ("action", "integration")]
    registry = Registry().with_resources([(one["$id"], Resource.from_contents(one)) for one in documents])
    return Draft202012Validator(load_json(name), registry=registry)


def test_the_manifest_conforms_and_lists_every_spec_once():
    """A spec that lies in the folder is part of the integration."""
    assert list(validator("integration.schema.json").iter_errors(MANIFEST)) == []
    assert sorted(MANIFEST["actions"]) == [f"actions/{action}.yaml" for action in SPECS]


@every_action
def test_a_spec_conforms_to_its_schema(action):
    """Editors and the loader see no mistake in it."""
    assert [error.message for error in validator("action.schema.json").iter_errors(SPECS[action])] == []


@every_action
def test_a_spec_reads_the_same_to_every_yaml_reader(action):
    """Nothing in it depends on what YAML 1.1 makes of words such as on, no or 1_000."""
    assert yaml_lines.read(ACTIONS / f"{action}.yaml").value == SPECS[action]


@every_action
def test_an_id_is_the_name_of_its_file(action):
    """Who knows the id finds the file."""
    assert SPECS[action]["id"] == action


@every_action
def test_every_input_is_a_valid_schema_with_title_and_description(action):
    """A form can be made of the inputs alone, and it explains itself."""
    Draft202012Validator.check_schema(SPECS[action]["inputs"])
    untold = [
        name for name, entry in parameters(action).items() if not {"title", "description"} <= set(entry)
    ]
    assert untold == []


@every_action
def test_inputs_that_are_spoken_of_exist(action):
    """Required inputs, masks, rules, prices and templates name no input that is not there."""
    spec, known = SPECS[action], set(parameters(action))
    spoken = set(spec["inputs"].get("required", ()))
    spoken |= {entry["mask_of"] for entry in parameters(action).values() if "mask_of" in entry}
    spoken |= {name for rule in spec["inputs"].get("allOf", ()) for name in named(rule)}
    spoken |= set(re.findall(r"\binputs\.(\w+)", str(spec["request"]) + str(spec.get("credits"))))
    assert spoken - known == set()


def named(rule):
    """The inputs that a conditional rule is about."""
    names = set(rule.get("properties", ())) | set(rule.get("required", ()))
    for trigger, needed in rule.get("dependentRequired", {}).items():
        names |= {trigger, *needed}
    return names.union(*(named(rule[word]) for word in ("if", "then", "else", "not") if word in rule))


@every_action
def test_every_rule_can_be_told_in_a_sentence(action):
    """What a condition refuses is explained in the author's words."""
    rules = SPECS[action]["inputs"].get("allOf", ())
    assert [rule for rule in rules if not rule.get("description")] == []


@pytest.mark.parametrize("action", PRODUCT_PAGE)
def test_the_actions_of_the_product_page_keep_their_names(action):
    """Who comes from there finds them under the same title."""
    assert (SPECS[action]["group"], SPECS[action]["title"]) == PRODUCT_PAGE[action]


def test_no_two_actions_share_a_title():
    """A list of titles tells them apart."""
    titles = [spec["title"] for spec in SPECS.values()]
    assert sorted(set(titles)) == sorted(titles)


@every_example
def test_an_example_passes_its_inputs(action, given):
    """Files stand as their paths, which is how JSON gives them."""
    assert [error.message for error in Draft202012Validator(SPECS[action]["inputs"]).iter_errors(given)] == []


@every_example
def test_an_example_s_files_are_what_the_inputs_ask_for(action, given):
    """Format, size, pixels, aspect and length of each sample keep to the file rules."""
    files = {name: entry.get("file", {}) for name, entry in parameters(action).items() if name in given}
    broken = {name: broken_rules(rules, given[name]) for name, rules in files.items() if rules}
    assert not any(broken.values()), broken


def broken_rules(rules, name):
    facts = measured(ACTIONS / name)
    return [rule for rule, limit in rules.items() if not KEPT[rule](facts, limit)]


def measured(path):
    read = sound_facts if path.suffix in (".wav", ".mp3") else picture_facts
    return {"bytes": path.stat().st_size, **read(path)}


def picture_facts(path):
    from PIL import Image

    with Image.open(path) as picture:
        width, height = picture.size
        turn = picture.getexif().get(0x0112, 1)
        return {"format": picture.format.lower(), "width": width, "height": height, "orientation": turn}


def sound_facts(path):
    import av

    with av.open(str(path)) as sound:
        return {"format": sound.format.name, "seconds": sound.duration / av.time_base}


KEPT = {
    "formats": lambda facts, limit: facts["format"] in limit,
    "max_bytes": lambda facts, limit: facts["bytes"] <= limit,
    "min_side": lambda facts, limit: min(facts["width"], facts["height"]) >= limit,
    "min_width": lambda facts, limit: facts["width"] >= limit,
    "max_width": lambda facts, limit: facts["width"] <= limit,
    "min_height": lambda facts, limit: facts["height"] >= limit,
    "max_height": lambda facts, limit: facts["height"] <= limit,
    "min_pixels": lambda facts, limit: facts["width"] * facts["height"] >= limit,
    "max_pixels": lambda facts, limit: facts["width"] * facts["height"] <= limit,
    "min_aspect": lambda facts, limit: facts["width"] / facts["height"] >= limit,
    "max_aspect": lambda facts, limit: facts["width"] / facts["height"] <= limit,
    "dimensions": lambda facts, limit: f"{facts['width']}x{facts['height']}" in limit,
    "min_seconds": lambda facts, limit: facts["seconds"] >= limit,
    "max_seconds": lambda facts, limit: facts["seconds"] <= limit,
    "upright": lambda facts, limit: facts["orientation"] == 1,
}


def test_the_samples_are_few_and_small_and_the_icon_is_a_picture():
    """A clone stays quick, and the manifest's icon is there to be shown."""
    assert sum(path.stat().st_size for path in (ACTIONS / "samples").iterdir()) < 600_000
    assert "<svg" in (ROOT / MANIFEST["icon"]).read_text("utf-8")


@pytest.mark.parametrize(("action", "case"), REFUSED)
def test_a_mistake_is_refused_and_named(action, case):
    """Any JSON Schema validator refuses it, and the check names exactly the inputs concerned."""
    inputs = SPECS[action]["inputs"]
    assert not Draft202012Validator(inputs).is_valid(case["arguments"])
    assert {problem.path for problem in Checker(inputs).problems(case["arguments"])} == set(case["fields"])


@every_action
def test_every_action_has_at_least_three_kinds_of_mistakes_to_refuse(action):
    """The cases cover the actions, the new ones too."""
    assert len({case["wrong"] for case in INVALID.get(action, ())}) >= 3


@pytest.mark.parametrize(
    ("action", "given"),
    [
        ("stable-diffusion-3", {"prompt": "a", "model": "sd4-large"}),
        ("stable-audio-2-text-to-audio", {"prompt": "a", "model": "stable-audio-2.7", "steps": 20}),
        ("stable-audio-3-text-to-audio", {"prompt": "a", "model": "stable-audio-3.5"}),
    ],
)
def test_a_model_that_is_newer_than_the_spec_only_warns(action, given):
    """Lists of models go stale; what is unknown is sent."""
    problems = Checker(SPECS[action]["inputs"]).problems(given)
    assert [(problem.path, problem.severity) for problem in problems] == [("model", "warning")]


@pytest.mark.parametrize("action", JOBS)
def test_a_job_s_result_can_be_fetched(action):
    """The fetch exists, needs the id alone, is free, and the start's answer promises the id."""
    job = SPECS[action]["job"]
    fetch = SPECS[job["fetch"]]
    assert fetch["inputs"]["required"] == [job.get("argument", "id")]
    assert "credits" not in fetch
    assert job["id"] in SPECS[action]["output"]["schema"]["required"]


@pytest.mark.parametrize("action", FETCHES)
def test_an_unfinished_result_is_pending(action):
    """A 202 is asked for before any success, and an id that is gone says why."""
    rules = SPECS[action]["outcomes"]
    assert [(rule["when"], rule["outcome"]) for rule in rules] == [
        ({"status": 202}, "pending"),
        ({"status": 404}, "not_found"),
    ]


@pytest.mark.parametrize("action", [a for a, spec in SPECS.items() if isinstance(spec.get("credits"), dict)])
def test_every_known_value_that_decides_a_price_has_one(action):
    """No known model is estimated as free."""
    price = SPECS[action]["credits"]
    assert set(price["values"]) == set(parameters(action)[price["by"]]["enum"])


@pytest.mark.parametrize("action", [a for a, spec in SPECS.items() if "deprecated" in spec])
def test_what_has_ended_says_when_why_and_what_to_do(action):
    """The warning helps even where no action replaces it."""
    ended = SPECS[action]["deprecated"]
    assert ended["since"] == "2025-07-24"
    assert all(replacement in SPECS for replacement in ended["use"])
    assert ended["use"] or ended["advice"]
