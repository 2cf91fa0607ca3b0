"""Beats and downbeats against the truth: F within 70 ms, continuity (mir_eval), bias."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from os import sched_getaffinity
from pathlib import Path

import librosa
import mir_eval
import numpy as np
from numpy.typing import NDArray
from songreel_audio import spectrum
from songreel_audio.decoding import decoding
from songreel_audio.rhythm import beats, onsets
from songreel_audio.rhythm.beats import Rhythm

from bench.audio import drums, pop909
from bench.audio.rows import Row, absent, at_least, at_most

Doubles = NDArray[np.float64]
BEATS = "beats, 40 POP909 renders: "
DOWNBEATS = "downbeats, the same: mean F"
DRUMS_SECONDS = 40.0


def heard(samples: NDArray[np.float32]) -> Rhythm:
    """What songreel hears."""
    folded = spectrum.compute(samples)
    return beats.track(folded, onsets.detect(folded))


def librosa_beats(samples: NDArray[np.float32]) -> Doubles:
    """What librosa's default hears, s."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _, found = librosa.beat.beat_track(y=samples, sr=spectrum.SAMPLE_RATE, units="time")
    return np.asarray(found, np.float64)


def f_measure(truth: Doubles, found: Doubles) -> float:
    """Within 70 ms, the whole song."""
    return float(mir_eval.beat.f_measure(truth, found)) if len(found) else 0.0


def correct_level(truth: Doubles, found: Doubles) -> float:
    """CMLt: share of the song in which the beat is followed at the right level."""
    return float(mir_eval.beat.continuity(truth, found)[1]) if len(found) > 1 else 0.0


def _song(data: Path, name: str) -> tuple[float, ...]:
    song = pop909.song(data, name)
    samples = decoding.decode(song.sound).samples
    rhythm, other = heard(samples), librosa_beats(samples)
    return (
        f_measure(song.beats, rhythm.beats),
        correct_level(song.beats, rhythm.beats),
        f_measure(song.downbeats, rhythm.downbeats),
        f_measure(song.beats, other),
        correct_level(song.beats, other),
    )


def rendered(data: Path) -> Iterator[Row]:
    """Rows of whole songs."""
    why = pop909.lack(data)
    if why:
        yield absent(BEATS + "mean F", ">= 0.88", why)
        yield absent(DOWNBEATS, ">= 0.55", why)
        return
    with ProcessPoolExecutor(len(sched_getaffinity(0))) as pool:
        results = list(pool.map(partial(_song, data), pop909.names(data)))
    f, level, bars, other_f, other_level = np.array(results).T
    yield at_least(BEATS + "mean F", 0.88, f.mean(), other_f.mean())
    yield at_least(BEATS + "median F", 0.94, float(np.median(f)), float(np.median(other_f)))
    yield at_least(BEATS + "CMLt", 0.80, level.mean(), other_level.mean())
    yield at_least(DOWNBEATS, 0.55, bars.mean())


def synthetic() -> Iterator[Row]:
    """Rows of drums: the worst of all tempi and kinds."""
    kit = drums.Kit()
    songs = {
        "drums 70-170 bpm": [(bpm, bpm) for bpm in drums.STEADY],
        "ramps 80-100, 120-90": list(drums.RAMPS),
    }
    off: list[Doubles] = []
    other_off: list[Doubles] = []
    for name, tempi in songs.items():
        for kind in drums.KINDS:
            scores, others = [], []
            for first, last in tempi:
                truth = drums.beat_times(first, last, DRUMS_SECONDS)
                samples = kit.play(truth, DRUMS_SECONDS, kind)
                found, other = heard(samples).beats, librosa_beats(samples)
                scores.append(f_measure(truth, found))
                others.append(f_measure(truth, other))
                off.append(_near(truth, found))
                other_off.append(_near(truth, other))
            yield at_least(f"{name}, {kind}: worst F", 0.95, min(scores), min(others))
    ours, others = np.concatenate(off) * 1000, np.concatenate(other_off) * 1000
    bias, other_bias = abs(float(ours.mean())), abs(float(others.mean()))
    yield at_most("beat bias, drums and ramps", 10.0, bias, "ms", other_bias)
    error, other_error = float(np.abs(ours).mean()), float(np.abs(others).mean())
    yield at_most("beat error, drums and ramps: mean", 15.0, error, "ms", other_error)


def _near(truth: Doubles, found: Doubles) -> Doubles:
    """Lateness of the found beats that belong to a true one, s."""
    if not len(found):
        return np.zeros(0)
    late = np.array([time - truth[np.abs(truth - time).argmin()] for time in found])
    return late[np.abs(late) <= 0.07]
