"""The openSMILE emotion extractor: 260 columns of IS13 ComParE, as DEAM's own features are.

openSMILE (audEERING) is free for research only, and so is what is trained on its features:
the package is an extra, nothing of it is shipped, and a network must be trained by the user.
"""

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from songreel_kit.errors import ModelMissing

from songreel_audio.emotion import curves
from songreel_audio.emotion.emotion import Emotion, ExtractorInput
from songreel_audio.emotion.network import Network, load
from songreel_audio.spectrum import SAMPLE_RATE, Floats

Doubles = NDArray[np.float64]

NAME = "opensmile"
ROW_RATE = 2.0
"""Rows per second, each the deviation and the mean of half a second, as in DEAM."""
NOTE = (
    "openSMILE is licensed for research only, and the DEAM ratings (CC BY-NC) too; the "
    'extractor "rules" is free of that'
)
RATE_DEPENDENT = (
    "F0final", "voicingFinalUnclipped", "jitterLocal", "jitterDDP", "shimmerLocal", "logHNR",
    "audspec_lengthL1norm", "pcm_zcr", "pcm_fftMag_fband250-650", "pcm_fftMag_fband1000-4000",
    "pcm_fftMag_spectralRollOff50.0", "pcm_fftMag_spectralRollOff75.0",
    "pcm_fftMag_spectralRollOff90.0", "pcm_fftMag_spectralFlux", "pcm_fftMag_spectralCentroid",
    "pcm_fftMag_spectralEntropy", "pcm_fftMag_spectralVariance", "pcm_fftMag_spectralSkewness",
    "pcm_fftMag_spectralKurtosis", "pcm_fftMag_spectralSlope", "pcm_fftMag_psySharpness",
    "pcm_fftMag_spectralHarmonicity",
)  # fmt: skip
"""Descriptors whose mean moved by .05 deviations or more when a pop song went from 44.1 kHz,
where DEAM's files were made, to the 22.05 kHz of songreel. The other 43 moved by .03 or less."""
_CHUNK_SECONDS = 60


def check_installed() -> None:
    """Raises `ModelMissing` when the openSMILE package is not there."""
    if importlib.util.find_spec("opensmile") is None:
        raise ModelMissing(
            "the extractor 'opensmile' needs a package that is not installed: "
            "pip install 'songreel[opensmile]' (its licence allows research only), or "
            "use the extractor 'librosa' or 'rules'",
            extractor=NAME,
        )


class Smile:
    """openSMILE's IS13 descriptors and their slopes, gathered by half seconds."""

    def __init__(self) -> None:
        check_installed()
        import opensmile  # an extra

        levels = (
            opensmile.FeatureLevel.LowLevelDescriptors,
            opensmile.FeatureLevel.LowLevelDescriptors_Deltas,
        )
        self._makers: list[Any] = [
            opensmile.Smile(opensmile.FeatureSet.IS13, level) for level in levels
        ]
        self.names = tuple(
            f"{name}_{measure}"
            for maker in self._makers
            for name in maker.feature_names
            for measure in ("stddev", "amean")
        )
        """The 260 columns."""

    def rows(self, samples: Floats) -> Doubles:
        """(n, 260) at `ROW_RATE` of `samples` (m,) at 22.05 kHz; n is m / 11,025 rounded down.

        A minute at a time, so that a long song needs little memory. Raises `ValueError` for
        less than half a second.
        """
        count = int(len(samples) / SAMPLE_RATE * ROW_RATE)
        if count == 0:
            raise ValueError("openSMILE's columns need half a second of sound")
        parts: list[Doubles] = []
        per_chunk = int(_CHUNK_SECONDS * ROW_RATE)
        for first in range(0, count, per_chunk):
            last = min(first + per_chunk, count)
            start, end = (round(row / ROW_RATE * SAMPLE_RATE) for row in (first, last))
            parts.append(self._chunk(samples[start:end], last - first))
        return np.concatenate(parts)

    def _chunk(self, samples: Floats, count: int) -> Doubles:
        columns: list[Doubles] = []
        for maker in self._makers:
            frame = maker.process_signal(samples, SAMPLE_RATE)
            times = frame.index.get_level_values("start").total_seconds().to_numpy()
            values = np.nan_to_num(frame.to_numpy(np.float64))
            row = np.minimum((times * ROW_RATE).astype(int), count - 1)
            starts = np.searchsorted(row, np.arange(count))
            # The windows of the last frames would reach past the end, so rows may be bare.
            starts = np.minimum(starts, len(values) - 1)
            number = np.maximum(np.diff([*starts, len(values)]), 1)[:, None]
            mean = np.add.reduceat(values, starts) / number
            square = np.add.reduceat(values**2, starts) / number
            deviation = np.sqrt(np.maximum(square - mean**2, 0.0))
            columns.append(np.stack([deviation, mean], axis=2).reshape(count, -1))
        return np.concatenate(columns, axis=1)


class OpensmileExtractor:
    """Judges with `network`, trained by the user."""

    def __init__(self, network: Network) -> None:
        self._smile = Smile()
        places = {name: place for place, name in enumerate(self._smile.names)}
        missing = [name for name in network.inputs if name not in places]
        if network.extractor != NAME or missing or len(network.inputs) != len(network.middle):
            raise ModelMissing(
                f"the emotion network takes features of {network.extractor!r} that openSMILE "
                f"does not give ({', '.join(missing[:3]) or 'none named'}); train it again "
                "with songreel-audio train-emotion --extractor opensmile"
            )
        self._network = network
        self._places = [places[name] for name in network.inputs]

    def __call__(self, song: ExtractorInput) -> Emotion:
        """Valence and arousal of the song."""
        samples = song.samples * np.float32(song.gain)
        rows = self._smile.rows(samples)[:, self._places]
        level = np.sqrt(np.add.reduceat(song.samples**2, range(0, len(song.samples), SAMPLE_RATE)))
        seconds = len(level)
        return curves.emotion_of(
            self._network,
            _windows(rows, seconds, curves.CLIP_SECONDS),
            _windows(rows, seconds, curves.MOMENT_SECONDS),
            curves.audible(level.astype(np.float64)),
            NOTE,
        )


def _windows(rows: Doubles, seconds: int, length: int) -> Doubles:
    """Means of `rows` around each second: (seconds, columns)."""
    total = np.vstack([np.zeros(rows.shape[1]), rows.cumsum(axis=0)])
    middle = np.minimum((np.arange(seconds) + 0.5) * ROW_RATE, len(rows))
    half = length * ROW_RATE / 2
    first = np.clip(middle - half, 0, len(rows) - 1).astype(int)
    last = np.clip(middle + half, first + 1, len(rows)).astype(int)
    return (total[last] - total[first]) / (last - first)[:, None]


def create(weights: Path | None) -> OpensmileExtractor:
    """With the user's own `weights`. Raises `ModelMissing`, saying what to do."""
    check_installed()
    if weights is None:
        raise ModelMissing(
            "the extractor 'opensmile' has no trained network, and none may be shipped: train "
            "one with songreel-audio train-emotion DEAM_FOLDER --extractor opensmile, where "
            "the folder holds DEAM's ratings and its feature files or its audio",
            extractor=NAME,
        )
    return OpensmileExtractor(load(weights))
