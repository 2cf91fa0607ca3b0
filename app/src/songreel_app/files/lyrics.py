"""The lyrics file that belongs to a song."""

from pathlib import Path


def lyrics_beside(song: Path) -> Path | None:
    """The `.lrc` or else `.srt` file of the song's name in the song's folder, if there is one.

    A `.txt` file of that name may hold anything, so it must be named to be taken for lyrics.
    """
    beside = (song.with_suffix(suffix) for suffix in (".lrc", ".srt"))
    return next((path for path in beside if path.is_file()), None)
