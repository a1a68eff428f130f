"""The migrations: the tables of every store, version by version, in each dialect.

A version's statements are in ``versions/DIALECT/NUMBER.sql``, with an empty line between them; a paragraph of
comments is none. What was released is never edited. A new version is a file for each dialect, and ``NEWEST``.
"""

from __future__ import annotations

from collections.abc import Iterator

NEWEST = 7


def statements(dialect: str, version: int) -> Iterator[str]:
    """What takes the tables from a version to today's."""
    from importlib.resources import files  # most of the time there is nothing to do

    folder = files("connector.storage.database").joinpath("versions", dialect)
    for number in range(version + 1, NEWEST + 1):
        text = folder.joinpath(f"{number}.sql").read_text("utf-8")
        paragraphs = (paragraph.strip() for paragraph in text.split("\n\n"))
        yield from (paragraph for paragraph in paragraphs if not paragraph.startswith("--"))
