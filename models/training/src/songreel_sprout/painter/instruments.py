"""Instruments in front, without a player."""

from __future__ import annotations

import math

from songreel_sprout.painter.canvas import Point, Rgb, hsv, mix, rounded
from songreel_sprout.painter.plants import Scene
from songreel_sprout.painter.things import spot


def guitar(s: Scene) -> None:
    """An upright guitar, leaning a little."""
    c, k = s.canvas, s.k
    x, foot, h = spot(s)
    c.depth = 1.0
    h *= 1.08
    lean = 0.16 + 0.5 * (k.tilt - 0.5)
    cos, sin = math.cos(lean), math.sin(lean)

    def p(u: float, v: float) -> Point:
        """``u`` aside and ``v`` above the foot along the neck, in heights of the guitar."""
        v -= 0.4
        return x + h * (cos * u + sin * v), foot - h * (0.4 + cos * v - sin * u)

    wood = s.thing(hsv(0.045 + 0.05 * k.cloth_hue, 0.78, 0.66 + 0.3 * k.cloth_val))
    dark = s.thing((74, 42, 30))
    side = [(0.0, 0.0), (0.2, 0.02), (0.3, 0.17), (0.19, 0.32), (0.235, 0.45), (0.16, 0.56)]
    outline = [p(u, v) for u, v in side] + [p(-u, v) for u, v in reversed(side)]
    c.poly(rounded(outline, 2), mix(wood, dark, 0.5), shade=0.2, outline=7)
    inner = [p(0.9 * u, 0.03 + 0.93 * v) for u, v in side]
    inner += [p(-0.9 * u, 0.03 + 0.93 * v) for u, v in reversed(side)]
    c.poly(rounded(inner, 2), wood, shade=0.45, outline=0)
    c.poly([p(-0.038, 0.4), p(0.038, 0.4), p(0.03, 0.86), p(-0.03, 0.86)], dark, outline=5)
    c.poly([p(-0.035, 0.85), p(0.035, 0.85), p(0.06, 1.0), p(-0.06, 1.0)], wood, outline=5)
    for i in range(3):
        for e in (-1, 1):
            peg = p(0.075 * e, 0.88 + 0.04 * i)
            c.ellipse(peg, 0.018 * h, 0.013 * h, s.thing((235, 228, 210)), shade=0, outline=2)
    hole = p(0, 0.36)
    c.ellipse(hole, 0.088 * h, 0.088 * h, mix(wood, (255, 240, 200), 0.55), shade=0, outline=3)
    c.ellipse(hole, 0.068 * h, 0.068 * h, s.thing((40, 24, 20)), shade=0, outline=0)
    c.poly([p(-0.1, 0.145), p(0.1, 0.145), p(0.1, 0.18), p(-0.1, 0.18)], dark, outline=3)
    for i in range(4):
        u = (i - 1.5) * 0.016
        c.stroke([p(1.3 * u, 0.16), p(u, 0.87)], 4.5 * h, s.thing((246, 238, 214)))


def piano(s: Scene) -> None:
    """A grand piano, its keys towards us, the lid open."""
    c, k = s.canvas, s.k
    x, foot, h = spot(s)
    c.depth = 1.0
    h *= 0.92
    skew = 0.1 * (k.tilt - 0.5)

    def p(u: float, v: float) -> Point:
        return x + h * (u + skew * v), foot - h * v

    lacquer = s.thing(mix((30, 26, 34), hsv(k.cloth_hue, 0.6, 0.42), 0.2 + 0.3 * k.cloth_val))
    gloss = mix(lacquer, s.thing((150, 150, 175)), 0.3)
    gold = s.thing(mix((226, 170, 74), (206, 120, 60), k.accent))
    for u, v in ((-0.43, 0.0), (0.43, 0.0), (0.12, 0.08)):
        c.limb([p(u, 0.36), p(u, v + 0.03)], 0.06 * h, lacquer)
        c.ellipse(p(u, v + 0.02), 0.04 * h, 0.025 * h, gold, outline=3)
    lid = [p(-0.54, 0.58), p(-0.4, 0.8), p(0.12, 1.08), p(0.48, 1.1), p(0.66, 0.94)]
    c.poly(lid, lacquer, shade=0.35, outline=7)
    strings = [p(-0.54, 0.54), p(-0.44, 0.68), p(0.1, 0.75), p(0.42, 0.7), p(0.54, 0.54)]
    c.poly(rounded(strings, 1), gold, shade=0.3, outline=5)
    for i in range(6):
        u = -0.34 + 0.12 * i
        c.stroke([p(u, 0.56), p(0.8 * u, 0.69)], 4 * h, mix(gold, (90, 50, 30), 0.5))
    c.stroke([p(0.4, 0.58), p(0.5, 0.97)], 14 * h, gloss)
    c.poly([p(-0.54, 0.3), p(-0.54, 0.6), p(0.54, 0.6), p(0.54, 0.3)], lacquer, outline=7)
    c.poly([p(-0.5, 0.53), p(-0.5, 0.57), p(0.5, 0.57), p(0.5, 0.53)], gloss, shade=0, outline=0)
    _keys(s, p(-0.48, 0.5), p(0.48, 0.34))


