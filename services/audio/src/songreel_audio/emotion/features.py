"""The features from which the emotion network judges, as librosa defines them.

They are the columns of a table of the DEAM songs, so that a network trained on the table is
valid for what is computed here (librosa's defaults at 22.05 kHz: windows of 2,048 samples,
512 apart, centred; means over the frames of a clip):

rms, spectral, rolloff
    means of `librosa.feature.rms`, `spectral_centroid` and `spectral_rolloff` (85 %).
Chromatic scale
    mean of all of `chroma_stft` (12 classes, each frame's largest is 1, tuning estimated).
MFCC
    mean of the first coefficient of `librosa.feature.mfcc`, floor 80 dB below the song's peak.
key, scale_name (and mode, its group)
    the pitch class with the most chroma; of `SCALES` on it, that with the highest mean.
key_correlation, scale_correlation
    chroma of the key over the mean of all classes; mean over the scale of the chroma shared
    out to a sum of 1.

Every second frame of the shared spectrum is one of these; what is kept are sums by second, from
which every window follows. The one difference from librosa: the tuning is estimated from every
fourth frame, which are transformed beforehand, since the chroma depends on it.
"""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from songreel_audio import spectrum
from songreel_audio.emotion import loudness
from songreel_audio.numba_cache import whole_numba_cache
from songreel_audio.spectrum import SAMPLE_RATE, WINDOW, Block, Floats

with whole_numba_cache():
    import librosa

    # What compiles when it is loaded; librosa would do so at the first call.
    for _module in ("util.utils", "core.audio", "core.pitch"):
        importlib.import_module(f"librosa.{_module}")

Doubles = NDArray[np.float64]

HOP = 512
FRAME_RATE = SAMPLE_RATE / HOP
_EVERY = HOP // spectrum.HOP
"""Of the shared spectrum's frames, so many to one of this module's."""
_MEL_BANDS = 128
_FLOOR_DB = 80.0
_ROLLOFF = 0.85
_TUNING_STEP = 4

SCALES: Mapping[str, tuple[int, ...]] = {
    "Major": (0, 2, 4, 5, 7, 9, 11),
    "Natural Minor": (0, 2, 3, 5, 7, 8, 10),
    "Harmonic Minor": (0, 2, 3, 5, 7, 8, 11),
    "Melodic Minor": (0, 2, 3, 5, 7, 9, 11),
    "Dorian": (0, 2, 3, 5, 7, 9, 10),
    "Phrygian": (0, 1, 3, 5, 7, 8, 10),
    "Lydian": (0, 2, 4, 6, 7, 9, 11),
    "Mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "Locrian": (0, 1, 3, 5, 6, 8, 10),
    "Major Pentatonic": (0, 2, 4, 7, 9),
    "Minor Pentatonic": (0, 3, 5, 7, 10),
    "Blues": (0, 3, 5, 6, 7, 10),
    "Harmonic Major": (0, 2, 4, 5, 7, 8, 11),
    "Neapolitan Major": (0, 1, 3, 5, 7, 9, 11),
    "Neapolitan Minor": (0, 1, 3, 5, 7, 8, 11),
    "Hungarian Minor": (0, 2, 3, 6, 7, 8, 11),
    "Enigmatic": (0, 1, 4, 6, 8, 10, 11),
    "Arabic": (0, 1, 4, 5, 7, 8, 11),
}
"""Semitones above the key, in the order in which equals are decided."""
KEYS = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")

SCALE_NAMES = tuple(SCALES)
_PATTERNS = np.array(
    [[float(step in scale) for step in range(12)] for scale in SCALES.values()], np.float64
)


@dataclass(frozen=True)
class Columns:
    """The table's columns for some clips or windows, each (n,)."""

    rms: Doubles
    spectral: Doubles
    """Spectral centroid in Hz."""
    rolloff: Doubles
    """Hz."""
    chroma: Doubles
    """"Chromatic scale": mean chroma, 0 to 1."""
    mfcc: Doubles
    key: NDArray[np.int64]
    """Pitch class from C = 0."""
    scale: NDArray[np.int64]
    """Index into `SCALE_NAMES`."""
    key_correlation: Doubles
    scale_correlation: Doubles


