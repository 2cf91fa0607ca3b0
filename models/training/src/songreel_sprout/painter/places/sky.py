"""Daylight, skies, rain and snow."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from songreel_sprout.captions.labels import Knobs, Labels
from songreel_sprout.painter.canvas import Canvas, Point, Rgb, S, mix, mul

_SCATTER: Final = np.random.default_rng(7).random((400, 3))
"""Fixed places for stars, drops and flakes: the same in every picture, so they are learnable."""


@dataclass(frozen=True)
class Light:
    """The light of a scene."""

    top: Rgb
    """Sky overhead."""
    middle: Rgb
    """Sky half way down."""
    low: Rgb
    """Sky at the horizon."""
    ambient: Rgb
    """Factor on the colours of the land, 1.0 = daylight."""
    subject: Rgb
    """Factor on the colours of what is in front; brighter than the land at night."""
    sun: Rgb
    """Colour of sun or moon."""
    dim: float
    """0 bright sky .. 1 the sun wholly hidden."""
    dark: bool
    """Whether lamps and windows are lit."""


_SKIES: Final[dict[str, tuple[Rgb, Rgb, Rgb, Rgb, Rgb, Rgb]]] = {
    "dawn": (
        (120, 150, 205), (235, 185, 200), (255, 222, 190),
        (0.92, 0.82, 0.88), (0.97, 0.9, 0.92), (255, 244, 214),
    ),
    "day": (
        (48, 128, 222), (112, 182, 244), (205, 234, 252),
        (1.0, 1.0, 1.0), (1.0, 1.0, 1.0), (255, 250, 205),
    ),
    "sunset": (
        (72, 44, 118), (222, 84, 92), (255, 178, 74),
        (0.88, 0.58, 0.52), (1.0, 0.86, 0.76), (255, 236, 150),
    ),
    "night": (
        (8, 12, 44), (20, 32, 84), (48, 66, 128),
        (0.26, 0.33, 0.56), (0.72, 0.74, 0.92), (245, 245, 225),
    ),
}  # fmt: skip


def light_of(labels: Labels, k: Knobs) -> Light:
    """The light that time and weather give."""
    top, middle, low, ambient, subject, sun = _SKIES[labels.time]
    shift = (k.sky_hue - 0.5) * 40
    middle = (middle[0] + shift, middle[1], middle[2] - shift)
    top = (top[0] + 0.6 * shift, top[1] + 0.2 * shift, top[2])
    dim = {"clear": 0.0, "cloudy": 0.5, "rain": 0.8, "snow": 0.55}[labels.weather]
    if dim:
        bright = {"dawn": 0.78, "day": 0.84, "sunset": 0.62, "night": 0.2}[labels.time]
        grey: Rgb = (205 * bright, 212 * bright, 226 * bright)
        top, middle = mix(top, mul(grey, (0.8, 0.8, 0.82)), dim), mix(middle, grey, dim * 0.9)
        low = mix(low, mul(grey, (1.12, 1.1, 1.08)), dim * 0.65)
        ambient = mix(ambient, mul(ambient, (0.76, 0.8, 0.86)), dim)
    return Light(top, middle, low, ambient, subject, sun, dim, labels.time in ("night", "sunset"))


def sun_place(labels: Labels, k: Knobs, horizon: float) -> Point:
    """Where sun or moon stands, in units of the side."""
    x = 0.12 + 0.76 * k.sun_x
    if labels.time in ("dawn", "sunset"):
        return x, horizon - 0.005 - 0.16 * (1 - k.sun_y)
    return x, 0.1 + 0.2 * k.sun_y


def _ramp(light: Light) -> list[list[int]]:
    tables: list[list[int]] = [[], [], []]
    for i in range(256):
        t = i / 255
        c = (
            mix(light.top, light.middle, t / 0.55)
            if t < 0.55
            else mix(light.middle, light.low, (t - 0.55) / 0.45)
        )
        for table, v in zip(tables, c, strict=True):
            table.append(min(255, max(0, round(v))))
    return tables


def sky_image(
    canvas: Canvas, labels: Labels, k: Knobs, light: Light, horizon: float
) -> Image.Image:
    """The sky with sun or moon, stars and clouds, ``S`` x ``S``; land is drawn over it."""
    sun = sun_place(labels, k, horizon)
    y, x = np.mgrid[0:1:64j, 0:1:64j]
    height = np.clip(y / max(horizon, 0.2), 0, 1)
    near = np.exp(-((x - sun[0]) ** 2 + (y - sun[1]) ** 2) / 0.09)
    shine = {"dawn": 0.4, "day": 0.22, "sunset": 0.5, "night": 0.25}[labels.time]
    field = np.clip(height**1.15 + shine * (1 - light.dim) * near * (1.05 - height), 0, 1)
    scalar = Image.fromarray((255 * field).astype(np.uint8))
    scalar = scalar.resize((S, S), Image.Resampling.BICUBIC)
    if canvas.style == "cartoon":
        scalar = scalar.point([int(round(i / 255 * 5) * 51) for i in range(256)])
    sky = Image.merge("RGB", [scalar.point(table) for table in _ramp(light)])
    canvas.background(sky)
    if labels.time == "night":
        _stars(canvas, k, light)
    _sun(canvas, labels, light, sun)
    _clouds(canvas, labels, k, light)
    return canvas.image.copy()


def _stars(canvas: Canvas, k: Knobs, light: Light) -> None:
    if light.dim > 0.6:
        return
    for x, y, r in _SCATTER[: 60 if light.dim == 0 else 22]:
        size = 1.5 + 3.2 * r**3
        cx, cy = ((x + 0.12 * k.cloud_x) % 1.0) * S, y * 0.62 * S
        c = 150 + int(105 * r)
        canvas.draw.ellipse((cx - size, cy - size, cx + size, cy + size), fill=(c, c, 225))
    canvas.draw = ImageDraw.Draw(canvas.image)


def _sun(canvas: Canvas, labels: Labels, light: Light, sun: Point) -> None:
    visible = 1 - light.dim
    night = labels.time == "night"
    radius = 0.062 if night else {"dawn": 0.07, "day": 0.06, "sunset": 0.095}[labels.time]
    if light.dim > 0.7:
        return
    canvas.glow(sun, radius * 4.2, light.sun, 0.75 * visible)
    colour = mix(light.sun, light.middle, 0.55 * light.dim)
    canvas.ellipse(sun, radius, radius, colour, shade=0, outline=4)
    if night:
        bite = (sun[0] + 0.5 * radius, sun[1] - 0.15 * radius)
        dark = mix(light.top, light.middle, min(1.0, sun[1] / 0.5))
        canvas.ellipse(bite, radius * 0.8, radius * 0.8, dark, shade=0, outline=0)
    elif canvas.style != "realistic" and labels.time == "day" and light.dim == 0:
        for i in range(10):
            a = 2 * math.pi * i / 10
            c, s = math.cos(a), math.sin(a)
            pts = [(sun[0] + r * c, sun[1] + r * s) for r in (radius * 1.3, radius * 1.75)]
            canvas.stroke(pts, 6, light.sun)


def _clouds(canvas: Canvas, labels: Labels, k: Knobs, light: Light) -> None:
    count = {"clear": 1, "cloudy": 6, "rain": 7, "snow": 5}[labels.weather]
    small = Image.new("L", (128, 128))
    draw = ImageDraw.Draw(small)
    size = (0.6 + 0.7 * k.cloud_size) * (0.75 if count == 1 else 1.0)
    for i in range(count):
        bx = ((i * 0.37 + 0.9 * k.cloud_x) % 1.4) - 0.2
        by = 0.06 + 0.2 * k.cloud_y + 0.055 * ((i * 3) % 5) - 0.02 * i
        for dx, dy, r in (
            (0, 0, 0.06),
            (0.07, -0.025, 0.075),
            (0.15, 0, 0.06),
            (-0.06, 0.02, 0.04),
            (0.21, 0.02, 0.04),
        ):
            rx, ry = 1.35 * r * size, r * size
            cx, cy = bx + dx * size * 1.2, by + dy * size
            draw.ellipse(
                ((cx - rx) * 128, (cy - ry) * 128, (cx + rx) * 128, (cy + ry) * 128), fill=255
            )
    lit = mix(light.low, (255, 255, 255), 0.55 if labels.time == "day" else 0.12)
    if light.dim > 0.6:
        lit = mix(lit, light.top, 0.6)
    soft = canvas.style == "realistic"
    for lift, colour, alpha in ((0, mix(lit, light.top, 0.45), 0.75), (-5, lit, 0.9)):
        mask = small.filter(ImageFilter.GaussianBlur(3.2)) if soft else small
        mask = mask.resize((S, S), Image.Resampling.BICUBIC).point(
            [int(i * alpha) for i in range(256)]
        )
        canvas.image.paste(tuple(int(v) for v in colour), (0, lift), mask)
    if canvas.style == "sketch":
        edge = small.filter(ImageFilter.FIND_EDGES).resize((S, S), Image.Resampling.BICUBIC)
        canvas.lighten(edge, (90, 90, 100))


@cache
def _fall(kind: str) -> Image.Image:
    """Mask of rain or snow, 1.25 S x 1.25 S, to be shifted a little."""
    side = int(S * 1.25)
    mask = Image.new("L", (side, side))
    draw = ImageDraw.Draw(mask)
    for x, y, r in _SCATTER[:150] if kind == "rain" else _SCATTER[100:210]:
        px, py = x * side, y * side
        if kind == "rain":
            length = 26 + 34 * r
            draw.line((px, py, px - 0.28 * length, py + length), fill=int(120 + 90 * r), width=3)
        else:
            q = 3 + 5.5 * r
            draw.ellipse((px - q, py - q, px + q, py + q), fill=int(170 + 80 * r))
    return mask


def fall(
    canvas: Canvas, labels: Labels, k: Knobs, box: tuple[int, int, int, int] | None = None
) -> None:
    """Rain or snow over everything, or within ``box`` (px of the drawing)."""
    if labels.weather not in ("rain", "snow"):
        return
    dx, dy = int(k.detail * 0.2 * S), int(k.water * 0.2 * S)
    mask = _fall(labels.weather).crop((dx, dy, dx + S, dy + S))
    colour: Rgb = (205, 220, 240) if labels.weather == "rain" else (252, 253, 255)
    if canvas.style == "sketch":
        colour = (70, 80, 100) if labels.weather == "rain" else (255, 255, 255)
    if box is not None:
        window = Image.new("L", (S, S))
        window.paste(mask.crop(box), box)
        mask = window
    canvas.lighten(mask, colour)


def grade(labels: Labels, k: Knobs) -> tuple[tuple[float, ...], int]:
    """Colour matrix (3x4, row by row) and vignette strength (per cent) of a mood."""
    saturation, contrast, lift, tint, vignette = {
        "joyful": (1.28, 1.05, 8.0, (1.04, 1.0, 0.95), 6),
        "serene": (0.82, 0.86, 20.0, (0.98, 1.0, 1.04), 0),
        "neutral": (1.0, 1.0, 0.0, (1.0, 1.0, 1.0), 12),
        "tense": (0.95, 1.2, -10.0, (1.06, 0.95, 0.91), 50),
        "sad": (0.42, 0.92, -6.0, (0.9, 0.97, 1.1), 34),
    }[labels.mood]
    contrast *= 0.95 + 0.1 * k.contrast
    warm = (k.warmth - 0.5) * 0.06
    tint = (tint[0] * (1 + warm), tint[1], tint[2] * (1 - warm))
    luma = np.array([0.3, 0.59, 0.11])
    base: NDArray[np.float64] = saturation * np.eye(3) + (1 - saturation) * luma[None, :]
    rows: list[float] = []
    for row, t in zip(base, tint, strict=True):
        rows += [float(v) * contrast * t for v in row]
        rows.append((128 * (1 - contrast) + lift) * t)
    return tuple(rows), vignette
