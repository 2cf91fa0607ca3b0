"""Built places outdoors: city and road."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import numpy as np

from songreel_sprout.painter.canvas import Rgb, mix, mul
from songreel_sprout.painter.places.indoors import room, stage
from songreel_sprout.painter.plants import Scene, pine, ridge

_FIXED: Final = np.random.default_rng(13).random((200, 4))


_LAMP: Final[Rgb] = (255, 214, 120)


def _building(
    s: Scene, x: float, w: float, top: float, foot: float, wall: Rgb, seed: int, cells: int
) -> None:
    c, k = s.canvas, s.k
    c.poly([(x, top), (x + w, top), (x + w, foot), (x, foot)], wall, shade=0.25, outline=4)
    cell = w / (cells + 0.5)
    rows = int(min(12, (min(foot, 0.92) - top) / (cell * 1.25)))
    for r in range(rows):
        for q in range(cells):
            glow = 0.5 + 0.5 * math.sin(
                _FIXED[(seed * 17 + r * 5 + q * 3) % 200, 0] * 40 + 5 * k.windows
            )
            if s.light.dark or s.light.dim > 0.7:
                pane = mix(mix(wall, (20, 22, 50), 0.5), _LAMP, 1.0 if glow > 0.45 else 0.0)
            else:
                pane = mix(mix(wall, (60, 90, 130), 0.6), s.light.low, 0.5 * glow)
            px, py = x + (0.35 + q) * cell, top + (0.35 + 1.25 * r) * cell
            c.poly(
                [
                    (px, py),
                    (px + 0.6 * cell, py),
                    (px + 0.6 * cell, py + 0.72 * cell),
                    (px, py + 0.72 * cell),
                ],
                pane,
                shade=0,
                outline=0,
            )


def city(s: Scene) -> None:
    """Two rows of houses along a street with lamps."""
    c, k, h = s.canvas, s.k, s.horizon
    c.depth = 0.25
    heights = (
        k.building_a,
        k.building_b,
        k.near_a,
        1 - k.building_a,
        k.hill_a,
        1 - k.building_b,
        k.hill_b,
        1 - k.near_a,
    )
    for i in range(9):
        top = h - 0.1 - 0.26 * heights[(i * 3) % 8]
        far = s.land((112, 120, 150), 0.55)
        x = i / 8.3 - 0.05
        c.poly(
            [(x, top), (x + 0.13, top), (x + 0.13, h + 0.1), (x, h + 0.1)],
            far,
            shade=0.1,
            outline=3,
        )
    c.depth = 0.75
    walls: tuple[Rgb, ...] = (
        (150, 96, 88),
        (104, 118, 146),
        (186, 160, 122),
        (122, 104, 132),
        (142, 140, 138),
    )
    shift = 0.08 * (k.hill_phase - 0.5)
    for i, (x, w) in enumerate(((-0.06, 0.22), (0.17, 0.15), (0.66, 0.16), (0.83, 0.24))):
        top = h - 0.14 - 0.36 * heights[i]
        wall = mix(s.land(walls[i]), s.land(walls[(i + 1) % 5]), k.ground_hue)
        if s.labels.weather == "snow":
            wall = mul(wall, (0.8, 0.8, 0.84))
        _building(s, x + shift, w, top, h + 0.3, wall, i, 3 if w < 0.2 else 4)
    c.depth = 0.9
    street = s.land((92, 94, 106))
    c.poly(
        [(-0.05, h + 0.2), (1.05, h + 0.2), (1.05, 1.05), (-0.05, 1.05)],
        s.land((150, 146, 150)),
        shade=0.1,
        outline=3,
    )
    c.poly(
        [(0.38, h + 0.2), (0.62, h + 0.2), (1.0, 1.05), (0.0, 1.05)], street, shade=0.12, outline=3
    )
    for i in range(4):
        y0, y1 = h + 0.23 + 0.13 * i, h + 0.29 + 0.14 * i
        c.poly(
            [(0.493, y0), (0.507, y0), (0.512, y1), (0.488, y1)],
            s.land((240, 232, 200)),
            shade=0,
            outline=0,
        )
    for x in (0.08, 0.92):
        _lamp_post(s, x + 0.06 * (k.tree_x - 0.5), h + 0.34, 0.46)


def _lamp_post(s: Scene, x: float, foot: float, height: float) -> None:
    c = s.canvas
    side = 0.07 if x < 0.5 else -0.07
    top = foot - height
    c.stroke([(x, foot), (x, top), (x + side, top - 0.01)], 8, mul((62, 62, 74), s.light.subject))
    lit = s.light.dark or s.light.dim > 0.7
    c.ellipse(
        (x + side, top + 0.008), 0.026, 0.016, _LAMP if lit else (225, 225, 220), shade=0, outline=3
    )
    if lit:
        c.glow((x + side, top + 0.01), 0.14, _LAMP, 0.7)


def road(s: Scene) -> None:
    """A road to the horizon with poles beside it."""
    c, k, h = s.canvas, s.k, s.horizon
    c.depth = 0.35
    c.poly(
        [*ridge(k, h + 0.01, 0.17, 0.1), (1.05, 1.05), (-0.05, 1.05)],
        s.land((104, 120, 142), 0.5),
        outline=4,
    )
    c.depth = 0.7
    field = mix((150, 170, 84), (196, 168, 92), k.ground_hue)
    c.poly(
        [(-0.05, h), (1.05, h), (1.05, 1.05), (-0.05, 1.05)], s.land(field), shade=0.2, outline=3
    )
    vx, bend = 0.5 + 0.36 * (k.near_b - 0.5), 0.2 * (k.near_a - 0.5)
    c.depth = 0.9

    def edge(offset: float) -> list[tuple[float, float]]:
        pts: list[tuple[float, float]] = []
        for i in range(15):
            t = i / 14
            y = h + (1.05 - h) * t
            middle = vx + (0.5 - vx) * t + bend * math.sin(math.pi * t)
            pts.append((middle + offset * (0.012 + t**1.15), y))
        return pts

    c.poly([*edge(-0.48), *reversed(edge(0.48))], s.land((216, 206, 176)), shade=0, outline=0)
    c.poly([*edge(-0.44), *reversed(edge(0.44))], s.land((86, 86, 98)), shade=0.15, outline=4)
    left, right = edge(-0.014), edge(0.014)
    for i in range(1, 14, 2):
        c.poly(
            [left[i], left[i + 1], right[i + 1], right[i]],
            s.land((250, 236, 170)),
            shade=0,
            outline=0,
        )
    for i, t in enumerate((0.14, 0.3, 0.6)):
        y = h + (1.0 - h) * t
        side = 1 if k.tree_x > 0.5 else -1
        x = vx + (0.5 - vx) * t + side * (0.1 + 0.62 * t)
        tall = 0.08 + 0.62 * t
        if i < 2:
            pine(s, 1 - x, y, tall * (0.6 + 0.5 * k.tree_size), s.land((48, 92, 62)))
        c.stroke([(x, y), (x, y - tall)], 3 + 10 * t, mul((84, 66, 56), s.light.ambient))
        c.stroke(
            [(x - 0.18 * tall, y - 0.9 * tall), (x + 0.18 * tall, y - 0.9 * tall)],
            2 + 7 * t,
            mul((84, 66, 56), s.light.ambient),
        )


TOWN: Final[dict[str, Callable[[Scene], None]]] = {
    "city": city,
    "road": road,
    "room": room,
    "stage": stage,
}
