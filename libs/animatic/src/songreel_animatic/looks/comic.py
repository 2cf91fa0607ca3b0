"""Comic: bold black lines, full colours, dots where it is darker."""

from __future__ import annotations

import cv2
import numpy as np

from songreel_animatic.drawing.colours import Colour
from songreel_animatic.looks.look import Look, Picture
from songreel_animatic.looks.textures import halftone, luminance, mixed

_INK = np.diag([0.72, 0.70, 0.82])
"""What the darker ink lets through of red, green and blue."""


def _tint(colour: Colour) -> Colour:
    return colour.saturated(1.22)


def _finish(picture: Picture, _t: float) -> Picture:
    light = luminance(picture)
    # The darker half is printed by dots of a darker ink; deep shadow stays whole.
    dots = halftone(np.clip(0.25 + 1.1 * light, 0.0, 1.0), 9.0)
    darker = cv2.transform(picture, _INK)
    return mixed(picture, np.asarray(darker, dtype=np.uint8), np.float32(0.8) * dots)


COMIC = Look(
    "comic", outline=4.2, ink=Colour(0.06, 0.04, 0.09), boil=0.35, shading=0.7, tint=_tint,
    finish=_finish,
)  # fmt: skip
