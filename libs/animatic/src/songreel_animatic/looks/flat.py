"""Flat: clear shapes and edges of shadow, as in modern cut-out animation."""

from __future__ import annotations

from songreel_animatic.looks.look import Look, Picture
from songreel_animatic.looks.textures import on_paper


def _finish(picture: Picture, _t: float) -> Picture:
    return on_paper(picture, 0.018)


FLAT = Look("flat", shading=0.55, finish=_finish)
