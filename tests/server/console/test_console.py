"""The console's pages, as they leave the host: whole, safe, light, and labelled."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from console.markup import Element, parse
from server.support import KEY, Place, place

from connector.sandbox.generation import FILTERED, REFUSED
from connector.spec.cache import default_folder
from connector.spec.loader import load

INTEGRATION = load(default_folder())
ACTIONS = sorted(INTEGRATION.actions)
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)> {{ 7*7 }} </pre></template>"
SAMPLES = Path(default_folder()) / "actions" / "samples"
PAGES = (
    "/",
    "/login",
    "/integrations/stabilityai",
    "/integrations/stabilityai/connections/new",
    "/integrations/stabilityai/connections/studio",
    "/actions",
    "/workflows",
    *(f"/workflows/{name}" for name in ("product-shots", "restore", "storyboard", "variations")),
    "/workflows/variations?example=0",
    "/workflows/product-shots/edit",
    "/batches",
    "/schedules",
    "/request",
    "/request?example=1",
    "/runs",
    "/settings",
    *(f"/actions/{name}" for name in ACTIONS),
    *(f"/actions/{name}?example=0" for name in ("erase", "outpaint", "stable-diffusion-3")),
)
_REFERS = ("for", "aria-describedby", "aria-labelledby", "aria-controls", "list")
_CONTROLS = ("input", "select", "textarea", "button")


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A host with a connection, a picture that was made, and one whose words are hostile."""
    with place(tmp_path_factory.mktemp("home")) as opened:
        configurations = [
            {"environments": ["production"], "default": True, "fields": {"api_key": KEY}, "cap": 40},
            {"environments": ["staging"], "fields": {"api_key": KEY + "2"}},
        ]
        made = opened.post("/api/connections", json={"name": "studio", "configurations": configurations})
        assert made.status_code == 201, made.text
        assert opened.invoke("stable-image-core", {"prompt": "a lighthouse", "seed": 7}).status_code == 200
        assert opened.invoke("stable-image-core", {"prompt": HOSTILE}).status_code == 200
        yield opened


@pytest.fixture(scope="module")
def pages(host: Place) -> dict[str, Element]:
    """All pages by their address, for what holds for each of them."""
    return {path: page(host, path) for path in all_pages(host)}


def page(host: Place, path: str, status: int = 200, **more: Any) -> Element:
    answer = host.get(path, **more)
    assert answer.status_code == status, f"{path}: {answer.text[:400]}"
    return parse(answer.text)


def run_of(host: Place, **inputs: Any) -> dict[str, Any]:
    """The run that was given these inputs."""
    found: list[dict[str, Any]] = host.get("/api/runs").json()["runs"]
    return next(run for run in found if inputs.items() <= run["inputs"].items())


def all_pages(host: Place) -> list[str]:
    run = run_of(host, prompt=HOSTILE)["id"]
    return [
        *PAGES,
        f"/runs/{run}",
        f"/runs/{run}/view",
        f"/actions/stable-image-core?run={run}",
        "/files?kinds=",
    ]


