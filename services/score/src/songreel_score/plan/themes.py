"""Themes: four bars that can be recognised, built from one motif.

A theme is motif, motif again a step away, motif's head twice as short, and a long note: the
"sentence" of classical form, which ears take as one tune. Steps are of the scale, so the same
theme sounds in major and in minor.
"""

from __future__ import annotations

import random
from typing import Final

from songreel_score.plan.score_plan import ThemeNote

BARS: Final = 4
BEATS: Final = 4

# Rhythms of a bar of four beats: (beat, length).
_CALM: Final = (
    ((0.0, 2.0), (2.0, 2.0)),
    ((0.0, 3.0), (3.0, 1.0)),
    ((0.0, 2.0), (2.0, 1.0), (3.0, 1.0)),
    ((1.0, 1.0), (2.0, 2.0)),
)
_STEADY: Final = (
    ((0.0, 1.0), (1.0, 1.0), (2.0, 2.0)),
    ((0.0, 1.5), (1.5, 0.5), (2.0, 1.0), (3.0, 1.0)),
    ((0.0, 1.0), (1.0, 0.5), (1.5, 0.5), (2.0, 2.0)),
    ((0.5, 0.5), (1.0, 1.0), (2.0, 1.5), (3.5, 0.5)),
)
_LIVELY: Final = (
    ((0.0, 0.5), (0.5, 0.5), (1.0, 1.0), (2.0, 0.5), (2.5, 0.5), (3.0, 1.0)),
    ((0.0, 0.75), (0.75, 0.75), (1.5, 0.5), (2.0, 1.0), (3.0, 0.5), (3.5, 0.5)),
    ((0.0, 1.5), (1.5, 0.5), (2.0, 0.5), (2.5, 0.5), (3.0, 0.5), (3.5, 0.5)),
)
_MOVES: Final = (-2, -1, -1, 1, 1, 2, 2, 4)
_LOWEST, _HIGHEST = -3, 9


def make_theme(name: str, arousal: float, rng: random.Random) -> tuple[ThemeNote, ...]:
    """Writes a theme of four bars.

    Args:
        name: B begins higher than A, C lower, so that they can be told apart.
        arousal: how lively its rhythm is.
        rng: decides all else.
    """
    rhythms = _CALM if arousal < -0.4 else _STEADY if arousal < 0.3 else _LIVELY
    motif = rhythms[rng.randrange(len(rhythms))]
    answer = rhythms[rng.randrange(len(rhythms))]
    start = {"A": rng.choice((0, 2, 4)), "B": rng.choice((4, 5, 7)), "C": rng.choice((-1, 0, 2))}
    first = _walk(start.get(name, 2), len(motif), rng)
    shift = rng.choice((-1, 1, 2))
    steps = [
        list(zip(motif, first, strict=True)),
        list(zip(motif, (_inside(step + shift) for step in first), strict=True)),
        list(zip(answer, _walk(_inside(first[-1] + 2), len(answer), rng), strict=True)),
        # It comes to rest.
        [((0.0, 1.0), _inside(first[0] + 1)), ((1.0, 3.0), first[0])],
    ]
    return tuple(
        ThemeNote(bar, beat, length, step)
        for bar, notes in enumerate(steps)
        for (beat, length), step in notes
    )


def _walk(start: int, count: int, rng: random.Random) -> list[int]:
    """Steps with at most one leap, after which the tune turns back."""
    steps = [start]
    leapt = 0
    while len(steps) < count:
        move = rng.choice(_MOVES)
        if leapt:
            move = -1 if leapt > 0 else 1
        leapt = move if abs(move) > 2 else 0
        steps.append(_inside(steps[-1] + move))
    return steps


def _inside(step: int) -> int:
    """Turns back at the ends of the range."""
    if step > _HIGHEST:
        return 2 * _HIGHEST - step
    return 2 * _LOWEST - step if step < _LOWEST else step
