"""Paper: cut out and laid one above the other, each sheet with its shadow and its grain."""

from __future__ import annotations

from songreel_animatic.drawing.colours import Colour
from songreel_animatic.looks.look import Look, Picture
from songreel_animatic.looks.textures import on_paper


def _tint(colour: Colour) -> Colour:
    # Dyed paper is neither black nor as bright as a lamp.
    return colour.saturated(0.94).mix(Colour(0.93, 0.88, 0.80), 0.07)


def _finish(picture: Picture, _t: float) -> Picture:
    return on_paper(picture, 0.03)


PAPER = Look("paper", shading=0.22, lift=5.5, tint=_tint, finish=_finish)
