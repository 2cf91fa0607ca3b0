"""Music steps back while somebody speaks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from songreel_score.watch.speech import Span

DEPTH: Final = 8.0
"""dB below the music's own level."""
ATTACK: Final = 0.25
"""s before speech in which the music goes down."""
RELEASE: Final = 0.7
"""s after it in which it comes back."""


def gain(spans: Sequence[Span], times: np.ndarray, depth: float = DEPTH) -> np.ndarray:
    """Gain of the music, dB (n,), at `times` (n,) s: 0, or down to -`depth` under speech.

    It is never above 0, reaches its depth as speech begins, and is back `RELEASE` s after.
    """
    if not spans:
        return np.zeros(len(times))
    corners: list[tuple[float, float]] = []
    for span in spans:
        corners += [
            (span.start - ATTACK, 0.0),
            (span.start, -depth),
            (span.end, -depth),
            (span.end + RELEASE, 0.0),
        ]
    # Each span's own curve; the lowest wins where they overlap.
    lowest = np.zeros(len(times))
    for first in range(0, len(corners), 4):
        points = corners[first : first + 4]
        lo, hi = np.searchsorted(times, (points[0][0], points[-1][0]))
        curve = np.interp(times[lo:hi], [p[0] for p in points], [p[1] for p in points])
        lowest[lo:hi] = np.minimum(lowest[lo:hi], curve)
    return lowest
