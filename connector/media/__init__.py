"""A file somebody gave, or an answer gave: what it is, and its bytes as a stream."""

from connector.media.adopt import Sources, adopt
from connector.media.errors import MediaError
from connector.media.file import Media, from_base64, from_bytes, from_path
from connector.media.headers import Info, inspect
from connector.media.receive import receive
from connector.media.rules import problems

__all__ = [
    "Info",
    "Media",
    "MediaError",
    "Sources",
    "adopt",
    "from_base64",
    "from_bytes",
    "from_path",
    "inspect",
    "problems",
    "receive",
]
