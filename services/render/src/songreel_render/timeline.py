"""One song-level timeline: where the music pushes, on a fine uniform grid in seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from songreel.audio.v1.analysis_pb2 import SongAnalysis

# Values per second. Finer than any frame rate, so that a path computed here and read at the
# frame times is the same path at every fps.
GRID_RATE: Final = 240.0
# Seconds (standard deviation). About the width in which the ear hears one attack.
ONSET_SMOOTHING: Final = 0.030
# Seconds. Keeps the speed from jumping where a section ends.
ENERGY_SMOOTHING: Final = 0.25
# Percentiles between which the envelope is stretched to 0..1.
_CLIP_LOW, _CLIP_HIGH = 5.0, 98.0
# Above 1 sharpens the difference between accents and what lies between them.
_POWER: Final = 1.3
# Added to the envelope before it is normalised: a silent song becomes uniform, not NaN.
_EPSILON: Final = 0.02
_MEDIUM_ENERGY: Final = 0.5


@dataclass(frozen=True)
class SongTimeline:
    """What the motion of a video follows; arrays are on a grid of `GRID_RATE` per second."""

    duration: float
    """Seconds."""
    onset: NDArray[np.float64]
    """(n,) onset envelope as heard, smoothed, clipped and raised to a power, in [0, 1]."""
    accent: NDArray[np.float64]
    """(n,) the envelope over its mean in the whole song: 1.0 on average, never 0."""
    energy: NDArray[np.float64]
    """(n,) loudness of the section in [0, 1]."""

    def times(self) -> NDArray[np.float64]:
        """Seconds of each grid point, (n,)."""
        return np.arange(len(self.accent)) / GRID_RATE


def build_timeline(analysis: SongAnalysis, duration: float) -> SongTimeline:
    """Lay the analysis on the fine grid.

    The envelope is normalised once over the song, not by scene: quiet verses move less than
    loud ones.

    Args:
        analysis: onset strength, its rate and the sections are read; all may be empty.
        duration: seconds, > 0.
    """
    points = max(2, int(np.ceil(duration * GRID_RATE)) + 1)
    seconds = np.arange(points) / GRID_RATE
    onset = _onset_envelope(
        np.asarray(analysis.onset_strength, dtype=np.float64), analysis.onset_rate, seconds
    )
    lifted = onset + _EPSILON
    return SongTimeline(duration, onset, lifted / lifted.mean(), _energy(analysis, seconds))


def _onset_envelope(
    strength: NDArray[np.float64], rate: float, seconds: NDArray[np.float64]
) -> NDArray[np.float64]:
    if strength.size == 0 or not rate > 0:
        return np.zeros_like(seconds)
    strength = np.nan_to_num(np.maximum(strength, 0.0), posinf=0.0)
    fine = np.interp(seconds, np.arange(strength.size) / rate, strength, right=0.0)
    smooth = gaussian_filter1d(fine, ONSET_SMOOTHING * GRID_RATE, mode="nearest")
    low, high = np.percentile(smooth, [_CLIP_LOW, _CLIP_HIGH])
    if high - low <= 1e-9:
        # Sparse accents (a click track) leave both percentiles at the floor.
        low, high = float(smooth.min()), float(smooth.max())
    if high - low <= 1e-9:
        return np.zeros_like(seconds)
    return np.clip((smooth - low) / (high - low), 0.0, 1.0) ** _POWER


def _energy(analysis: SongAnalysis, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    energy = np.full_like(seconds, _MEDIUM_ENERGY)
    for section in analysis.sections:
        inside = (seconds >= section.start) & (seconds < section.end)
        energy[inside] = min(max(section.energy, 0.0), 1.0)
    return gaussian_filter1d(energy, ENERGY_SMOOTHING * GRID_RATE, mode="nearest")
