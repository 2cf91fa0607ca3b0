"""What a look decides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from songreel_animatic.drawing.colours import Colour

Picture = NDArray[np.uint8]
"""(height, width, 3) RGB."""


@dataclass(frozen=True)
class Look:
    """How shapes are filled, lined and shaded, and what happens to the whole picture."""

    name: str
    outline: float = 0.0
    """Width of outlines in thousandths of the picture's height; 0 draws none."""
    ink: Colour | None = None
    """Colour of outlines; None is a darker shade of what they surround."""
    boil: float = 0.0
    """How far hand-drawn lines wander, in thousandths of the picture's height."""
    shading: float = 0.5
    """How strong the shadow side of shapes is, 0 to 1."""
    soft: bool = False
    """Shadows fade (a gradient) instead of ending in an edge."""
    lift: float = 0.0
    """How far shapes lie above what is behind, as cut paper does: the length of their shadow."""
    fill: float = 1.0
    """Opacity of fills: below 1 layers show through, as in watercolour."""
    tint: Callable[[Colour], Colour] | None = None
    """Changes every colour before it is used: pencil is grey, ink is two colours."""
    finish: Callable[[Picture, float], Picture] | None = None
    """Last step: a picture and the time in seconds; returns one of the same shape."""
