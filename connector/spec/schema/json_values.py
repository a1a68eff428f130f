"""JSON values of what a caller gave: text, numbers, lists and mappings of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import Enum
from typing import Any

from connector.errors import Problem

# Deeper values overflow the stack of whoever writes or reads them.
_DEEPEST = 100
# As many as a float can stand for. Python refuses to write out numbers of very many digits.
_MOST_BITS = 1024


def plain(value: Any, path: str, files: type | tuple[type, ...], problems: list[Problem]) -> Any:
    """The value with the members of enums as what they stand for; what cannot be sent is a problem.

    ``files`` are the types that stand for files, and are left alone.
    """
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, str):
        _check_text(value, path, problems)
    elif isinstance(value, Mapping | list | tuple):
        return _parts(value, path, files, problems)
    elif not (value is None or isinstance(value, files) or _is_number(value)):
        problems.append(Problem(path, f"is {_kind(value)}, which cannot be sent; give text or a number"))
        return None
    return value


def _parts(value: Any, path: str, files: Any, problems: list[Problem]) -> Any:
    if path.count(".") > _DEEPEST:
        problems.append(Problem(path.split(".")[0], f"is nested deeper than {_DEEPEST} levels"))
        return None
    if not isinstance(value, Mapping):
        return [plain(item, f"{path}.{at}", files, problems) for at, item in enumerate(value)]
    for name in value:
        _check_name(name, path, problems)
    entries = {shown(name): entry for name, entry in value.items()}
    return {name: plain(entry, f"{path}.{name}", files, problems) for name, entry in entries.items()}


def shown(name: Any) -> str:
    """A name that can be printed, whatever was given for one."""
    return str(name).encode("utf-8", "backslashreplace").decode()


def _check_name(name: Any, path: str, problems: list[Problem]) -> None:
    if isinstance(name, str):
        _check_text(name, f"{path}.{shown(name)}", problems)
    else:
        problems.append(Problem(path, f"has {_kind(name)} for a name; names are text"))


def _check_text(text: str, path: str, problems: list[Problem]) -> None:
    """Half of a character comes of text that was cut, or read with the wrong encoding."""
    if text.isascii():
        return
    try:
        text.encode()
    except UnicodeEncodeError as error:
        said = f"has something at position {error.start} that is no character; it was cut or misread"
        problems.append(Problem(path, said))


def _is_number(value: Any) -> bool:
    if isinstance(value, int):
        return value.bit_length() <= _MOST_BITS
    return isinstance(value, float) and math.isfinite(value)


def _kind(value: Any) -> str:
    if isinstance(value, int):
        return "a number of too many digits"
    return str(value) if isinstance(value, float) else f"of the type {type(value).__name__}"
