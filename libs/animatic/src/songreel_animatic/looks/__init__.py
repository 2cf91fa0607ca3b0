"""Looks: how everything is drawn. A new look is one file and one row of `LOOKS`."""

from __future__ import annotations

from songreel_animatic.looks.chalk import CHALK
from songreel_animatic.looks.comic import COMIC
from songreel_animatic.looks.dusk import DUSK
from songreel_animatic.looks.flat import FLAT
from songreel_animatic.looks.ink import INK
from songreel_animatic.looks.look import Look
from songreel_animatic.looks.oil import OIL
from songreel_animatic.looks.paper import PAPER
from songreel_animatic.looks.pencil import PENCIL
from songreel_animatic.looks.watercolour import WATERCOLOUR

LOOKS: dict[str, Look] = {
    look.name: look for look in (FLAT, PAPER, COMIC, INK, PENCIL, CHALK, WATERCOLOUR, OIL, DUSK)
}


def find_look(name: str) -> Look:
    """The look of that name; flat where there is none."""
    return LOOKS.get(name, FLAT)
