"""Frame rates and the grid of frames over a song."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray


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
