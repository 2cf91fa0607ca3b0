"""Media types by file name."""

import mimetypes
from pathlib import Path

# What Python's own table does not know or calls by an old name.
_EXTRA = {
    ".flac": "audio/flac",
    ".json": "application/json",
    ".lrc": "text/x-lrc",
    ".m4a": "audio/mp4",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".srt": "application/x-subrip",
    ".wav": "audio/wav",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
}


def media_type_of(path: Path) -> str:
    """The IANA media type that a file's name suggests.

    Only a hint: the services look into the file itself.
    """
    suffix = path.suffix.lower()
    guessed = mimetypes.guess_type(f"file{suffix}")[0]
    return _EXTRA.get(suffix) or guessed or "application/octet-stream"
