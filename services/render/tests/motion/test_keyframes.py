"""Fewer frames are denoised, and no one sees which."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from songreel.render.v1.render_plan_pb2 import RenderSettings
from songreel_kit.errors import InvalidRenderSettings
from songreel_render.diffusion.latents import interpolate_keys
from songreel_render.motion.keyframes import KeyframePlan, frame_steps
from songreel_render.motion.layout import lay_out
from songreel_render.motion.schedules import SCHEDULES
from songreel_testing.render.click_track import analysis_of
from songreel_testing.render.harness import RenderHarness
from songreel_testing.render.storyboards import equal_scenes, scene, storyboard_of

steps_of = st.lists(
    st.one_of(st.floats(0, 0.3), st.just(0.0), st.just(float("inf"))), min_size=0, max_size=60
).map(np.asarray)


@given(steps_of, st.floats(0, 0.5), st.integers(0, 5))
def test_keys_are_never_further_apart_than_the_bound(
    steps: np.ndarray, arc: float, first: int
) -> None:
    count = len(steps) + 1
    padded = np.concatenate([np.full(first, 0.1), steps, np.full(3, 0.1)])
    cadence = KeyframePlan.of(padded, first, first + count, arc)
    keys = cadence.keys - first
    assert keys[0] == 0
    assert keys[-1] == count - 1
    assert (np.diff(keys) > 0).all()
    assert (np.diff(keys) <= 8).all()
    for start, stop in itertools.pairwise(keys.tolist()):
        assert stop - start == 1 or steps[start:stop].sum() <= arc + 1e-9
    assert ((cadence.weight >= 0) & (cadence.weight <= 1)).all()
    np.testing.assert_array_equal(cadence.weight[keys], 0.0)
    # Every frame is on the way between the two keys around it, in order.
    place = cadence.before + cadence.weight
    assert (np.diff(place) >= -1e-12).all()


def test_no_arc_denoises_every_frame() -> None:
    cadence = KeyframePlan.of(np.full(9, 0.01), 0, 10, 0.0)
    assert cadence.keys.tolist() == list(range(10))


def test_accents_stay_in_the_frames_between_two_keys() -> None:
    cadence = KeyframePlan.of(np.array([0.01, 0.03, 0.01]), 0, 4, 0.1)
    assert cadence.keys.tolist() == [0, 3]
    np.testing.assert_allclose(cadence.weight, [0, 0.2, 0.8, 0])


@settings(deadline=None, max_examples=30)
@given(
    st.sampled_from(sorted(SCHEDULES)), st.sampled_from(["10", "24000/1001", "30", "60"]),
    st.sampled_from([1, 2, 5, 500]), st.booleans(),
)  # fmt: skip
def test_only_cuts_are_jumps(schedule: str, fps: str, scenes: int, dissolves: bool) -> None:
    transition = "dissolve" if dissolves else "cut"
    board = storyboard_of(*equal_scenes(8.0, scenes, transition=transition))
    layout = lay_out(analysis_of(8.0), board, RenderSettings(fps=fps, schedule=schedule))
    steps = frame_steps(layout.mix)
    assert not np.isnan(steps).any()
    assert (steps >= 0).all()
    cuts = np.flatnonzero(np.isinf(steps)) + 1
    boundaries = np.flatnonzero(np.diff(layout.mix.scene)) + 1
    assert set(cuts) <= set(boundaries)
    if schedule != "paper" and scenes <= 5:
        assert len(cuts) == (0 if dissolves else len(boundaries))


def test_between_is_on_the_arc_and_leaves_keys_alone() -> None:
    keys = torch.randn(3, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    mixed = interpolate_keys(keys, np.array([0, 0, 1, 2]), np.array([0.0, 0.5, 0.25, 0.0]))
    assert torch.equal(mixed[0], keys[0])
    assert torch.equal(mixed[3], keys[2])
    norm = keys.flatten(1).norm(dim=1)
    assert mixed[1].norm() == pytest.approx(float(norm[:2].mean()), rel=0.05)
    assert not torch.equal(interpolate_keys(keys, np.array([0]), np.array([0.0])), keys[:1] + 1)


def test_half_of_the_network_calls_and_nearly_the_same_video(
    tmp_path: Path, checkpoint: Path, song: Path
) -> None:
    harness = RenderHarness(tmp_path, checkpoint, {"segment_frames": 48})
    board = storyboard_of(scene(0, 1, "beach"), scene(1, 2, "@#", 9))
    videos: list[np.ndarray] = []
    denoised: list[int] = []
    for cadence in (0.0, 0.06):
        request = harness.request(
            song, analysis_of(2.0), board, fps="24", cadence=cadence, colour_match=0.0
        )
        result = harness.render(request)
        videos.append(harness.decode(result.video).frames.astype(float))
        denoised.append(result.frames_denoised)
    assert denoised[0] == 48
    assert denoised[1] < 24
    apart = np.abs(videos[0] - videos[1]).mean()
    moved = np.abs(np.diff(videos[0], axis=0)).mean()
    assert apart < moved, "less than from one frame to the next"
    change = np.abs(np.diff(videos[1], axis=0)).mean(axis=(1, 2, 3))
    # But for what the encoder takes for none in the fading of the last click.
    assert (change == 0).mean() < 0.05, "no stretch stands still"


def test_a_cadence_out_of_range_is_refused(harness: RenderHarness, song: Path) -> None:
    request = harness.request(
        song, analysis_of(2.0), storyboard_of(*equal_scenes(2.0)), cadence=1.5
    )
    with pytest.raises(InvalidRenderSettings, match="cadence"):
        harness.render(request)