class TestEveryPage:
    """What holds for all pages."""

    def test_nothing_is_inline(self, pages: dict[str, Element]) -> None:
        """No script, style or handler stands in a page, as the policy would not run it."""
        for path, whole in pages.items():
            for element in whole.walk(templates=True):
                assert element.tag != "style", path
                assert element.tag != "script" or (element.has("src") and not element.text), path
                inline = [name for name in element.attributes if name == "style" or name.startswith("on")]
                assert inline == [], f"{path}: <{element.tag}> has {inline}"

    def test_nothing_comes_from_elsewhere(self, pages: dict[str, Element]) -> None:
        """Only a link that somebody follows leads away, and it tells nothing of where it was."""
        for path, whole in pages.items():
            for element in whole.walk(templates=True):
                for name in ("src", "href", "action"):
                    away = urlsplit(element.get(name)).netloc
                    is_link = element.tag == "a" and "noreferrer" in element.get("rel")
                    assert not away or is_link, f"{path}: {element.attributes}"

    def test_ids_are_unique_and_what_refers_to_them_finds_them(self, pages: dict[str, Element]) -> None:
        for path, whole in pages.items():
            elements = list(whole.walk())
            ids = [element.get("id") for element in elements if element.has("id")]
            assert len(ids) == len(set(ids)), path
            for element in elements:
                if element.tag == "mask-editor":
                    assert element.get("for") in ids, path
                for name in _REFERS:
                    missing = set(element.get(name).split()) - set(ids)
                    assert not missing, f"{path}: {name} of {element.attributes} finds no {missing}"

    def test_every_control_has_a_name(self, pages: dict[str, Element]) -> None:
        """By a label, by aria, or by its own text."""
        for path, whole in pages.items():
            labelled = {label.get("for") for label in whole.all("label")}
            for element in whole.walk():
                if element.tag in _CONTROLS and element.get("type") != "hidden":
                    named = (
                        element.get("id") in labelled
                        or element.within("label")
                        or element.get("aria-label")
                        or element.get("aria-hidden") == "true"
                        or (element.tag == "button" and element.text)
                    )
                    assert named, f"{path}: {element.tag} {element.attributes}"

    def test_a_page_has_a_title_a_language_and_one_heading(self, pages: dict[str, Element]) -> None:
        for path in PAGES:
            whole = pages[path]
            assert whole.one("html").get("lang") == "en"
            assert whole.one("head").one("title").text
            assert len(whole.all("h1")) == 1, path

    def test_the_policy_lets_nothing_in(self, host: Place) -> None:
        answer = host.get("/actions/erase")
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy or "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["cache-control"] == "no-store"

    def test_a_stranger_is_led_to_sign_in(self, host: Place) -> None:
        answer = host.get("/runs", bearer=None, headers={"accept": "text/html"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=%2Fruns")
        form = page(host, "/login?failed=1", 401, bearer=None).one("form")
        assert (form.get("method"), form.get("action")) == ("post", "/login")
        assert form.one("input", name="token").get("aria-invalid") == "true"

    @pytest.mark.parametrize(
        "path",
        [
            "/runs/nope",
            "/actions/nope",
            "/integrations/nope",
            "/integrations/stabilityai/connections/nope",
            "/nope",
        ],
    )
    def test_what_is_not_there_is_told_on_a_page(self, host: Place, path: str) -> None:
        assert (
            "nope"
            in page(host, path, 404, headers={"accept": "text/html"}).one(data_testid="page-problem").text
        )

    def test_the_first_page_is_light(self, host: Place) -> None:
        """The page with all that it loads, but for pictures, in no more than 60 KB over the wire."""
        seen: dict[str, int] = {}
        _weigh(host, "/", seen)
        assert {"/static/console.css", "/static/app.js", "/static/kit.js"} <= {
            urlsplit(one).path for one in seen
        }
        assert sum(seen.values()) <= 60_000, seen

    def test_the_heaviest_form_is_light_too(self, host: Place) -> None:
        seen: dict[str, int] = {}
        _weigh(host, "/actions/inpaint", seen)
        assert "/static/picture-editors.js" in {urlsplit(one).path for one in seen}
        assert sum(seen.values()) <= 60_000, seen


class TestCatalog:
    """The list of actions, as a person looks for them."""

    def test_what_fetches_a_result_stands_with_what_begins_it(self, host: Place) -> None:
        """By the specs alone; no other action is left out."""
        whole = page(host, "/actions")
        fetches = {action.job.fetch for action in INTEGRATION.actions.values() if action.job}
        shown = {str(each.get("data-testid")) for each in whole.walk() if each.get("data-action")}
        assert shown == {f"tile-{action}" for action in INTEGRATION.actions if action not in fetches}
        start = whole.one(data_testid="fetch-of-start-creative-upscale")
        assert start.get("href") == "/actions/fetch-creative-upscale-result"

    def test_a_title_says_enough_and_the_apis_own_is_found(self, host: Place) -> None:
        whole = page(host, "/actions")
        assert whole.one(data_testid="action-conservative").text == "Conservative upscale"
        words = whole.one(data_testid="tile-start-generation").get("data-words") or ""
        assert [each for each in ("start generation", "image to video") if each not in words] == []
        assert "calls it “Start generation”" in page(host, "/actions/start-generation").text

    def test_actions_of_one_task_stand_together(self, host: Place) -> None:
        headings = [each.text for each in page(host, "/actions").walk() if each.tag == "h2"]
        assert headings[:4] == ["Favourites", "Make a picture", "Enlarge a picture", "Change a picture"]
        assert len(headings) == len(set(headings))

    def test_a_tile_is_a_picture_and_none_is_not_found(self, host: Place) -> None:
        answer = host.get("/actions/erase/tile")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp")
        assert host.get("/actions/balance/tile").status_code == 404


def _weigh(host: Place, path: str, seen: dict[str, int]) -> None:
    """The bytes of a file, as a browser asks for it, and of everything that it names."""
    if path in seen:
        return
    answer = host.get(path, headers={"accept-encoding": "gzip"})
    assert answer.status_code == 200, path
    seen[path] = int(answer.headers["content-length"])
    for name in _named(path, answer.text):
        _weigh(host, name, seen)


def _named(path: str, text: str) -> Iterator[str]:
    if urlsplit(path).path.endswith(".js"):
        yield from re.findall(r'^import .*?"(/static/[^"]+)"', text, re.M)
    elif not path.startswith("/static/"):
        for element in parse(text).walk():
            if element.tag in ("script", "link", "use"):
                yield (element.get("src") or element.get("href")).partition("#")[0]


class TestForms:
    """The form of each action, made from its schema."""

    @pytest.mark.parametrize("name", ACTIONS)
    def test_every_input_has_its_field(self, host: Place, name: str) -> None:
        """Once, with its help and a place for its problem."""
        form = page(host, f"/actions/{name}").one("form", data_action=name)
        shown = [element.get("data-field") for element in form.walk() if element.has("data-field")]
        assert sorted(shown) == sorted(INTEGRATION.actions[name].parameters)
        for each in shown:
            assert form.one(id=f"f-{each}-help").text
            assert form.one(id=f"f-{each}-problem").has("hidden")

    def test_a_default_is_shown_and_not_sent(self, host: Place) -> None:
        form = page(host, "/actions/stable-image-core").one("form", data_action="stable-image-core")
        ratio = form.one("input", type="radio", data_default='"1:1"')
        assert ratio.has("checked")
        assert ratio.get("value") == ""
        assert form.one("input", id="f-seed").get("placeholder") == "0"
        assert form.one("input", id="f-seed").get("value") == ""

    def test_fields_out_of_place_begin_hidden(self, host: Place) -> None:
        """And say when they come."""
        form = page(host, "/actions/stable-diffusion-3").one("form", data_action="stable-diffusion-3")
        image = form.one(data_field="image")
        assert image.has("hidden")
        assert '"text-to-image"' in image.get("data-when")
        assert not form.one(data_field="aspect_ratio").has("hidden")
        assert '"image-to-image"' in form.one(data_field="strength").get("data-needed-when")

    def test_the_limits_of_a_number_are_in_its_field(self, host: Place) -> None:
        field = page(host, "/actions/erase").one("input", id="f-grow_mask")
        assert (field.get("min"), field.get("max"), field.get("placeholder")) == ("0", "20", "5")

    def test_a_file_tells_its_rules_before_it_goes_up(self, host: Place) -> None:
        field = page(host, "/actions/erase").one(data_field="image")
        assert '"max_bytes":10485760' in field.one(data_drop="").get("data-rules")
        assert field.one("input", type="file").get("accept") == "image/jpeg,image/png,image/webp"
        assert "up to 10 MiB" in field.text

    def test_a_mask_is_painted_on_its_picture(self, host: Place) -> None:
        editor = page(host, "/actions/inpaint").one("mask-editor")
        assert (editor.get("for"), editor.get("name")) == ("f-image", "mask")

    def test_edges_are_pulled_from_all_sides(self, host: Place) -> None:
        edges = page(host, "/actions/outpaint").one(data_edges="")
        handles = {one.get("data-handle") for one in edges.walk() if one.get("role") == "slider"}
        assert handles == {"left", "right", "up", "down"}
        assert edges.get("data-source") == "f-image"

    def test_the_price_is_on_the_button(self, host: Place) -> None:
        assert page(host, "/actions/erase").one(data_testid="price").text == "5 credits"
        form = page(host, "/actions/stable-diffusion-3").one("form", data_action="stable-diffusion-3")
        assert '"sd3.5-medium":3.5' in form.get("data-prices")

    def test_places_are_those_that_can_be_used(self, host: Place) -> None:
        options = page(host, "/actions/erase").one(id="place").all("option")
        places = [(one.get("value"), one.get("data-kind")) for one in options]
        connected = [("studio/production", "production"), ("studio/staging", "billed")]
        assert places == [("/sandbox", "free"), *connected]  # nothing is paid for by oversight

    def test_what_a_run_usually_takes_is_told_after_some(self, host: Place) -> None:
        """By the runs in that environment alone; before there are five nothing is said."""
        inputs = {"prompt": "a quay", "aspect_ratio": "1:1"}
        action = "stable-image-ultra"

        def usual() -> dict[str, str | None]:
            options = page(host, f"/actions/{action}").one(id="place").walk()
            return {str(each.get("data-environment")): each.get("data-usual") for each in options}

        for _ in range(4):
            assert host.invoke(action, inputs).status_code == 200
        assert not usual()["sandbox"]
        assert host.invoke(action, inputs).status_code == 200
        assert re.fullmatch(r"usually (about )?\d+( s| min)?( to \d+)? (s|min)", usual()["sandbox"] or "")
        assert not usual()["production"]

    def test_a_link_chooses_the_place(self, host: Place) -> None:
        def chosen(asked: str) -> list[str]:
            options = page(host, f"/actions/erase?{asked}").one(id="place").all("option")
            return [one.get("value") for one in options if one.has("selected")]

        assert chosen("environment=production") == ["studio/production"]
        assert chosen("environment=staging&connection=studio") == ["studio/staging"]
        assert chosen("environment=staging&connection=other") == chosen("environment=nowhere") == []

    def test_an_example_fills_the_form(self, host: Place) -> None:
        form = page(host, "/actions/erase?example=0").one("form", data_action="erase")
        assert form.one("input", id="f-seed").get("value") == "4"
        sample = form.one(data_drop="").get("data-sample")
        assert host.get(sample).content == (SAMPLES / "room.png").read_bytes()

    @pytest.mark.parametrize("at", ["0/prompt", "0/nothing", "99/image"])
    def test_only_files_of_examples_are_given_out(self, host: Place, at: str) -> None:
        assert host.get(f"/actions/inpaint/samples/{at}").status_code == 404

    def test_a_run_fills_the_form_again(self, host: Place) -> None:
        run = run_of(host, seed=7)
        form = page(host, f"/actions/stable-image-core?run={run['id']}").one(
            "form", data_action="stable-image-core"
        )
        assert form.one("textarea", id="f-prompt").text == "a lighthouse"
        assert form.one(id="place").one("option", selected="").get("value") == "/sandbox"

    def test_a_result_becomes_an_input(self, host: Place) -> None:
        run = run_of(host, seed=7)
        view = page(host, f"/runs/{run['id']}/view")
        link = view.one("a", data_testid="use-erase").get("href")
        drop = page(host, link).one(data_drop="")
        assert run["file"] in drop.get("data-kept")

    def test_the_whole_request_is_the_callers_on_one_page(self, host: Place) -> None:
        whole = page(host, "/request")
        assert whole.one("a", data_testid="nav-request").get("aria-current") == "page"
        assert whole.one(data_field="json").has("hidden")
        assert whole.one(data_field="headers").one(data_pairs="").get("data-pairs-name") == "Headers"


class TestRuns:
    """What was run."""

    def test_a_hostile_text_stays_a_text(self, host: Place) -> None:
        """Wherever it is shown: in the list, on its page, in the form, in the calls."""
        run = run_of(host, prompt=HOSTILE)
        for path in ("/runs", f"/runs/{run['id']}", f"/actions/stable-image-core?run={run['id']}"):
            whole = page(host, path)
            assert all(one.has("src") for one in whole.all("script")), path
            assert not [one for one in whole.walk(templates=True) if one.has("onerror")], path
            assert "alert(1)" in host.get(path).text, path
            assert "49" not in [one.text for one in whole.all("code")]

    def test_a_hostile_file_name_stays_a_name(self, host: Place) -> None:
        files = {"file": ('"><img src=x onerror=alert(1)>.png', (SAMPLES / "room.png").read_bytes())}
        stored = host.post("/api/files", files=files).json()
        for path in ("/files?kinds=image/", f"/actions/erase?file={stored['id']}&field=image"):
            assert not [one for one in page(host, path).walk() if one.has("onerror")], path

    def test_a_run_shows_its_result_and_its_facts(self, host: Place) -> None:
        run = run_of(host, seed=7)
        whole = page(host, f"/runs/{run['id']}")
        assert whole.one("img", data_testid="picture").get("src") == f"/api/files/{run['file']}/content"
        assert whole.one(data_testid="seed").text == "7"
        assert whole.one(data_testid="cost").text == "free (3 credits where it is billed)"
        assert whole.one(data_testid="run-id").text == run["id"]
        assert whole.one(data_testid="request-id").text == run["result"]["request_id"]
        assert whole.one("a", data_testid="download").has("download")
        assert {"call-curl", "call-cli", "call-python", "call-mcp", "call-http"} <= {
            one.get("data-testid") for one in whole.walk()
        }

    def test_a_failure_says_what_it_was_and_whether_it_was_billed(self, host: Place) -> None:
        answer = host.invoke("stable-image-ultra", {"prompt": f"a {REFUSED} picture"})
        told = page(host, f"/runs/{answer.json()['run']}").one(data_testid="failure").text
        assert "moderated" in told
        assert "Nothing was billed" in told

    def test_a_filtered_result_is_shown_and_flagged(self, host: Place) -> None:
        told = {"on_filtered": "return"}
        host.invoke("stable-image-core", {"prompt": f"{FILTERED} sky", "seed": 9}, params=told)
        whole = page(host, f"/runs/{run_of(host, seed=9)['id']}")
        assert "content filter" in whole.one(data_testid="filtered").text
        assert whole.one("img", data_testid="picture")

    def test_a_run_that_goes_on_is_watched(self, host: Place) -> None:
        """With what it is doing, and a way to stop it."""
        names = ("action", "title", "integration", "connection", "environment", "token_name")
        given = dict.fromkeys(names, "erase") | {"integration": "stabilityai", "inputs": {}, "options": {}}
        run, _ = host.host.history.open(given)
        whole = page(host, f"/runs/{run.id}")
        assert not whole.one(data_watch=run.id).has("data-ended")
        assert whole.one("button", data_testid="cancel").text == "Cancel"
        host.host.history.enter(run.id, "cancelled", "it was cancelled")

    def test_runs_are_filtered(self, host: Place) -> None:
        shown = page(host, "/runs?action=stable-image-core&state=succeeded").one(data_testid="runs")
        assert "lighthouse" in shown.text
        assert (
            page(host, "/runs?action=inpaint")
            .one(data_testid="filters")
            .one("option", value="inpaint")
            .has("selected")
        )
        assert "No run matches" in page(host, "/runs?action=inpaint").text

    def test_the_chart_tells_its_sum(self, host: Place) -> None:
        whole, spent = page(host, "/runs"), host.get("/api/spend").json()["credits"]
        assert spent >= 6
        assert whole.one(data_testid="total").text == "0"  # all of it was in the sandbox
        whole = page(host, whole.one("a", data_testid="with-free").get("href"))
        assert whole.one(data_testid="total").text == f"{spent:g}"
        assert f"{spent:g} credits in 30 days" in whole.one("title", id="chart-title").text
        assert whole.one("a", data_testid="with-free").get("href") == "/runs"


class TestConnections:
    """Made, changed and tried in the browser."""

    def test_the_form_is_made_of_the_manifest(self, host: Place) -> None:
        form = page(host, "/integrations/stabilityai/connections/new").one("form", novalidate="")
        key = form.one("input", data_testid="credential-api_key")
        assert key.get("type") == "password"
        assert "Where keys are made" in form.text
        assert {one.get("value") for one in form.all("input", data_environment="")} == {
            "production",
            "staging",
        }

    def test_a_secret_is_never_sent_back(self, host: Place) -> None:
        answer = host.get("/integrations/stabilityai/connections/studio")
        assert KEY not in answer.text
        keys = parse(answer.text).all("input", data_testid="credential-api_key")
        assert [one.get("value") for one in keys] == ["", ""]
        assert all(one.has("data-kept") for one in keys)

    def test_a_connection_is_tried_before_it_is_made(self, host: Place) -> None:
        """And nothing of it is kept."""
        body = {"configurations": [{"environments": ["staging"], "fields": {"api_key": KEY + "3"}}]}
        told = host.post("/integrations/stabilityai/try", json=body).json()
        assert told["tests"][0]["environment"] == "staging"
        assert KEY + "3" not in str(told)
        names = [one["name"] for one in host.get("/api/connections").json()["connections"]]
        assert names == ["studio"]

    def test_a_stored_secret_is_tried_without_being_told(self, host: Place) -> None:
        configurations = [{"name": "production", "environments": ["production"], "fields": {}}]
        told = host.post(
            "/integrations/stabilityai/try", json={"name": "studio", "configurations": configurations}
        )
        assert told.status_code == 200, told.text
        assert KEY not in told.text

    def test_a_trial_names_what_is_missing(self, host: Place) -> None:
        body = {"configurations": [{"environments": ["production"], "fields": {}}]}
        answer = host.post("/integrations/stabilityai/try", json=body)
        assert answer.status_code == 422
        assert answer.json()["problems"][0]["field"] == "configurations.0.fields.api_key"

    def test_who_may_only_use_may_not_connect(self, host: Place) -> None:
        page(host, "/integrations/stabilityai/connections/new", 403, bearer="use")
        answer = host.post("/integrations/stabilityai/try", json={"configurations": []}, bearer="use")
        assert answer.status_code == 403
        assert not page(host, "/integrations/stabilityai", bearer="use").all(
            "a", data_testid="add-connection"
        )


class TestSettings:
    """Tokens and caps."""

    def test_tokens_are_listed_for_who_manages(self, host: Place) -> None:
        assert "guest" in page(host, "/settings").one(data_testid="tokens").text
        assert not page(host, "/settings", bearer="use").all(data_testid="tokens")

    def test_caps_stand_beside_what_was_spent(self, host: Place) -> None:
        caps = page(host, "/settings").one(data_testid="caps")
        assert "studio production 0" in caps.text
        assert "built in sandbox free" in caps.text
        assert caps.one("meter").get("max") == "40"


class TestFiles:
    """What pages are made of."""

    def test_a_named_version_may_be_kept_for_ever(self, host: Place) -> None:
        address = page(host, "/").one("link", rel="stylesheet").get("href")
        answer = host.get(address, bearer=None)
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["content-type"].startswith("text/css")
        again = host.get("/static/console.css", headers={"if-none-match": answer.headers["etag"]})
        assert (again.status_code, again.headers["cache-control"]) == (304, "no-cache")

    @pytest.mark.parametrize(
        "name", ["nothing.js", "..%2Ftable.py", "%2e%2e%2frendering.py", "console.css%00"]
    )
    def test_only_our_files_are_given_out(self, host: Place, name: str) -> None:
        assert host.get(f"/static/{name}").status_code == 404

    def test_the_icon_may_load_nothing(self, host: Place) -> None:
        answer = host.get("/integrations/stabilityai/icon")
        assert answer.headers["content-type"].startswith("image/svg+xml")
        assert "default-src 'none'" in answer.headers["content-security-policy"]
