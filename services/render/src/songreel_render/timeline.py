"""One song-level timeline: where the music pushes, on a fine uniform grid in seconds."""

from __future__ import annotations

from dataclasses import dataclass, field
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
    percussion: NDArray[np.float64]
    """(n,) like `accent`, of the drums: what is below 150 Hz and above 2.5 kHz."""
    pulse: NDArray[np.float64]
    """(n,) 1 + a cosine that peaks on every beat: 1.0 on average, in [0, 2]."""
    energy: NDArray[np.float64]
    """(n,) loudness of the section in [0, 1]."""
    missing: dict[str, str] = field(default_factory=dict[str, str])
    """What the song does not have ("percussion", "pulse"), and what stands in, in words."""

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
    missing: dict[str, str] = {}
    percussion = _percussion(analysis, seconds)
    if percussion is None:
        missing["percussion"] = "the analysis has no onset bands: all onsets stand in for the drums"
        percussion = onset
    pulse = _pulse(analysis, seconds)
    if pulse is None:
        missing["pulse"] = "the song has no steady beat: the movement is even"
        pulse = np.ones_like(seconds)
    return SongTimeline(
        duration,
        onset,
        _accents(onset),
        _accents(percussion),
        pulse,
        _energy(analysis, seconds),
        missing,
    )


def _accents(envelope: NDArray[np.float64]) -> NDArray[np.float64]:
    lifted = envelope + _EPSILON
    return lifted / lifted.mean()


def _percussion(analysis: SongAnalysis, seconds: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Envelope of kick and hats; what is between them is mostly voice and chords."""
    bands = [
        np.asarray(band, dtype=np.float64)
        for band in (analysis.onset_bands.low, analysis.onset_bands.high)
    ]
    if not all(band.size for band in bands) or not analysis.onset_rate > 0:
        return None
    length = min(band.size for band in bands)
    return _onset_envelope(bands[0][:length] + bands[1][:length], analysis.onset_rate, seconds)


def _pulse(analysis: SongAnalysis, seconds: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """A cosine between the beats that were heard, so that it follows a changing tempo."""
    beats = np.unique(np.asarray(analysis.beats, dtype=np.float64))
    beats = beats[np.isfinite(beats)]
    if beats.size < 2:
        return None
    # Beats before the first and after the last go on at the typical distance.
    period = float(np.median(np.diff(beats)))
    before = np.arange(beats[0] - period, seconds[0] - period, -period)[::-1]
    after = np.arange(beats[-1] + period, seconds[-1] + period, period)
    beats = np.concatenate([before, beats, after])
    phase = np.interp(seconds, beats, np.arange(beats.size))
    return 1.0 + np.cos(2.0 * np.pi * phase)


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
