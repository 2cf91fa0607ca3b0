"""Ground: ridges one behind the other, and what grows on them."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from itertools import pairwise

import skia

from songreel_animatic.drawing.colours import Colour
from songreel_animatic.drawing.paths import Point, curve, polygon
from songreel_animatic.drawing.pen import Pen
from songreel_animatic.scene.layer import Layer
from songreel_animatic.scene.setting import Setting

EDGE = 360.0
"""How far beyond both sides of the picture things are drawn."""


def ridge_points(
    setting: Setting, rng: random.Random, y: float, height: float, step: float, rough: float
) -> list[Point]:
    """A skyline from left to right: waves and, where `rough` is above 0, peaks.

    Args:
        setting: the scene.
        rng: decides the shape.
        y: of its foot.
        height: of its highest point above `y`.
        step: distance of points.
        rough: 0 rolling, 1 jagged.
    """
    phases = [rng.random() * 6.28 for _ in range(3)]
    lengths = [rng.uniform(380, 620), rng.uniform(180, 300), rng.uniform(70, 130)]
    points: list[Point] = []
    x = -EDGE
    while x < setting.width + EDGE + step:
        wave = 0.5 + 0.32 * math.sin(phases[0] + 6.28 * x / lengths[0])
        wave += 0.18 * math.sin(phases[1] + 6.28 * x / lengths[1])
        wave += rough * 0.25 * rng.uniform(-1.0, 1.0)
        points.append((x, y - height * max(0.0, wave)))
        x += step
    return points


def ridge(
    setting: Setting,
    points: Sequence[Point],
    colour: Colour,
    depth: float,
    *,
    sharp: bool = False,
    dress: Callable[[Pen, float], None] | None = None,
    shade: float = 0.25,
) -> Layer:
    """A layer of ground below a skyline; `dress` draws what stands on it."""
    outline = [*points, (setting.width + EDGE + 40, 1500.0), (-EDGE - 40, 1500.0)]
    path = polygon(outline) if sharp else curve(outline, closed=True, tension=0.4)

    def draw(pen: Pen, t: float) -> None:
        pen.fill(path, colour, shade=0.0, outline=0.6)
        top, bottom = min(p[1] for p in points), 1100.0
        shader = skia.GradientShader.MakeLinear(
            [skia.Point(0, top), skia.Point(0, bottom)],
            [pen.colour(colour.paler(0.25)).argb(0.55 * shade * 2), pen.colour(colour.darker(0.45)).argb(shade * 2 * 0.8)],
        )  # fmt: skip
        pen.canvas.save()
        pen.canvas.clipPath(path, skia.ClipOp.kIntersect, True)
        pen.canvas.drawRect(skia.Rect(-EDGE - 60, top - 10, setting.width + EDGE + 60, 1500), skia.Paint(Shader=shader))
        pen.canvas.restore()
        if dress is not None:
            dress(pen, t)

    return Layer(depth, draw, still=True)


def at(points: Sequence[Point], x: float) -> float:
    """Height of a skyline at x."""
    for (ax, ay), (bx, by) in pairwise(points):
        if ax <= x <= bx:
            return ay + (by - ay) * (x - ax) / (bx - ax)
    return points[-1][1]


def grass(
    setting: Setting, depth: float, y: float, height: float, colour: Colour, count: int, what: str
) -> Layer:
    """Blades that sway with the music, along the lower edge."""
    rng = setting.rng(what)
    blades = [
        (rng.uniform(-EDGE * 0.5, setting.width + EDGE * 0.5), y + rng.uniform(-14, 60),
         height * rng.uniform(0.55, 1.25), rng.uniform(-0.35, 0.35), rng.random(), rng.uniform(7, 15))
        for _ in range(count)
    ]  # fmt: skip

    def draw(pen: Pen, t: float) -> None:
        music = setting.music
        wind = math.sin(math.pi * music.beat(t) / 2)
        gust = 0.10 + 0.22 * music.energy(t)
        path = skia.Path()
        dark = skia.Path()
        for i, (x, foot, tall, lean, phase, wide) in enumerate(blades):
            bend = lean + gust * (wind + 0.6 * math.sin(6.28 * (0.3 * t + phase + x / 900.0)))
            tip = (x + math.sin(bend) * tall, foot - math.cos(bend) * tall)
            middle = (x + math.sin(bend) * tall * 0.35, foot - tall * 0.55)
            target = path if i % 3 else dark
            target.moveTo(x - wide / 2, foot)
            target.quadTo(*middle, *tip)
            target.quadTo(middle[0] + wide * 0.7, middle[1], x + wide / 2, foot)
            target.close()
        pen.fill(dark, colour.darker(0.25), shade=0.0, outline=0.0)
        pen.fill(path, colour, shade=0.0, outline=0.0)

    return Layer(depth, draw)


def water(
    setting: Setting, depth: float, y: float, bottom: float, colour: Colour, *, surf: bool = False
) -> list[Layer]:
    """Water from `y` down to `bottom`, with the sky in it and waves that keep time."""
    music = setting.music
    light = setting.light
    rng = setting.rng("water")
    strokes = [(rng.random(), rng.random(), rng.uniform(0.4, 1.0)) for _ in range(64)]

    def base(pen: Pen, t: float) -> None:
        shader = skia.GradientShader.MakeLinear(
            [skia.Point(0, y), skia.Point(0, bottom)],
            [light.sky[2].mix(colour, 0.35).argb(), pen.colour(colour).argb(), pen.colour(colour.darker(0.3)).argb()],
            [0.0, 0.45, 1.0],
        )  # fmt: skip
        pen.canvas.drawRect(skia.Rect(-EDGE, y, setting.width + EDGE, bottom + 300), skia.Paint(Shader=shader))

    def waves(pen: Pen, t: float) -> None:
        roll = math.sin(math.pi * music.bar(t) * 2)
        bright = light.sky[2].paler(0.3)
        for across, down, size in strokes:
            far = down * down
            cy = y + 6 + (bottom - y) * far
            drift = 26.0 * (0.3 + far) * (math.sin(6.28 * (0.10 * t + across)) + 0.5 * roll)
            cx = -120 + (setting.width + 240) * across + drift
            wide = (18 + 120 * far) * size * (0.8 + 0.3 * music.band("mid", t))
            shape = curve([(cx - wide, cy), (cx, cy - 2 - 5 * far), (cx + wide, cy)])
            pen.line(shape, bright, 1.4 + 5.0 * far, alpha=0.22 + 0.3 * (1 - far))
        if light.dark or setting.composition.weather == "clear":
            sun = sun_place(setting, t)[0]
            for i in range(16):
                part = (i + 0.5) / 16
                cy = y + (bottom - y) * part * part * 0.9 + 4
                wide = (14 + 46 * part) * (0.7 + 0.5 * abs(math.sin(1.7 * i + 2.2 * t)))
                shape = curve([(sun - wide, cy), (sun + wide, cy)])
                pen.line(shape, light.rim, 3.0 + 4 * part, alpha=0.55 * (1 - 0.5 * part))

    layers = [Layer(depth, base, still=True, haze=0.0), Layer(depth + 0.01, waves, haze=0.0)]
    if surf:

        def foam(pen: Pen, t: float) -> None:
            for k in range(2):
                phase = (music.bar(t) / 2 + k * 0.5) % 1.0
                reach = 34.0 * math.sin(math.pi * phase) + 16.0 * k
                line = [
                    (x, bottom - 26 + reach + 9 * math.sin(x / 83.0 + 2.0 * k + 0.4 * t))
                    for x in range(-int(EDGE), int(setting.width + EDGE) + 60, 60)
                ]
                pen.line(curve(line), light.sky[2].paler(0.7), 10.0, alpha=0.75 * (1 - phase * 0.6))

        layers.append(Layer(depth + 0.02, foam, haze=0.0))
    return layers


def sun_place(setting: Setting, t: float) -> Point:
    """Where the sun or moon is: it crosses part of the sky over the song."""
    progress = setting.music.progress(t)
    side = setting.light.direction[0]
    x = setting.width * (0.5 + 0.30 * (1.0 if side > 0 else -1.0) + 0.10 * (progress - 0.5))
    height = {"day": 0.62, "night": 0.66, "dawn": 0.16, "sunset": 0.14}[setting.composition.time]
    sky = max(260.0, setting.horizon)
    drop = 0.10 * (progress - 0.5) * (-1 if setting.composition.time in ("dawn", "night") else 1)
    return x, sky * (1.0 - height + drop)
