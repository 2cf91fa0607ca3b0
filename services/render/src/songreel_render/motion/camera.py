"""Slow camera moves, as a warp of the drawn frames."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from songreel_render.motion.crossfades import FrameMix

MOVES: Final = ("none", "zoom-in", "zoom-out", "pan-left", "pan-right", "rotate")
# The largest zoom. Pans and turns need a margin to move in, which the zoom gives.
ZOOM: Final = 1.10
_PAN: Final = (ZOOM - 1.0) / ZOOM
_TURN: Final = math.radians(2.5)


def view_matrices(
    moves: Sequence[str], mix: FrameMix, frames: NDArray[np.int64]
) -> NDArray[np.float32] | None:
    """The view of each frame, as `torch.nn.functional.affine_grid` takes it.

    Where two scenes cross, so do their views: the camera does not jump in a dissolve.

    Args:
        moves: of each scene, names out of `MOVES`; others count as "none".
        mix: of all frames.
        frames: (n,) numbers of the frames wanted.

    Returns:
        (n, 2, 3), or None when no frame moves.
    """
    scenes = mix.scene[frames]
    others = np.where(mix.noise_weight[frames] > 0, mix.other[frames], scenes)
    shown = {moves[scene] for scene in np.unique(np.concatenate([scenes, others])).tolist()}
    if not any(move in MOVES and move != "none" for move in shown):
        return None
    views = np.zeros((len(frames), 2, 3), dtype=np.float32)
    for place, frame in enumerate(frames.tolist()):
        pose = _pose(moves[int(scenes[place])], float(mix.progress[frame]))
        weight = float(mix.noise_weight[frame])
        if weight:
            other = _pose(moves[int(others[place])], float(mix.other_progress[frame]))
            pose = (1.0 - weight) * pose + weight * other
        views[place] = _view(pose)
    return views


def warp(pictures: torch.Tensor, views: NDArray[np.float32]) -> torch.Tensor:
    """Look at pictures (n, 3, h, w) through views (n, 2, 3); the same shape comes back."""
    theta = torch.from_numpy(views).to(pictures.device)
    grid = torch.nn.functional.affine_grid(theta, list(pictures.shape), align_corners=False)
    moved = torch.nn.functional.grid_sample(
        pictures.contiguous(), grid, mode="bicubic", padding_mode="reflection", align_corners=False
    )
    return moved.clamp_(0.0, 1.0)


def _pose(move: str, progress: float) -> NDArray[np.float64]:
    """Logarithm of the zoom, pan in half pictures, turn in radians."""
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
    return np.array([math.log(zoom), pan, turn])


def _view(pose: NDArray[np.float64]) -> list[list[float]]:
    zoom, pan, turn = math.exp(pose[0]), float(pose[1]), float(pose[2])
    cosine, sine = math.cos(turn) / zoom, math.sin(turn) / zoom
    return [[cosine, -sine, pan], [sine, cosine, 0.0]]
