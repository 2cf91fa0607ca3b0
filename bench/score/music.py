"""Do the written notes follow the mood and the harmony."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr
from songreel_score.compose.engines import find_engine
from songreel_score.perform.performance import Performance
from songreel_score.perform.performer import perform
from songreel_score.plan.harmony import parse_chord, parse_key, scale_pitches
from songreel_score.plan.planner import PlanRequest, make_plan
from songreel_score.plan.score_plan import MoodPoint, ScorePlan
from songreel_score.styles import DRUMS, HITS

from bench.score.analyses import random_film
from bench.tables import Table

PIECES, SECONDS, SHOT = 40, 40.0, 4.0
TEMPO = 100.0
RISE = 0.8
MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
"""Key profiles of Krumhansl and Kessler (1982)."""


def music_table(_folder: Path) -> Table:
    """Mood and harmony of the default engine's notes, with the references of the same run."""
    table = Table(
        "Notes",
        ("what", "figure", "target", "reference"),
        f"{PIECES} pieces of {SECONDS:g} s with moods drawn evenly, default engine and style. "
        "Accents at hits are left out. References: moods in another order; chords and scales of "
        "the next piece.",
    )
    rng = np.random.default_rng(1)
    valence, arousal = rng.uniform(-0.9, 0.9, (2, PIECES))
    pieces = [
        _piece(seed, [MoodPoint(0.0, float(v), float(a))])
        for seed, (v, a) in enumerate(zip(valence, arousal, strict=True))
    ]
    order = rng.permutation(PIECES)
    rates = [len(_starts(performance)) / SECONDS for _, performance in pieces]
    table.add(
        "arousal -> notes a second, Spearman", _rho(arousal, rates), ">= 0.9",
        _rho(arousal[order], rates),
    )  # fmt: skip
    rising = [
        _rising(seed, [MoodPoint(0.0, 0.0, -RISE), MoodPoint(SECONDS, 0.0, RISE)])
        for seed in range(PIECES)
    ]
    level = [_rising(seed, [MoodPoint(0.0, 0.0, 0.0)]) for seed in range(PIECES)]
    table.add(
        "rising arousal -> notes of each tenth, mean", f"{np.mean(rising):.2f}", ">= 0.8",
        f"{np.mean(level):.2f} (level arousal)",
    )  # fmt: skip
    modes = [
        _majorness(_piece(seed, [MoodPoint(0.0, float(v), 0.0)], TEMPO)[1])
        for seed, v in enumerate(valence)
    ]
    table.add(
        "valence -> major or minor, arousal and tempo fixed", _rho(valence, modes), ">= 0.6",
        _rho(valence[order], modes),
    )  # fmt: skip
    others = [*pieces[1:], pieces[0]]
    harmony = (("chord tones", ">= 0.95"), ("notes in the scale", ">= 0.98"))
    for number, (name, target) in enumerate(harmony):
        own = np.mean([_fit(plan, p)[number] for plan, p in pieces])
        other = np.mean([_fit(o, p)[number] for (_, p), (o, _) in zip(pieces, others, strict=True)])
        table.add(name, f"{own:.3f}", target, f"{other:.3f}")
    return table


def _piece(seed: int, mood: Sequence[MoodPoint], bpm: float = 0.0) -> tuple[ScorePlan, Performance]:
    film = random_film(SECONDS, SHOT, seed)
    plan = make_plan(film, PlanRequest(seed=seed, mood=tuple(mood), bpm=bpm))
    return plan, perform(plan, find_engine("").compose(plan, lambda _: None))


def _starts(performance: Performance) -> np.ndarray:
    return np.array([note.start for note in performance.notes if note.role != HITS])


def _rho(first: Sequence[float] | np.ndarray, second: Sequence[float] | np.ndarray) -> str:
    return f"{float(spearmanr(first, second).statistic):.2f}"


def _rising(seed: int, mood: Sequence[MoodPoint]) -> float:
    """How steadily the number of notes grows over the tenths of a piece."""
    _, performance = _piece(seed, mood)
    counts = np.histogram(_starts(performance), np.linspace(0.0, SECONDS, 11))[0]
    rho = float(spearmanr(np.arange(10), counts).statistic)
    return 0.0 if np.isnan(rho) else rho


def _majorness(performance: Performance) -> float:
    """Best correlation with a major key's profile, less that with a minor key's."""
    weights = np.zeros(12)
    for note in performance.notes:
        if note.role != DRUMS:
            weights[note.pitch % 12] += note.end - note.start
    best = [
        max(float(np.corrcoef(weights, np.roll(profile, k))[0, 1]) for k in range(12))
        for profile in (MAJOR, MINOR)
    ]
    return best[0] - best[1]


def _fit(plan: ScorePlan, performance: Performance) -> tuple[float, float]:
    """Shares of pitched notes that are tones of the sounding chord, and of the bar's scale."""
    tonic, bars = parse_key(plan.key), plan.bars()
    starts = np.array([bar.start for bar in bars])
    chord = scale = notes = 0
    for note in performance.notes:
        if note.role in (DRUMS, HITS):
            continue
        # Humanised notes may come a little before their bar.
        time = note.start + 0.03
        bar = bars[max(0, int(np.searchsorted(starts, time, "right")) - 1)]
        chords = bar.bar.chords
        place = min(0.999, max(0.0, (time - bar.start) / (bar.end - bar.start)))
        tones = parse_chord(chords[int(place * len(chords))], tonic).tones
        pitch = note.pitch % 12
        notes += 1
        chord += pitch in tones
        scale += pitch in scale_pitches(bar.section.scale, tonic)
    return chord / notes, scale / notes