@dataclass(frozen=True)
class SecondSums:
    """Sums over the frames of each second, from which windows are averaged."""

    sums: Doubles
    """(seconds, 16): rms, centroid, rolloff, first MFCC, chroma from C."""
    frames: Doubles
    """(seconds,) frames counted."""

    @property
    def seconds(self) -> int:
        """Length, rounded up."""
        return len(self.frames)

    def windows(self, length: int) -> Columns:
        """Columns of windows of `length` seconds centred on each second's middle.

        At the ends windows are cut off, but never shorter than half of `length`.
        """
        total = np.vstack([np.zeros(17), np.column_stack([self.sums, self.frames]).cumsum(0)])
        middle = np.arange(self.seconds)
        first = np.maximum(middle - length // 2, 0)
        last = np.minimum(first + length, self.seconds)
        last = np.where(middle < length // 2, np.minimum(middle + (length + 1) // 2, last), last)
        return _columns(total[last] - total[first])

    def whole(self) -> Columns:
        """Columns of everything as one clip (n = 1)."""
        return _columns(np.column_stack([self.sums, self.frames]).sum(0, keepdims=True))


def _columns(sums: Doubles) -> Columns:
    means = sums[:, :16] / np.maximum(sums[:, 16:], 1.0)
    chroma = means[:, 4:]
    key = chroma.argmax(axis=1)
    share = chroma / np.maximum(chroma.sum(axis=1, keepdims=True), 1e-9)
    from_key = np.take_along_axis(share, (key[:, None] + np.arange(12)) % 12, axis=1)
    fit = from_key @ (_PATTERNS / _PATTERNS.sum(axis=1, keepdims=True)).T
    return Columns(
        rms=means[:, 0],
        spectral=means[:, 1],
        rolloff=means[:, 2],
        chroma=chroma.mean(axis=1),
        mfcc=means[:, 3],
        key=key,
        scale=fit.argmax(axis=1),
        key_correlation=from_key[:, 0] * 12.0,
        scale_correlation=fit.max(axis=1),
    )


class FeatureCollector:
    """Gathers the features while the blocks of the song's spectrum pass by."""

    def __init__(self, samples: Floats, gain: float | None = None) -> None:
        """For `samples` (n,) mono at 22.05 kHz, whose tuning is estimated at once.

        All features are of `samples * gain`; without one, as loud as `loudness.TARGET`.
        """
        self._gain = np.float32(loudness.gain(samples) if gain is None else gain)
        self._frames = len(samples) // HOP + 1
        self._bins = np.fft.rfftfreq(WINDOW, 1 / SAMPLE_RATE).astype(np.float32)
        self._chroma_weights = _chroma_weights(samples)
        self._mel_weights = librosa.filters.mel(sr=SAMPLE_RATE, n_fft=WINDOW, n_mels=_MEL_BANDS).T
        self._rows = np.zeros((self._frames, 16), np.float32)
        self._decibels = np.empty((self._frames, _MEL_BANDS), np.float32)

    def consume(self, block: Block) -> None:
        """Takes the frames of `block` that lie on this module's coarser grid."""
        amplitude = self._gain * block.amplitude[::_EVERY]
        sound = self._gain * block.sound[::_EVERY]
        first = block.first // _EVERY
        place = slice(first, first + len(amplitude))
        rows = self._rows[place]
        power = amplitude**2
        rows[:, 0] = np.sqrt(np.mean(sound**2, axis=1))
        rows[:, 1] = (amplitude @ self._bins) / np.maximum(amplitude.sum(axis=1), 1e-20)
        rising = amplitude.cumsum(axis=1)
        rows[:, 2] = self._bins[(rising >= _ROLLOFF * rising[:, -1:]).argmax(axis=1)]
        chroma = power @ self._chroma_weights
        rows[:, 4:] = chroma / np.maximum(chroma.max(axis=1, keepdims=True), 1e-20)
        self._decibels[place] = 10.0 * np.log10(np.maximum(power @ self._mel_weights, 1e-10))

    def sums(self) -> SecondSums:
        """What was gathered, once all blocks have passed."""
        rows, decibels = self._rows, self._decibels
        # The first row of the orthonormal cosine transform is a constant.
        np.maximum(decibels, decibels.max() - _FLOOR_DB, out=decibels)
        rows[:, 3] = decibels.sum(axis=1) / np.sqrt(_MEL_BANDS)
        second = (np.arange(self._frames) / FRAME_RATE).astype(int)
        seconds = int(second[-1]) + 1
        totals = [np.bincount(second, rows[:, i], seconds) for i in range(16)]
        sums = np.stack(totals, axis=1).astype(np.float64)
        counted = np.bincount(second, minlength=seconds).astype(np.float64)
        if seconds > 1 and counted[-1] < 0.5 * FRAME_RATE:
            # A last second of a few frames has no features of its own.
            sums[-2] += sums[-1]
            counted[-2] += counted[-1]
            sums, counted = sums[:-1], counted[:-1]
        return SecondSums(sums, counted)


def collect(samples: Floats, gain: float | None = None) -> SecondSums:
    """Sums by second, as `FeatureCollector`, where nobody else needs the spectrum."""
    collector = FeatureCollector(samples, gain)
    for block in spectrum.blocks(samples):
        collector.consume(block)
    return collector.sums()


def _chroma_weights(samples: Floats) -> NDArray[np.float32]:
    """(bins, 12) chroma filters for the tuning of the song, from a part of its frames."""
    found: list[NDArray[np.float32]] = []
    for block in spectrum.blocks(samples, every=_EVERY * _TUNING_STEP):
        power = (block.amplitude**2).T
        pitches, strengths = librosa.piptrack(S=power, sr=SAMPLE_RATE, n_fft=WINDOW)
        present = pitches > 0
        found.append(np.stack([pitches[present], strengths[present]]))
    pitch, strength = np.concatenate(found, axis=1)
    strong = pitch[strength >= np.median(strength)] if len(strength) else pitch
    tuning = float(librosa.pitch_tuning(strong)) if len(strong) else 0.0
    return librosa.filters.chroma(sr=SAMPLE_RATE, n_fft=WINDOW, tuning=tuning, n_chroma=12).T


INPUTS = 9 + len(_PATTERNS[0])


def inputs(columns: Columns) -> Doubles:
    """What the network is given: (n, 21), not yet scaled.

    Logarithms of what is heard as a ratio, two contrasts (how bright the top is against the
    middle; how full the spectrum is against its level) and the steps of the scale above the
    key. The key itself told nothing in cross-validation: music moves, keys are neutral.
    """
    rms, spectral = np.log(columns.rms + 1e-6), np.log(columns.spectral + 1.0)
    rolloff, mfcc = np.log(columns.rolloff + 1.0), columns.mfcc / 100.0
    return np.column_stack(
        [
            rms, spectral, rolloff, columns.chroma, mfcc,
            np.log(columns.key_correlation + 1e-6),
            np.log(columns.scale_correlation + 1e-6),
            rolloff - spectral,
            mfcc / 10.6 - rms,
            _PATTERNS[columns.scale],
        ]
    )  # fmt: skip
