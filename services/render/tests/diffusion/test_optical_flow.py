"""Frames by optical flow lie between their keys, and what moves does not fade over."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from songreel_kit.errors import InvalidRenderSettings
from songreel_render.diffusion.optical_flow import FlowPair, flow_between
from songreel_testing.render.click_track import analysis_of
from songreel_testing.render.harness import RenderHarness
from songreel_testing.render.storyboards import equal_scenes, scene, storyboard_of

SIZE, BLOCK = 96, 32


def soft(shape: tuple[int, int], seed: int, blur: float) -> np.ndarray:
    grain = np.random.default_rng(seed).random((*shape, 3)).astype(np.float32)
    smooth = cv2.GaussianBlur(grain, (0, 0), blur)
    return (smooth - smooth.min()) / np.ptp(smooth)


def block_at(x: float, y: float, textured: bool = True) -> np.ndarray:
    """A bright block on a dark ground; its place in whole pixels."""
    ground, block = soft((SIZE, SIZE), 1, 6) * 0.4, 0.6 + 0.4 * soft((BLOCK, BLOCK), 2, 2)
    if not textured:
        ground[:], block[:] = 0.2, 0.9
    left, top = round(x), round(y)
    ground[top : top + BLOCK, left : left + BLOCK] = block
    return ground


@pytest.mark.parametrize("textured", [True, False])
@pytest.mark.parametrize(("x", "y"), [(4, 0), (8, 0), (0, -8), (6, 6), (12, -4)])
def test_a_moving_block_moves_where_a_blend_shows_it_twice(x: int, y: int, textured: bool) -> None:
    start, end = block_at(30, 32, textured), block_at(30 + x, 32 + y, textured)
    middle = FlowPair(start, end).at(0.5)
    true = block_at(30 + x / 2, 32 + y / 2, textured)
    blend = (start + end) / 2
    assert np.abs(middle - true).mean() < 0.3 * np.abs(blend - true).mean()
    # A ghost is ground that shines through, or block where there is none: the blend has both.
    ghosts = [(np.abs(picture - true).max(axis=-1) > 0.15).sum() for picture in (middle, blend)]
    assert ghosts[0] < 0.4 * ghosts[1]


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 99), st.floats(0, 1), st.sampled_from([(32, 32), (48, 64)]))
def test_no_frame_leaves_the_colours_of_its_keys(
    seed: int, weight: float, shape: tuple[int, int]
) -> None:
    """Whatever the pictures, related or not."""
    start, end = soft(shape, seed, 3), soft(shape, seed + 1000, 3)
    frame = FlowPair(start, end).at(weight)
    assert frame.shape == start.shape
    assert np.isfinite(frame).all()
    low, high = (pick(start.min(), end.min()) for pick in (min, min)), max(start.max(), end.max())
    assert frame.min() >= min(low) - 1e-4
    assert frame.max() <= high + 1e-4


def test_frames_go_from_one_key_to_the_other() -> None:
    start, end = block_at(30, 32), block_at(38, 32)
    pair = FlowPair(start, end)
    gone = [np.abs(pair.at(weight) - start).mean() for weight in np.linspace(0, 1, 9)]
    left = [np.abs(pair.at(weight) - end).mean() for weight in np.linspace(0, 1, 9)]
    assert (np.diff(gone) > 0).all()
    assert (np.diff(left) < 0).all()
    assert gone[0] < 0.01 * gone[-1]
    assert left[-1] < 0.01 * left[0]


def test_still_pictures_stay_still() -> None:
    picture = block_at(30, 32)
    np.testing.assert_allclose(FlowPair(picture, picture).at(0.4), picture, atol=1e-5)


def test_keys_are_left_as_they_are() -> None:
    keys = torch.rand(3, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    frames = flow_between(keys, np.array([0, 0, 1, 2]), np.array([0.0, 0.5, 0.25, 0.0]))
    assert torch.equal(frames[0], keys[0])
    assert torch.equal(frames[3], keys[2])
    assert not torch.equal(frames[1], keys[0])


def test_a_video_by_flow(harness: RenderHarness, song: Path) -> None:
    videos: list[np.ndarray] = []
    for name in ("latent", "flow"):
        board = storyboard_of(scene(0, 1, "beach"), scene(1, 2, "@#", 9))
        request = harness.request(song, analysis_of(2.0), board, fps="24", in_betweens=name)
        result = harness.render(request)
        assert result.frames_denoised < 36
        videos.append(harness.decode(result.video).frames.astype(float))
    apart = np.abs(videos[0] - videos[1]).mean(axis=(1, 2, 3))
    assert apart.max() > 0
    assert apart.mean() < np.abs(np.diff(videos[0], axis=0)).mean()
    assert b"opencv" in harness.store.read_bytes(result.plan)


def test_an_unknown_way_is_refused(harness: RenderHarness, song: Path) -> None:
    request = harness.request(
        song, analysis_of(2.0), storyboard_of(*equal_scenes(2.0)), in_betweens="magic"
    )
    with pytest.raises(InvalidRenderSettings, match="latent, flow"):
        harness.render(request)
