"""What a step of the finish is given and what it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from songreel_animatic.music import Music

Picture = NDArray[np.uint8]
"""(height, width, 3) RGB."""
Step = Callable[[Picture, float], Picture]
"""A picture and its time in seconds; the picture given may be changed."""


@dataclass(frozen=True)
class Film:
    """The film that is finished."""

    music: Music
    title: str
    artist: str
    width: int
    """Pixels."""
    height: int
    """Pixels."""
    notes: list[str]
    """What a step cannot do is added here."""
