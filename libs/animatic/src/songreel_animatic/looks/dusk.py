"""Dusk: a photograph late in the day, soft light that blooms, warm lights and cool shadows."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from songreel_animatic.drawing.colours import Colour
from songreel_animatic.looks.look import Look, Picture
from songreel_animatic.looks.textures import bloom, film_grain, noise


def _tint(colour: Colour) -> Colour:
    return colour.saturated(0.78).mix(Colour(0.30, 0.27, 0.36), 0.10)


def _finish(picture: Picture, t: float) -> Picture:
    lit = bloom(np.asarray(cv2.LUT(picture, _toning()), dtype=np.uint8), 0.55)
    return film_grain(lit, _grain(*picture.shape[:2]), t)


@lru_cache(maxsize=1)
def _toning() -> NDArray[np.uint8]:
    """(1, 256, 3): a film's curve, cool below and warm above."""
    x = np.linspace(0.0, 1.0, 256)
    curve = 0.92 * x - 0.035 * np.sin(2 * np.pi * x)
    curves = (
        curve * (0.98 + 0.06 * x),
        curve * (0.97 + 0.01 * x) + 0.008 * (1 - x),
        curve * (1.03 - 0.14 * x) + 0.04 * (1 - x),
    )
    table = np.stack([np.clip(c, 0, 1) for c in curves], axis=1)
    return np.rint(255 * table).astype(np.uint8)[None]


@lru_cache(maxsize=4)
def _grain(height: int, width: int) -> NDArray[np.int16]:
    grain = np.rint(3.2 * noise(height, width, 1.6, 1.6, 61)).astype(np.int16)
    return np.repeat(grain[..., None], 3, axis=2)


DUSK = Look("dusk", shading=0.85, soft=True, tint=_tint, finish=_finish)
