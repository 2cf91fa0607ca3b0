"""Sections of a song: boundaries where the sound changes, letters for what sounds alike."""

import itertools
from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.signal import find_peaks

from songreel_audio.spectrum import FRAME_RATE, Spectrum

Doubles = NDArray[np.float64]

SHORTEST_SECONDS = 6.0
_FALLBACK_BAR_SECONDS = 2.0
_REACH_BARS = 4
"""Bars that are compared before and after a boundary."""
_TIMBRES = 8
"""Mel cepstral coefficients; the higher ones tell notes apart, not sections."""
_SMALLEST_SPREAD = 0.02
_CLUSTER_DISTANCE = 0.6
"""Distance of two sections, in deviations of a feature, up to which they share a letter."""


@dataclass(frozen=True)
class Section:
    """A part of the song, in seconds."""

    start: float
    end: float
    label: str
    """"A", "B", ...: equal letters sound alike."""
    energy: float
    """Loudness relative to the loudest section, in [0, 1]."""


def divide(spectrum: Spectrum, downbeats: Doubles, duration: float) -> tuple[Section, ...]:
    """Divides the song, exactly from 0 to `duration`; inner boundaries are downbeats."""
    edges = _bar_edges(downbeats, duration)
    features, loudness = _bars(spectrum, edges)
    if len(features) == 0:
        return (Section(0.0, duration, "A", 1.0),)
    starts = [0, *_boundaries(features, edges), len(features)]
    pairs = list(itertools.pairwise(starts))
    means = np.stack([features[first:last].mean(axis=0) for first, last in pairs])
    energy = np.array([np.sqrt(np.mean(loudness[first:last] ** 2)) for first, last in pairs])
    energy = energy / max(float(energy.max()), 1e-9)
    return tuple(
        Section(
            0.0 if first == 0 else float(edges[first]),
            duration if last == len(features) else float(edges[last]),
            letter,
            float(loud),
        )
        for (first, last), letter, loud in zip(pairs, _letters(means), energy, strict=True)
    )


def _bar_edges(downbeats: Doubles, duration: float) -> Doubles:
    inner = downbeats[(downbeats > 0.5) & (downbeats < duration - 0.5)]
    if len(inner) < 2:
        inner = np.arange(_FALLBACK_BAR_SECONDS, duration - 0.5, _FALLBACK_BAR_SECONDS)
    return np.concatenate([[0.0], inner, [duration]])


def _bars(spectrum: Spectrum, edges: Doubles) -> tuple[Doubles, Doubles]:
    """Features (bars, 21), standardised, and loudness (bars,)."""
    peak = float(spectrum.mel.max()) or 1.0
    frames = np.clip(np.round(edges * FRAME_RATE).astype(int), 0, spectrum.frames)
    rows: list[Doubles] = []
    loudness: list[float] = []
    for first, last in itertools.pairwise(frames):
        last = max(last, first + 1)
        chroma = spectrum.chroma[first:last].mean(axis=0)
        chroma = chroma / (np.linalg.norm(chroma) + 1e-9)
        loud = float(np.sqrt(np.mean(spectrum.loudness[first:last] ** 2)))
        loudness.append(loud)
        level = np.log10(spectrum.mel[first:last] / peak + 1e-6).mean(axis=0)
        timbre = np.asarray(scipy.fft.dct(level, norm="ortho"))[:_TIMBRES]
        # Loudness counts as much as three coefficients: choruses are above all louder.
        rows.append(np.concatenate([timbre, chroma, [np.log10(loud + 1e-5)]]))
    features = np.array(rows)
    # Median and quartiles: one bar of fade-out must not shrink all other differences.
    middle = np.median(features, axis=0)
    quarter, three_quarters = np.percentile(features, [20, 80], axis=0)
    spread = np.maximum(0.6 * (three_quarters - quarter), 0.5 * features.std(axis=0))
    weight = np.concatenate([np.full(_TIMBRES, 1.0), np.full(12, 0.4), [3.0]])
    standard = np.clip((features - middle) / np.maximum(spread, _SMALLEST_SPREAD), -3.0, 3.0)
    return standard * weight, np.array(loudness)


def _boundaries(features: Doubles, edges: Doubles) -> list[int]:
    """Bars at which the sound before and after differs most."""
    bars = len(features)
    novelty = np.zeros(bars)
    taper = np.exp(-np.arange(_REACH_BARS) / 1.5)
    for bar in range(1, bars):
        past = features[max(bar - _REACH_BARS, 0) : bar][::-1]
        future = features[bar : bar + _REACH_BARS]
        before = np.average(past, axis=0, weights=taper[: len(past)])
        after = np.average(future, axis=0, weights=taper[: len(future)])
        # Averages of few bars differ by chance.
        trust = np.sqrt(taper[: min(len(past), len(future))].sum() / taper.sum())
        novelty[bar] = trust * np.linalg.norm(after - before)
    bar_seconds = float(np.median(np.diff(edges)))
    distance = max(round(SHORTEST_SECONDS / bar_seconds), 2)
    threshold = float(np.median(novelty) + 0.5 * novelty.std())
    peaks, _ = find_peaks(novelty, height=threshold, distance=distance, prominence=0.3)
    return [int(p) for p in peaks
            if edges[p] >= 0.6 * SHORTEST_SECONDS and edges[-1] - edges[p] >= 0.4 * SHORTEST_SECONDS
            ]  # fmt: skip


def _letters(means: Doubles) -> list[str]:
    if len(means) == 1:
        return ["A"]
    distance = _CLUSTER_DISTANCE * np.sqrt(means.shape[1])
    clusters = fcluster(linkage(means, "average"), distance, "distance")
    order: dict[int, str] = {}
    for cluster in clusters:
        # After Z the alphabet starts anew with a longer name: AA, AB, ...
        number = len(order)
        name = (
            chr(65 + number % 26) if number < 26 else chr(64 + number // 26) + chr(65 + number % 26)
        )
        order.setdefault(int(cluster), name)
    return [order[int(cluster)] for cluster in clusters]
