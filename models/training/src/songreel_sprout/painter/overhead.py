"""Subjects seen from above: foreshortened, and lying on the ground as a shadow."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from songreel_sprout.painter.canvas import Canvas, S, Slant, hsv, mix
from songreel_sprout.painter.plants import Scene

_FIXED: Final = np.random.default_rng(17).random((64, 3))
ABOVE_FOOT: Final = 0.76
"""Where a subject seen from above stands."""

_COARSE: Final = 4
"""Pixels of the drawing in one of a shadow's: it is soft anyway."""
_NOWHERE: Final = (1, 254, 3)
"""A colour that nothing is painted in: what still has it is not covered by the subject."""


def look_down(s: Scene, show: Callable[[Scene], None]) -> None:
    """Paint a subject with ``show`` as from high up, its shadow beside it."""
    if s.labels.subject == "crowd":
        # Painted as seen from above already, a shadow beside each head.
        show(s)
        return
    _shadow(s, _silhouette(s, show))
    s.canvas.slant = Slant(0.5 + 0.3 * (s.k.subject_x - 0.5), ABOVE_FOOT)
    show(s)
    s.canvas.slant = None


def _silhouette(s: Scene, show: Callable[[Scene], None]) -> Image.Image:
    """Where the upright subject is, 0 or 255, ``S / _COARSE`` px."""
    # A sketch has no glow: only the shape itself throws a shadow.
    blank = Canvas("sketch", s.canvas.light)
    blank.draw.rectangle((0, 0, S, S), fill=_NOWHERE)
    ground = blank.image.copy()
    show(replace(s, canvas=blank))
    covered = ImageChops.difference(blank.image, ground).convert("L")
    return covered.point([255 * (v > 2) for v in range(256)]).reduce(_COARSE)


def _shadow(s: Scene, shape: Image.Image) -> None:
    """Lay the upright ``shape`` down on the ground, away from the sun."""
    k = s.k
    long, strength = {"dawn": (0.8, 0.5), "day": (0.5, 0.55), "sunset": (0.95, 0.6)}.get(
        s.labels.time, (0.6, 0.6)
    )
    if s.labels.place in ("room", "stage"):
        long = 0.6
    else:
        strength *= 1 - 0.5 * s.light.dim
    aside = long * (1 - 0.5 * (k.sun_x - 0.5))
    down, foot = 0.3, (ABOVE_FOOT - 0.01) * S / _COARSE
    # A point `up` above the foot at x falls on (x + aside * up, foot + down * up).
    lying = shape.transform(
        shape.size,
        Image.Transform.AFFINE,
        (1, -aside / down, aside / down * foot, 0, -1 / down, foot + foot / down),
        Image.Resampling.BILINEAR,
    )
    soft = {"realistic": 2.5, "cartoon": 0.8, "sketch": 1.2}[s.canvas.style]
    lying = lying.filter(ImageFilter.GaussianBlur(soft + 2 * s.light.dim))
    mask = lying.point([int(v * strength) for v in range(256)])
    s.canvas.lighten(mask.resize((S, S), Image.Resampling.BICUBIC), s.land((26, 22, 52)))


def crowd_above(s: Scene) -> None:
    """Heads and shoulders in loose rows, each with a small shadow."""
    c, k = s.canvas, s.k
    c.depth = 0.9
    r = 0.041 * (0.92 + 0.16 * k.subject_scale)
    people: list[tuple[float, float, int]] = []
    for i in range(20):
        row, place = divmod(i, 4)
        x = 0.5 + 0.19 * (place - 1.5 + 0.5 * (row % 2) - 0.25) + 0.05 * (_FIXED[i, 0] - 0.5)
        y = 0.26 + 0.125 * row + 0.04 * (_FIXED[i, 1] - 0.5)
        people.append((x + 0.12 * (k.subject_x - 0.5), y, i))
    dark = mix(s.land((40, 36, 64)), s.land((120, 120, 110)), 0.15)
    for x, y, _ in people:
        c.ellipse((x + 0.9 * r, y + 0.7 * r), 1.5 * r, 0.7 * r, dark, shade=0, outline=0, turn=0.3)
    for x, y, i in people:
        coat = s.thing(hsv(k.cloth_hue + 0.31 * i, 0.5, 0.88))
        hair = s.thing(hsv(0.07, 0.55, 0.22 + 0.45 * float(_FIXED[i, 2])))
        if s.labels.mood in ("joyful", "tense") and i % 2 == 0:
            for e in (-1, 1):
                c.limb(
                    [(x + 1.3 * e * r, y), (x + (1.7 + 0.4 * k.pose_a) * e * r, y - 1.5 * r)],
                    0.6 * r,
                    coat,
                    outline=3,
                )
        c.ellipse((x, y), 1.65 * r, 0.85 * r, coat, outline=4, turn=0.25 * math.sin(5.0 * i))
        c.ellipse((x, y - 0.25 * r), 0.8 * r, 0.85 * r, hair, outline=4)
