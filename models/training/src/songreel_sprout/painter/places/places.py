"""The outdoor places, from the far hills to the grass at the lower edge."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import numpy as np
from PIL import Image, ImageFilter

from songreel_sprout.painter.canvas import Canvas, S, hsv, mix, mul
from songreel_sprout.painter.plants import Scene, below, leafy, palm, pine, ridge, water

_FIXED: Final = np.random.default_rng(11).random((200, 4))


def beach(s: Scene) -> None:
    """Sea, sand and a palm."""
    c, k, h = s.canvas, s.k, s.horizon
    c.depth = 0.3
    c.poly(below(ridge(k, h + 0.01, 0.07, 0.2)), s.land((96, 118, 128), 0.55), outline=3)
    shore = 0.78 + 0.08 * (k.near_a - 0.5)
    water(s, h, shore + 0.1, (30, 120, 168))
    c.depth = 0.8
    edge = [
        (
            x / 20,
            shore
            + 0.035 * math.sin(4.5 * x / 20 + 4 * k.hill_phase)
            + 0.05 * (x / 20 - 0.5) * (k.near_b - 0.5),
        )
        for x in range(-1, 22)
    ]
    c.poly(
        [*[(x, y - 0.022) for x, y in edge], (1.05, 1.05), (-0.05, 1.05)],
        mul((245, 250, 252), s.light.ambient),
        shade=0,
        outline=0,
    )
    sand = mix((236, 208, 152), (224, 180, 128), k.ground_hue)
    c.poly([*edge, (1.05, 1.05), (-0.05, 1.05)], s.land(sand), shade=0.12, outline=3)
    side = -0.02 + 0.3 * k.tree_x if k.tree_x < 0.5 else 0.72 + 0.3 * k.tree_x
    palm(s, side, shore + 0.1, 0.5 + 0.25 * k.tree_size)


def mountains(s: Scene) -> None:
    """Peaks with snow over a row of firs."""
    c, k, h = s.canvas, s.k, s.horizon
    peaks = ((0.1, 0.30), (0.38, 0.42), (0.68, 0.34), (0.95, 0.4))
    for layer, (far, drop, scale) in enumerate(((0.62, 0.0, 1.0), (0.3, 0.09, 0.72))):
        c.depth = 0.35 + 0.35 * layer
        rock = s.land(mix((92, 98, 128), (120, 98, 92), k.ground_hue), far)
        for i, (px, ph) in enumerate(peaks):
            x = px + 0.22 * (k.hill_phase - 0.5) + 0.17 * layer
            height = scale * ph * (0.7 + 0.6 * (k.hill_a if i % 2 else k.hill_b))
            y, foot, w = h + drop - height, h + drop + 0.12, 0.62 * height + 0.1
            c.poly(
                [
                    (x - w, foot),
                    (x - 0.35 * w, y + 0.42 * height),
                    (x, y),
                    (x + 0.3 * w, y + 0.36 * height),
                    (x + w, foot),
                ],
                rock,
                shade=0.3,
                outline=4,
            )
            c.poly(
                [(x, y), (x + 0.3 * w, y + 0.36 * height), (x + w, foot), (x + 0.1 * w, foot)],
                mix(rock, (20, 20, 50), 0.22),
                shade=0.1,
                outline=0,
            )
            snow = mix(mul((250, 252, 255), s.light.ambient), s.light.low, 0.3 * far)
            c.poly(
                [
                    (x, y),
                    (x + 0.2 * w, y + 0.25 * height),
                    (x + 0.07 * w, y + 0.2 * height),
                    (x - 0.02 * w, y + 0.3 * height),
                    (x - 0.12 * w, y + 0.2 * height),
                    (x - 0.22 * w, y + 0.28 * height),
                ],
                snow,
                shade=0.1,
                outline=0,
            )
    c.depth = 0.8
    grass = mix((92, 150, 82), (132, 140, 70), k.ground_hue)
    c.poly(
        below(ridge(k, h + 0.2, 0.08, 0.5)), s.land(mul(grass, (0.8, 0.85, 0.9)), 0.15), outline=3
    )
    for i in range(9):
        x = i / 8 + 0.06 * (_FIXED[i, 0] - 0.5) + 0.05 * (k.tree_x - 0.5)
        pine(
            s,
            x,
            h + 0.22 + 0.03 * _FIXED[i, 1],
            0.1 + 0.08 * k.tree_size + 0.05 * _FIXED[i, 2],
            s.land((40, 84, 66), 0.1),
        )
    c.poly(below(ridge(k, h + 0.3, 0.05, 0.9, 0.1)), s.land(grass), shade=0.2, outline=3)


def forest(s: Scene) -> None:
    """Firs in three depths, a path, two near trunks."""
    c, k, h = s.canvas, s.k, s.horizon
    c.poly(below(ridge(k, h + 0.03, 0.03, 0.6, 0.1)), s.land((70, 104, 62), 0.4), outline=0)
    for layer in range(3):
        far = (0.7, 0.42, 0.15)[layer]
        c.depth = 0.25 + 0.25 * layer
        green = s.land(mix((36, 98, 62), (66, 104, 44), k.ground_hue), far)
        for i in range(8 - layer):
            x = (
                (i + 0.5 * (layer % 2)) / (7.2 - layer)
                + 0.1 * (k.hill_phase - 0.5)
                + 0.05 * (_FIXED[i + 9 * layer, 0] - 0.5)
            )
            tall = 0.42 + 0.1 * layer + 0.16 * _FIXED[i + 9 * layer, 1] + 0.12 * (k.hill_a - 0.5)
            pine(s, x, h + 0.06 + 0.06 * layer, tall, green)
    c.depth = 0.9
    ground = s.land(mix((78, 104, 56), (112, 88, 56), k.ground_hue))
    c.poly(below(ridge(k, h + 0.2, 0.03, 0.1, 0.1)), ground, shade=0.2, outline=3)
    path = s.land((168, 140, 102))
    x = 0.5 + 0.3 * (k.near_b - 0.5)
    c.poly(
        [(x - 0.03, h + 0.19), (x + 0.03, h + 0.19), (0.75, 1.05), (0.25, 1.05)],
        path,
        shade=0.15,
        outline=3,
    )
    for side in (-1, 1):
        tx = (0.04 if side < 0 else 0.96) + 0.1 * (k.tree_x - 0.5)
        bark = s.land((84, 60, 46))
        w = 0.05 + 0.03 * k.tree_size
        c.poly(
            [
                (tx - w * 1.4, 0.95),
                (tx - w * 0.8, 0.6),
                (tx - w * 0.7, -0.05),
                (tx + w * 0.7, -0.05),
                (tx + w * 0.8, 0.6),
                (tx + w * 1.4, 0.95),
            ],
            bark,
            shade=0.4,
        )
    leaf = s.land(mix((48, 122, 58), (96, 128, 44), k.ground_hue))
    for i in range(9):
        c.ellipse(
            (i / 8, 0.0 + 0.02 * math.sin(5 * i + 3 * k.near_a)),
            0.1,
            0.07 + 0.03 * k.near_a,
            leaf,
            shade=0.3,
            outline=3,
        )


def meadow(s: Scene) -> None:
    """Rolling green with flowers and a tree."""
    c, k, h = s.canvas, s.k, s.horizon
    c.depth = 0.3
    c.poly(below(ridge(k, h + 0.02, 0.14, 0.35)), s.land((98, 142, 126), 0.5), outline=3)
    c.depth = 0.6
    green = mix((104, 176, 74), (160, 172, 72), k.ground_hue)
    c.poly(
        below(ridge(k, h + 0.1, 0.1, 0.75, 0.1)),
        s.land(mul(green, (0.85, 0.92, 0.85)), 0.2),
        outline=3,
    )
    x = 0.08 + 0.84 * k.tree_x
    leafy(s, x, h + 0.12, 0.2 + 0.14 * k.tree_size, s.land((58, 128, 58)), 3)
    c.depth = 0.9
    c.poly(below(ridge(k, h + 0.22, 0.06, 0.1, 0.05)), s.land(green), shade=0.2, outline=3)
    for i in range(46):
        fx, fy = _FIXED[i, 0] + 0.05 * (k.detail - 0.5), h + 0.24 + (0.76 - h) * _FIXED[i, 1] ** 0.8
        size = 0.006 + 0.016 * (fy - h)
        petal = hsv(k.accent * 0.4 + 0.85 + 0.12 * _FIXED[i, 2], 0.65, 0.98)
        if i % 3 == 0:
            petal = (255, 250, 235)
        c.ellipse(
            (fx, fy),
            size,
            size,
            s.land(petal) if s.labels.weather != "snow" else s.land((215, 200, 220)),
            shade=0,
            outline=0,
        )


def desert(s: Scene) -> None:
    """Dunes with shadows and a cactus."""
    c, k, h = s.canvas, s.k, s.horizon
    sand = mix((236, 186, 116), (222, 146, 92), k.ground_hue)
    for layer in range(3):
        c.depth = 0.3 + 0.3 * layer
        base = h + 0.04 + 0.16 * layer
        pts = ridge(k, base, 0.12 + 0.02 * layer, 0.27 + 0.31 * layer, 0.0)
        far = (0.5, 0.22, 0.0)[layer]
        c.poly(below(pts), s.land(sand, far), shade=0.2, outline=4)
        shadow = [(x, y) for x, y in pts if 0.2 + 0.2 * layer < x < 0.8]
        if len(shadow) > 2:
            low = [
                (x + 0.1, y + 0.05 + 0.06 * math.sin(math.pi * i / (len(shadow) - 1)))
                for i, (x, y) in enumerate(shadow)
            ]
            c.poly(
                [*shadow, *reversed(low)],
                mix(s.land(sand, far), (110, 50, 60), 0.25),
                shade=0.1,
                outline=0,
            )
    x, foot, t = 0.08 + 0.84 * k.tree_x, h + 0.3, 0.2 + 0.12 * k.tree_size
    cactus = s.land((70, 132, 78))
    c.limb([(x, foot), (x, foot - t)], 0.16 * t, cactus)
    c.limb(
        [(x, foot - 0.4 * t), (x - 0.25 * t, foot - 0.42 * t), (x - 0.25 * t, foot - 0.72 * t)],
        0.11 * t,
        cactus,
    )
    c.limb(
        [(x, foot - 0.3 * t), (x + 0.24 * t, foot - 0.32 * t), (x + 0.24 * t, foot - 0.6 * t)],
        0.11 * t,
        cactus,
    )


def lake(s: Scene) -> None:
    """Still water under hills, reeds on the bank."""
    c, k, h = s.canvas, s.k, s.horizon
    c.depth = 0.35
    c.poly(below(ridge(k, h + 0.01, 0.26, 0.15)), s.land((104, 118, 152), 0.5), outline=4)
    c.depth = 0.5
    c.poly(below(ridge(k, h + 0.02, 0.12, 0.65)), s.land((64, 108, 92), 0.28), outline=3)
    for i in range(13):
        pine(
            s,
            i / 12,
            h + 0.015,
            0.06 + 0.06 * _FIXED[i, 0] * (0.5 + k.tree_size),
            s.land((36, 82, 66), 0.2),
            2,
        )
    bank = 0.88 + 0.06 * (k.near_a - 0.5)
    water(s, h, bank + 0.08, (44, 104, 140))
    c.depth = 0.9
    c.poly(
        below(ridge(k, bank + 0.05, 0.05, 0.4, 0.1)),
        s.land(mix((86, 132, 66), (120, 118, 70), k.ground_hue)),
        outline=3,
    )
    for i in range(14):
        x = (0.0 if i % 2 else 0.78) + 0.22 * _FIXED[i, 0] + 0.04 * (k.tree_x - 0.5)
        c.stroke(
            [
                (x, bank + 0.1),
                (x + 0.02 * math.sin(i + 3 * k.near_b), bank - 0.1 - 0.08 * _FIXED[i, 1]),
            ],
            6,
            s.land((72, 104, 50)),
        )


PLACES: Final[dict[str, Callable[[Scene], None]]] = {
    "beach": beach,
    "mountains": mountains,
    "forest": forest,
    "meadow": meadow,
    "desert": desert,
    "lake": lake,
}


def soften(canvas: Canvas, radius: float) -> None:
    """Put what is drawn so far out of focus (a portrait's background), realistic style only."""
    if canvas.style == "realistic":
        small = canvas.image.reduce(4).filter(ImageFilter.GaussianBlur(radius))
        canvas.image.paste(small.resize((S, S), Image.Resampling.BICUBIC))
