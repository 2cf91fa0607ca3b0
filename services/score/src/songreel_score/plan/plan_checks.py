"""Checks of a ScorePlan: it must agree with itself and with the video."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from songreel_kit.bounds.score import SYNC_MODES
from songreel_kit.errors import InvalidScorePlan

from songreel_score.plan.harmony import parse_chord, parse_key, scale_pitches
from songreel_score.plan.score_plan import (
    ScorePlan,
)
from songreel_score.styles import find_style

_SLACK: Final = 0.002


def check(plan: ScorePlan, duration: float | None = None) -> None:
    """Checks that the plan agrees with itself, and with the video's length.

    Raises:
        InvalidScorePlan, UnknownStyle.
    """
    find_style(plan.style)
    tonic = parse_key(plan.key)
    if plan.sync not in SYNC_MODES:
        raise InvalidScorePlan(f"sync is {plan.sync!r}; it may be {', '.join(SYNC_MODES)}")
    if duration is not None and abs(plan.duration - duration) > _SLACK:
        raise InvalidScorePlan(
            f"the plan is for {plan.duration:.3f} s and the video has {duration:.3f} s; "
            "plan it anew"
        )
    _check_stretches(plan, tonic)
    _check_sections(plan)
    if not plan.mood:
        raise InvalidScorePlan("mood is empty; give at least one point")
    if any(b.time <= a.time for a, b in pairwise(plan.mood)):
        raise InvalidScorePlan("the points of mood are not in order of time")
    for point in plan.mood:
        if max(abs(point.valence), abs(point.arousal)) > 1.0:
            raise InvalidScorePlan(f"the mood at {point.time:g} s is outside -1 to 1")
    for hit in plan.hits:
        if (
            not 0.0
            <= min(hit.time, hit.music_time)
            <= max(hit.time, hit.music_time)
            <= plan.duration
        ):
            raise InvalidScorePlan(f"the hit at {hit.time:g} s is outside the video")
        if not 0.0 <= hit.strength <= 1.0:
            raise InvalidScorePlan(f"strength of the hit at {hit.time:g} s is outside 0 to 1")


def _check_stretches(plan: ScorePlan, tonic: int) -> None:
    borders = [0.0]
    for number, stretch in enumerate(plan.stretches):
        name = f"stretches[{number}]"
        if abs(stretch.start - borders[-1]) > 1e-6:
            raise InvalidScorePlan(
                f"{name} starts at {stretch.start:g} s; it has to start at {borders[-1]:g} s, "
                "where the one before it ends"
            )
        if stretch.end <= stretch.start or not stretch.bars:
            raise InvalidScorePlan(f"{name} has no length or no bars")
        for bar in stretch.bars:
            if not 1 <= bar.beats <= 8 or not bar.chords or len(bar.chords) > bar.beats:
                raise InvalidScorePlan(
                    f"{name} has a bar of {bar.beats} beats and {len(bar.chords)} chords; "
                    "1 to 8 beats and a chord for at most each beat are possible"
                )
            for chord in bar.chords:
                parse_chord(chord, tonic)
        if not 20.0 <= stretch.bpm <= 400.0:
            raise InvalidScorePlan(
                f"{name} would go at {stretch.bpm:.0f} bpm: give it more or fewer beats"
            )
        borders.append(stretch.end)
    if abs(borders[-1] - plan.duration) > 1e-6:
        raise InvalidScorePlan(
            f"the last stretch ends at {borders[-1]:g}, not at {plan.duration:g} s"
        )


def _check_sections(plan: ScorePlan) -> None:
    bars = sum(len(stretch.bars) for stretch in plan.stretches)
    owned = sum(section.bars for section in plan.sections)
    if bars != owned or any(section.bars < 1 for section in plan.sections):
        raise InvalidScorePlan(f"the sections have {owned} bars and the stretches {bars}")
    for section in plan.sections:
        scale_pitches(section.scale, 0)
        if section.theme not in plan.themes:
            raise InvalidScorePlan(
                f"section {section.name} has a theme {section.theme!r} that is not there"
            )
    for name, notes in plan.themes.items():
        if any(n.length <= 0 or n.beat < 0 or n.bar < 0 or abs(n.step) > 21 for n in notes):
            raise InvalidScorePlan(f"theme {name} has a note without length, or out of range")
