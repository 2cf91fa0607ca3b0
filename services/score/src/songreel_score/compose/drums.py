"""Drum grooves: bars of four beats, their accents, and fills before a new section."""

from __future__ import annotations

from typing import Final

from songreel_score.compose.composition import Note
from songreel_score.plan.score_plan import PlacedBar
from songreel_score.styles import DRUMS

KICK, SNARE, SIDE_STICK, CLAP = 36, 38, 37, 39
CLOSED_HAT, OPEN_HAT, RIDE, CRASH, TAMBOURINE = 42, 46, 51, 49, 54
LOW_TOM, MID_TOM, HIGH_TOM, FLOOR_TOM = 45, 47, 50, 41

Stroke = tuple[float, int, float]
"""Beat of the bar, drum, weight."""


def _every(step: float, drum: int, strong: float, weak: float) -> tuple[Stroke, ...]:
    count = int(4 / step)
    return tuple((i * step, drum, strong if (i * step) % 1 == 0 else weak) for i in range(count))


GROOVES: Final[dict[str, tuple[Stroke, ...]]] = {
    "soft": (
        (0.0, KICK, 0.7), (2.5, KICK, 0.5), (1.0, SIDE_STICK, 0.5), (3.0, SIDE_STICK, 0.55),
        *_every(0.5, CLOSED_HAT, 0.42, 0.28),
    ),
    "lazy": (
        (0.0, KICK, 0.75), (1.5, KICK, 0.4), (2.5, KICK, 0.6), (1.0, SNARE, 0.5),
        (3.0, SNARE, 0.55), (3.75, SNARE, 0.2), *_every(0.5, CLOSED_HAT, 0.36, 0.24),
    ),
    "steady": (
        (0.0, KICK, 0.8), (1.75, KICK, 0.45), (2.0, KICK, 0.7), (1.0, SNARE, 0.72),
        (3.0, SNARE, 0.75), (2.25, SNARE, 0.18), *_every(0.5, CLOSED_HAT, 0.5, 0.32),
    ),
    "driving": (
        (0.0, KICK, 0.9), (0.75, KICK, 0.5), (1.5, KICK, 0.6), (2.0, KICK, 0.85),
        (2.75, KICK, 0.5), (1.0, SNARE, 0.85), (3.0, SNARE, 0.9), (3.75, SNARE, 0.25),
        *_every(0.25, CLOSED_HAT, 0.5, 0.28),
    ),
    "four": (
        (0.0, KICK, 0.85), (1.0, KICK, 0.8), (2.0, KICK, 0.85), (3.0, KICK, 0.8),
        (1.0, CLAP, 0.55), (3.0, CLAP, 0.55), (0.5, CLOSED_HAT, 0.5), (1.5, CLOSED_HAT, 0.5),
        (2.5, CLOSED_HAT, 0.5), (3.5, CLOSED_HAT, 0.5),
    ),
    "four_open": (
        (0.0, KICK, 0.95), (1.0, KICK, 0.9), (2.0, KICK, 0.95), (3.0, KICK, 0.9),
        (1.0, CLAP, 0.7), (3.0, CLAP, 0.7), (0.5, OPEN_HAT, 0.55), (1.5, OPEN_HAT, 0.5),
        (2.5, OPEN_HAT, 0.55), (3.5, OPEN_HAT, 0.5), *_every(0.25, CLOSED_HAT, 0.3, 0.26),
    ),
    "toms": (
        (0.0, FLOOR_TOM, 0.75), (1.5, LOW_TOM, 0.5), (2.0, FLOOR_TOM, 0.6), (3.0, LOW_TOM, 0.5),
        (3.5, MID_TOM, 0.4),
    ),
    "march": (
        (0.0, FLOOR_TOM, 0.9), (0.5, LOW_TOM, 0.45), (0.75, LOW_TOM, 0.5), (1.0, SNARE, 0.6),
        (1.5, LOW_TOM, 0.5), (2.0, FLOOR_TOM, 0.85), (2.5, LOW_TOM, 0.45), (3.0, SNARE, 0.65),
        (3.25, SNARE, 0.3), (3.5, SNARE, 0.45), (3.75, SNARE, 0.35), (0.0, KICK, 0.8),
        (2.0, KICK, 0.7),
    ),
    "heartbeat": ((0.0, KICK, 0.6), (0.5, KICK, 0.4), (2.0, KICK, 0.55), (2.5, KICK, 0.35)),
}  # fmt: skip

_FILL: Final[tuple[Stroke, ...]] = (
    (0.0, HIGH_TOM, 0.6), (0.25, HIGH_TOM, 0.45), (0.5, MID_TOM, 0.65), (0.75, MID_TOM, 0.5),
    (1.0, LOW_TOM, 0.7), (1.25, LOW_TOM, 0.55), (1.5, FLOOR_TOM, 0.75), (1.75, FLOOR_TOM, 0.65),
)  # fmt: skip
_QUIET_GROOVES: Final = ("heartbeat", "lazy", "soft")


def play(placed: PlacedBar, groove: str, *, fill: bool, first: bool, swing: float) -> list[Note]:
    """The drums of one bar.

    Args:
        placed: the bar; other lengths than four beats take the groove's beginning again.
        groove: name of the groove.
        fill: whether its last two beats lead on to something new.
        first: whether it begins a section.
        swing: share of an eighth by which off-beats come late.
    """
    beats = placed.bar.beats
    fill_start = beats - 2.0 if fill and groove not in _QUIET_GROOVES and beats > 2 else beats
    strokes = [
        (start + beat, drum, weight)
        for start in range(0, beats, 4)
        for beat, drum, weight in GROOVES[groove]
        if start + beat < fill_start
    ]
    if fill_start < beats:
        strokes += [(fill_start + beat, drum, weight) for beat, drum, weight in _FILL]
    if first and groove not in _QUIET_GROOVES:
        strokes.append((0.0, CRASH, 0.6))
    return [
        Note(placed.first_beat + _swung(beat, swing), 0.25, drum, DRUMS, weight)
        for beat, drum, weight in strokes
    ]


def _swung(beat: float, swing: float) -> float:
    return beat + swing / 2 if beat % 1 == 0.5 else beat
