"""Plays a composition: who plays, how loud, how exactly in time."""

from __future__ import annotations

from typing import Final

import numpy as np

from songreel_score.compose.composition import Composition, Note
from songreel_score.perform.accents import dynamics, struck_notes
from songreel_score.perform.performance import Performance, PlayedNote, ProgramChange
from songreel_score.plan.score_plan import PlacedBar, ScorePlan
from songreel_score.styles import ARPEGGIO, CHORDS, DRUMS, HITS, Style, find_style

VERSION: Final = "2026.12-1"
# Standard deviation of human timing, s: about 10 ms between good players (Repp 2005), less
# within one drum kit.
_TIMING: Final = {DRUMS: 0.004, HITS: 0.0}
_USUAL_TIMING: Final = 0.007
_VELOCITY_SPREAD: Final = 4.0
# Chords of a calm piano or harp are spread by this much from note to note, s.
_ROLL: Final = 0.012
_EDGE: Final = 0.02
"""A note has to sound this long, s."""


def perform(plan: ScorePlan, composition: Composition) -> Performance:
    """Plays the notes of a composition to its plan.

    The loudness follows arousal, instruments follow the section's mood, and hits are struck.
    The same plan and notes give the same performance.
    """
    style, bars = find_style(plan.style), plan.bars()
    hit_beats = _beats_of(plan, np.array([hit.music_time for hit in plan.hits]))
    notes = [n for n in composition.notes if n.role in style.instruments or n.role == DRUMS]
    struck = struck_notes(plan, style, bars, hit_beats)
    notes = sorted([*notes, *struck], key=lambda n: (n.beat, n.role, n.pitch))
    played = _played(plan, notes, hit_beats)
    roles = {note.role for note in played}
    return Performance(
        duration=plan.duration,
        notes=played,
        programs=tuple(_programs(plan, style, bars, roles)),
        levels={role: style.levels.get(role, 0.0) for role in sorted(roles)},
    )


def _beats_of(plan: ScorePlan, seconds: np.ndarray) -> np.ndarray:
    beats, known = plan.tempo_points()
    return np.interp(seconds, known, beats) if len(seconds) else np.zeros(0)


def _played(plan: ScorePlan, notes: list[Note], hit_beats: np.ndarray) -> tuple[PlayedNote, ...]:
    rng = np.random.default_rng(plan.seed)
    beats = np.array([note.beat for note in notes])
    starts = plan.seconds_at(beats)
    ends = plan.seconds_at(beats + np.array([note.length for note in notes]))
    arousal = np.interp(starts, [p.time for p in plan.mood], [p.arousal for p in plan.mood])
    weights = np.array([note.weight for note in notes])
    loud = (38.0 + 92.0 * weights) * (0.86 + 0.2 * arousal) * dynamics(plan, starts)
    velocities = np.clip(loud + rng.normal(0, _VELOCITY_SPREAD, len(notes)), 12, 127).astype(int)
    starts = starts + _looseness(notes, beats, arousal, hit_beats, rng)
    starts = np.clip(starts, 0.0, plan.duration - _EDGE)
    ends = np.clip(ends, starts + _EDGE, plan.duration)
    made = [
        PlayedNote(float(start), float(end), note.pitch, int(velocity), note.role)
        for note, start, end, velocity in zip(notes, starts, ends, velocities, strict=True)
    ]
    return _without_overlap(sorted(made, key=lambda n: (n.start, n.role, n.pitch)))


def _looseness(
    notes: list[Note],
    beats: np.ndarray,
    arousal: np.ndarray,
    hit_beats: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """How late each note is, s; what is at a hit is in time."""
    spread = np.array([_TIMING.get(note.role, _USUAL_TIMING) for note in notes])
    late = np.clip(rng.normal(0, 1, len(notes)), -2, 2) * spread
    # Low notes of a calm chord come first.
    rank: dict[tuple[float, str], int] = {}
    for number, note in enumerate(notes):
        if note.role in (CHORDS, ARPEGGIO) and arousal[number] < 0.0:
            place = rank.get((note.beat, note.role), 0)
            rank[note.beat, note.role] = place + 1
            late[number] += min(place, 4) * _ROLL * -arousal[number]
    if len(hit_beats):
        late[np.min(np.abs(beats[:, None] - hit_beats[None, :]), axis=1) < 0.02] = 0.0
    return late


def _without_overlap(notes: list[PlayedNote]) -> tuple[PlayedNote, ...]:
    """Ends a note where the same pitch of the same role begins again.

    A second note-on would else be ended by the first one's note-off.
    """
    kept: list[PlayedNote | None] = []
    sounding: dict[tuple[str, int], int] = {}
    for note in notes:
        key = (note.role, note.pitch)
        before = sounding.get(key)
        earlier = kept[before] if before is not None else None
        if before is not None and earlier is not None and earlier.end > note.start - 0.002:
            end = note.start - 0.002
            kept[before] = (
                PlayedNote(earlier.start, end, note.pitch, earlier.velocity, note.role)
                if end - earlier.start >= _EDGE / 2
                else None
            )
            if kept[before] is None:
                louder = max(note.velocity, earlier.velocity)
                note = PlayedNote(note.start, note.end, note.pitch, louder, note.role)
        sounding[key] = len(kept)
        kept.append(note)
    return tuple(note for note in kept if note is not None)


def _programs(
    plan: ScorePlan, style: Style, bars: tuple[PlacedBar, ...], roles: set[str]
) -> list[ProgramChange]:
    """Instruments by the mood of each section."""
    changes: list[ProgramChange] = []
    current: dict[str, int] = {}
    for first in (bar for bar in bars if bar.section_bar == 0):
        last = bars[min(len(bars), first.number + first.section.bars) - 1]
        points = [plan.mood_at(t) for t in np.linspace(first.start, last.end, 9)]
        valence, arousal = np.mean(points, axis=0)
        column = _mood_column(float(valence), float(arousal))
        for role in sorted(roles):
            programs = style.instruments.get(role)
            if programs is None or current.get(role) == programs[column]:
                continue
            current[role] = programs[column]
            changes.append(ProgramChange(first.start, role, programs[column]))
    return changes


def _mood_column(valence: float, arousal: float) -> int:
    """Of `styles.Programs`: sad, calm, tense, happy."""
    if arousal < 0.0:
        return 1 if valence >= 0.0 else 0
    return 3 if valence >= 0.0 else 2
