"""The animatic of a whole song: any frame of it, at any size, at any time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from songreel_animatic.composition import Shot
from songreel_animatic.music import Music
from songreel_animatic.scene.scene import Scene


@dataclass(frozen=True)
class Frame:
    """One moment."""

    picture: NDArray[np.uint8]
    """(height, width, 3) RGB."""
    depth: NDArray[np.float32]
    """(height, width) in [0, 1], 1 nearest."""
    masks: NDArray[np.bool_]
    """(subjects, height, width)."""


class Animatic:
    """Draws shots to music. Not safe to use in several threads at once."""

    def __init__(self, shots: Sequence[Shot], music: Music, width: int, height: int) -> None:
        """Takes what is drawn.

        Args:
            shots: at least one, in order of time, without gaps.
            music: what moves them.
            width: pixels.
            height: pixels.
        """
        if not shots:
            raise ValueError("an animatic needs at least one shot")
        self.shots, self.music, self.width, self.height = tuple(shots), music, width, height
        self._starts = [shot.start for shot in self.shots]
        self._scenes: dict[int, Scene] = {}

    def scene_index(self, t: float) -> int:
        """Which shot is seen at t seconds."""
        return max(0, bisect_right(self._starts, t) - 1)

    def scene(self, index: int) -> Scene:
        """A shot's layers; the last three that were used are kept."""
        found = self._scenes.pop(index, None)
        if found is None:
            found = Scene(self.shots[index], self.music, self.width, self.height)
        self._scenes[index] = found
        while len(self._scenes) > 3:
            del self._scenes[next(iter(self._scenes))]
        return found

    def picture(self, t: float, index: int | None = None) -> NDArray[np.uint8]:
        """(height, width, 3) uint8 RGB at t seconds, of the shot of that time or of another."""
        return self.scene(self.scene_index(t) if index is None else index).picture(t)

    def frame(self, t: float, index: int | None = None) -> Frame:
        """Picture, depth and masks at t seconds."""
        scene = self.scene(self.scene_index(t) if index is None else index)
        return Frame(scene.picture(t), scene.depth(t), scene.masks(t))


def motion_between(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Where each pixel of `a` is in `b`: (height, width, 2) float32, pixels right and down.

    Both are crisp drawings without noise, for which dense flow (DIS, Kroeger et al. 2016) is
    exact to a fraction of a pixel.
    """
    grey = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in (a, b)]
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    start = np.zeros((*grey[0].shape, 2), dtype=np.float32)
    return np.asarray(flow.calc(grey[0], grey[1], start), dtype=np.float32)
