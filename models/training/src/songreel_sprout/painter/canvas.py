"""Drawing in three styles: the same shapes in pencil, flat colour or shaded colour."""

from __future__ import annotations

import colorsys
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw

SIZE: Final = 256
"""Side of a finished picture, px."""
S: Final = 512
"""Side of the drawing, px: twice the picture, halved at the end to smooth the edges."""

Rgb = tuple[float, float, float]
Point = tuple[float, float]
INK: Final = (28, 24, 38)


def mix(a: Rgb, b: Rgb, t: float) -> Rgb:
    """Colour between ``a`` (t = 0) and ``b`` (t = 1); channels 0..255."""
    return (a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t)


def mul(a: Rgb, b: Rgb) -> Rgb:
    """Colour ``a`` (0..255) under a light of colour ``b`` (1.0 = unchanged)."""
    return (a[0] * b[0], a[1] * b[1], a[2] * b[2])


def hsv(h: float, s: float, v: float) -> Rgb:
    """Colour 0..255 from hue (turns), saturation and value (0..1)."""
    r, g, b = colorsys.hsv_to_rgb(h % 1.0, s, v)
    return (255 * r, 255 * g, 255 * b)


def rounded(pts: Sequence[Point], times: int = 2) -> list[Point]:
    """A closed outline with its corners cut ``times`` times (Chaikin): a soft shape."""
    out = list(pts)
    for _ in range(times):
        cut: list[Point] = []
        for (ax, ay), (bx, by) in zip(out, [*out[1:], out[0]], strict=True):
            cut.append((0.75 * ax + 0.25 * bx, 0.75 * ay + 0.25 * by))
            cut.append((0.25 * ax + 0.75 * bx, 0.25 * ay + 0.75 * by))
        out = cut
    return out


def ints(c: Rgb) -> tuple[int, int, int]:
    """Colour rounded and clipped to 0..255."""
    return (
        min(255, max(0, round(c[0]))),
        min(255, max(0, round(c[1]))),
        min(255, max(0, round(c[2]))),
    )


