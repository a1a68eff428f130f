"""The media makers of the sandbox: real files that show what was asked for.

A picture depends on the prompt, the seed, the input picture and the mask, in a way that one can see;
the same inputs give the same bytes. Everything made says *sandbox*: on a label in the lower left corner
(see ``label.area`` for the only pixels that an edit may touch besides those asked for), and in the file.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import import_module
from threading import BoundedSemaphore
from typing import cast

from connector.sandbox.studio.arguments import Arguments, Made
from connector.sandbox.studio.files import Unreadable
from connector.sandbox.studio.inspection import Info, inspect

__all__ = ["OPERATIONS", "Info", "Made", "Unreadable", "inspect", "make"]

# Who makes what; each is brought in when it is first needed, as some bring large libraries with them.
OPERATIONS = {
    "generate_ultra": "generation.ultra",
    "generate_core": "generation.core",
    "generate_sd3": "generation.sd3",
    "upscale_fast": "upscaling.fast",
    "upscale_conservative": "upscaling.conservative",
    "upscale_creative_start": "upscaling.creative",
    "edit_erase": "editing.erase",
    "edit_inpaint": "editing.inpaint",
    "edit_outpaint": "editing.outpaint",
    "edit_search_and_replace": "editing.search_and_replace",
    "edit_search_and_recolor": "editing.search_and_recolor",
    "edit_remove_background": "editing.remove_background",
    "edit_replace_background_and_relight": "relighting.replace_background",
    "control_sketch": "control.sketch",
    "control_structure": "control.structure",
    "control_style": "control.style",
    "control_style_transfer": "control.style_transfer",
    "3d_stable_fast": "mesh.stable_fast",
    "3d_stable_point_aware": "mesh.point_aware",
    "audio2_text_to_audio": "audio.text_to_audio",
    "audio2_audio_to_audio": "audio.audio_to_audio",
    "audio2_inpaint": "audio.inpaint2",
    "audio3_text_to_audio": "audio.text_to_audio",
    "audio3_audio_to_audio": "audio.audio_to_audio",
    "audio3_inpaint": "audio.inpaint3",
    "image_to_video_start": "video.image_to_video",
    "v1_text_to_image": "generation.v1_text",
    "v1_image_to_image": "generation.v1_image",
    "v1_upscale": "upscaling.v1",
    "v1_masking": "editing.v1_masking",
    "v2alpha_upscale": "upscaling.creative",
    "v2alpha_inpaint": "editing.v2alpha_inpaint",
}

# What is made at once beyond the cores that there are is ready no sooner, and holds up the whole process.
_easels = BoundedSemaphore(os.cpu_count() or 1)


def make(
    operation: str,
    fields: Mapping[str, str],
    files: Mapping[str, bytes],
    seed: int,
    *,
    filtered: bool = False,
) -> Made:
    """What an operation makes of its fields and files; ``filtered``: blurred, as the vendor withholds it.

    The fields are valid already. A file that cannot be decoded raises ``Unreadable``.
    """
    module, name = OPERATIONS[operation].split(".")
    maker = getattr(import_module(f"{__name__}.{module}"), name)
    with _easels:
        return cast(Made, maker(Arguments(fields, files, seed, filtered)))
