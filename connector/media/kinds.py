"""Media types: what people call them, and how their names end."""

from __future__ import annotations

from typing import NamedTuple

UNKNOWN = "application/octet-stream"
TEXT = "text/plain"


class MediaType(NamedTuple):
    """A media type, its name in sentences, the ending of its files, and its short names in specs."""

    type: str
    title: str
    suffix: str
    formats: tuple[str, ...]


_KINDS = (
    MediaType("image/png", "PNG", ".png", ("png",)),
    MediaType("image/jpeg", "JPEG", ".jpg", ("jpeg", "jpg")),
    MediaType("image/webp", "WebP", ".webp", ("webp",)),
    MediaType("image/gif", "GIF", ".gif", ("gif",)),
    MediaType("image/bmp", "BMP", ".bmp", ("bmp",)),
    MediaType("image/tiff", "TIFF", ".tiff", ("tiff", "tif")),
    MediaType("image/avif", "AVIF", ".avif", ("avif",)),
    MediaType("image/heic", "HEIC", ".heic", ("heic", "heif")),
    MediaType("audio/wav", "WAV", ".wav", ("wav",)),
    MediaType("audio/mpeg", "MP3", ".mp3", ("mp3",)),
    MediaType("audio/mp4", "M4A", ".m4a", ("m4a",)),
    MediaType("audio/flac", "FLAC", ".flac", ("flac",)),
    MediaType("audio/ogg", "OGG", ".ogg", ("ogg", "oga", "opus")),
    MediaType("audio/aiff", "AIFF", ".aiff", ("aiff", "aif", "aifc")),
    MediaType("audio/aac", "AAC", ".aac", ("aac",)),
    MediaType("audio/x-ms-wma", "WMA", ".wma", ("wma",)),
    MediaType("video/mp4", "MP4", ".mp4", ("mp4",)),
    MediaType("video/quicktime", "QuickTime", ".mov", ("mov",)),
    MediaType("model/gltf-binary", "GLB", ".glb", ("glb",)),
    MediaType("application/pdf", "PDF", ".pdf", ("pdf",)),
    MediaType("application/json", "JSON", ".json", ("json",)),
    MediaType("text/html", "HTML", ".html", ("html",)),
    MediaType(TEXT, "text", ".txt", ("text", "txt")),
    MediaType(UNKNOWN, "of an unknown kind", ".bin", ()),
)
_BY_TYPE = {kind.type: kind for kind in _KINDS}
_BY_FORMAT = {name: kind for kind in _KINDS for name in kind.formats}
_ALIASES = {
    "image/jpg": "image/jpeg",
    "audio/mp3": "audio/mpeg",
    "audio/wave": "audio/wav",
    "audio/vnd.wave": "audio/wav",
    "audio/x-wav": "audio/wav",
    "audio/x-aiff": "audio/aiff",
    "audio/x-flac": "audio/flac",
    "audio/x-m4a": "audio/mp4",
}
SUFFIXES = frozenset(f".{name}" for name in _BY_FORMAT)


def type_of(name: str) -> str:
    """The media type that a short name such as ``jpg`` stands for; a media type stands for itself."""
    plain = name.partition(";")[0].strip().lower()
    plain = _ALIASES.get(plain, plain)
    return _BY_FORMAT[plain].type if plain in _BY_FORMAT else plain


def title_of(type: str) -> str:
    """The type as sentences name it."""
    return _BY_TYPE[type].title if type in _BY_TYPE else type


def suffix_of(type: str) -> str:
    """How the name of such a file ends."""
    return _BY_TYPE[type].suffix if type in _BY_TYPE else ".bin"


def settle(found: str, declared: str | None) -> str:
    """What a file is, by its content, and by what was said of it where the content does not tell.

    What we would have recognised, had it been true, is not believed.
    """
    claimed = type_of(declared) if declared else found
    if found not in (UNKNOWN, TEXT) or claimed in _BY_TYPE or "/" not in claimed:
        return found
    is_binary = claimed.startswith(("image/", "audio/", "video/", "model/"))
    return found if found == TEXT and is_binary else claimed
