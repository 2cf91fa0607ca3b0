"""Ink: black lines and hatching on cream paper, and one more colour."""

from __future__ import annotations

import colorsys

import cv2
import numpy as np

from songreel_animatic.drawing.colours import Colour
from songreel_animatic.looks.look import Look, Picture
from songreel_animatic.looks.textures import hatched, luminance, mixed, on_paper

_PAPER = Colour(0.965, 0.94, 0.875)
_INK = (26, 22, 32)
_RED = Colour(0.80, 0.22, 0.16)


def _tint(colour: Colour) -> Colour:
    """Greys of the paper; what is warm and strong is printed red."""
    hue, light, saturation = colorsys.rgb_to_hls(*colour)
    grey = _PAPER.mix(Colour(0.10, 0.09, 0.13), min(1.0, max(0.0, 0.94 - 1.35 * light)))
    warm = (hue < 0.03 or hue > 0.92) and saturation > 0.5 and 0.22 < light < 0.8
    return grey.mix(_RED.mix(_PAPER, max(0.0, light - 0.5)), 0.86) if warm else grey


def _finish(picture: Picture, _t: float) -> Picture:
    light = luminance(picture)
    paper = np.full_like(picture, [round(255 * c) for c in _PAPER])
    # What is printed stays; grey becomes strokes, one way for shade and crossed for darkness.
    colourful = np.float32(1 / 110) * (picture.max(axis=2) - picture.min(axis=2)).astype(np.float32)
    strokes = np.maximum(
        hatched(0.36 + 0.95 * light, 8.0, angle=38.0),
        hatched(0.66 + 0.95 * light, 8.0, angle=-40.0, seed=11),
    )
    # Under the strokes lies a thin wash, so that shapes are whole.
    washed = mixed(paper, picture, np.full_like(light, 0.55))
    inked = mixed(washed, np.full_like(picture, _INK), np.float32(0.9) * strokes)
    keep = np.clip(colourful - 0.35, 0.0, 1.0)
    solid = np.clip((0.16 - light) * 9.0, 0.0, 1.0)
    keep = np.asarray(cv2.max(keep, solid), dtype=np.float32)
    return on_paper(mixed(inked, picture, keep), 0.02, seed=3)


INK = Look(
    "ink", outline=3.0, ink=Colour(0.09, 0.08, 0.12), boil=0.9, shading=0.9, tint=_tint,
    finish=_finish,
)  # fmt: skip
