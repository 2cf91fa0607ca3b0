"""Surfaces that looks are drawn on, and what brushes and pens do to a whole picture.

Everything is fixed by the picture's size, so that nothing crawls from frame to frame.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from songreel_animatic.looks.look import Picture

Field = NDArray[np.float32]
"""(height, width)."""
_BRIGHT: Final = np.maximum(0, np.arange(256) - 150).astype(np.uint8)
"""What of each grey level spreads in a lens: the brightest."""


def luminance(picture: Picture) -> Field:
    """Brightness in [0, 1] (ITU-R BT.601)."""
    grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), dtype=np.float32)
    return grey * np.float32(1 / 255)


@lru_cache(maxsize=32)
def noise(height: int, width: int, across: float, down: float, seed: int) -> Field:
    """Smooth noise of mean 0 and deviation 1.

    Args:
        height: pixels.
        width: pixels.
        across: width of its spots in thousandths of the height.
        down: their height.
        seed: of the random numbers.
    """
    unit = height / 1000.0
    rows = max(2, round(height / max(1.0, down * unit)))
    columns = max(2, round(width / max(1.0, across * unit)))
    small = np.random.default_rng(seed).standard_normal((rows, columns), dtype=np.float32)
    field = np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC))
    field -= field.mean()
    field /= max(1e-6, float(field.std()))
    field.flags.writeable = False
    return field


@lru_cache(maxsize=16)
def paper(height: int, width: int, seed: int = 1) -> Field:
    """Grain of paper, mean 0, deviation 1: fine tooth, and fibres over it."""
    grain = (
        noise(height, width, 1.4, 1.4, seed)
        + 0.8 * noise(height, width, 4.0, 4.0, seed + 1)
        + 0.5 * noise(height, width, 18.0, 2.5, seed + 2)
        + 0.5 * noise(height, width, 2.5, 18.0, seed + 3)
    )
    grain = (grain / grain.std()).astype(np.float32)
    grain.flags.writeable = False
    return grain


@lru_cache(maxsize=16)
def _multiplier(height: int, width: int, seed: int, strength: float) -> NDArray[np.uint8]:
    field = np.clip(1.0 - strength + strength * paper(height, width, seed), 0.0, 1.0)
    return np.repeat(np.rint(255 * field).astype(np.uint8)[..., None], 3, axis=2)


def on_paper(picture: Picture, strength: float, seed: int = 1) -> Picture:
    """The picture with the grain of paper in it; strength is the grain's deviation, 0 to 1."""
    grain = _multiplier(*picture.shape[:2], seed, strength)
    return np.asarray(cv2.multiply(picture, grain, scale=1 / 255), dtype=np.uint8)


def hatched(light: Field, spacing: float, *, angle: float, seed: int = 5) -> Field:
    """Strokes that are denser where it is darker: coverage in [0, 1].

    Args:
        light: brightness in [0, 1].
        spacing: between strokes, in thousandths of the height.
        angle: of the strokes, degrees from the horizontal.
        seed: of how the hand wavers.
    """
    lines = _lines(*light.shape, spacing, angle, seed)
    return np.clip((lines - light) * 5.0 + 0.5, 0.0, 1.0).astype(np.float32)


@lru_cache(maxsize=16)
def _lines(height: int, width: int, spacing: float, angle: float, seed: int) -> Field:
    """Parallel strokes by hand: 1 on a stroke's middle, 0 between two."""
    unit = height / 1000.0
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / unit
    turn = np.deg2rad(angle)
    off = x * np.sin(turn) + y * np.cos(turn) + 2.2 * noise(height, width, 90.0, 90.0, seed)
    lines = 0.5 + 0.5 * np.cos(2 * np.pi * off / max(spacing, 4.2 / unit))
    # A stroke is no ruler's line: its pressure changes.
    lines = lines - 0.16 * np.abs(noise(height, width, 26.0, 5.0, seed + 1))
    lines = np.clip(lines - 0.1 * np.maximum(0.0, paper(height, width, 9)), 0.0, 1.0)
    lines = lines.astype(np.float32)
    lines.flags.writeable = False
    return lines


def halftone(light: Field, spacing: float, *, angle: float = 45.0) -> Field:
    """Dots that are larger where it is darker: coverage in [0, 1]; spacing as in `hatched`."""
    return np.clip((_dots(*light.shape, spacing, angle) - light) * 6.0 + 0.5, 0.0, 1.0)


@lru_cache(maxsize=8)
def _dots(height: int, width: int, spacing: float, angle: float) -> Field:
    unit = height / 1000.0
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    turn, step = np.deg2rad(angle), max(spacing * unit, 4.0)
    u = (x * np.cos(turn) + y * np.sin(turn)) / step
    v = (y * np.cos(turn) - x * np.sin(turn)) / step
    dots = 0.5 + 0.25 * (np.cos(2 * np.pi * u) + np.cos(2 * np.pi * v))
    dots = dots.astype(np.float32)
    dots.flags.writeable = False
    return dots


def wandered(picture: Picture, reach: float, spot: float, seed: int) -> Picture:
    """The picture with edges that wander, as wet paint's do.

    Args:
        picture: what is changed.
        reach: how far, in thousandths of the height.
        spot: how long a wave of the edge is, same unit.
        seed: of the noise.
    """
    maps = _wander(*picture.shape[:2], reach, spot, seed)
    return np.asarray(
        cv2.remap(picture, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


@lru_cache(maxsize=8)
def _wander(
    height: int, width: int, reach: float, spot: float, seed: int
) -> tuple[NDArray[np.int16], NDArray[np.uint16]]:
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    far = reach * height / 1000.0
    whole, parts = cv2.convertMaps(
        x + far * noise(height, width, spot, spot, seed),
        y + far * noise(height, width, spot, spot, seed + 1),
        cv2.CV_16SC2,
    )
    return np.asarray(whole, np.int16), np.asarray(parts, np.uint16)


def mixed(below: Picture, above: Picture, share: Field) -> Picture:
    """`above` over `below`, its opacity by pixel in [0, 1]."""
    return np.asarray(cv2.blendLinear(above, below, share, np.float32(1.0) - share), dtype=np.uint8)


def bloom(picture: Picture, strength: float) -> Picture:
    """The picture with light that spreads over the edges of what is bright, as in a lens."""
    height, width = picture.shape[:2]
    small = max(2, width // 4), max(2, height // 4)
    bright = cv2.LUT(cv2.resize(picture, small, interpolation=cv2.INTER_AREA), _BRIGHT)
    spread = cv2.GaussianBlur(bright, (0, 0), 0.03 * small[1])
    spread = cv2.resize(spread, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.addWeighted(picture, 1.0, spread, strength, 0.0), dtype=np.uint8)


def film_grain(picture: Picture, grain: NDArray[np.int16], time: float) -> Picture:
    """The picture with another grain in each 24th of a second: one field, laid elsewhere.

    Args:
        picture: (height, width, 3).
        grain: same shape, grey levels that are added.
        time: seconds.
    """
    height, width = picture.shape[:2]
    turn = math.floor(time * 24.0)
    laid = np.roll(grain, (37 * turn % height, 101 * turn % width), axis=(0, 1))
    return np.asarray(cv2.add(picture, laid, dtype=cv2.CV_8U), dtype=np.uint8)
