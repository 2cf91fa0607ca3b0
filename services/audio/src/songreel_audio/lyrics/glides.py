"""How the partials of a song glide: voices slide and tremble, struck and keyed notes stand.

After the fluctogram of Sonnleitner, Niedermayer, Widmer and Schlueter (2012): each spectrum, on
a logarithmic scale of frequency, is compared with the one before, shifted by fractions of a
semitone. Where it fits best shifted, and in neighbouring ranges of pitch alike, a tone with
many partials glides as a whole.
"""

import numpy as np

from songreel_audio import spectrum
from songreel_audio.spectrum import SAMPLE_RATE, WINDOW, Block, Floats

_EVERY = 2
"""Frames of the shared spectrum from one compared to the next: 23 ms."""
FRAME_RATE = spectrum.FRAME_RATE / _EVERY
_LOWEST_HZ = 500.0
"""Below, 20 cents are less than half a bin."""
_BINS_PER_OCTAVE = 60
_BINS = 180
_RANGES = ((0, 90), (45, 135), (90, 180))
"""Of an octave and a half each, overlapping by half."""
_REACH = 4
"""Bins of 20 cents: vibrato of a semitone at 6 Hz moves up to 45 cents in 23 ms."""
_SILENCE = 0.05
"""Length of a spectrum (square roots of amplitudes) under which there is no tone: -80 dB or so."""
_EDGE = 5
"""Frames at either end of the song in whose windows its edge lies."""
_FIT = 0.8
"""Correlation above which a shifted spectrum is the same tone and not another."""


class GlideDetector:
    """Finds gliding tones in the blocks of a song."""

    def __init__(self, samples: Floats) -> None:
        """For `samples` (n,) mono at 22.05 kHz."""
        self._weights = _weights()
        self._before = np.zeros((1, _BINS), np.float32)
        frames = (spectrum.count(samples) + _EVERY - 1) // _EVERY
        self.gliding = np.zeros(frames, np.bool_)
        """(frames,) at `FRAME_RATE`: whether a tone glided to here from the frame before."""

    def consume(self, block: Block) -> None:
        """Compares every second frame with the one before it."""
        tones = np.sqrt(block.amplitude[::_EVERY] @ self._weights)
        pairs = np.concatenate([self._before, tones])
        self._before = pairs[-1:]
        # Frames by ranges: which way, and how well the shifted spectrum fits.
        shifts = np.zeros((len(tones), len(_RANGES)), np.int64)
        fits = np.zeros((len(tones), len(_RANGES)), np.float32)
        for number, (low, high) in enumerate(_RANGES):
            found = _fits(pairs[:-1], pairs[1:], low, high)
            best = found.argmax(axis=1)
            shifts[:, number] = np.sign(best - _REACH)
            fits[:, number] = found[np.arange(len(found)), best]
        together = (shifts[:, :-1] == shifts[:, 1:]) & (shifts[:, :-1] != 0)
        first = block.first // _EVERY
        sure = together.any(axis=1) & (fits.max(axis=1) > _FIT)
        self.gliding[first : first + len(tones)] = sure
        # Where a file begins or breaks off in a sound, the cut itself seems to glide.
        self.gliding[:_EDGE] = self.gliding[-_EDGE:] = False


def _weights() -> Floats:
    """(bins of the transform, `_BINS`) linear interpolation at 20-cent steps."""
    hertz = _LOWEST_HZ * 2.0 ** (np.arange(_BINS) / _BINS_PER_OCTAVE)
    place = hertz * WINDOW / SAMPLE_RATE
    weights = np.zeros((WINDOW // 2 + 1, _BINS), np.float32)
    below = place.astype(int)
    weights[below, np.arange(_BINS)] = 1.0 - (place - below)
    weights[below + 1, np.arange(_BINS)] = place - below
    return weights


def _fits(before: Floats, after: Floats, low: int, high: int) -> Floats:
    """Correlation of a range of `after` with `before` moved by each shift: (n, 9)."""
    fits = np.zeros((len(after), 2 * _REACH + 1), np.float32)
    kept = _standard(after[:, low + _REACH : high - _REACH])
    for shift in range(-_REACH, _REACH + 1):
        moved = before[:, low + _REACH - shift : high - _REACH - shift]
        fits[:, shift + _REACH] = np.einsum("ij,ij->i", kept, _standard(moved))
    return fits


def _standard(rows: Floats) -> Floats:
    """Rows without their mean, of length 1; silence stays near 0."""
    rows = rows - rows.mean(axis=1, keepdims=True)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), _SILENCE)