def _keys(s: Scene, corner: Point, end: Point) -> None:
    """Ten white keys with black ones between, from the upper left to the lower right corner."""
    c = s.canvas
    (x0, y0), (x1, y1) = corner, end
    wide, ivory, ebony = (x1 - x0) / 10, s.thing((252, 248, 236)), s.thing((22, 20, 26))

    def block(left: float, right: float, low: float, fill: Rgb, line: float) -> None:
        c.poly([(left, y0), (right, y0), (right, low), (left, low)], fill, shade=0, outline=line)

    block(x0, x1, y1, ivory, 5)
    for i in range(1, 10):
        at = x0 + i * wide
        c.stroke([(at, y0), (at, y1)], 3, s.thing((96, 92, 100)))
        if i not in (3, 7):
            block(at - 0.3 * wide, at + 0.3 * wide, y0 + 0.6 * (y1 - y0), ebony, 0)


def drums(s: Scene) -> None:
    """A drum kit: a bass drum in front, two toms on it, two at the sides, two cymbals."""
    c, k = s.canvas, s.k
    x, foot, h = spot(s)
    c.depth = 1.0
    h *= 0.92
    shell = s.thing(hsv(0.98 + 0.5 * (k.cloth_hue - 0.5), 0.78, 0.55 + 0.35 * k.cloth_val))
    skin, steel = s.thing((248, 242, 228)), s.thing((176, 180, 192))
    brass = s.thing(mix((248, 206, 84), (232, 168, 60), k.accent))

    def p(u: float, v: float) -> Point:
        return x + h * u, foot - h * v

    swing = 0.3 * (k.tilt - 0.5)
    for e, top in ((-1, 0.86), (1, 0.94)):
        c.limb([p(0.5 * e, 0.0), p(0.44 * e, top)], 0.022 * h, steel, outline=3)
        c.limb([p(0.62 * e, 0.0), p(0.47 * e, 0.26)], 0.02 * h, steel, outline=3)
        at = p(0.44 * e, top)
        c.ellipse(at, 0.235 * h, 0.058 * h, brass, shade=0.4, outline=5, turn=0.2 * e + swing)
        c.ellipse((at[0], at[1] - 0.02 * h), 0.045 * h, 0.026 * h, mix(brass, skin, 0.4), outline=3)

    def drum(u: float, v: float, r: float, deep: float) -> None:
        """A drum lying open to above: ``(u, v)`` the middle of its skin."""
        left, right = u - r, u + r
        c.poly([p(left, v), p(right, v), p(right, v - deep), p(left, v - deep)], shell, shade=0.4)
        c.ellipse(p(u, v - deep), r * h, 0.3 * r * h, shell, shade=0.1)
        c.poly(
            [p(left, v), p(right, v), p(right, v - 0.9 * deep), p(left, v - 0.9 * deep)],
            shell,
            shade=0.4,
            outline=0,
        )
        c.ellipse(p(u, v), r * h, 0.36 * r * h, skin, shade=0.1, outline=5)

    for u, v, deep in ((-0.42, 0.42, 0.13), (0.44, 0.42, 0.26)):
        for e in (-1, 1):
            c.limb([p(u, v - deep), p(u + 0.11 * e, 0.01)], 0.022 * h, steel, outline=3)
        drum(u, v, 0.17, deep)
    c.limb([p(0, 0.4), p(0, 0.68)], 0.03 * h, steel, outline=3)
    for e in (-1, 1):
        drum(0.165 * e, 0.76, 0.15, 0.17)
    middle = p(0, 0.28)
    c.ellipse(middle, 0.295 * h, 0.295 * h, shell, shade=0.35, outline=7)
    c.ellipse(middle, 0.235 * h, 0.235 * h, skin, shade=0.15, outline=5)
    c.ellipse(middle, 0.1 * h, 0.1 * h, mix(shell, skin, 0.25), shade=0, outline=3)
