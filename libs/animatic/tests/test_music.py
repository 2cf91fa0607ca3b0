from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from songreel_animatic import Music, Word
from songreel_animatic.music import accented

from .songs import clicks


@given(bpm=st.floats(40, 240), t=st.floats(-2, 12))
def test_beats_are_whole_on_beats_and_never_go_back(bpm: float, t: float) -> None:
    music = clicks(bpm)
    counted = [music.beat(beat) for beat in music.beats]
    assert np.allclose(counted, np.round(counted), atol=1e-6)
    assert np.allclose(np.diff(counted), 1.0, atol=1e-6)
    assert music.beat(t + 0.01) >= music.beat(t)


def test_a_bar_begins_on_each_downbeat() -> None:
    music = clicks()
    assert music.metre == 4
    bars = [music.bar(downbeat) for downbeat in music.downbeats]
    assert np.allclose(bars, np.round(bars), atol=1e-6)


@given(beats=st.floats(0, 500), sharpness=st.floats(0, 1))
def test_accented_beats_keep_whole_numbers_and_order(beats: float, sharpness: float) -> None:
    assert accented(round(beats), sharpness) == pytest.approx(round(beats), abs=1e-6)
    assert accented(beats + 0.001, sharpness) >= accented(beats, sharpness) - 1e-9


def test_accented_beats_are_fastest_on_the_beat() -> None:
    speed = [accented(7.0 + part + 1e-3) - accented(7.0 + part) for part in (0.0, 0.25, 0.5)]
    assert speed[0] > speed[1] > speed[2] > 0.0


def test_the_mouth_opens_with_the_words_and_is_shut_between() -> None:
    music = Music(4.0, vocals=((0.0, 4.0),), words=(Word(1.0, 1.6, "lighthouse"),))
    assert music.mouth(0.5) == 0.0
    assert max(music.mouth(t) for t in np.arange(1.0, 1.6, 0.02)) > 0.9
    assert music.mouth(2.0) == 0.0


def test_a_song_without_beats_or_onsets_still_moves() -> None:
    music = Music(5.0)
    assert not music.steady
    assert music.beat(4.0) > music.beat(1.0)
    assert 0.0 <= music.band("low", 2.0) <= 1.0
    assert 0.0 <= music.energy(2.0) <= 1.0
    assert music.mouth(2.0) == 0.0
