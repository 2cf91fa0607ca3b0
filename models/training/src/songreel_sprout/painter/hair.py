"""The hair of a portrait, from the front."""

from __future__ import annotations

from typing import Protocol

from songreel_sprout.painter.appearance import Appearance
from songreel_sprout.painter.canvas import Point, Rgb, mix
from songreel_sprout.painter.plants import Scene


class Place(Protocol):
    """The face's own coordinates (halves of its height) to the sheet's."""

    def __call__(self, x: float, y: float) -> Point:
        """The point on the sheet."""
        ...


class Shape(Protocol):
    """A polygon in the face's own coordinates."""

    def __call__(
        self, points: list[Point], fill: Rgb, shade: float = ..., outline: float = ...
    ) -> None:
        """Draws it."""
        ...


def hair_front(
    s: Scene, who: Appearance, shape: Shape, p: Place, r: float, wide: float, extra: str
) -> None:
    """The hair over the forehead, or the musician's hat."""
    k = s.k
    part = (k.hair_len - 0.5) * 0.7
    if extra == "musician":
        hat = mix(who.cloth, (20, 16, 24), 0.4)
        shape(
            [
                (-wide - 0.5, -0.5),
                (wide + 0.5, -0.5),
                (wide + 0.3, -0.66),
                (0.66, -0.74),
                (0.55, -1.35),
                (0, -1.28),
                (-0.55, -1.35),
                (-0.66, -0.74),
                (-wide - 0.3, -0.66),
            ],
            hat,
            0.35,
        )
    elif who.female or who.child:
        shape(
            [
                (-wide - 0.12, 0.3),
                (-wide - 0.16, -0.4),
                (-0.72, -0.98),
                (0, -1.2),
                (0.72, -0.98),
                (wide + 0.16, -0.4),
                (wide + 0.12, 0.3),
                (wide - 0.06, -0.2),
                (0.45, -0.6),
                (part, -0.66 + 0.1 * k.hair_hue),
                (-0.45, -0.6),
                (-wide + 0.06, -0.2),
            ],
            who.hair,
            0.35,
        )
        if extra == "dancer":
            s.canvas.ellipse(p(0.62, -0.86), 0.2 * r, 0.2 * r, s.thing((240, 90, 130)), outline=4)
    else:
        top = -1.12 - 0.2 * k.hair_len
        shape(
            [
                (-wide - 0.06, 0.02),
                (-wide - 0.1, -0.5),
                (-0.66, -0.98),
                (-0.2, top),
                (0.3, top),
                (0.7, -0.98),
                (wide + 0.1, -0.5),
                (wide + 0.06, 0.02),
                (wide - 0.04, -0.42),
                (0.5, -0.66),
                (part, -0.7),
                (-0.5, -0.62),
                (-wide + 0.04, -0.42),
            ],
            who.hair,
            0.35,
        )
