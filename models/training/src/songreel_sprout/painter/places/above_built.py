"""Built places seen from above: city, room and stage."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from songreel_sprout.painter.canvas import Point, Rgb, S, hsv, mix, mul
from songreel_sprout.painter.plants import Scene

_FIXED: Final = np.random.default_rng(23).random((64, 3))
_LAMP: Final[Rgb] = (255, 214, 120)


def ground(s: Scene, colour: Rgb, shade: float = 0.0) -> None:
    """Fill the picture with a colour of the land."""
    _box(s, -0.05, -0.05, 1.05, 1.05, s.land(colour), shade, 0)


def _box(
    s: Scene, x0: float, y0: float, x1: float, y1: float, fill: Rgb, shade: float, line: float
) -> None:
    s.canvas.poly([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], fill, shade=shade, outline=line)


def _mask(s: Scene, shapes: list[list[Point]], blur: float) -> Image.Image:
    """An ``S`` x ``S`` mask of polygons, soft in the realistic style."""
    small = Image.new("L", (128, 128))
    draw = ImageDraw.Draw(small)
    for pts in shapes:
        draw.polygon([(128 * x, 128 * y) for x, y in pts], fill=255)
    if s.canvas.style == "realistic":
        small = small.filter(ImageFilter.GaussianBlur(blur))
    return small.resize((S, S), Image.Resampling.BICUBIC)


def city(s: Scene) -> None:
    """Roofs in a grid of streets, the middle one broad; windows and lamps in the dark."""
    c, k = s.canvas, s.k
    c.depth = 0.75
    ground(s, (98, 100, 112))
    shift = 0.05 * (k.hill_phase - 0.5)
    line = s.land((246, 238, 206))
    for i in range(9):
        _box(s, 0.493 + shift, 0.03 + 0.12 * i, 0.507 + shift, 0.09 + 0.12 * i, line, 0, 0)
    roofs: tuple[Rgb, ...] = (
        (204, 84, 62),
        (92, 124, 176),
        (232, 190, 116),
        (96, 152, 128),
        (206, 200, 190),
    )
    lit = s.light.dark or s.light.dim > 0.7
    for row, y in enumerate((-0.04, 0.24, 0.52, 0.8)):
        for i, x in enumerate((-0.09, 0.15, 0.64, 0.88)):
            n = 4 * row + i
            roof = mix(roofs[(n + row) % 5], roofs[(n + row + 1) % 5], 0.3 * k.ground_hue)
            _block(s, (x + shift, y), s.land(roof), n, lit)
    for x in (0.405, 0.595):
        for y in (0.2, 0.48, 0.76):
            at = (x + shift, y)
            c.ellipse(
                at, 0.017, 0.017, _LAMP if lit else s.land((226, 226, 214)), shade=0, outline=3
            )
            if lit:
                c.glow(at, 0.13, _LAMP, 0.8)


def _block(s: Scene, at: Point, roof: Rgb, number: int, lit: bool) -> None:
    """A house from above: shadow, the wall towards us with windows, the roof."""
    c, k = s.canvas, s.k
    (x, y), w, h = at, 0.19, 0.16
    tall = 0.035 + 0.03 * (k.building_a if number % 2 else k.building_b)
    dark = mix(s.land((92, 94, 106)), (12, 10, 34), 0.45)
    low, far = y + h + 2 * tall, x + w + tall
    shadow = [(x + w, y), (far, y + tall), (far, low), (x, low), (x, y + h)]
    c.poly(shadow, dark, shade=0, outline=0)
    wall = mix(roof, (30, 26, 50), 0.4)
    _box(s, x, y + h - 0.02, x + w, y + h + tall + 0.01, wall, 0.1, 4)
    pane = _LAMP if lit else mix(wall, s.light.low, 0.5)
    for i in range(4):
        if lit and math.sin(7.0 * number + 3.0 * i) < -0.5:
            continue
        left = x + 0.018 + 0.042 * i
        _box(s, left, y + h + 0.012, left + 0.026, y + h + tall - 0.004, pane, 0, 0)
    _box(s, x, y, x + w, y + h, roof, 0.15, 4)
    inner = mix(roof, mul((255, 255, 255), s.light.ambient), 0.12)
    _box(s, x + 0.02, y + 0.02, x + w - 0.02, y + h - 0.02, inner, 0.1, 3)
    u, v = x + 0.04 + 0.07 * float(_FIXED[number, 0]), y + 0.04 + 0.03 * float(_FIXED[number, 1])
    _box(s, u, v, u + 0.05, v + 0.045, mix(roof, (40, 40, 60), 0.35), 0, 3)


def room(s: Scene) -> None:
    """Floor boards, a round carpet, a sofa, a table with a lamp, a plant, light of a window."""
    c, k = s.canvas, s.k
    c.depth = 0.8
    warm = {
        "dawn": (1.0, 0.88, 0.86),
        "day": (1.0, 1.0, 1.0),
        "sunset": (0.92, 0.7, 0.56),
        "night": (0.46, 0.42, 0.5),
    }[s.labels.time]
    wood = mul(mix((200, 146, 96), (160, 108, 76), k.near_a), warm)
    _box(s, -0.05, -0.05, 1.05, 1.05, wood, 0.12, 0)
    for i in range(9):
        x = 0.06 + 0.11 * i
        c.stroke([(x, -0.05), (0.5 + 1.08 * (x - 0.5), 1.05)], 4, mul(wood, (0.74, 0.72, 0.72)))
    _window_light(s)
    cloth = mul(hsv(k.accent, 0.55, 0.8), warm)
    c.ellipse((0.5, 0.62), 0.39, 0.31, cloth, shade=0.1, outline=5)
    c.ellipse((0.5, 0.62), 0.33, 0.255, mul((246, 232, 206), warm), shade=0.05, outline=0)
    c.ellipse((0.5, 0.62), 0.26, 0.2, mix(cloth, mul((255, 244, 220), warm), 0.25), shade=0.05)
    sofa = mul(hsv(k.accent + 0.45, 0.5, 0.66), warm)
    _box(s, 0.26, 0.05, 0.78, 0.29, mix(wood, (20, 14, 30), 0.45), 0, 0)
    _box(s, 0.23, 0.01, 0.75, 0.26, sofa, 0.2, 5)
    for x in (0.29, 0.495):
        seat = mix(sofa, mul((255, 250, 240), warm), 0.25)
        _box(s, x, 0.1, x + 0.195, 0.25, seat, 0.2, 4)
    for i in range(9):
        a = 2 * math.pi * i / 9 + 0.8 * (k.tree_x - 0.5)
        leaf = (0.9 + 0.07 * math.cos(a), 0.13 + 0.07 * math.sin(a))
        c.ellipse(leaf, 0.065, 0.024, mul((70, 142, 78), warm), shade=0.2, outline=3, turn=a)
    table = (0.1, 0.82)
    c.ellipse((0.125, 0.845), 0.115, 0.11, mix(wood, (20, 14, 30), 0.45), shade=0, outline=0)
    c.ellipse(table, 0.115, 0.11, mul((128, 84, 58), warm), shade=0.2, outline=5)
    lit = s.light.dark
    c.ellipse(table, 0.05, 0.05, _LAMP if lit else mul((240, 226, 190), warm), shade=0, outline=4)
    if lit:
        c.glow(table, 0.5, _LAMP, 0.7)
        c.glow((0.5, 0.55), 0.6, _LAMP, 0.3)


def _window_light(s: Scene) -> None:
    """Four panes of daylight or moonlight on the floor, pale under clouds."""
    x0 = 0.62 + 0.1 * (s.k.sun_x - 0.5)
    shapes: list[list[Point]] = []
    for i in range(2):
        for j in range(2):
            x, y = x0 + 0.16 * i - 0.06 * j, 0.36 + 0.24 * j
            shapes.append([(x, y), (x + 0.14, y), (x + 0.085, y + 0.21), (x - 0.055, y + 0.21)])
    strength = {"dawn": 0.5, "day": 0.6, "sunset": 0.6, "night": 0.3}[s.labels.time]
    colour = mix(s.light.sun if s.labels.time != "night" else (150, 176, 250), s.light.low, 0.3)
    strength *= 1 - 0.6 * s.light.dim
    mask = _mask(s, shapes, 1.5).point([int(strength * v) for v in range(256)])
    s.canvas.lighten(mask, colour)


def stage(s: Scene) -> None:
    """Dark boards between curtains, pools of coloured light, lamps along the front."""
    c, k = s.canvas, s.k
    c.depth = 0.85
    # The hues that the stage has when it is seen from the hall.
    base = {"dawn": 0.92, "day": 0.56, "sunset": 0.05, "night": 0.7}[s.labels.time]
    base += 0.08 * (k.sky_hue - 0.5)
    bright = {"dawn": 0.46, "day": 0.54, "sunset": 0.4, "night": 0.24}[s.labels.time]
    boards = mix(hsv(base, 0.6, bright), (84, 52, 40), 0.3)
    _box(s, -0.05, -0.05, 1.05, 1.05, boards, 0.15, 0)
    for i in range(10):
        _box(s, -0.05, 0.1 * i, 1.05, 0.1 * i + 0.012, mul(boards, (0.68, 0.68, 0.7)), 0, 0)
    hazy = s.labels.weather != "clear"
    for i, (x, y, r) in enumerate(((0.5, 0.7, 0.34), (0.24, 0.3, 0.23), (0.76, 0.3, 0.23))):
        x += 0.2 * (k.sun_x - 0.5) * (1 if i != 1 else -1)
        hue = base + (0.14, 0.33, 0.62)[i] + 0.1 * (k.accent - 0.5)
        pool = mix(hsv(hue, 0.6 if i else 0.2, 1.0), (255, 250, 232), 0.1)
        rim = [
            (x + r * math.cos(2 * math.pi * t / 32), y + 0.72 * r * math.sin(2 * math.pi * t / 32))
            for t in range(32)
        ]
        strength = (0.62 if hazy else 0.78) if i == 0 else 0.62
        mask = _mask(s, [rim], 4.0)
        c.lighten(mask.point([int(strength * v) for v in range(256)]), pool)
    if hazy:
        c.lighten(Image.new("L", (S, S), 46), mix(hsv(base, 0.3, 0.9), (200, 205, 215), 0.5))
    curtain = hsv(0.98 + 0.1 * (k.ground_hue - 0.5), 0.8, 0.58)
    for d in (-1, 1):
        for i in range(7):
            at = (0.5 + d * (0.5 - 0.02 * k.near_a), 0.07 + 0.145 * i)
            dim = 0.82 + 0.18 * (i % 2)
            c.ellipse(at, 0.085, 0.085, mul(curtain, (dim, dim, dim)), shade=0.4, outline=4)
    _box(s, -0.05, 0.95, 1.05, 1.05, (30, 22, 30), 0, 4)
    for i in range(7):
        at = (0.14 + 0.12 * i, 0.955)
        c.ellipse(at, 0.024, 0.02, (255, 250, 220), shade=0, outline=3)
        c.glow(at, 0.085, (255, 244, 200), 0.8)


BUILT_ABOVE: Final[dict[str, Callable[[Scene], None]]] = {
    "city": city,
    "room": room,
    "stage": stage,
}
