"""The sky: its colours, sun, moon, stars and clouds, and what falls out of it."""

from __future__ import annotations

import math

import skia

from songreel_animatic.drawing.colours import Colour, hexed
from songreel_animatic.drawing.paths import curve, oval
from songreel_animatic.drawing.pen import Pen
from songreel_animatic.places.ground import sun_place
from songreel_animatic.scene.layer import Layer
from songreel_animatic.scene.setting import Setting


def sky(setting: Setting) -> list[Layer]:
    """Everything above the horizon, from the back to the front."""
    layers = [Layer(0.0, lambda pen, t: _gradient(setting, pen), still=True, haze=0.0)]
    if setting.light.night and setting.composition.weather in ("clear", "snow"):
        layers.append(_stars(setting))
    if setting.composition.weather in ("clear", "cloudy"):
        layers.append(_sun(setting))
    layers += _clouds(setting)
    return layers


def _gradient(setting: Setting, pen: Pen) -> None:
    top, middle, horizon = setting.light.sky
    low = max(260.0, setting.horizon + 20)
    shader = skia.GradientShader.MakeLinear(
        [skia.Point(0, -160), skia.Point(0, low)],
        [pen.look.tint(c).argb() if pen.look.tint else c.argb() for c in (top, middle, horizon)],
        [0.0, 0.58, 1.0],
    )
    pen.canvas.drawRect(skia.Rect(-500, -500, setting.width + 500, 1600), skia.Paint(Shader=shader))


def _sun(setting: Setting) -> Layer:
    night = setting.light.night
    low = setting.composition.time in ("dawn", "sunset")
    radius = 62.0 if low else (46.0 if night else 52.0)

    def draw(pen: Pen, t: float) -> None:
        x, y = sun_place(setting, t)
        beat = setting.music.pulse(t, 4.0) * setting.music.energy(t)
        body = hexed("#fdf6e0") if night else (hexed("#fff1c4") if low else hexed("#fffbe6"))
        halo = setting.light.sky[2].paler(0.3) if not night else hexed("#8fa6d8")
        pen.glow(x, y, radius * (4.2 + 0.7 * beat), halo, 0.55 if low else 0.38)
        pen.lit = 0.0
        pen.fill(oval(x, y, radius * (1 + 0.03 * beat), radius * (1 + 0.03 * beat)), body, shade=0.0, outline=0.5)
        if night:
            shadow = hexed("#d9d6c8")
            for dx, dy, r in ((-0.3, -0.2, 0.2), (0.28, 0.22, 0.26), (0.1, -0.45, 0.12), (-0.25, 0.4, 0.14)):
                pen.canvas.drawPath(oval(x + dx * radius, y + dy * radius, r * radius, r * radius), pen.paint(shadow, 0.6))
        pen.lit = 1.0

    return Layer(0.02, draw, haze=0.0, glow=True)


def _stars(setting: Setting) -> Layer:
    rng = setting.rng("stars")
    stars = [
        (rng.uniform(-100, setting.width + 100), rng.uniform(-80, max(200, setting.horizon * 0.92)), rng.uniform(0.9, 3.1), rng.random())
        for _ in range(130)
    ]  # fmt: skip

    def draw(pen: Pen, t: float) -> None:
        high = setting.music.band("high", t)
        white = hexed("#fff8e8")
        for x, y, size, phase in stars:
            twinkle = 0.55 + 0.25 * math.sin(6.28 * (0.35 * t + phase)) + 0.35 * high * (phase > 0.6)
            pen.canvas.drawCircle(x, y, size * (0.9 + 0.4 * high * (phase > 0.75)), skia.Paint(AntiAlias=True, Color=white.argb(min(1.0, twinkle))))

    return Layer(0.01, draw, haze=0.0, glow=True)


def cloud_path(rng_values: list[float], x: float, y: float, size: float) -> skia.Path:
    """A flat-bottomed heap of rounds, about `size` wide."""
    path = skia.Path()
    count = 5
    for i in range(count):
        part = (i + 0.5) / count
        r = size * (0.13 + 0.13 * math.sin(math.pi * part) * (0.7 + 0.6 * rng_values[i % len(rng_values)]))
        path.addCircle(x + size * (part - 0.5) * 0.9, y - r * 0.55, r)
    base = skia.Path()
    base.addRoundRect(skia.Rect(x - size * 0.56, y - size * 0.12, x + size * 0.56, y + size * 0.03), size * 0.07, size * 0.07)
    path = skia.Op(skia.Simplify(path) or path, base, skia.PathOp.kUnion_PathOp) or path
    keep = skia.Path()
    keep.addRect(skia.Rect(x - size, y - size, x + size, y + size * 0.03))
    return skia.Op(path, keep, skia.PathOp.kIntersect_PathOp) or path


