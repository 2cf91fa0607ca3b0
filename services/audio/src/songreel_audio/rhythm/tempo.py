"""Local tempo: how fast the pulse of the music goes, every half second."""

import numpy as np
from numpy.typing import NDArray

from songreel_audio.spectrum import FRAME_RATE, Floats

Doubles = NDArray[np.float64]

STEP_SECONDS = 0.5
_WINDOW_SECONDS = 8.0
_GRID_RATIO = 1.008
_BLOCK = 512
"""Windows transformed at a time."""


def pulse_grid(slowest: float, fastest: float) -> Doubles:
    """Tempi in bpm between the two, each 0.8 % above the one before."""
    count = round(np.log(fastest / slowest) / np.log(_GRID_RATIO)) + 1
    return slowest * _GRID_RATIO ** np.arange(count)


def autocorrelation(strength: Floats) -> Doubles:
    """Autocorrelation of `strength` in 8-s windows every 0.5 s: (windows, lags in frames).

    Each row is divided by its lag 0; the fewer terms of longer lags are made up for.
    """
    width = round(_WINDOW_SECONDS * FRAME_RATE)
    step = STEP_SECONDS * FRAME_RATE
    centred = strength.astype(np.float64) - strength.mean()
    padded = np.pad(centred, width // 2)
    count = max(int(len(strength) / step) + 1, 1)
    starts = np.round(np.arange(count) * step).astype(int)
    padded = np.pad(padded, (0, max(starts[-1] + width - len(padded), 0)))
    window = np.hanning(width)
    correlation = np.empty((count, width // 2))
    for first in range(0, count, _BLOCK):
        rows = [padded[start : start + width] * window for start in starts[first : first + _BLOCK]]
        spectrum = np.fft.rfft(np.stack(rows), 2 * width, axis=1)
        whole = np.fft.irfft(np.abs(spectrum) ** 2, axis=1)
        correlation[first : first + _BLOCK] = whole[:, : width // 2]
    taper = np.fft.irfft(np.abs(np.fft.rfft(window, 2 * width)) ** 2)[: width // 2]
    correlation = correlation / (taper / taper[0])
    return correlation / np.maximum(correlation[:, :1], 1e-9)


def salience(correlation: Doubles, bpm: Doubles) -> Doubles:
    """How well each tempo of `bpm` explains each row of `correlation`: (windows, tempi)."""
    lags = np.arange(correlation.shape[1])
    total = np.zeros((len(correlation), len(bpm)))
    for multiple, weight in ((1, 1.0), (2, 0.7), (3, 0.4), (4, 0.5)):
        at = multiple * 60.0 * FRAME_RATE / bpm
        inside = at < lags[-1]
        for row, values in enumerate(correlation):
            total[row, inside] += weight * np.interp(at[inside], lags, values)
    return total / 2.6


def follow(evidence: Doubles, stiffness: float) -> NDArray[np.intp]:
    """The best path (windows,) of column indices through `evidence` (windows, tempi).

    A change of d grid steps costs `stiffness` (d + d^2 / 2), so that a tempo drifts freely
    but does not run off to another metrical level; more than 12 steps are not taken.
    """
    windows, tempi = evidence.shape
    score = evidence[0].copy()
    back = np.zeros((windows, tempi), np.intp)
    columns = np.arange(tempi)
    distance = np.abs(columns[:, None] - columns[None, :])
    cost = np.where(distance <= 12, stiffness * (distance + 0.5 * distance**2), np.inf)
    for window in range(1, windows):
        reach = score[None, :] - cost
        back[window] = reach.argmax(axis=1)
        score = reach[columns, back[window]] + evidence[window]
    path = np.empty(windows, np.intp)
    path[-1] = score.argmax()
    for window in range(windows - 1, 0, -1):
        path[window - 1] = back[window, path[window]]
    return path
