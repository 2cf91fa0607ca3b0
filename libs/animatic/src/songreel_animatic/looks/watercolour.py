"""Watercolour: washes with pooled edges, on rough paper that shows at the border."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from songreel_animatic.drawing.colours import Colour
from songreel_animatic.looks.look import Look, Picture
from songreel_animatic.looks.textures import Field, mixed, noise, on_paper, wandered

_PAPER = (250, 247, 240)


def _tint(colour: Colour) -> Colour:
    # Water thins: dark is never black, and pigment stays bright.
    return colour.saturated(1.12).mix(Colour(1.0, 0.99, 0.96), 0.20)


def _finish(picture: Picture, _t: float) -> Picture:
    height, width = picture.shape[:2]
    wet = wandered(picture, 2.6, 34.0, 41)
    # Pigment gathers at the edge of a wash: what is darker than around it gets darker still.
    around = cv2.GaussianBlur(wet, (0, 0), 0.0075 * height)
    pooled = cv2.addWeighted(wet, 1.55, around, -0.55, 0.0)
    soft = cv2.addWeighted(pooled, 0.72, cv2.GaussianBlur(wet, (0, 0), 0.002 * height), 0.28, 0.0)
    thin = mixed(
        np.asarray(soft, np.uint8), np.full_like(picture, _PAPER), _thinness(height, width)
    )
    return on_paper(thin, 0.025, seed=7)


@lru_cache(maxsize=4)
def _thinness(height: int, width: int) -> Field:
    """How much of the paper is seen: in blooms, and all of it beyond the painted area."""
    blooms = (
        0.06
        + 0.05 * noise(height, width, 150.0, 150.0, 43)
        + 0.025 * noise(height, width, 30.0, 30.0, 44)
    )
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / np.float32(height / 1000.0)
    inside = np.minimum(
        np.minimum(x, 1000.0 * width / height - x), np.minimum(y, 1000.0 - y)
    ) + 6.0 * noise(height, width, 60.0, 70.0, 45)
    bare = np.clip((22.0 - inside) / 6.0, 0.0, 1.0)
    return np.clip(np.maximum(blooms, bare), 0.0, 1.0).astype(np.float32)


WATERCOLOUR = Look("watercolour", shading=0.5, soft=True, fill=0.94, tint=_tint, finish=_finish)
