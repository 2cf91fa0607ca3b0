"""Which pulses are beats and which beats open a bar, by the weight of what happens on them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d, uniform_filter1d

from songreel_audio.rhythm.onsets import Onsets
from songreel_audio.spectrum import Floats, Spectrum

Doubles = NDArray[np.float64]
Frames = NDArray[np.intp]

HALVING_EVIDENCE = -0.2
"""What `halving_evidence` must exceed for every second pulse to be a beat.

This and the weights below were chosen on 40 rendered songs of POP909 (none of which the bench
uses) with the condition that drums of ten kinds at 70 to 170 bpm all come out right.
"""
_TEMPO_WEIGHT = 1.5
_REFERENCE_BPM = 110.0
_BACKBEAT_WEIGHT = 1.5
_BACKBEAT_FROM = 0.3
_BETWEEN_WEIGHT = 1.5
_BARE = 0.12
"""Where less than this share sounds between the pulses, that says nothing about them."""
_BARE_COUNTS_AS = 0.7
_EVEN = 0.1
"""Differences of accents count in deviations, but of at least this share of their mean: those of
a drum machine are tiny and regular, and mean nothing."""
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
    return {name: _standard(_at(band, pulses), _EVEN) for name, band in bands.items()}


def between(onsets: Onsets, pulses: Frames) -> float:
    """Mean onset strength halfway between the pulses as a share of that on them."""
    middle = (pulses[:-1] + pulses[1:]) // 2
    share = float(_at(onsets.whole, middle).mean() / (_at(onsets.whole, pulses).mean() + 1e-9))
    return share if share > _BARE else _BARE_COUNTS_AS


def _at(band: Floats, pulses: Frames) -> Doubles:
    # +-3 frames (35 ms): players and the pulse chain are not exact.
    return np.sqrt(maximum_filter1d(band, 7)[pulses]).astype(np.float64)


def _standard(values: Doubles, even: float = 0.0) -> Doubles:
    local = values - uniform_filter1d(values, 32, mode="nearest")
    return local / max(float(local.std()), even * float(np.abs(values).mean()), 1e-6)


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


def halving_evidence(
    accent: dict[str, Doubles], counting: Counting, bpm: float, between: float
) -> float:
    """Evidence that only the accented half of the pulses are beats.

    For it speak how much heavier the accented half is, and fast pulses. Against it speaks a
    back beat: where the snare alone makes every second pulse heavier above, the kick between
    is as heavy below. So does much that sounds between the pulses: halved, it would be
    sixteenths.

    Args:
        accent: of each pulse, from `accents`.
        counting: which pulses are the accented half.
        bpm: of the pulses.
        between: see the function of this name.
    """
    heavy = counting.position == 0
    contrast = {
        name: float(values[heavy].mean() - values[~heavy].mean()) for name, values in accent.items()
    }
    mean = (contrast["whole"] + contrast["low"] + contrast["mid"]) / 3.0
    backbeat = max(contrast["mid"], contrast["high"]) - contrast["low"] - _BACKBEAT_FROM
    tempo = float(np.log(bpm / _REFERENCE_BPM))
    return (
        mean
        + _TEMPO_WEIGHT * tempo
        - _BACKBEAT_WEIGHT * max(backbeat, 0.0)
        - _BETWEEN_WEIGHT * between
    )


def bar_weight(spectrum: Spectrum, onsets: Onsets, beats: Frames) -> Doubles:
    """How much like a downbeat each beat is, in about standard deviations."""
    accent = accents(onsets, beats)
    bass = harmonic_change(spectrum.bass_chroma, beats, 1)
    short = harmonic_change(spectrum.chroma, beats, 2)
    wide = harmonic_change(spectrum.chroma, beats, 4)
    return 0.5 * accent["low"] + 0.3 * accent["whole"] + 0.4 * bass + 0.6 * short + 0.5 * wide
