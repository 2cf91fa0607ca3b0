"""Slerp keeps what makes noise noise; paths are walked at the speed asked for."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from songreel_render.diffusion.latents import (
    SceneNoise,
    ScenePath,
    angle_between,
    seeded_noise,
    slerp,
    turned,
)
from songreel_render.motion.angles import SCENE_ANGLE, WANDER_ANGLE
from songreel_render.motion.crossfades import FrameMix

SHAPE = (4, 16, 16)


def noise(*seeds: int) -> torch.Tensor:
    return torch.stack([seeded_noise(SHAPE, "test", seed) for seed in seeds])


def norm(latents: torch.Tensor) -> torch.Tensor:
    return latents.flatten(1).norm(dim=1)


@settings(deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 10**6), st.floats(0, 1))
def test_slerp_keeps_the_norm(first: int, second: int, weight: float) -> None:
    start, end = noise(first), noise(second)
    mixed = norm(slerp(start, end, torch.tensor([weight])))
    # Between the two norms, but for float32 and their own difference.
    low, high = min(norm(start), norm(end)), max(norm(start), norm(end))
    assert 0.97 * low <= mixed <= 1.03 * high


def test_mixing_in_a_straight_line_would_lose_a_third_of_it() -> None:
    start, end = noise(1), noise(2)
    half = torch.tensor([0.5])
    assert norm(slerp(start, end, half)) / norm(start) == pytest.approx(1, abs=0.03)
    assert norm(torch.lerp(start, end, 0.5)) / norm(start) == pytest.approx(0.707, abs=0.03)


@settings(deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_the_ends_are_exact(first: int, second: int) -> None:
    start, end = noise(first), noise(second)
    torch.testing.assert_close(slerp(start, end, torch.zeros(1)), start, rtol=0, atol=0)
    torch.testing.assert_close(slerp(start, end, torch.ones(1)), end, rtol=0, atol=0)


def test_a_batch_is_the_single_ones() -> None:
    start, end = noise(*range(6)), noise(*range(10, 16))
    weights = torch.linspace(0, 1, 6)
    singles = [slerp(start[i, None], end[i, None], weights[i, None])[0] for i in range(6)]
    torch.testing.assert_close(slerp(start, end, weights), torch.stack(singles))


def test_parallel_noise_does_not_divide_by_zero() -> None:
    start = noise(1)
    for end in (start.clone(), start * (1 + 1e-7), start * 2):
        mixed = slerp(start, end, torch.tensor([0.5]))
        torch.testing.assert_close(mixed, (start + end) / 2)


@settings(deadline=None)
@given(st.floats(0.05, 1.5), st.integers(0, 10**6))
def test_turning_goes_by_the_angle_asked_for(radians: float, seed: int) -> None:
    start, towards = noise(seed, seed + 1)
    gone = float(angle_between(start[None], turned(start, towards, radians)[None]))
    # Exact between equal norms; those of two noises differ by a few hundredths.
    uneven = abs(float(start.norm() / towards.norm()) - 1)
    assert gone == pytest.approx(radians, rel=1.5 * uneven + 0.01)


@settings(deadline=None, max_examples=25)
@given(st.floats(0, 20), st.integers(0, 10**6))
def test_a_path_is_long_enough_and_walked_evenly(length: float, seed: int) -> None:
    centre = noise(seed)[0]
    path = ScenePath.wander(centre, seed, length)
    assert path.reached[-1] >= length
    travel = np.linspace(0, length, 40)
    walk = path.at(travel)
    turns = angle_between(walk[:-1], walk[1:]).numpy()
    step = length / 39
    # Less where a way point is rounded; more by the difference of two norms.
    assert (turns <= 1.15 * step + 2e-3).all()
    assert angle_between(walk, centre[None].expand_as(walk)).max() <= WANDER_ANGLE * 1.15


def test_scenes_are_relatives_and_their_seeds_decide_them() -> None:
    scenes = SceneNoise(SHAPE, 7, [1, 2, 1], [1.0, 1.0, 1.0])
    starts = torch.stack([scenes.path(index).waypoints[0] for index in range(3)])
    assert torch.equal(starts[0], starts[2])
    between = float(angle_between(starts[:1], starts[1:2]))
    assert 0.5 < between <= 2 * (SCENE_ANGLE + WANDER_ANGLE)
    assert between < math.pi / 2, "unrelated noise is a right angle apart"
    other_song = SceneNoise(SHAPE, 8, [1], [1.0]).path(0).waypoints[0]
    assert not torch.equal(other_song, starts[0])


def test_frames_do_not_depend_on_the_batch_they_are_asked_in() -> None:
    count = 12
    mix = FrameMix(
        scene=np.repeat([0, 1], 6), other=np.repeat([1, 0], 6),
        noise_weight=np.where(np.arange(count) % 4 == 1, 0.3, 0.0), text_weight=np.zeros(count),
        travel=np.tile(np.linspace(0, 2, 6), 2), other_travel=np.zeros(count),
        progress=np.zeros(count), other_progress=np.zeros(count),
    )  # fmt: skip
    seeds, ways = [3, 4], [2.0, 2.0]
    whole = SceneNoise(SHAPE, 1, seeds, ways).at(mix, np.arange(count))
    scenes = SceneNoise(SHAPE, 1, seeds, ways)
    parts = torch.cat([scenes.at(mix, np.arange(first, first + 4)) for first in (8, 0, 4)])
    torch.testing.assert_close(torch.cat([parts[4:], parts[:4]]), whole)
