"""Cuts and fades, by PySceneDetect's detectors on pictures that are decoded once.

The detectors count pictures; each count is turned back into its picture's own time, so that
videos of a variable frame rate are right too.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from scenedetect import FrameTimecode
from scenedetect.detectors import AdaptiveDetector, ThresholdDetector

from songreel_score.watch.video_file import Picture, Pixels

CUT: Final = "cut"
FADE: Final = "fade"

# PySceneDetect's own 15 pictures hide shots below .6 s at 25 fps.
_SHORTEST_SHOT: Final = 6
# The detectors only count; any rate does.
_RATE: Final = 25.0
# A photographer's flash looks like a cut, but the picture before it comes back this soon (s).
_FLASH_SECONDS: Final = 0.2
_FLASH_RETURN: Final = 0.35
# Cuts closer than this (s) to another are one: a fade's cut, and the picture after black.
_ONE_CUT: Final = 0.3


@dataclass(frozen=True)
class Cut:
    """Where one shot ends and the next begins."""

    time: float
    """Start of the first picture of the new shot, s."""
    kind: str
    """`cut`, or `fade` for one through black."""
    strength: float
    """How different the pictures are, 0 to 1."""


class CutDetector:
    """Takes the pictures one by one, then tells the cuts."""

    def __init__(self) -> None:
        self._cuts = AdaptiveDetector(min_scene_len=_SHORTEST_SHOT)
        self._fades = ThresholdDetector(min_scene_len=_SHORTEST_SHOT, fade_bias=1.0)
        self._times: list[float] = []
        self._recent: deque[tuple[int, Pixels]] = deque(maxlen=24)
        self._found: list[tuple[int, float]] = []
        self._faded: list[int] = []
        self._pending: list[tuple[int, Pixels, float]] = []

    def take(self, picture: Picture) -> None:
        """Looks at the next picture."""
        number = len(self._times)
        self._times.append(picture.time)
        code = FrameTimecode(number, fps=_RATE)
        self._recent.append((number, np.asarray(cv2.resize(picture.pixels, (48, 27)), np.uint8)))
        for found in self._cuts.process_frame(code, picture.pixels):
            self._add(found.frame_num)
        self._faded += [c.frame_num for c in self._fades.process_frame(code, picture.pixels)]
        self._settle(picture.time)

    def _add(self, number: int) -> None:
        near = dict(self._recent)
        before, after = near.get(number - 1), near.get(number)
        if before is None or after is None:
            return
        self._pending.append((number, before, _difference(before, after)))

    def _settle(self, now: float) -> None:
        """Decides what of the last moment was a cut and what a flash."""
        while self._pending and now - self._times[self._pending[0][0]] >= _FLASH_SECONDS:
            number, before, jump = self._pending.pop(0)
            if _difference(before, self._recent[-1][1]) > _FLASH_RETURN * jump:
                self._found.append((number, jump))

    def cuts(self) -> tuple[Cut, ...]:
        """The cuts in order of time; to be asked after the last picture."""
        self._found += [(number, jump) for number, _, jump in self._pending]
        self._pending.clear()
        cuts = [Cut(round(self._times[n], 6), CUT, _strength(jump)) for n, jump in self._found]
        for number in self._faded:
            time = round(self._times[min(number, len(self._times) - 1)], 6)
            if time > 0:
                cuts = [c for c in cuts if abs(c.time - time) > _ONE_CUT]
                cuts.append(Cut(time, FADE, 1.0))
        return tuple(sorted(cuts, key=lambda cut: cut.time))


def _difference(one: Pixels, other: Pixels) -> float:
    """Mean difference of two small pictures, 0 to 1."""
    return float(np.abs(one.astype(np.int16) - other).mean()) / 255.0


def _strength(jump: float) -> float:
    # Half of all cuts in films change a pixel by less than a fifth of the range.
    return round(float(np.clip(0.35 + jump / 0.4, 0.35, 1.0)), 3)