@cache
def _hatching() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Two ``(256, 256)`` pencil textures (0 = paper, 1 = line), fixed to the sheet.

    Their period of 9 px is wide enough for the 16-fold autoencoder to keep the lines.
    """
    y, x = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32)
    wobble = 1.5 * np.sin(x / 23 + y / 31)

    def lines(phase: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.clip(1.4 * np.cos(phase * (2 * math.pi / 9.0)) - 0.25, 0, 1).astype(np.float32)

    return lines((x + y) * 0.7071 + wobble), lines((x - y) * 0.7071 + wobble)


@cache
def _vignette(strength: int) -> Image.Image:
    y, x = np.mgrid[-1 : 1 : SIZE * 1j, -1 : 1 : SIZE * 1j]
    fall = 1 - strength / 100 * np.clip((x * x + y * y) / 2, 0, 1) ** 1.5
    channel = Image.fromarray((255 * fall).astype(np.uint8))
    return Image.merge("RGB", (channel, channel, channel))


@dataclass(frozen=True)
class Slant:
    """Foreshortening of an upright thing seen from above: wide head, narrow feet."""

    middle: float
    """Where the thing stands from left to right, in units of the side."""
    foot: float
    """Where it meets the ground."""

    def scale(self, y: float) -> float:
        """How much larger than on the ground sizes are that were drawn at height ``y``."""
        return 0.8 + 0.6 * (self.foot - y)

    def place(self, x: float, y: float) -> Point:
        """Where a point that was drawn upright appears."""
        up = self.foot - y
        return self.middle + (x - self.middle) * self.scale(y), self.foot - up * (0.7 + 0.25 * up)


class Canvas:
    """A sheet of ``S`` x ``S`` px addressed in units of its side (0..1, y downwards)."""

    def __init__(self, style: str, light: Point) -> None:
        self.style = style
        self.light = light
        """Direction towards the light, (-1..1, -1..1): where the realistic style brightens."""
        self.image = Image.new("RGB", (S, S))
        self.draw = ImageDraw.Draw(self.image)
        self._lines = Image.new("L", (S, S), 255)
        self._pencil = ImageDraw.Draw(self._lines)
        self.depth = 1.0
        """0 far .. 1 near: how dark and thick outlines are."""
        self.slant: Slant | None = None
        """Set while something upright is drawn that is seen from above."""

    def background(self, image: Image.Image) -> None:
        """Replace everything by an ``S`` x ``S`` picture."""
        self.image.paste(image)

    def _pixels(self, pts: Sequence[Point]) -> list[Point]:
        if self.slant is not None:
            pts = [self.slant.place(x, y) for x, y in pts]
        return [(x * S, y * S) for x, y in pts]

    def _outline(self, pts: list[Point], width: float, closed: bool) -> None:
        if closed:
            pts = [*pts, pts[0], pts[1]]
        w = max(2, round(width * (0.45 + 0.55 * self.depth)))
        if self.style == "cartoon":
            tone = mix((110, 105, 125), INK, self.depth)
            self.draw.line(pts, fill=ints(tone), width=w, joint="curve")
        elif self.style == "sketch":
            self._pencil.line(pts, fill=round(120 - 90 * self.depth), width=w, joint="curve")

    def poly(
        self, pts: Sequence[Point], fill: Rgb, *, shade: float = 0.25, outline: float = 5
    ) -> None:
        """A filled shape. ``shade`` 0..1: soft light in the realistic style; ``outline`` in px."""
        px = self._pixels(pts)
        if self.style == "realistic" and shade > 0:
            self._shaded(px, fill, shade)
            return
        self.draw.polygon(px, fill=ints(fill))
        if self.style == "sketch":
            self._pencil.polygon(px, fill=255)
        if outline > 0:
            self._outline(px, outline, closed=True)

    def _shaded(self, px: list[Point], fill: Rgb, shade: float) -> None:
        x0 = max(0, math.floor(min(p[0] for p in px)))
        y0 = max(0, math.floor(min(p[1] for p in px)))
        x1 = min(S, math.ceil(max(p[0] for p in px)) + 1)
        y1 = min(S, math.ceil(max(p[1] for p in px)) + 1)
        if x1 - x0 < 2 or y1 - y0 < 2:
            return
        mask = Image.new("L", (x1 - x0, y1 - y0))
        ImageDraw.Draw(mask).polygon([(x - x0, y - y0) for x, y in px], fill=255)
        ramp = np.linspace(-1, 1, 8)
        field = ramp[None, :] * self.light[0] + ramp[:, None] * self.light[1]
        gain = 1 + shade * np.clip(field, -1, 1)
        tile = np.clip(
            np.array(fill)[None, None] * gain[..., None] + 8 * (gain[..., None] - 1), 0, 255
        )
        soft = Image.fromarray(tile.astype(np.uint8)).resize(mask.size, Image.Resampling.BILINEAR)
        self.image.paste(soft, (x0, y0), mask)

    def ellipse(
        self,
        center: Point,
        rx: float,
        ry: float,
        fill: Rgb,
        *,
        shade: float = 0.25,
        outline: float = 5,
        turn: float = 0.0,
    ) -> None:
        """A filled ellipse; ``turn`` in radians."""
        n = 16 if max(rx, ry) < 0.04 else 28
        c, s = math.cos(turn), math.sin(turn)
        pts: list[Point] = []
        for i in range(n):
            a = 2 * math.pi * i / n
            x, y = rx * math.cos(a), ry * math.sin(a)
            pts.append((center[0] + c * x - s * y, center[1] + s * x + c * y))
        self.poly(pts, fill, shade=shade, outline=outline)

    def limb(self, pts: Sequence[Point], width: float, fill: Rgb, *, outline: float = 4) -> None:
        """A thick line with round ends; ``width`` in units of the side."""
        px = self._pixels(pts)
        if self.slant is not None:
            width *= self.slant.scale(sum(y for _, y in pts) / len(pts))
        w = max(2.0, width * S)
        if self.style != "realistic" and outline > 0:
            rim = mix((110, 105, 125), INK, self.depth) if self.style == "cartoon" else (0, 0, 0)
            self._stroke(px, w + 2 * outline * (0.4 + 0.4 * self.depth), ints(rim), edge=True)
        self._stroke(px, w, ints(fill), edge=False)

    def _stroke(self, px: list[Point], w: float, fill: tuple[int, int, int], edge: bool) -> None:
        targets: list[tuple[ImageDraw.ImageDraw, int | tuple[int, int, int]]] = []
        if self.style == "sketch":
            targets.append((self._pencil, round(120 - 90 * self.depth) if edge else 255))
        if not (edge and self.style == "sketch"):
            targets.append((self.draw, fill))
        for draw, tone in targets:
            draw.line(px, fill=tone, width=round(w), joint="curve")
            for x, y in (px[0], px[-1]):
                draw.ellipse((x - w / 2, y - w / 2, x + w / 2, y + w / 2), fill=tone)

    def stroke(self, pts: Sequence[Point], width: float, fill: Rgb) -> None:
        """A plain line in every style (pencil in the sketch); ``width`` in px of the drawing."""
        px = self._pixels(pts)
        self.draw.line(px, fill=ints(fill), width=max(1, round(width)), joint="curve")
        if self.style == "sketch":
            tone = round(0.5 * (fill[0] + fill[1] + fill[2]) / 3)
            self._pencil.line(px, fill=min(tone, 200), width=max(1, round(width)), joint="curve")

    def glow(self, center: Point, radius: float, color: Rgb, strength: float) -> None:
        """Additive-looking soft light around a point (nothing in the sketch)."""
        if self.style == "sketch":
            return
        r = round(radius * S)
        ((x, y),) = self._pixels([center])
        x0, y0 = round(x) - r, round(y) - r
        mask = _soft_disc().resize((2 * r, 2 * r), Image.Resampling.BILINEAR)
        mask = mask.point(lambda v: v * strength)
        self.image.paste(ints(color), (x0, y0), mask)

    def lighten(self, mask: Image.Image, color: Rgb) -> None:
        """Lay ``color`` over the sheet through an ``S`` x ``S`` mask (0..255)."""
        self.image.paste(ints(color), (0, 0), mask)

    def finish(self, grade: tuple[float, ...], vignette: int) -> Image.Image:
        """The picture, ``SIZE`` x ``SIZE`` RGB; ``grade`` is a 3x4 colour matrix, row by row."""
        small = self.image.reduce(2).convert("RGB", grade)
        if self.style != "sketch":
            return ImageChops.multiply(small, _vignette(vignette)) if vignette else small
        colour = np.asarray(small, dtype=np.float32) / 255
        tone = colour @ np.array([0.3, 0.55, 0.15], dtype=np.float32)
        first, second = _hatching()
        pencil = 0.42 * first * np.clip((0.55 - tone) * 3, 0, 1)
        pencil += 0.3 * second * np.clip((0.3 - tone) * 4, 0, 1)
        lines = np.asarray(self._lines.reduce(2), dtype=np.float32) / 255
        # A pale wash of the scene's colours on cream paper keeps the time of day readable.
        paper = np.array([0.97, 0.945, 0.89], dtype=np.float32)
        wash = paper * (0.42 + 0.58 * np.sqrt(colour))
        graphite = np.array([0.22, 0.21, 0.25], dtype=np.float32)
        dark = np.clip(1 - (1 - pencil) * lines, 0, 1)[..., None]
        return Image.fromarray(
            (255 * (wash + (graphite - wash) * dark)).clip(0, 255).astype(np.uint8)
        )


@cache
def _soft_disc() -> Image.Image:
    y, x = np.mgrid[-1:1:64j, -1:1:64j]
    fall = np.clip(1 - np.sqrt(x * x + y * y), 0, 1) ** 1.7
    return Image.fromarray((255 * fall).astype(np.uint8))
