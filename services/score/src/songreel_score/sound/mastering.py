"""Brings sound to its loudness without going over the peak: gain, then a true-peak limiter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from scipy.ndimage import minimum_filter1d
from scipy.signal import fftconvolve

from songreel_score.sound.loudness import SILENT, measure, peaks, true_peak
from songreel_score.sound.takes import RATE, Samples, Take, write_take

TARGET: Final = -14.0
"""LUFS, what streaming services play at."""
CEILING: Final = -1.2
"""dBTP; -1 is the limit, and the coded sound may be a little higher."""
_LOOKAHEAD: Final = round(0.006 * RATE)
_PASSES: Final = 4
_CLOSE: Final = 0.15
_MOST_GAIN: Final = 60.0


@dataclass(frozen=True)
class Master:
    """A finished sound."""

    take: Take
    lufs: float
    true_peak: float
    """dBTP."""


def master(
    mix: Take,
    path: Path,
    target: float = TARGET,
    check: Callable[[], None] = lambda: None,
) -> Master:
    """Writes `mix` to `path` at `target` LUFS, peaks at most `CEILING` dBTP.

    Silence stays silence.
    """
    before = measure(block for _, _, block in mix.blocks()).integrated()
    if before <= SILENT:
        return Master(write_take(path, (), mix.samples), SILENT, SILENT)
    gain = min(target - before, _MOST_GAIN)
    done = mix
    lufs = before
    for _ in range(_PASSES):
        done = write_take(path, _limited(mix, gain, check), mix.samples)
        lufs = measure(block for _, _, block in done.blocks()).integrated()
        if abs(lufs - target) <= _CLOSE or gain >= _MOST_GAIN:
            break
        # The limiter takes loudness away: give it more.
        gain = min(gain + (target - lufs), _MOST_GAIN)
    return Master(done, lufs, true_peak(done))


def _limited(mix: Take, gain: float, check: Callable[[], None]) -> Iterator[Samples]:
    factor = 10.0 ** (gain / 20.0)
    ceiling = 10.0 ** (CEILING / 20.0)
    margin = 4 * _LOOKAHEAD
    window = np.hanning(2 * _LOOKAHEAD + 1)
    window /= window.sum()
    for _, _, block in mix.blocks(margin):
        check()
        loud = block * factor
        wanted = np.minimum(1.0, ceiling / np.maximum(peaks(loud), 1e-9))
        if wanted.min() < 1.0:
            # The lowest gain around, smoothed by a window no wider: it is there in time.
            low = minimum_filter1d(wanted, 2 * _LOOKAHEAD + 1)
            loud = loud * fftconvolve(low - 1.0, window, "same")[:, None] + loud
        yield loud[margin:-margin].astype(np.float32)
