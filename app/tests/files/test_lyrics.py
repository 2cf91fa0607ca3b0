"""Which lyrics file a command takes when none is named."""

from pathlib import Path

import pytest
from songreel_app.files.lyrics import lyrics_beside


@pytest.mark.parametrize(
    ("files", "taken"),
    [
        ((), None),
        (("song.lrc",), "song.lrc"),
        (("song.srt",), "song.srt"),
        (("song.lrc", "song.srt", "song.txt"), "song.lrc"),
        (("song.txt", "other.lrc"), None),
    ],
)
def test_lyrics_beside_the_song(tmp_path: Path, files: tuple[str, ...], taken: str | None) -> None:
    for name in files:
        (tmp_path / name).touch()
    (tmp_path / "song.vtt").mkdir()
    found = lyrics_beside(tmp_path / "song.mp3")
    assert found == (tmp_path / taken if taken else None)
