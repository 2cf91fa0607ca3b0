"""Camera moves stay inside the picture and go where their name says."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from songreel_render.camera import MOVES, ZOOM, view_matrices, warp


def corners(move: str, progress: float) -> np.ndarray:
    """(4, 2) where the picture's corners are taken from; the source is within -1..1."""
    views = view_matrices([move, "rotate"], np.asarray([progress, 0.0]))
    assert views is not None
    return np.asarray([[x, y, 1] for x in (-1, 1) for y in (-1, 1)]) @ views[0].T


@given(st.sampled_from(MOVES), st.floats(0, 1))
def test_no_view_leaves_the_picture(move: str, progress: float) -> None:
    assert np.abs(corners(move, progress)).max() <= 1 + 1e-6


def test_moves_go_where_they_say() -> None:
    middle = {move: [corners(move, at).mean(axis=0)[0] for at in (0, 1)] for move in MOVES}
    width = {move: [np.ptp(corners(move, at)[:, 0]) for at in (0, 1)] for move in MOVES}
    assert middle["pan-right"][1] > 0 > middle["pan-right"][0]
    assert middle["pan-left"][1] < 0 < middle["pan-left"][0]
    assert width["zoom-in"] == pytest.approx([2, 2 / ZOOM])
    assert width["zoom-out"] == pytest.approx([2 / ZOOM, 2])


def test_standing_still_needs_no_warp() -> None:
    assert view_matrices(["none", "handheld", ""], np.zeros(3)) is None
    pictures = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    views = view_matrices(["none", "zoom-in"], np.asarray([0.5, 0.0]))
    assert views is not None
    torch.testing.assert_close(warp(pictures, views), pictures, atol=1e-4, rtol=0)
