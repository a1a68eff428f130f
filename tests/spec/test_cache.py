"""A list of actions needs no YAML where nothing has changed."""

from __future__ import annotations

import marshal
import subprocess
import sys
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from test_loader import MANIFEST, SPEC

from connector.errors import SpecError
from connector.spec import cache as spec_cache
from connector.spec import listing


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "small" / "actions").mkdir(parents=True)
    (tmp_path / "small" / "integration.yaml").write_text(MANIFEST)
    (tmp_path / "small" / "actions" / "one.yaml").write_text(SPEC)
    return tmp_path / "small"


def test_each_action_is_listed_with_what_people_choose_by(folder: Path, tmp_path: Path) -> None:
    """The same from the files as from the cache."""
    cache = tmp_path / "cache"

    first, second = listing.entries(folder, cache), listing.entries(folder, cache)

    assert first == second == listing.entries(folder)
    assert first == [
        {
            "id": "one",
            "title": "One",
            "group": "Tests",
            "names": ["one", "one", "One", "Tests", "One", "Tests"],
            "price": "free",
            "description": "An action that is as small as can be.",
            "deprecated": False,
            "job": False,
        }
    ]


@pytest.mark.parametrize(
    ("credits", "price"),
    [
        ("3", "3"),
        ("2.5", "2.5"),
        ("0", "free"),
        ("{by: name, values: {a: 4, b: 2.5}}", "2.5 to 4"),
        ("{by: name, values: {a: 20, b: '{{ 17 + 0.06 * (inputs.name | default(50)) }}'}}", "about 20"),
        ("'{{ inputs.name * 2 }}'", "varies"),
        ("by_request", "varies"),
        ("unknown", "unknown"),
    ],
)
def test_a_price_is_told_in_a_few_characters(folder: Path, credits: str, price: str) -> None:
    """A range where an input decides, and no figure where nobody can tell before."""
    (folder / "actions" / "one.yaml").write_text(f"{SPEC}credits: {credits}\n")

    [entry] = listing.entries(folder)

    assert entry["price"] == price


def test_a_change_shows_at_once(folder: Path, tmp_path: Path) -> None:
    """Of a spec, and of the list itself."""
    cache = tmp_path / "cache"
    listing.entries(folder, cache)
    (folder / "actions" / "one.yaml").write_text(SPEC.replace("title: One", "title: Two"))

    assert listing.entries(folder, cache)[0]["title"] == "Two"

    (folder / "actions" / "one.yaml").unlink()
    with pytest.raises(SpecError):
        listing.entries(folder, cache)


def test_a_spec_that_is_listed_no_more_is_forgotten(folder: Path, tmp_path: Path) -> None:
    """What becomes of its file then does not matter."""
    cache = tmp_path / "cache"
    (folder / "actions" / "two.yaml").write_text(SPEC.replace("one", "two"))
    (folder / "integration.yaml").write_text(MANIFEST.replace("one.yaml", "one.yaml, actions/two.yaml"))
    assert len(listing.entries(folder, cache)) == 2

    (folder / "integration.yaml").write_text(MANIFEST)
    assert len(listing.entries(folder, cache)) == 1

    assert set(spec_cache.values(folder, cache)) == {"integration.yaml", "actions/one.yaml"}


@pytest.mark.parametrize("damage", [b"", b"x", b"\x00" * 400])
def test_a_damaged_cache_is_no_obstacle(folder: Path, tmp_path: Path, damage: bytes) -> None:
    """It is made anew."""
    cache = tmp_path / "cache"
    expected = listing.entries(folder, cache)
    [file] = cache.iterdir()
    file.write_bytes(damage)

    assert listing.entries(folder, cache) == expected
    assert file.read_bytes() != damage


def _kept(file: Path) -> dict[str, Any]:
    """What a cache file says: its sum in four bytes, and Python's marshal format."""
    content = file.read_bytes()
    assert int.from_bytes(content[:4], "big") == crc32(content[4:])
    kept: dict[str, Any] = marshal.loads(content[4:])
    return kept


def _retold(file: Path, **said: Any) -> bytes:
    """The same file, as it were if it said something else."""
    packed = marshal.dumps(_kept(file) | said)
    return crc32(packed).to_bytes(4, "big") + packed


def test_the_form_of_the_cache_has_a_number(folder: Path, tmp_path: Path) -> None:
    """Whoever changes what is pinned here changes the number too, so that older code does not read it."""
    listing.entries(folder, tmp_path / "cache")

    [file] = (tmp_path / "cache").iterdir()

    assert file.name == f"{crc32(str(folder).encode()):08x}.3-{sys.implementation.cache_tag}"
    kept = _kept(file)
    assert {*kept} == {"schemas", "stamps", "values", "folder", "entries"}
    assert kept["folder"] == str(folder)
    assert {*kept["stamps"]} == {*kept["values"]} == {"integration.yaml", "actions/one.yaml"}
    assert [len(stamp) for stamp in (*kept["stamps"].values(), *kept["schemas"])] == [3] * 4


