"""Haze, clouds and lanterns over a ground seen from above."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from songreel_sprout.painter.canvas import S, mix
from songreel_sprout.painter.plants import Scene


def _drifting(s: Scene) -> Image.Image:
    """Mask of thin clouds between us and the ground, thickest at the edges, ``S`` x ``S``."""
    k, small = s.k, Image.new("L", (128, 128))
    draw = ImageDraw.Draw(small)
    size = 0.8 + 0.5 * k.cloud_size
    for i, (x, y) in enumerate(((0.14, 0.2), (0.84, 0.1), (0.96, 0.5), (0.08, 0.62), (0.5, 0.02))):
        x += 0.3 * (k.cloud_x - 0.5)
        for dx, dy, r in (
            (0, 0, 0.07),
            (0.1, -0.02, 0.06),
            (-0.1, 0.015, 0.055),
            (0.19, 0.02, 0.035),
        ):
            rx, ry = 1.5 * r * size, 0.75 * r * size
            cx, cy = x + dx * (1 if i % 2 else -1), y + dy
            box = (cx - rx, cy - ry, cx + rx, cy + ry)
            draw.ellipse([128 * v for v in box], fill=255)
    blur = {"realistic": 4.0, "cartoon": 0.6, "sketch": 1.5}[s.canvas.style]
    return small.filter(ImageFilter.GaussianBlur(blur)).resize((S, S), Image.Resampling.BICUBIC)


def _lanterns(s: Scene) -> None:
    """Lit lanterns, far enough from the middle to leave the subject alone."""
    for x, y in ((0.1, 0.34), (0.9, 0.26), (0.24, 0.93), (0.78, 0.95)):
        at = (x + 0.08 * (s.k.windows - 0.5), y)
        s.canvas.glow(at, 0.17, (255, 196, 104), 0.75)
        s.canvas.ellipse(at, 0.017, 0.017, (255, 232, 160), shade=0, outline=3)


def paint_particles(s: Scene) -> None:
    """The colour of the sky on what lies farther away, and clouds over the land."""
    c, dim = s.canvas, s.light.dim
    clouds = _drifting(s) if dim else None
    if clouds is not None:
        shadow = Image.new("L", (S, S))
        shadow.paste(clouds, (24, 44))
        c.lighten(shadow.point([int(0.35 * v) for v in range(256)]), s.land((24, 26, 60)))
    y, x = np.mgrid[0:1:16j, 0:1:16j]
    strength = {"dawn": 0.62, "day": 0.24, "sunset": 0.66, "night": 0.4}[s.labels.time]
    near = 0.16 * np.cos(3 * (x - s.k.sun_x))
    field = strength * np.clip(0.95 + near - 1.35 * y, 0, 1)
    if s.labels.time == "night":
        # The land would be black: moonlight makes it blue.
        field = np.maximum(field, 0.2)
    mask = Image.fromarray((255 * np.clip(field, 0, 1)).astype(np.uint8))
    c.lighten(mask.resize((S, S), Image.Resampling.BICUBIC), s.light.low)
    if s.labels.time == "night" and s.labels.place != "city":
        _lanterns(s)
    if clouds is not None:
        white = mix(s.light.low, (255, 255, 255), 0.6 if s.labels.time != "night" else 0.15)
        c.lighten(clouds.point([int(0.8 * v) for v in range(256)]), white)
