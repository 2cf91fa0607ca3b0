"""Camera moves stay inside the picture and go where their name says."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from songreel_render.motion.camera import MOVES, ZOOM, view_matrices, warp
from songreel_testing.render.storyboards import mix_at


def corners(move: str, progress: float, weight: float = 0.0, other: str = "rotate") -> np.ndarray:
    """(4, 2) where the picture's corners are taken from; the source is within -1..1."""
    views = view_matrices([move, other], mix_at([progress], [weight]), np.arange(1))
    if views is None:
        views = np.asarray([[[1, 0, 0], [0, 1, 0]]])
    return np.asarray([[x, y, 1] for x in (-1, 1) for y in (-1, 1)]) @ views[0].T


@given(st.sampled_from(MOVES), st.floats(0, 1), st.sampled_from(MOVES[1:]), st.floats(0, 1))
def test_no_view_leaves_the_picture(move: str, progress: float, other: str, weight: float) -> None:
    assert np.abs(corners(move, progress, weight, other)).max() <= 1 + 1e-6


@given(st.sampled_from(MOVES), st.sampled_from(MOVES))
def test_the_camera_does_not_jump_in_the_middle_of_a_dissolve(first: str, second: str) -> None:
    """Half of the one scene's end and half of the other's start, from either side."""
    moves = [first, second]
    leaving = mix_at([1.0], [0.5], other_progress=0.0)
    entering = mix_at([0.0], [0.5], other_progress=1.0)
    views = [
        view_matrices(order, mix, np.arange(1))
        for order, mix in ((moves, leaving), (moves[::-1], entering))
    ]
    if views[0] is None:
        assert views[1] is None
    else:
        np.testing.assert_allclose(views[0], views[1], atol=1e-6)


def test_moves_go_where_they_say() -> None:
    middle = {move: [corners(move, at).mean(axis=0)[0] for at in (0, 1)] for move in MOVES}
    width = {move: [np.ptp(corners(move, at)[:, 0]) for at in (0, 1)] for move in MOVES}
    assert middle["pan-right"][1] > 0 > middle["pan-right"][0]
    assert middle["pan-left"][1] < 0 < middle["pan-left"][0]
    assert width["zoom-in"] == pytest.approx([2, 2 / ZOOM])
    assert width["zoom-out"] == pytest.approx([2 / ZOOM, 2])


def test_standing_still_needs_no_warp() -> None:
    assert view_matrices(["none", "handheld"], mix_at([0.0] * 3), np.arange(3)) is None
    pictures = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    views = view_matrices(["zoom-in", "none"], mix_at([0.0, 0.0]), np.arange(2))
    assert views is not None
    torch.testing.assert_close(warp(pictures, views), pictures, atol=1e-4, rtol=0)