def test_what_is_kept_is_what_is_told(folder: Path, tmp_path: Path) -> None:
    """As long as nothing has changed, no file of the integration is looked into."""
    cache = tmp_path / "cache"
    listing.entries(folder, cache)
    [file] = cache.iterdir()
    told = [{**_kept(file)["entries"][0], "title": "From the cache"}]
    file.write_bytes(_retold(file, entries=told))

    assert listing.entries(folder, cache) == told


@pytest.mark.parametrize("name", ["3-cpython-39", "2-{tag}", "4-{tag}", "3-pypy311", "{tag}"])
def test_the_cache_of_another_form_or_python_is_not_read(folder: Path, tmp_path: Path, name: str) -> None:
    """It stays as it is, for whom it is, and there is one of our own beside it."""
    cache = tmp_path / "cache"
    expected = listing.entries(folder, cache)
    [file] = cache.iterdir()
    other = file.with_suffix("." + name.format(tag=sys.implementation.cache_tag))
    other.write_bytes(_retold(file, entries=[]))
    theirs = other.read_bytes()
    file.unlink()

    assert listing.entries(folder, cache) == expected
    assert {path.name: path.read_bytes() for path in cache.iterdir()}.keys() == {file.name, other.name}
    assert other.read_bytes() == theirs
    assert _kept(file)["entries"] == expected


@pytest.mark.parametrize("said", [{"folder": "/elsewhere"}, {"schemas": ()}, {"schemas": (None, None)}])
def test_the_cache_of_another_folder_or_version_is_made_anew(
    folder: Path, tmp_path: Path, said: dict[str, Any]
) -> None:
    """Two folders' sums may be the same; and an upgrade brings other schemas."""
    cache = tmp_path / "cache"
    expected = listing.entries(folder, cache)
    [file] = cache.iterdir()
    file.write_bytes(_retold(file, entries=[], **said))

    assert listing.entries(folder, cache) == expected
    assert _kept(file)["entries"] == expected


def test_a_cache_that_cannot_be_written_is_no_obstacle(folder: Path, tmp_path: Path) -> None:
    """Such as one whose place is taken by a file."""
    taken = tmp_path / "cache"
    taken.write_text("not a folder")

    assert len(listing.entries(folder, taken)) == 1


def test_a_cache_that_could_not_grow_is_no_obstacle(folder: Path, tmp_path: Path) -> None:
    """The list is made of files whose values the disk had no room for; it is not kept then."""
    cache = tmp_path / "cache"
    listing.entries(folder, cache)
    (folder / "integration.yaml").write_text(MANIFEST.replace("one.yaml", "one.yaml, actions/two.yaml"))
    seen = spec_cache.stamps(folder, ["integration.yaml"])
    values = {"integration.yaml": {"actions": ["actions/one.yaml", "actions/two.yaml"]}}
    spec_cache.keep(folder, cache, values, seen)

    spec_cache.keep_entries(folder, cache, [{"id": "two"}])

    assert spec_cache.entries(folder, cache) is None


def test_a_full_disk_gets_back_what_was_written(folder: Path, tmp_path: Path) -> None:
    """No half of a cache file stays behind."""
    cache = tmp_path / "cache"
    cache.mkdir()
    program = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)); "
        f"from connector.spec import listing; print(len(listing.entries({str(folder)!r}, {str(cache)!r})))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert (done.stdout, [*cache.iterdir()]) == ("1\n", [])


def test_a_home_that_the_cache_makes_is_the_owners_alone(folder: Path, tmp_path: Path) -> None:
    """It is the first thing that most commands write."""
    listing.entries(folder, tmp_path / "home" / "cache")

    assert (tmp_path / "home").stat().st_mode & 0o077 == 0


def test_the_cache_is_the_owners_alone(folder: Path, tmp_path: Path) -> None:
    """What Python reads back by marshal nobody else may write."""
    listing.entries(folder, tmp_path / "cache")

    assert (tmp_path / "cache").stat().st_mode & 0o077 == 0


def test_listing_imports_nothing_heavy(folder: Path, tmp_path: Path) -> None:
    """A terminal answers before one notices: no YAML, no schema, no dataclass, no typing."""
    cache = tmp_path / "cache"
    listing.entries(folder, cache)
    heavy = "{'yaml', 'jsonschema', 'dataclasses', 'typing', 'pathlib', 're', 'json', 'jinja2', 'httpx'}"
    program = (
        "import sys; before = set(sys.modules); from connector.spec import listing; "
        f"assert listing.entries({str(folder)!r}, {str(cache)!r}); "
        f"print(sorted((set(sys.modules) - before) & {heavy}))"
    )

    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_the_cache_has_its_place() -> None:
    """That of the desktop's conventions, or with everything else of the connector."""
    assert spec_cache.default_cache({"CONNECTOR_HOME": "/data"}) == "/data/cache"
    assert spec_cache.default_cache({"XDG_CACHE_HOME": "/caches"}) == "/caches/connector"
    assert spec_cache.default_cache({}).endswith("/.cache/connector")
    assert spec_cache.default_cache({"XDG_CACHE_HOME": "relative"}).endswith("/.cache/connector")
