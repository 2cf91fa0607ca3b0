"""How pictures look and move: brightness, saturation, warmth, contrast, motion, over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from songreel_score.watch.video_file import Picture

Floats = NDArray[np.float64]

RATE: Final = 5.0
"""Points a second of the curves, Hz."""
# A mean change of luma by this share of its range a second is a lively picture.
_LIVELY: Final = 1.2


@dataclass(frozen=True)
class Looks:
    """Curves at `RATE` from the first picture on; each (points,) float64."""

    brightness: Floats
    """Mean luma, 0 to 1."""
    contrast: Floats
    """Standard deviation of luma, 0 to .5."""
    saturation: Floats
    """Mean saturation weighted by value, 0 to 1."""
    warmth: Floats
    """Mean of red minus blue, -1 to 1."""
    motion: Floats
    """Change between pictures, 0 (still) to 1; cuts do not count."""


class LooksCollector:
    """Takes the pictures one by one, then tells the curves."""

    def __init__(self) -> None:
        self._colours: list[tuple[float, float, float, float, float]] = []
        self._changes: list[tuple[float, float]] = []
        self._before: tuple[float, NDArray[np.float32]] | None = None

    def take(self, picture: Picture) -> None:
        """Looks at the next picture."""
        grey = cv2.cvtColor(picture.pixels, cv2.COLOR_BGR2GRAY).astype(np.float32) / 255.0
        if self._before is not None:
            time, earlier = self._before
            change = float(np.abs(grey - earlier).mean()) / max(picture.time - time, 1e-3)
            self._changes.append((picture.time, change))
        self._before = (picture.time, grey)
        if not self._colours or picture.time - self._colours[-1][0] >= 1.0 / RATE - 1e-6:
            self._colours.append((picture.time, *_colours(picture, grey)))

    def looks(self, duration: float) -> Looks:
        """The curves over `duration` s; to be asked after the last picture."""
        count = max(1, int(np.ceil(duration * RATE)))
        points = (np.arange(count, dtype=np.float64) + 0.5) / RATE
        colours = np.array(self._colours)
        curves = [np.interp(points, colours[:, 0], column) for column in colours[:, 1:].T]
        return Looks(*curves, motion=self._motion(points))

    def _motion(self, points: NDArray[Any]) -> Floats:
        if not self._changes:
            return np.zeros(len(points))
        times, changes = np.array(self._changes).T
        slots = np.clip((times * RATE).astype(int), 0, len(points) - 1)
        # The median of a slot's pictures: a cut is one picture of many.
        motion = np.full(len(points), np.nan)
        order = np.argsort(slots, kind="stable")
        borders = np.searchsorted(slots[order], np.arange(len(points) + 1))
        for slot in range(len(points)):
            inside = changes[order[borders[slot] : borders[slot + 1]]]
            if len(inside):
                motion[slot] = np.median(inside)
        known = np.isfinite(motion)
        motion = np.interp(points, points[known], motion[known])
        return 1.0 - np.exp(-motion / _LIVELY)


def _colours(picture: Picture, grey: NDArray[np.float32]) -> tuple[float, float, float, float]:
    pixels = picture.pixels.astype(np.float32) / 255.0
    highest, lowest = pixels.max(2), pixels.min(2)
    return (
        float(grey.mean()),
        float(grey.std()),
        float((highest - lowest).mean()),
        float((pixels[..., 2] - pixels[..., 0]).mean()),
    )
