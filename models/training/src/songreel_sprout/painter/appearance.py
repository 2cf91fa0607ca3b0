"""Appearance of people: skin, hair, clothes, and what a mood does to a face."""

from __future__ import annotations

from typing import Final, NamedTuple

from songreel_sprout.painter.canvas import Rgb, hsv, mix
from songreel_sprout.painter.plants import Scene

_SKIN: Final[tuple[Rgb, ...]] = (
    (255, 224, 198),
    (238, 190, 150),
    (204, 146, 104),
    (150, 98, 66),
    (98, 62, 46),
)


_HAIR: Final[tuple[Rgb, ...]] = (
    (30, 24, 26),
    (84, 52, 34),
    (150, 92, 44),
    (226, 180, 96),
    (186, 74, 36),
    (160, 160, 168),
)


def _along(stops: tuple[Rgb, ...], t: float) -> Rgb:
    x = min(max(t, 0.0), 1.0) * (len(stops) - 1)
    i = min(int(x), len(stops) - 2)
    return mix(stops[i], stops[i + 1], x - i)


class Appearance(NamedTuple):
    """How one person looks."""

    skin: Rgb
    hair: Rgb
    cloth: Rgb
    cloth_b: Rgb
    female: bool
    child: bool


def appearance_of(s: Scene, kind: str, other: bool = False) -> Appearance:
    """The person that the knobs describe; ``other`` is the second of a couple."""
    k = s.k
    skin, hair, hue = k.skin, k.hair_hue, k.cloth_hue
    if other:
        skin, hair, hue = 0.6 * k.skin + 0.4 * (1 - k.tilt), k.accent, k.cloth_hue + 0.45
    female = kind in ("woman", "dancer") or (kind in ("child", "musician") and k.hair_len > 0.5)
    dull = {"joyful": 0.72, "sad": 0.42}.get(s.labels.mood, 0.6)
    return Appearance(
        s.thing(_along(_SKIN, skin)),
        s.thing(_along(_HAIR, hair)),
        s.thing(hsv(hue, dull, 0.55 + 0.4 * k.cloth_val)),
        s.thing(hsv(hue + 0.55, 0.4, 0.34 + 0.3 * (1 - k.cloth_val))),
        female,
        kind == "child",
    )


FACES: Final[dict[str, tuple[float, float, float, float]]] = {
    # mouth curve (+ smile), mouth open, brow slant (+ worried, - angry), eye height
    "joyful": (1.0, 0.85, 0.15, 0.85),
    "serene": (0.5, 0.0, 0.1, 0.55),
    "neutral": (0.12, 0.0, 0.0, 1.0),
    "tense": (-0.3, 0.1, -0.9, 0.9),
    "sad": (-0.85, 0.0, 0.9, 0.75),
}
