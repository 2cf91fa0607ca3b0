"""Analyses of films that need no film: cuts at random, one mood."""

from __future__ import annotations

import numpy as np
from songreel_score.watch.analysis import VideoAnalysis
from songreel_score.watch.cuts import Cut
from songreel_score.watch.emotion import Mood

SHORTEST = 0.6
"""s; closer cuts are not detected either."""


def random_film(seconds: float, shot: float, seed: int) -> VideoAnalysis:
    """Shots of `shot` s on average, gamma-distributed with a deviation of half of it."""
    rng = np.random.default_rng(seed)
    lengths = np.maximum(SHORTEST, rng.gamma(4.0, shot / 4.0, int(4 * seconds / shot) + 8))
    times = np.cumsum(lengths)
    cuts = tuple(
        Cut(round(float(time), 4), "cut", float(rng.uniform(0.3, 1.0)))
        for time in times[times < seconds - SHORTEST]
    )
    return VideoAnalysis(
        duration=seconds,
        fps=24.0,
        width=320,
        height=180,
        cuts=cuts,
        motion_rate=2.0,
        motion=np.zeros(int(2 * seconds)),
        moods=(Mood(0.0, seconds, 0.0, 0.0, 0.4, 0.3),),
        emotion_estimator="none",
        has_sound=False,
        speech=(),
        speech_detector="",
        warnings=(),
    )
