"""The timeline and the contact sheet are pictures that a person can read."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from songreel.audio.v1.analysis_pb2 import SongAnalysis
from songreel.render.v1.render_plan_pb2 import RenderSettings
from songreel_render.motion.layout import lay_out
from songreel_render.pictures.timeline_plot import draw_timeline
from songreel_testing.render.click_track import analysis_of
from songreel_testing.render.harness import RenderHarness
from songreel_testing.render.storyboards import equal_scenes, scene, storyboard_of


def opened(png: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(png))
    assert picture.format == "PNG"
    return picture


def test_both_come_with_the_video(checkpoint: Path, song: Path, tmp_path: Path) -> None:
    harness = RenderHarness(tmp_path, checkpoint, {"timeline": True})
    board = storyboard_of(*equal_scenes(2.0, 3))
    result = harness.render(harness.request(song, analysis_of(2.0), board, steps=1))
    timeline = opened(harness.store.read_bytes(result.timeline))
    assert 1300 <= timeline.width <= 2700
    assert 600 <= timeline.height <= 1200
    sheet = opened(harness.store.read_bytes(result.contact_sheet))
    assert (sheet.width, sheet.height) == (3 * 272 + 16, 56 + 16 + 272 + 110)
    # The first cell shows the middle frame of the first scene.
    cell = np.asarray(sheet.convert("RGB").crop((16, 56, 272, 312)).resize((64, 64))).astype(int)
    frames = harness.decode(result.video).frames.astype(int)
    assert int(np.abs(frames - cell).mean(axis=(1, 2, 3)).argmin()) == 4


def test_a_sheet_of_100_scenes_shows_60(harness: RenderHarness, song: Path) -> None:
    board = storyboard_of(*equal_scenes(2.0, 100))
    request = harness.request(song, analysis_of(2.0), board, animatic="only", fps="60")
    sheet = opened(harness.store.read_bytes(harness.render(request).contact_sheet))
    assert sheet.width == 5 * 272 + 16
    assert sheet.height == 56 + 16 + 12 * (272 + 110)


@pytest.mark.parametrize("duration", [0.5, 30.0, 600.0])
def test_songs_of_any_length_and_words_of_any_kind(duration: float) -> None:
    analysis = analysis_of(duration)
    analysis.lyrics.add(start=0.0, end=0.4, text="$5 for a_b^c \\ {x} & 100 %")
    board = storyboard_of(scene(0, duration, "a prompt with $ and {braces} and _under_" * 30))
    layout = lay_out(analysis, board, RenderSettings(fps="12", schedule="onset"))
    picture = opened(draw_timeline(analysis, board, layout))
    assert 1300 <= picture.width <= 2700


def test_an_empty_analysis_has_a_picture_too() -> None:
    analysis = SongAnalysis(duration=3.0)
    board = storyboard_of(scene(0, 3))
    layout = lay_out(analysis, board, RenderSettings(fps="12", schedule="onset"))
    assert opened(draw_timeline(analysis, board, layout)).width >= 1300
