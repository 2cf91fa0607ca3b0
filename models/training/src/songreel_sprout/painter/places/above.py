"""The outdoor places seen from above: no horizon, the ground fills the picture."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import numpy as np

from songreel_sprout.painter.canvas import Point, Rgb, mix, mul
from songreel_sprout.painter.places.above_built import BUILT_ABOVE, ground
from songreel_sprout.painter.places.particles import paint_particles
from songreel_sprout.painter.plants import Scene

_FIXED: Final = np.random.default_rng(19).random((200, 4))


def _crown(s: Scene, at: Point, r: float, leaf: Rgb, outline: float = 3) -> None:
    """A tree from above: its shadow, its crown and the lit part of it."""
    c = s.canvas
    dark = mix(leaf, s.land((10, 20, 40)), 0.55)
    c.ellipse((at[0] + 0.45 * r, at[1] + 0.4 * r), r, 0.9 * r, dark, shade=0, outline=0)
    c.ellipse(at, r, 0.95 * r, leaf, shade=0.3, outline=outline)
    lit = mix(leaf, mul((250, 250, 200), s.light.ambient), 0.22)
    c.ellipse((at[0] - 0.25 * r, at[1] - 0.3 * r), 0.5 * r, 0.45 * r, lit, shade=0, outline=0)


def beach(s: Scene) -> None:
    """The sea above a curved line of foam, sand below it, a parasol."""
    c, k = s.canvas, s.k
    c.depth = 0.7
    ground(s, mix((238, 208, 150), (226, 180, 124), k.ground_hue), shade=0.1)

    def line(shift: float) -> list[Point]:
        pts: list[Point] = []
        for i in range(25):
            x = -0.05 + 1.1 * i / 24
            y = 0.66 - 0.5 * x + 0.045 * math.sin(7 * x + 4 * (k.hill_phase - 0.5))
            pts.append((x, y + shift + 0.06 * (k.near_a - 0.5)))
        return pts

    bands: tuple[tuple[float, Rgb], ...] = (
        (0.05, (196, 160, 112)),
        (0.015, (250, 252, 252)),
        (-0.03, (112, 208, 208)),
        (-0.13, (46, 156, 190)),
        (-0.27, (24, 104, 164)),
    )
    for i, (shift, colour) in enumerate(bands):
        # Water stays water in the snow.
        tone = s.land(colour) if i == 0 else mul(colour, s.light.ambient)
        c.poly([*line(shift), (1.05, -0.05), (-0.05, -0.05)], tone, shade=0, outline=3 * (i < 3))
    crest = mul((232, 246, 250), s.light.ambient)
    for shift, start in ((-0.09, 3), (-0.2, 9), (-0.3, 4)):
        c.stroke(line(shift)[start : start + 9], 5, crest)
    _parasol(s, (0.87, 0.88), 0.09, mix((232, 60, 84), (240, 120, 50), k.accent))
    _parasol(s, (0.11, 0.9), 0.09, mix((50, 100, 220), (40, 160, 190), k.accent))


def _parasol(s: Scene, at: Point, r: float, colour: Rgb) -> None:
    c = s.canvas
    shade = s.land((120, 96, 92))
    c.ellipse((at[0] + 0.5 * r, at[1] + 0.35 * r), r, 0.9 * r, shade, shade=0, outline=0)
    for i in range(8):
        a, b = math.pi * i / 4, math.pi * (i + 1) / 4
        rim = [(at[0] + r * math.cos(t), at[1] + r * math.sin(t)) for t in (a, (a + b) / 2, b)]
        tone = s.land(colour if i % 2 else (250, 246, 236))
        c.poly([at, *rim], tone, shade=0, outline=3)


def mountains(s: Scene) -> None:
    """Rows of peaks with a light and a dark side and snow on top."""
    c, k = s.canvas, s.k
    c.depth = 0.6
    ground(s, mix((84, 122, 84), (112, 116, 74), k.ground_hue), shade=0.15)
    rock = mix((150, 142, 140), (162, 128, 108), k.ground_hue)
    lit, dim = s.land(rock), mix(s.land(rock), s.land((24, 22, 62)), 0.6)
    cap, cap_dim = mul((252, 253, 255), s.light.ambient), mul((150, 170, 212), s.light.ambient)
    for row in range(4):
        for i in range(4):
            n = 4 * row + i
            x = (i + 0.5 * (row % 2)) / 3.2 + 0.05 * (_FIXED[n, 0] - 0.5)
            x += 0.12 * (k.hill_phase - 0.5) - 0.06
            y = 0.05 + 0.27 * row + 0.06 * (_FIXED[n, 1] - 0.5)
            w = (0.19 + 0.05 * (k.hill_a if i % 2 else k.hill_b)) * (0.9 + 0.2 * _FIXED[n, 2])
            top = (x + 0.02, y - 0.12)
            left, right, foot = (x - w, y + 0.12), (x + w, y + 0.11), (x - 0.02, y + 0.22)
            spur = (x - 0.01, y + 0.06)
            c.poly([top, left, foot, spur], lit, shade=0.15, outline=4)
            c.poly([top, spur, foot, right], dim, shade=0.1, outline=4)

            def along(end: Point, t: float, top: Point = top) -> Point:
                return top[0] + t * (end[0] - top[0]), top[1] + t * (end[1] - top[1])

            fold = along(spur, 0.6)
            c.poly([top, along(left, 0.5), along(left, 0.3), fold], cap, shade=0, outline=0)
            c.poly([top, along(left, 0.5), fold], cap, shade=0, outline=0)
            c.poly([top, fold, along(right, 0.48)], cap_dim, shade=0, outline=0)


def forest(s: Scene) -> None:
    """Crowns beside crowns around a small clearing."""
    c, k = s.canvas, s.k
    c.depth = 0.7
    ground(s, mix((34, 70, 40), (62, 74, 36), k.ground_hue))
    clearing = s.land(mix((146, 172, 88), (176, 160, 96), k.ground_hue))
    c.ellipse((0.5, 0.7), 0.33, 0.23, clearing, shade=0.1, outline=3)
    for row in range(9):
        for i in range(8):
            n = 8 * row + i
            x = (i + 0.5 * (row % 2)) / 7.2 + 0.04 * (_FIXED[n, 0] - 0.5)
            y = -0.01 + row / 8 + 0.03 * (_FIXED[n, 1] - 0.5)
            if ((x - 0.5) / 0.3) ** 2 + ((y - 0.7) / 0.21) ** 2 < 1:
                continue
            x += 0.06 * (k.hill_phase - 0.5)
            green = mix((36, 112, 58), (98, 140, 48), float(_FIXED[n, 2]))
            green = mix(green, (200, 120, 44), 0.25 * k.ground_hue * float(_FIXED[n, 3]))
            _crown(s, (x, y), 0.064 + 0.02 * k.tree_size + 0.012 * _FIXED[n, 3], s.land(green))


def meadow(s: Scene) -> None:
    """A patchwork of fields with a path and hedges."""
    c, k = s.canvas, s.k
    c.depth = 0.7
    ground(s, (92, 134, 62))
    tones: tuple[Rgb, ...] = (
        (116, 182, 78),
        (222, 204, 96),
        (86, 152, 70),
        (164, 190, 84),
        (178, 140, 88),
        (130, 196, 96),
    )
    across = [-0.06, 0.27 + 0.06 * (k.hill_a - 0.5), 0.68 + 0.06 * (k.hill_b - 0.5), 1.06]
    down = [-0.06, 0.22 + 0.05 * (k.hill_phase - 0.5), 0.55, 0.83, 1.06]

    def corner(i: int, j: int) -> Point:
        return across[i] + 0.07 * math.sin(2.0 * j), down[j] + 0.06 * math.sin(2.1 * i + 0.6)

    for j in range(4):
        for i in range(3):
            tone = mix(tones[(2 * i + 5 * j) % 6], tones[(2 * i + 5 * j + 1) % 6], 0.4 * k.accent)
            nw, ne = corner(i, j), corner(i + 1, j)
            sw, se = corner(i, j + 1), corner(i + 1, j + 1)
            c.poly([nw, ne, se, sw], s.land(tone), shade=0.08, outline=5)
            furrow = s.land(mul(tone, (0.82, 0.84, 0.8)))
            for q in range(1, 6) if (i + j) % 2 == 0 else ():
                t = q / 6
                a = (nw[0] + t * (ne[0] - nw[0]), nw[1] + t * (ne[1] - nw[1]))
                b = (sw[0] + t * (se[0] - sw[0]), sw[1] + t * (se[1] - sw[1]))
                c.stroke([a, b], 3, furrow)
    path = [
        (0.2 + 0.62 * t + 0.09 * math.sin(6.0 * t), 1.05 - 1.1 * t) for t in np.linspace(0, 1, 15)
    ]
    c.limb(path, 0.045, s.land((228, 206, 158)), outline=4)
    for i in range(9):
        at = (0.04 + 0.03 * _FIXED[i, 0], 0.08 + 0.1 * i)
        if i > 4:
            at = (0.93 + 0.03 * _FIXED[i, 0], 0.12 * i - 0.2)
        _crown(s, at, 0.03 + 0.014 * k.tree_size, s.land((52, 116, 56)))


def desert(s: Scene) -> None:
    """Rippling dunes, each with a dark lee side."""
    c, k = s.canvas, s.k
    c.depth = 0.55
    sand = mix((240, 190, 118), (226, 150, 94), k.ground_hue)
    ground(s, sand, shade=0.1)
    light, dark = (
        s.land(mix(sand, (255, 236, 190), 0.4)),
        mix(s.land(sand), s.land((118, 48, 54)), 0.5),
    )
    for row in range(7):
        crest: list[Point] = []
        for i in range(31):
            x = -0.05 + 1.1 * i / 30
            wave = math.sin(2 * math.pi * (1.35 * x + 0.43 * row + 0.5 * (k.hill_phase - 0.5)))
            y = -0.02 + 0.17 * row + 0.1 * (x - 0.5) + (0.03 + 0.025 * k.hill_a) * wave
            crest.append((x, y))
        deep = [
            (x, y + 0.014 + 0.052 * (0.5 + 0.5 * math.sin(9.0 * x + 2.2 * row))) for x, y in crest
        ]
        c.poly([*crest, *reversed([(x, y - 0.04) for x, y in crest])], light, shade=0, outline=0)
        c.poly([*crest, *reversed(deep)], dark, shade=0.1, outline=3)


def lake(s: Scene) -> None:
    """A round lake with a pale shore, firs around it."""
    c, k = s.canvas, s.k
    c.depth = 0.7
    ground(s, mix((98, 148, 74), (132, 136, 78), k.ground_hue), shade=0.1)
    for i in range(22):
        a = 2 * math.pi * (i + 0.3 * _FIXED[i, 0]) / 22
        x, y = 0.5 + 0.55 * math.cos(a), 0.36 + 0.49 * math.sin(a)
        # The near shore on the right is where the subject and its shadow are.
        if not (0.3 < x < 0.85 and y > 0.6):
            at = (x + 0.06 * (k.tree_x - 0.5), y)
            _crown(s, at, 0.05 + 0.02 * k.tree_size, s.land((40, 98, 66)))

    def ring(rx: float, ry: float, colour: Rgb, outline: float) -> None:
        pts: list[Point] = []
        for i in range(40):
            a = 2 * math.pi * i / 40
            r = 1 + 0.06 * math.sin(2 * a + 3 * (k.hill_phase - 0.5)) + 0.035 * math.sin(3 * a)
            pts.append((0.49 + rx * r * math.cos(a), 0.36 + ry * r * math.sin(a)))
        c.poly(pts, colour, shade=0, outline=outline)

    ring(0.43, 0.35, s.land((226, 208, 160)), 4)
    ring(0.395, 0.315, mul((92, 190, 204), s.light.ambient), 3)
    ring(0.32, 0.25, mul((44, 134, 186), s.light.ambient), 0)
    ring(0.21, 0.155, mul((26, 96, 156), s.light.ambient), 0)
    pale = mul((200, 232, 242), s.light.ambient)
    for i in range(7):
        x, y = 0.27 + 0.4 * _FIXED[i, 1], 0.17 + 0.06 * i
        c.stroke([(x, y), (x + 0.04, y - 0.006), (x + 0.08, y)], 3, pale)


def road(s: Scene) -> None:
    """A winding road through fields, trees on both sides."""
    c, k = s.canvas, s.k
    c.depth = 0.7
    ground(s, mix((150, 172, 84), (200, 172, 96), k.ground_hue), shade=0.1)

    def line(aside: float) -> list[Point]:
        pts: list[Point] = []
        for i in range(29):
            t = i / 28
            x = 0.5 + 0.24 * math.sin(2 * math.pi * t * 0.85 + 0.35) * (0.7 + 0.6 * k.near_a)
            pts.append((x + 0.1 * (k.near_b - 0.5) + aside, 1.06 - 1.12 * t))
        return pts

    for half, tone in ((0.165, (222, 210, 178)), (0.14, (84, 84, 98))):
        c.poly([*line(-half), *reversed(line(half))], s.land(tone), shade=0, outline=4)
    middle = line(0.0)
    for i in range(0, 28, 3):
        c.limb(middle[i : i + 2], 0.016, s.land((252, 236, 160)), outline=0)
    for i in range(11):
        side = -1 if i % 2 else 1
        x, y = middle[(5 * i) % 28]
        at = (x + side * (0.27 + 0.05 * _FIXED[i, 0]), y)
        _crown(s, at, 0.04 + 0.03 * k.tree_size, s.land((58, 122, 62)))


def _under_the_sky(place: Callable[[Scene], None]) -> Callable[[Scene], None]:
    def show(s: Scene) -> None:
        place(s)
        paint_particles(s)

    return show


_OUTDOORS: Final[dict[str, Callable[[Scene], None]]] = {
    "beach": beach, "mountains": mountains, "forest": forest, "city": BUILT_ABOVE["city"],
    "meadow": meadow, "desert": desert, "lake": lake, "road": road,
}  # fmt: skip
ABOVE: Final[dict[str, Callable[[Scene], None]]] = {
    **{name: _under_the_sky(place) for name, place in _OUTDOORS.items()},
    "room": BUILT_ABOVE["room"],
    "stage": BUILT_ABOVE["stage"],
}
