"""A file somebody gave, or an answer gave: what it is, and its bytes as a stream."""

from connector.media.adopt import Policy, adopt
from connector.media.file import Media, MediaError, from_base64, from_bytes, from_path
from connector.media.headers import FileInfo, inspect
from connector.media.receive import receive
from connector.media.rules import problems, remark

__all__ = [
    "FileInfo",
    "Media",
    "MediaError",
    "Policy",
    "adopt",
    "from_base64",
    "from_bytes",
    "from_path",
    "inspect",
    "problems",
    "receive",
    "remark",
]
