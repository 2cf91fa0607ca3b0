"""A song goes in, a music video comes out."""

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from .conftest import SMALL, Workspace
from .songs import band, write_song
from .video_contents import frames_of, sound_length, sound_packets

FPS = 6


@pytest.fixture(scope="module")
def shared_workspace(
    checkpoint: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Workspace]:
    """A data folder for all tests here."""
    workspace = Workspace(tmp_path_factory.mktemp("shared_workspace"), checkpoint)
    yield workspace
    workspace.close()


@pytest.fixture(scope="module")
def made(shared_workspace: Workspace, song: Path) -> dict[str, Any]:
    """The song made into a video once, by one command that starts all it needs."""
    return shared_workspace.make(song, shared_workspace.folder / "video.mp4")


@pytest.fixture
def video(made: dict[str, Any]) -> Path:
    return Path(made["files"]["video"])


@pytest.fixture(scope="module")
def served(shared_workspace: Workspace, made: dict[str, Any]) -> Iterator[Workspace]:
    """The same data folder when that command has long ended and a server is up."""
    with shared_workspace.serving():
        yield shared_workspace


def test_video_is_as_long_as_the_song(video: Path, song: Path) -> None:
    assert abs(len(frames_of(video)) / FPS - sound_length(song)) <= 1 / FPS


def test_sound_is_the_songs_own_packets(video: Path, song: Path, made: dict[str, Any]) -> None:
    assert made["audio_mode"] == "copy"
    assert sound_packets(video) == sound_packets(song)


def test_documents_lie_beside_the_video(video: Path) -> None:
    analysis = json.loads(video.with_suffix(".analysis.json").read_text())
    # On the song's grid of half seconds; with so little music the level above is as good.
    off_grid = np.array(analysis["beats"]) / 0.5
    assert np.abs(off_grid - off_grid.round()).max() * 0.5 <= 0.03
    assert len(off_grid) >= 8
    assert analysis["lyrics"][0]["text"] == "Morning over the sea"
    assert analysis["lyrics_source"] == "lrc"
    assert len(analysis["onset_strength"]) == pytest.approx(
        analysis["duration"] * analysis["onset_rate"], rel=0.02
    )
    for picture in ("timeline", "storyboard"):
        assert video.with_suffix(f".{picture}.png").read_bytes().startswith(b"\x89PNG")


def test_scenes_cover_the_song_and_cut_on_beats(video: Path) -> None:
    analysis = json.loads(video.with_suffix(".analysis.json").read_text())
    scenes = yaml.safe_load(video.with_suffix(".storyboard.yaml").read_text())["scenes"]
    assert len(scenes) >= 2
    assert scenes[0]["start"] == 0
    assert scenes[-1]["end"] == pytest.approx(analysis["duration"], abs=1e-6)
    beats = np.array(analysis["beats"])
    for before, after in pairwise(scenes):
        assert before["end"] == after["start"]
        assert np.abs(beats - after["start"]).min() <= 0.001


def test_picture_cuts_within_a_frame_of_the_beat(video: Path) -> None:
    scenes = yaml.safe_load(video.with_suffix(".storyboard.yaml").read_text())["scenes"]
    cuts = [s["start"] for s in scenes[1:] if s["transition"] == "cut"]
    assert cuts, "the storyboard has no hard cut to look at"
    change = np.abs(np.diff(frames_of(video).astype(np.int16), axis=0)).mean(axis=(1, 2, 3))
    for cut in cuts:
        planned = round(cut * FPS)
        window = range(max(1, planned - 4), min(len(change), planned + 4) + 1)
        seen = max(window, key=lambda frame: change[frame - 1])
        assert abs(seen / FPS - cut) <= 1 / FPS


def test_same_command_again_draws_nothing_again(
    served: Workspace, made: dict[str, Any], video: Path, song: Path
) -> None:
    drawn = video.read_bytes()
    video.unlink()
    assert served.make(song, video)["operation"] == made["operation"]
    assert video.read_bytes() == drawn


def test_stages_run_one_by_one_with_edits_between(
    studio: Workspace, song: Path, tmp_path: Path
) -> None:
    analysis, story = tmp_path / "a.json", tmp_path / "s.yaml"
    plot = tmp_path / "a.png"
    assert studio.run("analyze", song, "-o", analysis, "--plot", plot).returncode == 0
    assert plot.read_bytes().startswith(b"\x89PNG")
    assert studio.run("storyboard", analysis, "-o", story, "--style", "sketch").returncode == 0
    document = yaml.safe_load(story.read_text())
    assert document["style"] == "sketch"
    document["scenes"][0]["prompt"] = "a lighthouse drawn by hand"
    story.write_text(yaml.safe_dump(document))

    video = tmp_path / "video.mp4"
    options = ("--analysis", analysis, "--storyboard", story, "-o", video, *SMALL)
    done = studio.run("render", song, *options)

    assert done.returncode == 0, done.stderr
    assert sound_packets(video) == sound_packets(song)
    assert yaml.safe_load(story.read_text()) == document, "the user's own file was changed"


def test_wav_is_encoded_and_says_so(studio: Workspace, tmp_path: Path) -> None:
    wav = tmp_path / "song.wav"
    write_song(wav, band(3.0), "pcm_s16le")
    result = studio.make(wav, tmp_path / "video.mp4")
    assert result["audio_mode"] != "copy"
    assert str(result["audio_mode"]).upper() in " ".join(result["fallbacks"])
