"""Every song as loud as the songs that moods were learnt from: a mood is not a file's level."""

from typing import Final

import numpy as np
import pyloudnorm

from songreel_audio.spectrum import SAMPLE_RATE, Floats

TARGET: Final = -20.0
"""LUFS, mono: the geometric mean of the DEAM songs' RMS, which is -20.0 dB."""
_BLOCK: Final = 0.4
"""Seconds of the shortest sound that has a loudness (ITU-R BS.1770-4)."""
_SILENCE: Final = 1e-6
"""Peak below which there is no music, only noise."""


def gain(samples: Floats) -> float:
    """What samples (n,) mono at 22.05 kHz are multiplied by to be as loud as `TARGET`.

    1 for silence and for what is too short to have a loudness.
    """
    peak = float(np.abs(samples).max(initial=0.0))
    if len(samples) < _BLOCK * SAMPLE_RATE or peak < _SILENCE:
        return 1.0
    # At its full scale, so that the standard's gate at -70 LUFS leaves the same blocks out of a
    # quiet copy as of a loud one.
    measured = samples.astype(np.float64) / peak
    loudness = pyloudnorm.Meter(SAMPLE_RATE).integrated_loudness(measured)
    return float(10.0 ** ((TARGET - loudness) / 20.0)) / peak if np.isfinite(loudness) else 1.0
