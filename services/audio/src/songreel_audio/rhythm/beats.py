"""Beats, downbeats, metre and tempo of a song."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from songreel_audio.rhythm import metre, pulse_tracking, tempo
from songreel_audio.rhythm.onsets import Onsets
from songreel_audio.spectrum import FRAME_RATE, Floats, Spectrum

Doubles = NDArray[np.float64]

SLOWEST_PULSE = 95.0
FASTEST_PULSE = 230.0
"""Between these (bpm) lies at least one metrical level of nearly any music."""
_FASTEST_DOUBLED = 320.0
_STIFFNESS = 0.02
_WHOLE_SONG = 0.5
_WIDEST = 1.5
"""A song whose pulse changes more than this has changed the metrical level."""
_COMPOUND_FROM = 150.0
"""Pulses slower than this (bpm) are not taken as thirds of a beat."""
_STEADY = 0.12
"""Mean autocorrelation at the beat under which a song is said to have no steady beat."""


@dataclass(frozen=True)
class TempoHint:
    """What the user knows about the tempo."""

    octave: str = ""
    """"half", "double" or ""."""
    bpm: float = 0.0
    """Beats per minute, 0 when not known."""


@dataclass(frozen=True)
class Rhythm:
    """Beats and bars of a song."""

    beats: Doubles
    """(beats,) seconds."""
    downbeats: Doubles
    """(bars,) seconds, a part of `beats`."""
    metre: int
    """Beats to the bar, 3 or 4; 0 without a steady beat."""
    tempo_bpm: float
    """60 over the median distance of beats; 0 without beats."""
    confidence: float
    """In [0, 1]."""
    tempo_curve: tuple[tuple[float, float], ...]
    """(seconds, bpm); one point when the tempo is steady."""


def track(spectrum: Spectrum, onsets: Onsets, hint: TempoHint | None = None) -> Rhythm:
    """Finds the beats of a song from its onsets.

    A chain of pulses is laid at a rate that nearly any music has (95 to 230 bpm); whether
    all, every second or every third of them are beats, and which, is decided by what
    happens on them; downbeats likewise from the beats.
    """
    hint = hint or TempoHint()
    correlation = tempo.autocorrelation(onsets.whole)
    slowest, fastest = _pulse_range(hint.bpm)
    grid = tempo.pulse_grid(slowest, fastest)
    salience = tempo.salience(correlation, grid)
    # The song as a whole says something about its unclear passages.
    path = _level(salience + _WHOLE_SONG * salience.mean(axis=0), grid)
    windows = np.arange(len(path))
    times = windows * tempo.STEP_SECONDS
    period = np.interp(
        np.arange(spectrum.frames) / FRAME_RATE, times, 60.0 * FRAME_RATE / grid[path]
    )
    chain = pulse_tracking.track_pulses(onsets.whole, period)
    if len(chain) < 4:
        return _no_beat()
    chain = _extended(chain, spectrum.loudness)
    chain, margin = _beats_among(chain, onsets, float(np.median(grid[path])), hint)
    if len(chain) < 4:
        return _no_beat()
    beat_bpm = 60.0 * FRAME_RATE / np.median(np.diff(chain))
    strength = float(np.mean(_at_tempo(correlation, np.full(len(path), beat_bpm))))
    confidence = float(np.clip(strength / 0.5, 0, 1) * (0.5 + 0.5 * np.clip(margin / 0.4, 0, 1)))
    weight = metre.bar_weight(spectrum, onsets, chain)
    four, three = (metre.count(weight, length, metre.BAR_SLIP_COST) for length in (4, 3))
    # Four is far more common in songs, so three must fit clearly better.
    beats_per_bar, bars = (3, three) if three.fit > 1.15 * four.fit else (4, four)
    seconds = refined(chain, onsets.whole)
    if strength < _STEADY:
        beats_per_bar = 0
    return Rhythm(
        beats=seconds,
        downbeats=seconds[bars.position == 0] if beats_per_bar else seconds[:0],
        metre=beats_per_bar,
        tempo_bpm=float(60.0 / np.median(np.diff(seconds))),
        confidence=confidence,
        tempo_curve=tempo_curve(seconds),
    )


def _no_beat() -> Rhythm:
    empty = np.zeros(0)
    return Rhythm(empty, empty, 0, 0.0, 0.0, ())


def _level(evidence: Doubles, grid: Doubles) -> NDArray[np.intp]:
    """The course of the pulse on one metrical level, as indices into `grid`."""
    path = tempo.follow(evidence, _STIFFNESS)
    if grid[path].max() < _WIDEST * grid[path].min():
        return path
    # It changed the level on the way (at 95 bpm 190 leaves the grid's comfort, say): the
    # whole song is counted on the level where most of it was.
    near = np.abs(np.log(grid / np.median(grid[path]))) < np.log(_WIDEST) * 0.8
    return tempo.follow(np.where(near, evidence, -1e3), _STIFFNESS)


def _pulse_range(bpm: float) -> tuple[float, float]:
    if bpm <= 0:
        return SLOWEST_PULSE, FASTEST_PULSE
    # Twice the user's tempo where possible: the beats' side of the pulses is then chosen by
    # evidence, where a chain at the tempo itself could lock to the off-beat.
    pulse = 2 * bpm if 2 * bpm <= _FASTEST_DOUBLED else bpm
    return pulse * 0.96, pulse * 1.04


def _extended(chain: NDArray[np.intp], loudness: Floats) -> NDArray[np.intp]:
    """Adds pulses before the first and after the last, as long as there is sound.

    The chain begins with its first strong onset; music that starts with the file has none.
    """
    audible = 0.05 * float(np.percentile(loudness, 90))
    pulses = [int(frame) for frame in chain]
    first, last = pulses[1] - pulses[0], pulses[-1] - pulses[-2]
    # Two frames of grace: a beat at 0 s is found a little before.
    while pulses[0] - first >= -2 and loudness[max(pulses[0] - first, 0) + 4] > audible:
        pulses.insert(0, max(pulses[0] - first, 0))
    while pulses[-1] + last < len(loudness) - 4 and loudness[pulses[-1] + last + 2] > audible:
        pulses.append(pulses[-1] + last)
    return np.array(pulses, np.intp)


def _at_tempo(correlation: Doubles, bpm: Doubles) -> Doubles:
    """Autocorrelation at the period of `bpm`, (windows,)."""
    lags = np.arange(correlation.shape[1])
    rows = zip(correlation, 60.0 * FRAME_RATE / bpm, strict=True)
    return np.array([np.interp(lag, lags, row) for row, lag in rows])


def _beats_among(
    chain: NDArray[np.intp], onsets: Onsets, pulse_bpm: float, hint: TempoHint
) -> tuple[NDArray[np.intp], float]:
    """The pulses that are beats, and how clear that was."""
    accent = metre.accents(onsets, chain)
    weight = metre.beat_weight(accent)
    twos, threes = metre.count(weight, 2), metre.count(weight, 3)
    evidence = metre.halving_evidence(accent, twos, pulse_bpm, metre.between(onsets, chain))
    margin = abs(evidence - metre.HALVING_EVIDENCE)
    step, counting = 1, twos
    if hint.bpm > 0:
        step = round(pulse_bpm / hint.bpm)
        margin = 1.0
    elif pulse_bpm > _COMPOUND_FROM and threes.contrast > twos.contrast + 0.1:
        step, counting = 3, threes
        margin = threes.contrast - twos.contrast
    elif evidence > metre.HALVING_EVIDENCE:
        step = 2
    beats = chain if step == 1 else chain[counting.position == 0]
    if hint.octave == "half":
        again = metre.count(metre.beat_weight(metre.accents(onsets, beats)), 2)
        beats = beats[again.position == 0]
    if hint.octave == "double":
        between = (beats[:-1] + beats[1:]) // 2
        beats = chain if step == 2 else np.sort(np.concatenate([beats, between]))
    return beats, margin


def refined(chain: NDArray[np.intp], strength: Floats) -> Doubles:
    """Beat times in seconds: each moved to its onset's peak, then to a smooth course.

    Musicians keep a smoother time than an onset detector finds; a parabola through nine
    neighbours follows a tempo that changes without lag.
    """
    peaks = np.array([_peak(strength, frame) for frame in chain])
    weight = 0.1 + np.sqrt(np.clip(strength[chain], 0.0, 1.5)).astype(np.float64)
    smooth = peaks.copy()
    for index in range(len(peaks)):
        first, last = max(index - 4, 0), min(index + 5, len(peaks))
        place = np.arange(first, last) - index
        near = peaks[first:last]
        if len(place) < 5:
            continue
        fit = np.polynomial.polynomial.polyfit(place, near, 2, w=weight[first:last])
        # A jump of the music (a slip, a fermata) is no jitter: the peak stays.
        if abs(fit[0] - peaks[index]) < 0.06 * FRAME_RATE:
            smooth[index] = fit[0]
    return np.maximum.accumulate(np.maximum(smooth, 0.0)) / FRAME_RATE


def _peak(strength: Floats, frame: int) -> float:
    first, last = max(frame - 3, 0), min(frame + 4, len(strength))
    top = first + int(np.argmax(strength[first:last]))
    if strength[top] <= 0 or top in (0, len(strength) - 1):
        return float(frame)
    before, at, after = (float(value) for value in strength[top - 1 : top + 2])
    bend = before - 2 * at + after
    if bend >= 0:
        return float(top)
    return top + float(np.clip(0.5 * (before - after) / bend, -0.5, 0.5))


def tempo_curve(beats: Doubles) -> tuple[tuple[float, float], ...]:
    """Local tempo every 8 beats, or one point when it stays within 3 % of its median."""
    if len(beats) < 9:
        return ()
    bpm = 60.0 * 8 / (beats[8:] - beats[:-8])
    centres = 0.5 * (beats[8:] + beats[:-8])
    median = float(np.median(bpm))
    if np.percentile(np.abs(bpm / median - 1.0), 90) < 0.03:
        return ((float(beats[0]), median),)
    return tuple((float(t), float(b)) for t, b in zip(centres[::8], bpm[::8], strict=True))
