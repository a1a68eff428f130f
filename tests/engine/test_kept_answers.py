"""What was paid for is on the disk before the ledger says that it came, and stays until it is delivered."""

import gc

import httpx
import pytest
from port import SAMPLES
from upstream import JOB_ID, PNG, Clock, World, picture, started

from connector import errors
from connector.engine.result import Result
from connector.storage.process import this_process

CORE, UPSCALE, PROMPT = "stable-image-core", "start-creative-upscale", {"prompt": "a boat"}
ROOM = SAMPLES / "room.png"


def kept(world):
    """The files in ``rescued``, without the notes that tell of them."""
    return [
        path
        for path in world.connector.workspace.rescued.folder.glob("*")
        if path.suffix != ".json" and path.name[0] != "."
    ]


@pytest.fixture(params=[PNG, PNG + bytes(3 << 20)], ids=["small", "large"])
def world(tmp_path, request):
    answer = httpx.Response(200, content=request.param, headers={"content-type": "image/png", "seed": "5"})
    return World(tmp_path / "home", answer)


def test_it_is_on_the_disk_when_it_is_settled(world, monkeypatch):
    """A process that is killed between the two leaves it there."""
    seen = []
    ledger = world.connector.workspace.ledger
    settle = ledger.settle
    monkeypatch.setattr(
        ledger, "settle", lambda *given, **more: (seen.append(kept(world)), settle(*given, **more))
    )
    result = world.connector.invoke(CORE, PROMPT)
    [[path]] = seen
    assert path.read_bytes() == result.bytes


def test_it_goes_with_the_result(world):
    """Whoever has the result sees to it."""
    result = world.connector.invoke(CORE, PROMPT)
    assert kept(world)
    del result
    gc.collect()
    assert kept(world) == []


def test_it_is_read_again_by_whoever_goes_on(world):
    """With what was known of it."""
    result = world.connector.invoke(CORE, PROMPT)
    found = world.connector.workspace.rescued.find(result.invocation_id)
    again = Result.restored(found.facts, found.media, found.held)
    assert (again.seed, again.credits, again.bytes) == (result.seed, result.credits, result.bytes)


def test_a_process_that_died_before_the_settlement_has_its_answer_settled(world):
    """By whoever looks next: it is not unknown, and can be had."""
    result = world.connector.invoke(CORE, PROMPT)
    workspace = world.connector.workspace
    dead = f"{this_process().rpartition(' ')[0]} 0"
    workspace.database.write(
        "UPDATE invocations SET state = 'sent', billed = 'unknown', writer = :dead", {"dead": dead}
    )
    assert workspace.ledger.unknown() == []
    entry = workspace.ledger.get(result.invocation_id)
    assert (entry.state, entry.outcome, entry.billed, entry.credits) == ("done", "success", "yes", 3)


def test_so_has_a_filtered_answer(world):
    """It may have been billed, and is the caller's."""
    answer = world.upstream.answers.pop()
    answer.headers["finish-reason"] = "CONTENT_FILTERED"
    world.upstream.answers.append(answer)
    with pytest.raises(errors.Filtered) as caught:
        world.connector.invoke(CORE, PROMPT)
    workspace = world.connector.workspace
    before = workspace.ledger.get(caught.value.invocation_id)
    dead = f"{this_process().rpartition(' ')[0]} 0"
    workspace.database.write(
        "UPDATE invocations SET state = 'sent', billed = 'unknown', outcome = NULL, writer = :dead",
        {"dead": dead},
    )
    assert workspace.ledger.unknown() == []
    after = workspace.ledger.get(before.id)
    assert (after.state, after.outcome, after.billed, after.credits) == (
        "failed",
        "filtered",
        before.billed,
        3,
    )


def test_where_it_cannot_be_written_it_is_kept(world, tmp_path):
    """Whatever becomes of the result."""
    (tmp_path / "file").write_text("no folder")
    result = world.connector.invoke(CORE, PROMPT)
    with pytest.raises(errors.NotSaved, match="rescued") as caught:
        result.save(tmp_path / "file" / "boat.png")
    del result
    gc.collect()
    [path] = kept(world)
    assert str(path) in caught.value.message
    assert caught.value.billed == "yes"


@pytest.mark.parametrize("action", [CORE, UPSCALE])
def test_a_server_that_is_restarted_while_a_request_is_under_way_is_waited_for(
    tmp_path, postgres, postgres_url, action, monkeypatch
):
    """It is away when the answer comes; what came is written down all the same, and nobody is warned."""
    stopped = []

    def answered(request):
        stopped.append(postgres.stop())
        return picture() if action == CORE else started()

    def start(clock, seconds):
        if stopped:
            stopped.pop()
            postgres.start()

    monkeypatch.setattr(Clock, "sleep", start)
    given = PROMPT if action == CORE else PROMPT | {"image": ROOM.read_bytes()}
    world = World(tmp_path, answered, database=postgres_url)
    try:
        result = world.connector.invoke(action, given, wait=False)
    finally:
        start(world.clock, 0)
    entry = world.ledger.get(result.invocation_id)
    assert result.warnings == ()
    assert (entry.state, entry.upstream_id) == (("done", None) if action == CORE else ("running", JOB_ID))


def test_a_file_that_is_there_is_replaced_only_where_it_is_said(tmp_path):
    """What was paid for is kept, and can be saved by the same words as on the command line."""
    world = World(tmp_path / "home", picture())
    result = world.connector.invoke("stable-image-core", {"prompt": "x"})
    target = tmp_path / "a.png"
    target.write_text("mine")
    with pytest.raises(errors.NotSaved, match=r"it is kept at .*; say `overwrite` or `number`"):
        result.save(target)
    assert target.read_text() == "mine"
    assert result.save(target, number=True) == tmp_path / "a-2.png"
    assert result.save(target, overwrite=True) == target
    assert target.read_bytes() == PNG
    assert result.save(tmp_path).name == result.save(f"{tmp_path}/").name.replace("-2", "")
