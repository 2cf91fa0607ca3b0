"""Layers: what is drawn at one distance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from songreel_animatic.drawing.pen import Pen

Draw = Callable[[Pen, float], None]
"""Draws at a time in seconds."""


@dataclass(frozen=True)
class Layer:
    """One thing at one distance."""

    depth: float
    """0 is the sky, 1 the nearest; decides order, parallax, haze and focus."""
    draw: Draw
    still: bool = False
    """Looks the same at every time, so that it is drawn once; the camera still moves it."""
    subject: int | None = None
    """Index in the composition's subjects, or None for the background."""
    haze: float | None = None
    """Overrides the haze that the depth gives, 0 to 1."""
    glow: bool = False
    """Light that is added to what is behind; it has no depth of its own."""
