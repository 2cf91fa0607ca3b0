"""Loudness after ITU-R BS.1770-4, measured in parts so that memory stays flat.

The weighting filters are pyloudnorm's; only the gating is here, because pyloudnorm wants the
whole sound at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
from pyloudnorm.iirfilter import IIRfilter
from scipy.signal import lfilter, upfirdn
from scipy.signal.windows import kaiser

from songreel_score.sound.takes import RATE, Samples, Take

_STEP: Final = RATE // 10
"""Blocks of 400 ms start every 100 ms."""
_OVERLAP: Final = 4
_SILENCE: Final = -70.0
SILENT: Final = -120.0
"""LUFS of digital silence, to have a number."""
OVERSAMPLING: Final = 4


class Loudness:
    """Takes blocks of sound, then tells their loudness."""

    def __init__(self) -> None:
        shelf = IIRfilter(4.0, 1 / np.sqrt(2), 1500.0, RATE, "high_shelf")
        high_pass = IIRfilter(0.0, 0.5, 38.0, RATE, "high_pass")
        self._filters = [(each.b, each.a) for each in (shelf, high_pass)]
        self._states = [np.zeros((2, 2)) for _ in self._filters]
        self._rest = np.zeros((0, 2))
        self._energies: list[float] = []

    def take(self, block: Samples) -> None:
        """Hears the next block (n, 2)."""
        weighted = block.astype(np.float64)
        for number, (b, a) in enumerate(self._filters):
            weighted, self._states[number] = lfilter(
                b, a, weighted, axis=0, zi=self._states[number]
            )
        weighted = np.concatenate([self._rest, weighted])
        whole = len(weighted) // _STEP
        parts = weighted[: whole * _STEP].reshape(whole, _STEP, 2)
        self._energies += (parts**2).mean(1).sum(1).tolist()
        self._rest = weighted[whole * _STEP :]

    def momentary(self) -> np.ndarray:
        """LUFS of each 400 ms, one every 100 ms."""
        energies = np.array(self._energies)
        if len(energies) < _OVERLAP:
            energies = np.pad(energies, (0, _OVERLAP - len(energies)))
        means = np.convolve(energies, np.full(_OVERLAP, 1.0 / _OVERLAP), "valid")
        return _lufs(means)

    def integrated(self) -> float:
        """LUFS of the whole, silence and quiet parts gated out; `SILENT` for silence."""
        blocks = self.momentary()
        loud = blocks[blocks > _SILENCE]
        if not len(loud):
            return SILENT
        gate = _mean_lufs(loud) - 10.0
        return _mean_lufs(loud[loud > gate])


def _lufs(energies: np.ndarray) -> np.ndarray:
    return -0.691 + 10.0 * np.log10(np.maximum(energies, 1e-12))


def _mean_lufs(blocks: np.ndarray) -> float:
    return float(_lufs(np.mean(10.0 ** ((blocks + 0.691) / 10.0), keepdims=True))[0])


def measure(blocks: Iterable[Samples]) -> Loudness:
    """Hears all blocks."""
    loudness = Loudness()
    for block in blocks:
        loudness.take(block)
    return loudness


def _interpolator() -> np.ndarray:
    taps = 12 * OVERSAMPLING
    time = (np.arange(taps + 1) - taps / 2) / OVERSAMPLING
    return np.sinc(time) * kaiser(taps + 1, 6.0)


_INTERPOLATOR: Final = _interpolator()


def peaks(block: np.ndarray) -> np.ndarray:
    """True peak near each sample, (n,) of both channels: the highest of four times the samples."""
    dense = upfirdn(_INTERPOLATOR, block, up=OVERSAMPLING, axis=0)
    delay = (len(_INTERPOLATOR) - 1) // 2
    dense = np.abs(dense[delay : delay + len(block) * OVERSAMPLING]).max(1)
    return np.maximum(dense.reshape(-1, OVERSAMPLING).max(1), np.abs(block).max(1))


def true_peak(take: Take) -> float:
    """DBTP of a take."""
    margin = 64
    highest = max(float(peaks(block)[margin:-margin].max()) for _, _, block in take.blocks(margin))
    return 20.0 * float(np.log10(max(highest, 1e-6)))
