"""Frame rates and the grid of frames over a song."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray
from songreel_kit.errors import InvalidRenderSettings

DEFAULT_FPS: Final = "24"
MIN_FPS: Final = 1
MAX_FPS: Final = 120
# Decimal spellings of the NTSC rates ("23.976", "29.97") mean n * 1000/1001.
_NTSC_BASES: Final = (24, 30, 48, 60, 120)
_NTSC_TOLERANCE: Final = 0.005
# Exponents and endless digits, which `Fraction` also reads, could keep it busy for hours.
_SPELLING: Final = re.compile(r"[0-9]{1,6}(\.[0-9]{1,9}|/[0-9]{1,6})?")


def parse_frame_rate(text: str) -> Fraction:
    """Read a frame rate in frames per second.

    Args:
        text: "12", "24000/1001" or a decimal; "23.976" and its like are snapped to the exact
            NTSC rational, so that long videos do not drift. Empty means `DEFAULT_FPS`.

    Raises:
        InvalidRenderSettings: not a number, or outside 1..120.
    """
    text = text.strip() or DEFAULT_FPS
    try:
        rate = Fraction(text) if _SPELLING.fullmatch(text) else None
    except ZeroDivisionError:
        rate = None
    if rate is None:
        raise InvalidRenderSettings(
            f"fps {text[:20]!r} is not a frame rate; write it like 12, 25, 23.976 or 24000/1001"
        )
    if not MIN_FPS <= rate <= MAX_FPS:
        raise InvalidRenderSettings(f"fps {text} is outside {MIN_FPS}..{MAX_FPS}")
    if "/" not in text and rate.denominator != 1:
        for base in _NTSC_BASES:
            exact = Fraction(base * 1000, 1001)
            if abs(rate - exact) < _NTSC_TOLERANCE:
                return exact
    return rate.limit_denominator(1001)


def format_frame_rate(rate: Fraction) -> str:
    """Spell a frame rate as `parse_frame_rate` reads it back, exactly."""
    return str(rate)


FrameSpan = tuple[int, int]
"""First frame and one past the last."""


@dataclass(frozen=True)
class FrameGrid:
    """Frame k is on screen from k / rate to (k + 1) / rate seconds."""

    rate: Fraction
    """Frames per second."""
    count: int
    """Number of frames, at least 1."""

    @classmethod
    def over(cls, duration: float, rate: Fraction) -> FrameGrid:
        """The grid whose length is nearest to `duration` seconds (at least one frame)."""
        return cls(rate, max(1, round(Fraction(duration) * rate)))

    def times(self) -> NDArray[np.float64]:
        """Start of each frame in seconds, (count,)."""
        return np.arange(self.count, dtype=np.float64) * float(1 / self.rate)

    def frame_at(self, seconds: float) -> int:
        """The frame boundary nearest to `seconds`, in 0..count."""
        return min(max(round(Fraction(seconds) * self.rate), 0), self.count)

    def spans(self, starts: Sequence[float]) -> list[tuple[int, int]]:
        """Cut the grid at `starts` (ascending seconds, the first is taken as 0).

        Each boundary is rounded by itself from its absolute time, so errors do not add up and
        the spans tile 0..count. A span shorter than a frame may be empty.
        """
        bounds = [0, *(self.frame_at(start) for start in starts[1:]), self.count]
        return list(itertools.pairwise(bounds))
