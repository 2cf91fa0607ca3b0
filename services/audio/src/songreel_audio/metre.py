"""Which pulses are beats and which beats open a bar, by the weight of what happens on them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d, uniform_filter1d

from songreel_audio.onsets import Onsets
from songreel_audio.spectrum import Floats, Spectrum

Doubles = NDArray[np.float64]
Frames = NDArray[np.intp]

HALVING_EVIDENCE = 0.79
"""Accent contrast (plus `_TEMPO_WEIGHT` ln(bpm / 110)) above which every second pulse is a beat.

Set on 47 rendered POP909 songs and on synthetic drums from 70 to 170 bpm.
"""
_TEMPO_WEIGHT = 1.2
_REFERENCE_BPM = 110.0
_SLIP_COST = 9.0
"""What it costs to count a pulse or beat too many or too few, in standard deviations."""
BAR_SLIP_COST = 20.0
"""The same for bars: songs hardly ever lose a beat."""


@dataclass(frozen=True)
class Counting:
    """Places of a chain of pulses in a repeating count."""

    position: NDArray[np.intp]
    """(pulses,) 0 is the accented place."""
    contrast: float
    """Mean weight of place 0 above that of the others, in standard deviations."""
    fit: float
    """How well the count explains the weights, slips paid; comparable between lengths."""


def count(weight: Doubles, length: int, slip_cost: float = _SLIP_COST) -> Counting:
    """Counts pulses 0..`length` - 1 so that 0 falls on heavy ones; it may slip at a cost."""
    weight = np.clip(weight, -2.5, 2.5)
    pulses = len(weight)
    gain = np.full(length, -1.0 / max(length - 1, 1))
    gain[0] = 1.0
    # Unit energy for each pulse, or a count that picks more often would seem to fit better.
    gain /= np.sqrt(np.mean(gain**2))
    score = weight[0] * gain
    back = np.zeros((pulses, length), np.intp)
    places = np.arange(length)
    # From place a the next pulse is a + 1; anything else is a slip.
    cost = np.where((places[:, None] - places[None, :] - 1) % length == 0, 0.0, slip_cost)
    for pulse in range(1, pulses):
        reach = score[None, :] - cost
        back[pulse] = reach.argmax(axis=1)
        score = reach[places, back[pulse]] + weight[pulse] * gain
    position = np.empty(pulses, np.intp)
    position[-1] = score.argmax()
    fit = float(score.max()) / pulses
    for pulse in range(pulses - 1, 0, -1):
        position[pulse - 1] = back[pulse, position[pulse]]
    heavy = position == 0
    if heavy.all() or not heavy.any():
        return Counting(position, 0.0, fit)
    return Counting(position, float(weight[heavy].mean() - weight[~heavy].mean()), fit)


def accents(onsets: Onsets, pulses: Frames) -> dict[str, Doubles]:
    """Onset strength by band at each pulse, (pulses,) each, in local standard deviations."""
    bands = {"whole": onsets.whole, "low": onsets.low, "mid": onsets.mid, "high": onsets.high}
    return {name: _standard(_at(band, pulses)) for name, band in bands.items()}


def _at(band: Floats, pulses: Frames) -> Doubles:
    # +-3 frames (35 ms): players and the pulse chain are not exact.
    return np.sqrt(maximum_filter1d(band, 7)[pulses]).astype(np.float64)


def _standard(values: Doubles) -> Doubles:
    local = values - uniform_filter1d(values, 32, mode="nearest")
    return local / (local.std() + 1e-6)


def harmonic_change(chroma: Floats, pulses: Frames, reach: int) -> Doubles:
    """How much the harmony changes at each pulse: (pulses,), in standard deviations.

    Compares the `reach` pulses after with the `reach` pulses before.
    """
    total = np.concatenate([np.zeros((1, 12)), np.cumsum(np.sqrt(chroma), axis=0)])
    last = len(pulses) - 1
    index = np.arange(len(pulses))
    after = total[pulses[np.minimum(index + reach, last)]] - total[pulses]
    before = total[pulses] - total[pulses[np.maximum(index - reach, 0)]]
    lengths = np.linalg.norm(after, axis=1) * np.linalg.norm(before, axis=1)
    change = 1.0 - np.sum(after * before, axis=1) / np.maximum(lengths, 1e-9)
    change[lengths < 1e-9] = 0.0
    standard = _standard(np.sqrt(np.maximum(change, 0.0)))
    # With nothing before or after there is no change to speak of, neither way.
    standard[0] = standard[-1] = 0.0
    return standard


def beat_weight(accent: dict[str, Doubles]) -> Doubles:
    """How much like a beat each pulse is, in about standard deviations."""
    return (accent["whole"] + accent["low"] + accent["mid"]) / 3.0


def halving_evidence(accent: dict[str, Doubles], counting: Counting, bpm: float) -> float:
    """Evidence that only the accented half of the pulses are beats.

    Kick and snare in turn also make every second pulse heavier in the low band, but then
    the others are heavier above: such a back beat speaks against halving.
    """
    heavy = counting.position == 0
    contrast = {
        name: float(values[heavy].mean() - values[~heavy].mean()) for name, values in accent.items()
    }
    swing = (contrast["low"], contrast["mid"], contrast["high"])
    backbeat = -min(max(0.0, *swing), max(0.0, *(-value for value in swing)))
    mean = (contrast["whole"] + contrast["low"] + contrast["mid"]) / 3.0
    return mean + backbeat + _TEMPO_WEIGHT * float(np.log(bpm / _REFERENCE_BPM))


def bar_weight(spectrum: Spectrum, onsets: Onsets, beats: Frames) -> Doubles:
    """How much like a downbeat each beat is, in about standard deviations."""
    accent = accents(onsets, beats)
    bass = harmonic_change(spectrum.bass_chroma, beats, 1)
    short = harmonic_change(spectrum.chroma, beats, 2)
    wide = harmonic_change(spectrum.chroma, beats, 4)
    return 0.5 * accent["low"] + 0.3 * accent["whole"] + 0.4 * bass + 0.6 * short + 0.5 * wide
