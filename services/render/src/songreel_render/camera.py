"""Slow camera moves, as a warp of the drawn frames."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

MOVES: Final = ("none", "zoom-in", "zoom-out", "pan-left", "pan-right", "rotate")
# The largest zoom. Pans and turns need a margin to move in, which the zoom gives.
ZOOM: Final = 1.10
_PAN: Final = (ZOOM - 1.0) / ZOOM
_TURN: Final = math.radians(2.5)


def view_matrices(
    moves: Sequence[str], progress: NDArray[np.float64]
) -> NDArray[np.float32] | None:
    """The view of each frame, as `torch.nn.functional.affine_grid` takes it.

    Args:
        moves: (n,) names out of `MOVES`; others count as "none".
        progress: (n,) share of the scene that has passed, in [0, 1].

    Returns:
        (n, 2, 3), or None when no frame moves.
    """
    if all(move not in MOVES or move == "none" for move in moves):
        return None
    views = np.zeros((len(moves), 2, 3), dtype=np.float32)
    for place, (move, share) in enumerate(zip(moves, progress.tolist(), strict=True)):
        views[place] = _view(move, share)
    return views


def warp(pictures: torch.Tensor, views: NDArray[np.float32]) -> torch.Tensor:
    """Look at pictures (n, 3, h, w) through views (n, 2, 3); the same shape comes back."""
    theta = torch.from_numpy(views).to(pictures.device)
    grid = torch.nn.functional.affine_grid(theta, list(pictures.shape), align_corners=False)
    moved = torch.nn.functional.grid_sample(
        pictures.contiguous(), grid, mode="bicubic", padding_mode="reflection", align_corners=False
    )
    return moved.clamp_(0.0, 1.0)


def _view(move: str, progress: float) -> list[list[float]]:
    centred = 2.0 * progress - 1.0
    zoom, pan, turn = 1.0, 0.0, 0.0
    if move == "zoom-in":
        zoom = ZOOM**progress
    elif move == "zoom-out":
        zoom = ZOOM ** (1.0 - progress)
    elif move in ("pan-left", "pan-right"):
        zoom = ZOOM
        pan = _PAN * centred * (-1.0 if move == "pan-left" else 1.0)
    elif move == "rotate":
        zoom, turn = ZOOM, _TURN * centred
    cosine, sine = math.cos(turn) / zoom, math.sin(turn) / zoom
    return [[cosine, -sine, pan], [sine, cosine, 0.0]]
