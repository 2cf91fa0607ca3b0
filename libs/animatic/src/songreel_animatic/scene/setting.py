"""What places, weather and rigs are given to draw with."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

from songreel_animatic.composition import Composition, Subject
from songreel_animatic.music import Music
from songreel_animatic.scene.light import Light

_PEOPLE: Final = frozenset({"woman", "man", "child", "couple", "dancer", "musician", "crowd"})


@dataclass(frozen=True)
class Setting:
    """A scene's surroundings. Lengths are thousandths of the picture's height; y grows down."""

    composition: Composition
    music: Music
    start: float
    """Seconds: when the scene begins."""
    end: float
    """Seconds."""
    width: float
    """1000 x width / height of the picture."""
    light: Light
    horizon: float
    """y of the horizon."""
    ground: float
    """y where a figure's feet stand that is as tall as the framing asks."""

    def rng(self, what: str) -> random.Random:
        """Random numbers that are always the same for this scene and purpose."""
        return random.Random(f"{self.composition.seed}/{what}")

    def figure_height(self, subject: Subject, share: float = 1.0) -> float:
        """How tall a grown person is drawn here, times `share`."""
        if subject.size > 0.0:
            return 1000.0 * subject.size
        # From the chest up; of an animal or a thing all of it is seen.
        near = 1500.0 if subject.kind in _PEOPLE else 1000.0
        asked = {"close-up": near, "medium": 640.0, "wide": 330.0, "above": 420.0}
        return asked.get(self.composition.framing, 640.0) * share

    def foot(self, subject: Subject, share: float) -> float:
        """Y where something stands that is `share` as tall as a person.

        A close-up shows people from the chest up; what fits into the picture stands in it.
        """
        fits = share * self.figure_height(subject) < 1150.0
        return min(self.ground, 960.0) if fits else self.ground

    @property
    def waterline(self) -> float:
        """Y of what floats on the water."""
        return self.horizon + 95.0 if self.horizon > 0.0 else 0.55 * self.ground

    def x(self, subject: Subject) -> float:
        """Where a subject's middle is."""
        return subject.x * self.width