def _clouds(setting: Setting) -> list[Layer]:
    weather = setting.composition.weather
    count = {"clear": 4, "cloudy": 9, "rain": 10, "snow": 8}[weather]
    grey = {"clear": 0.0, "cloudy": 0.3, "rain": 0.55, "snow": 0.25}[weather]
    rng = setting.rng("clouds")
    light = setting.light
    tone = light.sky[2].paler(0.55 if not light.night else 0.12).mix(Colour(0.45, 0.48, 0.55), grey)
    clouds = [
        (rng.uniform(-0.1, 1.1), rng.uniform(0.06, 0.62), rng.uniform(150, 400), [rng.random() for _ in range(5)], rng.uniform(0.5, 1.0))
        for _ in range(count)
    ]  # fmt: skip
    paths = [cloud_path(values, 0.0, 0.0, size) for _, _, size, values, _ in clouds]
    span = setting.width + 900.0

    def draw(pen: Pen, t: float) -> None:
        pen.lit = 0.35
        for (across, down, _, _, near), path in zip(clouds, paths, strict=True):
            x = (across * span + 13.0 * near * t + 6.0 * math.sin(math.pi * setting.music.bar(t) / 2)) % span - 450.0
            y = down * max(300.0, setting.horizon) * 0.8
            pen.canvas.save()
            pen.canvas.translate(x, y)
            pen.fill(path, tone.mix(light.sky[1], 0.35 * (1 - near)), shade=0.55, outline=0.5, alpha=0.92)
            pen.canvas.restore()
        pen.lit = 1.0

    return [Layer(0.05, draw, haze=0.0)]


def falling(setting: Setting) -> list[Layer]:
    """Rain or snow before everything."""
    weather = setting.composition.weather
    if weather not in ("rain", "snow"):
        return []
    rng = setting.rng("drops")
    drops = [(rng.random(), rng.random(), rng.uniform(0.5, 1.0)) for _ in range(170 if weather == "rain" else 150)]
    music = setting.music

    def rain(pen: Pen, t: float) -> None:
        path = skia.Path()
        hard = 0.6 + 0.7 * music.energy(t)
        for across, start, near in drops:
            fall = (start + t * (1.5 + 0.7 * near)) % 1.0
            x = (across * 1.3 - 0.15) * setting.width - 120 * fall
            y = -100 + 1250 * fall
            length = 46.0 * near * hard
            path.moveTo(x, y)
            path.lineTo(x - 0.10 * length, y + length)
        pen.canvas.drawPath(path, skia.Paint(AntiAlias=True, Color=hexed("#e6f0fa").argb(0.42), Style=skia.Paint.kStroke_Style, StrokeWidth=2.6, StrokeCap=skia.Paint.kRound_Cap))

    def snow(pen: Pen, t: float) -> None:
        white = skia.Paint(AntiAlias=True, Color=hexed("#ffffff").argb(0.9))
        for across, start, near in drops:
            fall = (start + t * 0.13 * (0.5 + near)) % 1.0
            sway = math.sin(math.pi * music.beat(t) / 2 + 9 * across) * 14 * near
            x = (across * 1.2 - 0.1) * setting.width + sway + 30 * math.sin(3 * fall + 7 * start)
            pen.canvas.drawCircle(x, -60 + 1150 * fall, 2.0 + 5.0 * near * near, white)

    return [Layer(0.97, rain if weather == "rain" else snow, haze=0.0, glow=True)]


def birds_far(setting: Setting) -> Layer:
    """A few birds far away, beating their wings."""
    rng = setting.rng("far birds")
    flock = [(rng.random(), rng.uniform(0.15, 0.5), rng.uniform(7, 13), rng.random()) for _ in range(5)]

    def draw(pen: Pen, t: float) -> None:
        for across, down, size, phase in flock:
            x = (across * (setting.width + 500) + 38 * t) % (setting.width + 500) - 250
            y = down * max(300.0, setting.horizon) + 12 * math.sin(t + 6 * phase)
            beat = math.sin(6.28 * (setting.music.beat(t) + phase))
            wings = curve([(x - size, y - size * (0.2 + 0.6 * beat)), (x - size * 0.4, y - size * 0.35), (x, y), (x + size * 0.4, y - size * 0.35), (x + size, y - size * (0.2 + 0.6 * beat))])
            pen.line(wings, setting.light.sky[0].darker(0.5), 2.6)

    return Layer(0.06, draw, haze=0.2)
