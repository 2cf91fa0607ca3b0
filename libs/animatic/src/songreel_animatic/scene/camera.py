"""The camera: slow moves over a scene, a pulse on each kick, parallax by depth."""

from __future__ import annotations

import math
from dataclasses import dataclass

import skia

from songreel_animatic.composition import Composition
from songreel_animatic.music import Music

# How much larger layers are drawn than the picture, so that moves never show their edge.
MARGIN = 0.14
_DRIFT = 0.035


@dataclass(frozen=True)
class View:
    """Where the camera is."""

    zoom: float
    """1 shows the whole scene."""
    x: float
    """Shift as a share of the height, to the right."""
    y: float
    turn: float
    """Radians."""

    def matrix(self, depth: float, width: float) -> skia.Matrix:
        """Where a layer at this depth lies; units are thousandths of the height."""
        near = 0.25 + 0.75 * depth
        zoom = 1.0 + (self.zoom - 1.0) * near
        matrix = skia.Matrix()
        matrix.setTranslate(-width / 2, -500.0)
        matrix.postScale(zoom, zoom)
        matrix.postRotate(math.degrees(self.turn))
        matrix.postTranslate(width / 2 - 1000.0 * self.x * near, 500.0 - 1000.0 * self.y * near)
        return matrix


def view_at(composition: Composition, music: Music, start: float, end: float, t: float) -> View:
    """The view at t seconds of a scene from `start` to `end`."""
    part = min(1.0, max(0.0, (t - start) / max(1e-3, end - start)))
    ease = part * part * (3.0 - 2.0 * part)
    energy = music.energy(t)
    pulse = (0.012 + 0.022 * energy) * music.pulse(t, 5.0) * (0.4 + 0.6 * music.band("low", t))
    zoom, x, y, turn = 1.03, 0.0, 0.0, 0.0
    move = composition.camera
    if move == "zoom-in":
        zoom += 0.12 * ease
    elif move == "zoom-out":
        zoom += 0.12 * (1.0 - ease)
    elif move == "pan-left":
        x = 0.10 * (0.5 - ease)
    elif move == "pan-right":
        x = 0.10 * (ease - 0.5)
    elif move == "rotate":
        turn = 0.05 * (ease - 0.5)
        zoom += 0.05
    else:
        x = _DRIFT * 0.6 * (part - 0.5) * (1 if composition.seed % 2 else -1)
        zoom += 0.03 * ease
    y -= 0.004 * math.sin(2 * math.pi * music.bar(t) / 2)
    return View(zoom + pulse, x, y, turn)
