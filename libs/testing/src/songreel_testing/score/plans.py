"""Analyses and plans of films that were never drawn."""

from __future__ import annotations

import numpy as np
from songreel_score.plan.planner import PlanRequest, make_plan
from songreel_score.watch.analysis import VideoAnalysis
from songreel_score.watch.cuts import CUT, Cut
from songreel_score.watch.emotion import Mood
from songreel_score.watch.looks import RATE


def analysis_of(duration=24.0, cuts=(), moods=((0.3, 0.1),), speech=(), has_sound=False):
    """What `watch` would tell of a film whose mood changes evenly spaced."""
    borders = np.linspace(0, duration, len(moods) + 1)
    return VideoAnalysis(
        duration=duration,
        fps=25.0,
        width=160,
        height=90,
        cuts=tuple(Cut(time, CUT, 0.8) for time in cuts),
        motion_rate=RATE,
        motion=np.zeros(int(duration * RATE)),
        moods=tuple(
            Mood(float(a), float(b), valence, arousal, 0.4, 0.3)
            for a, b, (valence, arousal) in zip(borders, borders[1:], moods, strict=False)
        ),
        emotion_estimator="rules",
        has_sound=has_sound,
        speech=tuple(speech),
        speech_detector="",
        warnings=(),
    )


def plan_of(duration=24.0, cuts=(), moods=((0.3, 0.1),), **asked):
    return make_plan(analysis_of(duration, cuts, moods), PlanRequest(**asked))
