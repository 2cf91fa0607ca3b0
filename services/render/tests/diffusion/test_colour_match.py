"""Frames keep their scene's palette; nothing is stretched beyond reason."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from songreel_render.diffusion.colour_match import ColourMatch, palette
from songreel_testing.render.storyboards import mix_at


def pictures(count: int, seed: int, level: float = 0.5, contrast: float = 0.1) -> torch.Tensor:
    noise = torch.randn(count, 3, 16, 16, generator=torch.Generator().manual_seed(seed))
    return (level + contrast * noise).clamp(0, 1)


def palettes(*levels: float) -> np.ndarray:
    return np.asarray([[[level] * 3, [0.1] * 3] for level in levels], dtype=np.float32)


@settings(deadline=None)
@given(st.floats(0, 1), st.floats(0.1, 0.9), st.floats(0.1, 0.9), st.integers(0, 99))
def test_a_frame_comes_closer_by_the_strength(
    strength: float, level: float, target: float, seed: int
) -> None:
    match = ColourMatch(palettes(target, target), [0, 1], strength)
    # Little contrast, so that nothing is cut off at black and white.
    before = pictures(2, seed, level, 0.01)
    after = match.apply(before, mix_at([0.0, 0.5]), np.arange(2))
    assert ((after >= 0) & (after <= 1)).all()
    moved = palette(after)[:, 0] - palette(before)[:, 0]
    expected = strength * (target - palette(before)[:, 0])
    torch.testing.assert_close(moved, expected, atol=0.02, rtol=0.02)


def test_flicker_within_a_scene_is_damped() -> None:
    match = ColourMatch(palettes(0.5, 0.5), [0, 1], 0.5)
    frames = torch.cat([pictures(1, k, 0.5 + 0.1 * (-1) ** k) for k in range(10)])
    steady = match.apply(frames, mix_at([0.0] * 10), np.arange(10))
    assert palette(steady)[:, 0].std(dim=0).max() < 0.6 * palette(frames)[:, 0].std(dim=0).min()


def test_neighbours_come_closer_to_each_other_and_far_scenes_do_not() -> None:
    match = ColourMatch(palettes(0.2, 0.8, 0.2, 0.2), [0, 1, 2, 3], 1.0)
    levels = match._targets[:, 0, 0].tolist()
    assert levels[1] - levels[0] < 0.6 - 0.2
    assert levels[3] == np.float32(0.2)


def test_a_dissolve_goes_from_the_one_palette_to_the_other() -> None:
    match = ColourMatch(palettes(0.3, 0.7), [0, 1], 1.0)
    mix = mix_at([0.0] * 3, [0.0, 0.25, 0.5])
    frames = pictures(1, 3).expand(3, -1, -1, -1)
    levels = palette(match.apply(frames, mix, np.arange(3)))[:, 0, 0]
    assert (np.diff(levels.numpy()) > 0).all()


def test_scenes_without_a_still_take_the_nearest_palette() -> None:
    known = palettes(0.2, 0.9, 0.6)
    known[1] = np.nan
    match = ColourMatch(known, [0, 2], 1.0)
    assert match._targets.isfinite().all()


def test_a_flat_picture_stays_flat() -> None:
    match = ColourMatch(palettes(0.5, 0.5), [0, 1], 1.0)
    flat = torch.full((1, 3, 8, 8), 0.5)
    after = match.apply(flat, mix_at([0.0]), np.arange(1))
    torch.testing.assert_close(after, flat)
