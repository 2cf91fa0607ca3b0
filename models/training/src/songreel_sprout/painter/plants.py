"""Hills, trees and water, shared by all scenes."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PIL import Image

from songreel_sprout.captions.labels import Knobs, Labels
from songreel_sprout.painter.canvas import Canvas, Point, Rgb, S, mix, mul
from songreel_sprout.painter.places.sky import Light, sun_place


@dataclass(frozen=True)
class Scene:
    """Context that every part of a drawing needs."""

    canvas: Canvas
    labels: Labels
    k: Knobs
    light: Light
    horizon: float
    """Height of the horizon, in units of the side from the top."""
    sky: Image.Image
    """The sky, for reflections."""

    def land(self, colour: Rgb, far: float = 0.0) -> Rgb:
        """A colour of the land under this light, ``far`` 0..1 of it lost in the haze."""
        if self.labels.weather == "snow":
            colour = mix(colour, (232, 238, 248), 0.62)
        haze = far * (0.75 + 0.25 * self.k.haze)
        return mix(mul(colour, self.light.ambient), self.light.low, haze)

    def thing(self, colour: Rgb) -> Rgb:
        """The colour of something in front under this light."""
        return mul(colour, self.light.subject)


def ridge(k: Knobs, base: float, amp: float, seed: float, rough: float = 0.3) -> list[Point]:
    """A line of hills from left to right: 41 points around ``base``, ``amp`` high."""
    pts: list[Point] = []
    for i in range(41):
        x = -0.05 + 1.1 * i / 40
        y = math.sin(2 * math.pi * (x * (0.8 + 0.3 * k.hill_b) + k.hill_phase * 0.6 + seed))
        y += 0.6 * math.sin(2 * math.pi * (x * 1.9 + k.hill_a * 0.7 + 2.3 * seed))
        y += rough * math.sin(2 * math.pi * (x * 5.3 + k.hill_phase * 0.5 + 4.1 * seed))
        pts.append((x, base - amp * (0.5 + 0.4 * y)))
    return pts


def below(pts: list[Point]) -> list[Point]:
    """The area under a line of hills."""
    return [*pts, (1.05, 1.05), (-0.05, 1.05)]


def pine(s: Scene, x: float, foot: float, height: float, colour: Rgb, outline: float = 3) -> None:
    """A fir: three stacked triangles on a stem."""
    c = s.canvas
    w = 0.2 * height
    c.poly(
        [(x - 0.03 * height, foot), (x + 0.03 * height, foot), (x, foot - 0.5 * height)],
        mix(colour, (60, 40, 30), 0.5),
        outline=0,
    )
    for top, bottom, half in ((0.55, 0.1, 1.0), (0.8, 0.35, 0.78), (1.0, 0.6, 0.55)):
        c.poly(
            [
                (x - half * w, foot - bottom * height),
                (x + half * w, foot - bottom * height),
                (x, foot - top * height),
            ],
            colour,
            shade=0.35,
            outline=outline,
        )


def leafy(s: Scene, x: float, foot: float, height: float, leaf: Rgb, outline: float = 4) -> None:
    """A broad tree: a trunk with branches and a crown of four balls."""
    c = s.canvas
    bark = s.land((98, 68, 48))
    c.limb([(x, foot), (x + 0.01 * height, foot - 0.55 * height)], 0.1 * height, bark)
    c.limb(
        [(x, foot - 0.4 * height), (x + 0.16 * height, foot - 0.6 * height)], 0.05 * height, bark
    )
    for dx, dy, r in ((-0.2, 0.6, 0.2), (0.21, 0.62, 0.19), (0.0, 0.56, 0.2), (0.0, 0.8, 0.23)):
        tone = mix(leaf, (255, 255, 220), 0.12 if dy > 0.7 else 0.0)
        c.ellipse(
            (x + dx * height, foot - dy * height),
            r * height * 1.1,
            r * height,
            tone,
            shade=0.4,
            outline=outline,
        )


def palm(s: Scene, x: float, foot: float, height: float) -> None:
    """A leaning palm."""
    c = s.canvas
    lean = 0.25 * (s.k.near_b - 0.5) + (0.1 if x < 0.5 else -0.1)
    top = (x + lean * height, foot - height)
    c.limb(
        [(x, foot), (x + 0.35 * lean * height, foot - 0.55 * height), top],
        0.05 * height,
        s.land((132, 96, 62)),
    )
    for i in range(7):
        a = math.pi * (0.02 + 0.16 * i)
        ex, ey = (
            top[0] + 0.42 * height * math.cos(a),
            top[1] - 0.2 * height * math.sin(a) + 0.13 * height,
        )
        mx, my = top[0] + 0.24 * height * math.cos(a), top[1] - 0.24 * height * math.sin(a)
        c.poly(
            [top, (mx, my - 0.03 * height), (ex, ey), (mx, my + 0.05 * height)],
            s.land((50, 128, 62)),
            outline=3,
        )


def water(s: Scene, top: float, bottom: float, colour: Rgb) -> None:
    """A sheet of water that mirrors the sky and glitters under the sun."""
    c, k = s.canvas, s.k
    y0, y1 = round(top * S), round(min(1.0, bottom) * S)
    if y1 - y0 < 4:
        return
    above = s.sky.crop((0, max(0, y0 - 2 * (y1 - y0)), S, y0)).transpose(
        Image.Transpose.FLIP_TOP_BOTTOM
    )
    mirror = above.resize((S, y1 - y0), Image.Resampling.BILINEAR)
    flat = Image.new("RGB", mirror.size, tuple(int(v) for v in mul(colour, s.light.ambient)))
    c.image.paste(Image.blend(mirror, flat, 0.5), (0, y0))
    if c.style != "realistic":
        c.poly(
            [(-0.05, top), (1.05, top), (1.05, top + 0.004), (-0.05, top + 0.004)],
            mix(colour, s.light.low, 0.5),
            outline=3,
        )
    sun = sun_place(s.labels, k, s.horizon)
    for i in range(16):
        t = (i + 0.5) / 16
        y = top + (bottom - top) * t**1.4
        side = math.sin(i * 2.4 + 6.28 * k.water)
        w = 0.03 + 0.09 * t
        if s.light.dim < 0.7:
            x = sun[0] + 0.05 * side * (0.3 + t)
            c.stroke(
                [(x - w, y), (x + w, y)], 3 + 4 * t, mix(s.light.sun, s.light.low, s.light.dim)
            )
        x = (0.37 * i + 0.25 * k.water) % 1.1
        pale = mix(mul(colour, s.light.ambient), s.light.low, 0.55)
        c.stroke([(x - w, y), (x, y - 0.006), (x + w, y)], 3, pale)
