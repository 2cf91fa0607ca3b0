"""Light and film: grade by section, glow on kicks, a darker edge, grain."""

from __future__ import annotations

import math
from typing import Final

import cv2
import numpy as np
from songreel_animatic.looks.textures import bloom, film_grain

from songreel_render.finish.step import Film, Picture, Step
from songreel_render.motion.easing import smoothstep

_GREY: Final = np.array([0.299, 0.587, 0.114])
"""Brightness of RGB (ITU-R BT.601)."""
_EDGE: Final = 0.34
"""How much darker the corners are."""
_GRAIN: Final = 2.6
"""Deviation of the grain, grey levels."""


def grade(film: Film) -> Step:
    """Quiet sections are a little paler and cooler, loud ones fuller and warmer."""

    def step(picture: Picture, time: float) -> Picture:
        loud = film.music.energy(time) - 0.5
        saturation, contrast, warmth = 1.0 + 0.26 * loud, 1.0 + 0.10 * loud, 0.05 * loud
        matrix = contrast * (saturation * np.eye(3) + (1.0 - saturation) * _GREY)
        matrix *= np.array([[1.0 + warmth], [1.0], [1.0 - warmth]])
        offset = np.full((3, 1), 127.5 * (1.0 - contrast))
        return np.asarray(cv2.transform(picture, np.hstack([matrix, offset])), dtype=np.uint8)

    return step


def glow(film: Film) -> Step:
    """What is bright shines over its edges, more on every kick."""

    def step(picture: Picture, time: float) -> Picture:
        music = film.music
        kick = music.pulse(time, 5.0) * music.energy(time) * (0.4 + 0.6 * music.band("low", time))
        return bloom(picture, 0.35 + 0.5 * kick)

    return step


def vignette(film: Film) -> Step:
    """The eye is led to the middle: corners are darker."""
    y, x = np.mgrid[-1.0 : 1.0 : 1j * film.height, -1.0 : 1.0 : 1j * film.width]
    away = smoothstep((np.hypot(x, y) - 0.55) / (math.sqrt(2.0) - 0.55))
    share = np.rint(255 * (1.0 - _EDGE * away)).astype(np.uint8)
    darker = np.repeat(share[..., None], 3, axis=2)

    def step(picture: Picture, _time: float) -> Picture:
        return np.asarray(cv2.multiply(picture, darker, scale=1 / 255), dtype=np.uint8)

    return step


def grain(film: Film) -> Step:
    """Film grain, another one in every frame: one field, laid elsewhere each time."""
    fine = np.random.default_rng(7).normal(0.0, _GRAIN, (film.height, film.width))
    soft = cv2.GaussianBlur(fine, (0, 0), max(0.3, film.height / 1000))
    soft *= _GRAIN / max(1e-6, float(soft.std()))
    field = np.repeat(np.rint(soft).astype(np.int16)[..., None], 3, axis=2)

    def step(picture: Picture, time: float) -> Picture:
        return film_grain(picture, field, time)

    return step
