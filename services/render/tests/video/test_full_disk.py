"""A disk that is really full: one error, nothing half-written, and what was drawn is kept."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from songreel_kit.artifacts.containers import CONTAINERS
from songreel_kit.errors import DiskFull
from songreel_render.video.audio_track import choose_track
from songreel_render.video.encoder import SegmentEncoder, VideoFormat
from songreel_render.video.muxer import write_video
from songreel_testing.render.click_track import analysis_of
from songreel_testing.render.harness import RenderHarness
from songreel_testing.render.storyboards import equal_scenes, storyboard_of


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """Mounts a file system of so many KiB."""
    mounted: list[Path] = []

    def mount(kibibytes: int) -> Path:
        folder = tmp_path / f"disk-{kibibytes}"
        folder.mkdir()
        asked = ["mount", "-t", "tmpfs", "-o", f"size={kibibytes}k", "tmpfs", str(folder)]
        done = subprocess.run(asked, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"no small disk can be mounted: {done.stderr.strip()}")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", str(folder)], check=True)


def test_joining_on_a_full_disk_keeps_what_was_drawn(
    small_disk: Callable[[int], Path], tmp_path: Path, checkpoint: Path, song: Path
) -> None:
    scratch = small_disk(8)
    harness = RenderHarness(tmp_path, checkpoint, {"scratch": scratch})
    board = storyboard_of(*equal_scenes(2.0))
    with pytest.raises(DiskFull):
        harness.render(harness.request(song, analysis_of(2.0), board))
    assert list(scratch.iterdir()) == []
    with_room = RenderHarness(tmp_path, checkpoint)
    result = with_room.render(with_room.request(song, analysis_of(2.0), board))
    assert result.frames_reused == result.frames
    assert not result.reused


def test_drawing_into_a_full_store(
    small_disk: Callable[[int], Path], checkpoint: Path, song: Path
) -> None:
    # Room for the song and the documents, not for every segment.
    folder = small_disk(120)
    harness = RenderHarness(folder, checkpoint)
    request = harness.request(song, analysis_of(2.0), storyboard_of(*equal_scenes(2.0)), fps="60")
    with pytest.raises(DiskFull):
        harness.render(request)
    for path in (folder / "artifacts").rglob("*"):
        assert "tmp" not in path.name, "half-written"
        assert "partial" not in path.name


def test_a_video_that_does_not_fit_by_little_is_noticed(
    small_disk: Callable[[int], Path], tmp_path: Path, song: Path
) -> None:
    """The file's last bytes count too: libraries below may swallow what `close` runs into."""
    encoder = SegmentEncoder(VideoFormat(Fraction(12), 64, 18, 1))
    encoder.write(np.random.default_rng(0).integers(0, 255, (24, 64, 64, 3), dtype=np.uint8))
    segments = [(0, encoder.finish())]
    track = choose_track(song, 0.0, 2.0, CONTAINERS["mp4"])
    write_video(tmp_path / "whole.mp4", segments, Fraction(12), track, "", CONTAINERS["mp4"])
    needed = (tmp_path / "whole.mp4").stat().st_size
    pages = -(-needed // 4096)
    for short in (1, 2, 5, pages // 2):
        disk = small_disk((pages - short) * 4)
        with pytest.raises(DiskFull):
            write_video(disk / "video.mp4", segments, Fraction(12), track, "", CONTAINERS["mp4"])
