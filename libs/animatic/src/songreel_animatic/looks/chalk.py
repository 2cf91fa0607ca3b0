"""Chalk: pale strokes on a slate board, the board seen through them."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from songreel_animatic.drawing.colours import Colour
from songreel_animatic.looks.look import Look, Picture
from songreel_animatic.looks.textures import Field, luminance, mixed, noise, paper

_BOARD = (38, 46, 50)


def _tint(colour: Colour) -> Colour:
    return colour.saturated(0.85).mix(Colour(0.98, 0.97, 0.93), 0.22)


def _finish(picture: Picture, _t: float) -> Picture:
    board, tooth = _slate(*picture.shape[:2])
    # Chalk takes where the board's tooth stands out, and thickly where it is bright.
    light = luminance(picture) - np.float32(0.16) + tooth
    return mixed(board, picture, np.clip(light * np.float32(1.55), 0.10, 0.95))


@lru_cache(maxsize=4)
def _slate(height: int, width: int) -> tuple[Picture, Field]:
    """The board, and how far each of its pixels stands out."""
    tooth = np.float32(0.11) * paper(height, width, 13)
    tooth += np.float32(0.05) * noise(height, width, 26.0, 26.0, 31)
    shade = 1.0 + 0.10 * noise(height, width, 220.0, 90.0, 17)
    board = np.clip(np.array(_BOARD, np.float32) * shade[..., None], 0, 255).astype(np.uint8)
    return board, tooth


CHALK = Look(
    "chalk", outline=3.4, ink=Colour(0.97, 0.96, 0.92), boil=1.1, shading=0.6, tint=_tint,
    finish=_finish,
)  # fmt: skip
