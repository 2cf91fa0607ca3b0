"""Oil: dabs of a brush, laid anew eight times a second, with light on their ridges."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from songreel_animatic.drawing.colours import Colour
from songreel_animatic.looks.look import Look, Picture

_RATE: Final = 8.0
_CANVASES: Final = 3
"""Paintings that take turns, so that the strokes live."""


def _tint(colour: Colour) -> Colour:
    return colour.saturated(1.08)


def _finish(picture: Picture, t: float) -> Picture:
    number = math.floor(t * _RATE) % _CANVASES
    where_x, where_y, ridges = _strokes(*picture.shape[:2], number)
    painted = cv2.remap(picture, where_x, where_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    # Half of the drawing stays below, so that eyes and edges are not painted over.
    painted = cv2.addWeighted(painted, 0.72, picture, 0.28, 0.0)
    return np.asarray(cv2.add(painted, ridges, dtype=cv2.CV_8U), dtype=np.uint8)


@lru_cache(maxsize=6)
def _strokes(
    height: int, width: int, number: int
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int16]]:
    """Where each dab takes its colour, and the light on its ridges in grey levels.

    A dab has one colour, that of its middle, as in Litwinowicz (SIGGRAPH 1997).
    """
    rng = np.random.default_rng(100 + number)
    unit = height / 1000.0
    where_y, where_x = np.mgrid[0:height, 0:width].astype(np.float32)
    ridges = np.zeros((height, width), dtype=np.float32)
    long, wide = 13.0 * unit, 3.8 * unit
    count = int(2.4 * height * width / (4.0 * long * wide))
    for x, y, flow in zip(
        rng.uniform(0, width, count), rng.uniform(0, height, count), rng.normal(0, 0.5, count),
        strict=True,
    ):  # fmt: skip
        # Strokes follow one hand: slanted, and swaying over the canvas.
        angle = -0.6 + 0.55 * math.sin(x / (260 * unit)) + 0.4 * math.cos(y / (210 * unit)) + flow
        reach = math.ceil(long) + 1
        x0, x1 = max(0, int(x) - reach), min(width, int(x) + reach + 1)
        y0, y1 = max(0, int(y) - reach), min(height, int(y) + reach + 1)
        v, u = np.mgrid[y0:y1, x0:x1].astype(np.float32)
        along = (u - x) * math.cos(angle) + (v - y) * math.sin(angle)
        across = (v - y) * math.cos(angle) - (u - x) * math.sin(angle)
        inside = (along / long) ** 2 + (across / wide) ** 2 < 1.0
        where_x[y0:y1, x0:x1][inside] = x + 0.35 * (u - x)[inside]
        where_y[y0:y1, x0:x1][inside] = y + 0.35 * (v - y)[inside]
        bristles = np.sin(across / wide * 9.0 + 3.0 * flow) * 2.2 - 5.0 * across / wide
        ridges[y0:y1, x0:x1][inside] = bristles[inside]
    ridges = cv2.GaussianBlur(ridges, (0, 0), max(0.4, 0.7 * unit))
    light = np.repeat(np.rint(ridges * 1.5).astype(np.int16)[..., None], 3, axis=2)
    return where_x, where_y, light


OIL = Look("oil", shading=0.75, soft=True, tint=_tint, finish=_finish)
