"""The finish: each step does its one thing, at its time, the same every time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from songreel.prompt.v1.storyboard_pb2 import Storyboard
from songreel_animatic.music import Music, Section
from songreel_render.finish.cards import end_card, title_card
from songreel_render.finish.chain import STEPS, Finish
from songreel_render.finish.light import glow, grade, grain, vignette
from songreel_render.finish.step import Film

SECTIONS = (Section(0.0, 20.0, "A", 0.1), Section(20.0, 40.0, "B", 1.0))


def film(title: str = "", artist: str = "", size: int = 96) -> Film:
    beats = tuple(np.arange(0.0, 40.0, 0.5).tolist())
    return Film(Music(40.0, beats=beats, sections=SECTIONS), title, artist, size, size, [])


def plain(level: int | tuple[int, int, int], size: int = 96) -> np.ndarray:
    return np.full((size, size, 3), level, dtype=np.uint8)


def finish(*names: str, title: str = "") -> Finish:
    board = Storyboard(finish=names, title=title)
    return Finish(board, film().music, "Somebody", 24.0, 96, 96)


def test_loud_sections_are_fuller_and_warmer_than_quiet_ones() -> None:
    step, colour = grade(film()), plain((180, 110, 90))
    quiet, loud = (step(colour.copy(), t)[0, 0].astype(int) for t in (8.0, 32.0))
    assert np.ptp(loud) > np.ptp(colour[0, 0]) > np.ptp(quiet)
    grey = [step(plain(128), t)[0, 0].astype(int) for t in (8.0, 32.0)]
    assert grey[0][0] - grey[0][2] < 0 < grey[1][0] - grey[1][2]


def test_light_spreads_from_what_is_bright_and_from_nothing_else() -> None:
    step, picture = glow(film()), plain(40)
    assert np.array_equal(step(picture.copy(), 1.0), picture)
    picture[40:56, 40:56] = 250
    spread = step(picture.copy(), 1.0)
    assert spread[48, 36].mean() > 41
    assert spread[2, 2].mean() == 40


def test_corners_are_a_third_darker_and_the_middle_is_left() -> None:
    seen = vignette(film())(plain(200), 0.0)
    assert seen[48, 48].mean() == pytest.approx(200, abs=1)
    assert seen[0, 0].mean() == pytest.approx(200 * 0.66, abs=2)


def test_grain_changes_with_every_frame_and_leaves_the_mean() -> None:
    step = grain(film())
    one, other = (step(plain(128), t).astype(float) for t in (1.0, 1.0 + 1 / 24))
    assert one.mean() == pytest.approx(128, abs=0.3)
    assert one.std() == pytest.approx(2.6, abs=0.4)
    assert np.abs(one - other).mean() > 1.5


def test_the_title_stands_lower_left_for_the_first_seconds() -> None:
    step = title_card(film("Night Train", "Somebody", 256))
    assert step is not None
    changed = np.abs(step(plain(90, 256), 2.0).astype(int) - 90).max(axis=2) > 60
    rows, columns = np.nonzero(changed)
    assert rows.min() > 150
    assert columns.min() >= 10
    assert columns.max() < 240
    for t in (0.2, 6.0, 30.0):
        assert np.array_equal(step(plain(90, 256), t), plain(90, 256))


@pytest.mark.parametrize("title", ["", "  ", "Untitled"])
def test_a_song_without_a_title_gets_none(title: str) -> None:
    assert title_card(film(title)) is None


def test_the_end_is_dark_with_the_title_and_then_black() -> None:
    step = end_card(film("Night Train", size=256))
    assert np.array_equal(step(plain(200, 256), 30.0), plain(200, 256))
    card = step(plain(200, 256), 38.8)
    assert card[10, 10].mean() < 60
    assert card[100:156].max() > 200
    assert step(plain(200, 256), 40.0).max() == 0


@settings(max_examples=15, deadline=None)
@given(st.text(min_size=1, max_size=120))
def test_any_title_fits_the_picture(title: str) -> None:
    made = film(title)
    step = title_card(made)
    if step is not None:
        assert step(plain(90), 2.0).shape == (96, 96, 3)


def test_letters_that_no_font_has_are_named() -> None:
    made = film("\U0001fae0\ue123")
    title_card(made)
    assert "\\ue123" in made.notes[0]
    assert "fonts-noto" in made.notes[0]


def test_frames_come_out_the_same_in_any_order() -> None:
    frames = np.array([3, 40, 500, 955])
    pixels = np.random.default_rng(1).integers(0, 255, (4, 96, 96, 3), dtype=np.uint8)
    whole = finish(*STEPS, title="A song").apply(pixels.copy(), frames)
    for place in (2, 0, 3, 1):
        alone = finish(*STEPS, title="A song").apply(
            pixels[place : place + 1].copy(), frames[place : place + 1]
        )
        assert np.array_equal(alone[0], whole[place])


def test_nothing_asked_for_is_nothing_done_and_unknown_names_are_said() -> None:
    pixels = np.random.default_rng(1).integers(0, 255, (1, 96, 96, 3), dtype=np.uint8)
    for chain in (finish(), finish("none")):
        assert np.array_equal(chain.apply(pixels.copy(), np.array([7])), pixels)
        assert chain.notes == []
    assert "'sparkle'" in finish("sparkle").notes[0]
