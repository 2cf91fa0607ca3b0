"""Pencil: graphite strokes on white paper, a breath of colour left."""

from __future__ import annotations

import numpy as np

from songreel_animatic.drawing.colours import Colour
from songreel_animatic.looks.look import Look, Picture
from songreel_animatic.looks.textures import hatched, luminance, mixed, on_paper

_PAPER = Colour(0.968, 0.955, 0.925)
_LEAD = (48, 46, 56)


def _tint(colour: Colour) -> Colour:
    return colour.saturated(0.62).mix(_PAPER, 0.12)


def _finish(picture: Picture, _t: float) -> Picture:
    light = luminance(picture)
    wash = mixed(
        picture,
        np.full_like(picture, [round(255 * c) for c in _PAPER]),
        np.float32(0.22) + np.float32(0.62) * light,
    )
    strokes = np.maximum(
        0.85 * hatched(0.44 + 0.85 * light, 6.4, angle=52.0, seed=21),
        0.80 * hatched(0.72 + 0.85 * light, 6.8, angle=14.0, seed=25),
    )
    drawn = mixed(wash, np.full_like(picture, _LEAD), np.float32(0.82) * strokes)
    return on_paper(drawn, 0.025, seed=5)


PENCIL = Look(
    "pencil", outline=2.4, ink=Colour(0.22, 0.21, 0.26), boil=1.2, shading=0.8, tint=_tint,
    finish=_finish,
)  # fmt: skip
