"""Files come from wherever Airflow reads, and go where a task says."""

import io

import pytest
from airflow.sdk import ObjectStoragePath
from airflow.sdk.io import attach
from fsspec.implementations.memory import MemoryFileSystem
from port import INTEGRATION, SAMPLES

from connector import InvalidArguments, Media
from connector.airflow import files
from connector.airflow.files import ResultTarget

UPSCALE = INTEGRATION.actions["fast-upscale"]
ROOM = SAMPLES / "room.png"
RUN = "0123456789abcdef01234567"


# Airflow does not know this kind by itself.
attach("memory", fs=MemoryFileSystem())


@pytest.fixture
def store(request):
    """A folder of an object store; this kind is in memory."""
    return ObjectStoragePath(f"memory://{request.node.name}")


def read(image):
    return files.read(UPSCALE, {"image": image})["image"]


def test_an_object_is_read_by_its_url(store):
    """Or by Airflow's own type, or as what an earlier task gave."""
    place = store / "room.png"
    with place.open("wb") as file:
        file.write(ROOM.read_bytes())
    for told in (str(place), place, {"path": str(place), "sha256": "..."}):
        found = read(told)
        assert isinstance(found, Media)
        assert (found.type, found.bytes) == ("image/png", ROOM.read_bytes())


def test_a_file_url_is_read(tmp_path):
    """It is how some stores of Airflow write a path."""
    assert read(ROOM.as_uri()).width == read(f"file://{ROOM}").width


@pytest.mark.parametrize(
    "told", [str(ROOM), "https://example.com/room.png", "data:image/png;base64,AA", b"bytes"]
)
def test_all_else_is_the_connector_s_to_read(told):
    """With its guard against addresses that lead inside."""
    assert read(told) is told


def test_a_file_that_stayed_with_the_connector_is_given_by_its_reference():
    """As an earlier task without a target told it."""
    assert read({"file": "file:0123", "sha256": "..."}) == "file:0123"


@pytest.mark.parametrize("url", ["memory://nowhere/room.png", "nosuch://bucket/room.png"])
def test_what_cannot_be_read_is_told_at_its_field(url):
    with pytest.raises(InvalidArguments) as raised:
        read(url)
    assert [problem.path for problem in raised.value.problems] == ["image"]
    assert url in str(raised.value)


def test_a_target_is_told_with_its_connection():
    """So that it can be handed on as text, and found again by it."""
    path = ObjectStoragePath("s3://bucket/boat.png", conn_id="keeper")
    place = ResultTarget(path).at("x.png", RUN)
    assert place.text == "s3://keeper@bucket/boat.png"
    assert ObjectStoragePath(place.text).conn_id == "keeper"


def test_a_file_is_written_as_a_whole(tmp_path):
    """Its folders are made, and nothing is left beside it."""
    place = ResultTarget(str(tmp_path / "a/b.png")).at("x.png", RUN)
    assert not place.exists()
    place.write(io.BytesIO(b"12345"))
    assert (place.text, place.has(5), place.has(4)) == (str(tmp_path / "a/b.png"), True, False)
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b.png"]


def test_a_file_is_written_to_an_object_store(store):
    """Where there are no folders to make."""
    place = ResultTarget(f"{store}/b.png").at("x.png", RUN)
    place.write(io.BytesIO(b"12345"))
    assert (place.text, place.has(5)) == (f"{store}/b.png", True)


@pytest.mark.parametrize("told", ["/pictures/", "memory://bucket/out/", "memory://keeper@bucket/out/"])
def test_a_folder_gives_each_run_a_name_of_its_own(told):
    """What has the same seed does not meet there."""
    assert ResultTarget(told).at("core-5.png", RUN).text == f"{told}core-5-ef01234567.png"


def test_a_path_is_told_as_a_whole(tmp_path, monkeypatch):
    """A later task may be executed in another folder."""
    monkeypatch.chdir(tmp_path)
    assert ResultTarget("out/boat.png").at("x.png", RUN).text == str(tmp_path / "out/boat.png")


def test_a_folder_that_is_there_needs_no_slash(tmp_path):
    assert ResultTarget(tmp_path).at("core-5.png", RUN).text == str(tmp_path / "core-5-ef01234567.png")
