"""A video goes in, and comes out with music: as a job of a server, and around the whole circle."""

import json
from pathlib import Path
from typing import Any

import av
import pytest
from songreel_testing.score.films import write_film

from .conftest import Workspace
from .video_contents import frames_of, sound_length


def scored(studio: Workspace, video: Path, film: Path, *options: str | Path) -> dict[str, Any]:
    """`songreel score` on the studio's server."""
    address = json.loads((studio.data / "server.json").read_text())["address"]
    done = studio.run("score", video, "-o", film, "--server", address, "--json", *options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_server_makes_a_soundtrack_with_everything_beside_it(
    studio: Workspace, tmp_path: Path
) -> None:
    write_film(tmp_path / "film.mp4", seconds=4.0, cuts=(2.0,))
    film, stems = tmp_path / "out.mp4", tmp_path / "parts"
    told = scored(
        studio, tmp_path / "film.mp4", film, "--style", "piano", "--hit", "3", "--mood", "0.5,0.2",
        "--stems", stems,
    )  # fmt: skip
    assert (told["film"], Path(told["plan"]).name) == (str(film), "out.score.yaml")
    assert told["lufs"] == pytest.approx(-14.0, abs=0.5)
    assert sound_length(film) == pytest.approx(4.0, abs=0.03)
    assert (stems / "melody.wav").stat().st_size > 100_000
    report = json.loads((tmp_path / "out.score.json").read_text())
    assert (report["style"], report["samples"]) == ("piano", 4 * 48_000)
    assert report["video"]["cuts"] == [2.0]
    # The edited plan makes another film, and is left alone.
    plan = tmp_path / "out.score.yaml"
    edited = plan.read_text().replace(f"key: {report['key']}", "key: F#")
    plan.write_text(edited)
    scored(studio, tmp_path / "film.mp4", film, "--plan", plan)
    assert json.loads((tmp_path / "out.score.json").read_text())["key"] in ("F#", "Gb")
    assert plan.read_text() == edited


def test_what_is_no_video_is_told(studio: Workspace, song: Path, tmp_path: Path) -> None:
    address = json.loads((studio.data / "server.json").read_text())["address"]
    done = studio.run("score", song, "-o", tmp_path / "out.mp4", "--server", address)
    assert done.returncode == 1
    assert "no video stream" in done.stderr or "NOT_VIDEO" in done.stderr, done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_songs_video_is_scored_and_its_new_music_is_drawn(
    studio: Workspace, song: Path, tmp_path: Path
) -> None:
    """The circle: song -> video -> music -> video."""
    first = tmp_path / "first.mp4"
    studio.make(song, first)
    scored(studio, first, tmp_path / "scored.mp4", "--keep-sound", "none")
    assert len(frames_of(tmp_path / "scored.mp4")) == len(frames_of(first))
    second = tmp_path / "second.mp4"
    made = studio.make(tmp_path / "scored.mp4", second)
    assert made["frames"] == len(frames_of(second))
    assert sound_length(second) == pytest.approx(sound_length(tmp_path / "scored.mp4"), abs=0.05)
    with av.open(str(second)) as opened:
        assert {stream.type for stream in opened.streams} >= {"video", "audio"}
