"""The media makers of the sandbox: real files that show what was asked for.

A picture depends on the prompt, the seed, the input picture and the mask, in a way that one can see;
the same inputs give the same bytes. Everything made says *sandbox*: on a label in the lower left corner
(see ``label.area`` for the only pixels that an edit may touch besides those asked for), and in the file.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import import_module
from importlib.resources import files as resources
from threading import BoundedSemaphore
from typing import cast

import yaml

from connector.sandbox.studio.arguments import Arguments, Made
from connector.sandbox.studio.files import Unreadable
from connector.sandbox.studio.inspection import Info, inspect

__all__ = ["OPERATIONS", "Info", "Made", "Unreadable", "inspect", "make"]

# Who makes what; each is brought in when it is first needed, as some bring large libraries with them.
OPERATIONS: dict[str, str] = yaml.safe_load(resources(__package__).joinpath("operations.yaml").read_bytes())

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
        return cast(Made, maker(Arguments(fields, files, seed, filtered, operation)))
