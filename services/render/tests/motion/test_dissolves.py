"""Dissolves are half done on their beat, and never turn back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from songreel.render.v1.render_plan_pb2 import RenderSettings
from songreel_render.motion.angles import CROSSING_ANGLE
from songreel_render.motion.dissolves import Dissolve
from songreel_render.motion.layout import lay_out
from songreel_testing.render.click_track import analysis_of
from songreel_testing.render.storyboards import scene, storyboard_of


def test_a_cut_keeps_its_own_prompt_and_a_dissolve_is_in_the_middle_on_its_beat() -> None:
    analysis = analysis_of(8.0)
    for transition, weights in (("cut", (0.25, 0.0)), ("dissolve", (0.55, 0.45))):
        board = storyboard_of(scene(0, 4), scene(4, 8, seed=2, transition=transition))
        mix = lay_out(analysis, board, RenderSettings(fps="24", schedule="onset")).mix
        boundary = int(np.flatnonzero(np.diff(mix.scene))[0]) + 1
        assert boundary == 96
        assert mix.text_weight[boundary - 1] <= weights[0]
        assert mix.noise_weight[boundary] == pytest.approx(weights[1] and 0.5)
    # From nothing to nothing over the window, without a jump in the mix of the two scenes.
    share = np.where(mix.scene == 0, mix.noise_weight, 1 - mix.noise_weight)
    assert share[0] == 0
    assert share[-1] == 1
    assert (np.diff(share) >= 0).all()
    assert np.diff(share).max() < 0.1


@given(st.floats(1.0, 40.0), st.just(0.0) | st.floats(0.001, 1 / 3))
def test_a_crossing_is_half_done_on_its_beat_and_never_turns_back(reach: float, ease: float):
    dissolve = Dissolve(0, 1, 100, reach, ease)
    frames = np.linspace(50, 150, 2001)
    crossed = dissolve.crossed(frames)
    assert crossed[0] == 0
    assert crossed[-1] == 1
    assert (np.diff(crossed) >= -1e-12).all()
    np.testing.assert_allclose(crossed, 1 - crossed[::-1], atol=1e-9)
    # `speed` is the slope of it.
    gone = np.cumsum(dissolve.speed(frames)) * np.diff(frames)[0]
    assert np.abs(gone - CROSSING_ANGLE * crossed).max() < 2 * dissolve.speed(frames).max() * 0.05


def test_scenes_too_short_for_their_dissolve_cut_and_say_so() -> None:
    board = storyboard_of(
        scene(0, 2), scene(2, 2.2, seed=2, transition="dissolve"),
        scene(2.2, 4, seed=3, transition="dissolve"),
    )  # fmt: skip
    layout = lay_out(analysis_of(4.0), board, RenderSettings(fps="24", schedule="onset"))
    assert not layout.mix.noise_weight.any()
    assert [text for text in layout.fallbacks if "scene 2, 3" in text]
    # The paper's way needs no dissolves.
    layout = lay_out(analysis_of(4.0), board, RenderSettings(fps="24", schedule="paper"))
    assert layout.fallbacks == ()
