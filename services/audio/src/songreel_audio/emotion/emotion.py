"""Valence and arousal of a song over time. Extractors are interchangeable; see `extractors`."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, uniform_filter1d

from songreel_audio.emotion.features import SecondSums
from songreel_audio.rhythm.beats import Rhythm
from songreel_audio.rhythm.onsets import Onsets
from songreel_audio.spectrum import FRAME_RATE, SAMPLE_RATE, Floats, Spectrum

Doubles = NDArray[np.float64]

CURVE_RATE = 1.0
"""Points of the curve per second."""
NEUTRAL_RADIUS = 0.12
"""Nearer to the centre than this a mood has no name."""


@dataclass(frozen=True)
class ExtractorInput:
    """What an extractor is given."""

    samples: Floats
    """(n,) mono at 22.05 kHz."""
    spectrum: Spectrum
    onsets: Onsets
    rhythm: Rhythm
    gain: float = 1.0
    """What makes the song as loud as `loudness.TARGET`; `features` have it already."""
    features: SecondSums | None = None
    """Gathered from the blocks of `spectrum`; None where nobody did."""


@dataclass(frozen=True)
class Emotion:
    """Valence (sad to happy) and arousal (calm to excited), each in [-1, 1]."""

    valence: float
    arousal: float
    valence_std: float
    arousal_std: float
    quadrant: str
    curve: tuple[tuple[float, float, float], ...]
    """(seconds, valence, arousal) every second."""
    extractor: str
    warnings: tuple[str, ...] = ()
    """What users should know, such as who may use it."""


# Medians of eight recordings of several genres: what is neither loud nor soft, busy nor bare.
_MIDDLE_LOUDNESS = -20.0
_MIDDLE_DENSITY = 0.085

Extractor = Callable[[ExtractorInput], Emotion]

# Key profiles of Krumhansl and Kessler (1982).
_MAJOR = np.array([6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88])
_MINOR = np.array([6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17])


def quadrant(valence: float, arousal: float) -> str:
    """Name of the mood: "joyful", "tense", "sad", "serene", or "neutral" near the centre."""
    if np.hypot(valence, arousal) < NEUTRAL_RADIUS:
        return "neutral"
    if valence >= 0:
        return "joyful" if arousal >= 0 else "serene"
    return "tense" if arousal >= 0 else "sad"


def mode(chroma: Doubles) -> Doubles:
    """How major (1) or minor (-1) each row of `chroma` (rows, 12) sounds: (rows,).

    The difference of the best correlations with the 12 major and 12 minor key profiles.
    """
    rows = chroma - chroma.mean(axis=1, keepdims=True)
    rows = rows / (np.linalg.norm(rows, axis=1, keepdims=True) + 1e-9)
    best: list[Doubles] = []
    for profile in (_MAJOR, _MINOR):
        keys = np.stack([np.roll(profile, key) for key in range(12)])
        keys = keys - keys.mean(axis=1, keepdims=True)
        keys = keys / np.linalg.norm(keys, axis=1, keepdims=True)
        best.append((rows @ keys.T).max(axis=1))
    # Keys differ from their parallels by about 0.25 at most.
    return np.clip((best[0] - best[1]) / 0.25, -1.0, 1.0)


def by_rules(song: ExtractorInput) -> Emotion:
    """A neutral estimate from loudness, onset density, tempo, brightness and mode.

    The directions are those on which studies of music and emotion agree (Gabrielsson and
    Lindstroem 2010): loud, dense, fast and bright excite; major, fast and light please. The
    weights are ours, no ratings went into them, so the deviations are stated wide.
    """
    spectrum, onsets = song.spectrum, song.onsets
    seconds = max(int(np.ceil(len(song.samples) / SAMPLE_RATE)), 1)
    loudness = 20 * np.log10(song.gain * _per_second(spectrum.loudness, seconds) + 1e-5)
    density = _per_second(np.minimum(onsets.whole, 1.0), seconds)
    brightness = np.log2((_per_second(spectrum.centroid, seconds) + 50.0) / 1_700.0)
    # Harmony needs longer than a second to tell major from minor.
    chroma = np.asarray(
        gaussian_filter1d(_columns_per_second(spectrum.chroma, seconds), 4.0, axis=0)
    )
    major = 0.6 * mode(chroma) + 0.4 * float(mode(chroma.sum(axis=0, keepdims=True))[0])
    bpm = song.rhythm.tempo_bpm or 100.0
    pace = float(np.log2(bpm / 90.0)) * (0.3 + 0.7 * song.rhythm.confidence)
    level = loudness - _MIDDLE_LOUDNESS
    arousal = 0.055 * level + 4.0 * (density - _MIDDLE_DENSITY) + 0.3 * brightness + 0.25 * pace
    valence = 0.45 * major + 0.2 * pace + 0.12 * brightness + 0.02 * level
    arousal = np.tanh(gaussian_filter1d(arousal, 1.5))
    valence = np.tanh(gaussian_filter1d(valence, 1.5))
    audible = loudness > loudness.max() - 40.0
    whole_valence = float(valence[audible].mean())
    whole_arousal = float(arousal[audible].mean())
    return Emotion(
        valence=whole_valence,
        arousal=whole_arousal,
        valence_std=0.45,
        arousal_std=0.35,
        quadrant=quadrant(whole_valence, whole_arousal),
        curve=tuple(
            (float(second), float(v), float(a))
            for second, (v, a) in enumerate(zip(valence, arousal, strict=True))
        ),
        extractor="rules",
    )


def _per_second(values: Floats, seconds: int) -> Doubles:
    return _columns_per_second(values[:, None], seconds)[:, 0]


def _columns_per_second(values: Floats, seconds: int) -> Doubles:
    """Means of one second around 0, 1, 2, ... s: (seconds, columns)."""
    means = uniform_filter1d(values.astype(np.float64), round(FRAME_RATE), axis=0, mode="nearest")
    frames = np.round(np.arange(seconds) * FRAME_RATE / CURVE_RATE).astype(int)
    return means[np.minimum(frames, len(means) - 1)]
