"""What a template's text can be beside text: several segments of a path, or wrong."""

from __future__ import annotations


class TemplateError(ValueError):
    """The author's template is wrong; the sentence says how."""


class Segments(str):
    """A text that is a path of several segments, where a hole in a path is otherwise one."""

    __slots__ = ()
