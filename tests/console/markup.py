"""A page as a tree, read as a browser would: enough to ask what is where."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser

_EMPTY = frozenset({"meta", "link", "input", "img", "br", "hr"})


class Element:
    """One element: its attributes, what is in it, and its text."""

    def __init__(self, tag: str, attributes: dict[str, str], above: Element | None) -> None:
        self.tag = tag
        self.attributes = attributes
        self.above = above
        self.inside: list[Element | str] = []

    def get(self, name: str, default: str = "") -> str:
        return self.attributes.get(name, default)

    def has(self, name: str) -> bool:
        return name in self.attributes

    @property
    def text(self) -> str:
        parts = (one if isinstance(one, str) else one.text for one in self.inside)
        return " ".join(" ".join(parts).split())

    def walk(self, *, templates: bool = False) -> Iterator[Element]:
        """This element and all below; what stands in a template is not in the page yet."""
        yield self
        for one in self.inside:
            if isinstance(one, Element) and (templates or one.tag != "template"):
                yield from one.walk(templates=templates)

    def all(self, tag: str | None = None, **attributes: str) -> list[Element]:
        """Those below with that tag and those attributes; `_` in a name stands for `-`."""
        wanted = {name.strip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [
            one
            for one in self.walk()
            if tag in (None, one.tag)
            and all(one.attributes.get(name) == value for name, value in wanted.items())
        ]

    def one(self, tag: str | None = None, **attributes: str) -> Element:
        found = self.all(tag, **attributes)
        assert len(found) == 1, f"{len(found)} of {tag} {attributes}"
        return found[0]

    def within(self, tag: str) -> bool:
        above = self.above
        return above is not None and (above.tag == tag or above.within(tag))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = self.here = Element("", {}, None)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        made = Element(tag, {name: value or "" for name, value in attributes}, self.here)
        self.here.inside.append(made)
        if tag not in _EMPTY:
            self.here = made

    def handle_endtag(self, tag: str) -> None:
        here: Element | None = self.here
        while here is not None and here.tag != tag:
            here = here.above
        if here is not None and here.above is not None:
            self.here = here.above

    def handle_data(self, data: str) -> None:
        self.here.inside.append(data)


def parse(html: str) -> Element:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.root
