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
# Share of the accents that are beats, the rest are onsets: a beat that nothing is struck on is
# heard all the same. More no longer helps the beat alignment (docs/render/figures.md).
BEAT_SHARE: Final = 0.4
# Seconds (standard deviation) of the push on a beat.
_BEAT_WIDTH: Final = 0.050


@dataclass(frozen=True)
class SongTimeline:
    """What the motion of a video follows; arrays are on a grid of `GRID_RATE` per second."""

    duration: float
    """Seconds."""
    onset: NDArray[np.float64]
    """(n,) onset envelope as heard, smoothed, clipped and raised to a power, in [0, 1]."""
    accent: NDArray[np.float64]
    """(n,) the envelope over its mean in the whole song, with a push on every beat: 1.0 on
    average, never 0."""
    percussion: NDArray[np.float64]
    """(n,) the envelope of the drums alone, below 150 Hz and above 2.5 kHz: 1.0 on average."""
    pulse: NDArray[np.float64]
    """(n,) 1 + a cosine that peaks on every beat: 1.0 on average, in [0, 2]."""
    energy: NDArray[np.float64]
    """(n,) loudness of the section in [0, 1]."""
    missing: dict[str, str] = field(default_factory=dict[str, str])
    """What the song lacks for "accent", "percussion" or "pulse", and what stands in."""

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
    accent, pulse = _accents(onset), np.ones_like(seconds)
    beats = _beats(analysis, seconds)
    if beats is None:
        missing["pulse"] = "the song has no steady beat: the movement is even"
        missing["accent"] = "the song has no steady beat: the movement follows its onsets alone"
    else:
        accent = (1.0 - BEAT_SHARE) * accent + BEAT_SHARE * _pushes(beats, seconds)
        pulse = _pulse(beats, seconds)
    return SongTimeline(
        duration,
        onset,
        accent,
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


def _beats(analysis: SongAnalysis, seconds: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Seconds of the beats that were heard, going on at their typical distance to both ends."""
    beats = np.unique(np.asarray(analysis.beats, dtype=np.float64))
    beats = beats[np.isfinite(beats)]
    if beats.size < 2:
        return None
    period = float(np.median(np.diff(beats)))
    before = np.arange(beats[0] - period, seconds[0] - period, -period)[::-1]
    after = np.arange(beats[-1] + period, seconds[-1] + period, period)
    return np.concatenate([before, beats, after])


def _pushes(beats: NDArray[np.float64], seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """A bell on every beat; 1.0 on average."""
    next_beat = np.searchsorted(beats, seconds).clip(1, beats.size - 1)
    away = np.minimum(np.abs(seconds - beats[next_beat - 1]), np.abs(seconds - beats[next_beat]))
    bells = np.exp(-0.5 * (away / _BEAT_WIDTH) ** 2)
    return bells / bells.mean()


def _pulse(beats: NDArray[np.float64], seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """A cosine between the beats, so that it follows a changing tempo."""
    return 1.0 + np.cos(2.0 * np.pi * np.interp(seconds, beats, np.arange(beats.size)))


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
