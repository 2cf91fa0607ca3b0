"""Looks: how everything is drawn. A new look is one file and one row of `LOOKS`."""

from __future__ import annotations

from songreel_animatic.looks.look import Look

FLAT = Look("flat", outline=0.0, shading=0.55, texture="paper", texture_strength=0.05)

LOOKS: dict[str, Look] = {look.name: look for look in (FLAT,)}


def find_look(name: str) -> Look:
    """The look of that name; flat where there is none."""
    return LOOKS.get(name, FLAT)
