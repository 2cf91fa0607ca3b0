"""`songreel analyze` takes lyrics of every kind of file."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from .conftest import Workspace

LINES = ("Morning over the sea", "A bird above the boat")
FILES = {
    "words.lrc": "[00:01.00]{}\n[00:03.50]{}\n[00:05.00]\n",
    "words.srt": "1\n00:00:01,000 --> 00:00:03,500\n{}\n\n2\n00:00:03,500 --> 00:00:05,000\n{}\n",
    "words.txt": "[Verse 1]\n{}\n{}\n",
}
SOURCES = {"words.lrc": "lrc", "words.srt": "srt", "words.txt": "text"}


@pytest.fixture
def bare(song: Path, tmp_path: Path) -> Path:
    """The song without anything beside it."""
    path = tmp_path / "bare" / "tune.mp3"
    path.parent.mkdir()
    shutil.copy(song, path)
    return path


def analysis(workspace: Workspace, song: Path, *options: str | Path) -> dict[str, Any]:
    output = song.with_name("song.json")
    done = workspace.run("analyze", song, "-o", output, "--extractor", "rules", *options)
    assert done.returncode == 0, done.stderr
    return json.loads(output.read_text())


@pytest.mark.parametrize("name", FILES)
def test_a_lyrics_file_is_read(studio: Workspace, bare: Path, tmp_path: Path, name: str) -> None:
    lyrics = tmp_path / name
    lyrics.write_text(FILES[name].format(*LINES))
    heard = analysis(studio, bare, "--lyrics", lyrics, "--language", "en")
    assert heard["lyrics_source"] == SOURCES[name]
    assert tuple(line["text"] for line in heard["lyrics"]) == LINES
    assert heard["language"] == "en"
    starts = [line["start"] for line in heard["lyrics"]]
    if name == "words.txt":
        assert 0 <= starts[0] < starts[1] < heard["duration"]
        assert any("no times" in warning for warning in heard["warnings"])
    else:
        assert starts == [1.0, 3.5]


def test_an_srt_file_beside_the_song_is_found(studio: Workspace, bare: Path) -> None:
    bare.with_suffix(".srt").write_text(FILES["words.srt"].format(*LINES))
    assert analysis(studio, bare)["lyrics_source"] == "srt"


def test_a_tempo_may_be_given(studio: Workspace, bare: Path) -> None:
    assert analysis(studio, bare, "--bpm", "60")["tempo_bpm"] == pytest.approx(60, rel=0.03)
    assert analysis(studio, bare, "--bpm", "120")["tempo_bpm"] == pytest.approx(120, rel=0.03)


def test_lyrics_without_a_time_where_one_must_be_are_refused(studio: Workspace, bare: Path) -> None:
    lyrics = bare.with_name("broken.srt")
    lyrics.write_text("1\n00:00:01,000 --> 00:00:0x,500\nword\n")
    done = studio.run("analyze", bare, "-o", bare.with_name("x.json"), "--lyrics", lyrics)
    assert done.returncode == 1
    assert "line 2 of the lyrics" in done.stderr
    assert "Traceback" not in done.stderr
