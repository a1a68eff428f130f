"""The demo's story: make a picture, take something out of one, enlarge it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from connector.engine.connector import AsyncConnector
from connector.engine.result import Result
from connector.media import from_path
from connector.runs.contact_sheet.layout import Tile
from connector.spec.schema import amounts

Say = Callable[[str], None]

_DUSK = {"prompt": "a lighthouse on a cliff at dusk, warm light", "aspect_ratio": "3:2", "seed": 7}
_SNOW = {"prompt": "a small house in the snowy mountains, morning", "aspect_ratio": "3:2", "seed": 11}
# The books on the table, in fractions of the picture.
_DETAIL = (0.1, 0.62, 0.35, 0.87)


async def tell(connector: AsyncConnector, folder: Path, say: Say) -> list[Tile]:
    """The tiles of the story: two prompts, a room and its mask, the room without the vase, and enlarged."""
    samples = (connector.integration.folder or Path()) / "actions" / "samples"
    room, mask = samples / "room.png", samples / "room-mask.png"
    say("1. A picture from a prompt")
    made = [
        await connector.invoke("stable-image-core", given) for given in (_DUSK, _DUSK | {"seed": 21}, _SNOW)
    ]
    pictures = [_kept(result, folder, say) for result in made]
    say("2. The vase is erased from a room, where the mask is white")
    erased = await connector.invoke("erase", {"image": room, "mask": mask, "seed": 4})
    without = _kept(erased, folder, say)
    say("3. That picture is enlarged by a job: started, its id written down, asked for after ten seconds")
    larger = await connector.invoke(
        "start-creative-upscale", {"image": erased, "prompt": "a bright room, sharp and detailed", "seed": 5}
    )
    enlarged = _kept(larger, folder, say)
    return [
        _tile(f"“{_DUSK['prompt']}”", made[0], pictures[0]),
        _tile("The same prompt, another seed", made[1], pictures[1]),
        _tile(f"“{_SNOW['prompt']}”", made[2], pictures[2]),
        Tile("A room", "768 x 512, given", from_path(room)),
        Tile("The mask", "white is erased", from_path(mask)),
        _tile("Erased", erased, without),
        _tile("Enlarged", larger, enlarged),
        Tile("Detail before", "at the same scale as after", from_path(without), _DETAIL),
        Tile("Detail after", f"{_size(larger)}", from_path(enlarged), _DETAIL),
    ]


def _kept(result: Result, folder: Path, say: Say) -> Path:
    path = result.save(folder)
    say(f"   {path}  {_facts(result)}")
    return path


def _tile(title: str, result: Result, path: Path) -> Tile:
    return Tile(title, _facts(result), from_path(path))


def _size(result: Result) -> str:
    media = result.media
    return f"{media.width} x {media.height}" if media is not None and media.width else ""


def _facts(result: Result) -> str:
    return f"{_size(result)}, seed {result.seed}, {amounts.credits(result.credits or 0)}"
