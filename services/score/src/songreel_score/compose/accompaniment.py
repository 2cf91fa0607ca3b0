"""Chords, arpeggios, pads and bass of one bar, in the pattern that the mood asks for."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from songreel_score.compose.composition import Note
from songreel_score.compose.voicings import Voicing, near
from songreel_score.plan.harmony import Chord
from songreel_score.plan.score_plan import PlacedBar
from songreel_score.styles import ARPEGGIO, BASS, CHORDS, PAD


@dataclass(frozen=True)
class Span:
    """A chord's place within a bar."""

    beat: float
    """From the start of the music."""
    beats: float
    chord: Chord
    voicing: Voicing


def chord_pattern(span: Span, pattern: str) -> list[Note]:
    """The chords of a span in a pattern of `PATTERNS`."""
    return PATTERNS[pattern](span)


def _block(span: Span, beat: float, length: float, weight: float) -> list[Note]:
    return [Note(span.beat + beat, length, pitch, CHORDS, weight) for pitch in span.voicing]


def _whole(span: Span) -> list[Note]:
    return _block(span, 0.0, span.beats, 0.5)


def _half(span: Span) -> list[Note]:
    notes: list[Note] = []
    beat = 0.0
    while beat < span.beats:
        length = min(2.0, span.beats - beat)
        notes += _block(span, beat, length, 0.55 if beat == 0 else 0.45)
        beat += 2.0
    return notes


def _broken(span: Span) -> list[Note]:
    low, *rest = span.voicing
    top = [*rest, rest[-1] if len(rest) < 3 else rest[-2]]
    order = [low, top[0], top[1], top[0], low + 12, top[1], top[0], top[1]]
    count = int(span.beats * 2)
    return [
        Note(span.beat + i / 2, 1.0, order[i % len(order)], CHORDS, 0.52 if i % 2 == 0 else 0.42)
        for i in range(count)
    ]


def _pulse(span: Span) -> list[Note]:
    notes: list[Note] = []
    for i in range(int(span.beats * 2)):
        weight = 0.62 if i % 4 == 0 else 0.5 if i % 2 == 0 else 0.4
        pitches = span.voicing if i % 2 == 0 else span.voicing[1:]
        notes += [Note(span.beat + i / 2, 0.45, pitch, CHORDS, weight) for pitch in pitches]
    return notes


def _syncopated(span: Span) -> list[Note]:
    notes: list[Note] = []
    for start in range(0, int(span.beats) or 1, 4):
        for beat, length, weight in ((0, 1.4, 0.6), (1.5, 0.9, 0.5), (2.5, 1.4, 0.55)):
            if start + beat < span.beats:
                length = min(length, span.beats - start - beat)
                notes += _block(span, start + beat, length, weight)
    return notes


PATTERNS: Final[dict[str, Callable[[Span], list[Note]]]] = {
    "whole": _whole,
    "half": _half,
    "broken": _broken,
    "pulse": _pulse,
    "syncopated": _syncopated,
}


def arpeggio(span: Span, arousal: float, rng: random.Random) -> list[Note]:
    """The chord note by note, in eighths or, when it is lively, in sixteenths."""
    step = 0.5 if arousal < 0.4 else 0.25
    tones = [*span.voicing, span.voicing[0] + 12, *(p + 12 for p in span.voicing[1:2])]
    shape = rng.choice(("up", "wave", "skip"))
    order = {
        "up": tones,
        "wave": tones + tones[-2:0:-1],
        "skip": tones[::2] + tones[1::2],
    }[shape]
    return [
        Note(
            span.beat + i * step,
            step * 0.95,
            order[i % len(order)] + 12,
            ARPEGGIO,
            0.5 if (i * step) % 1 == 0 else 0.38,
        )
        for i in range(int(span.beats / step))
    ]


def pad(span: Span, arousal: float) -> list[Note]:
    """The chord held, with its root below."""
    pitches = (near(span.chord.root, 48), *span.voicing)
    if arousal > 0.5:
        pitches += (span.voicing[-1] + 12,)
    return [Note(span.beat, span.beats, pitch, PAD, 0.45) for pitch in pitches]


def bass(span: Span, placed: PlacedBar, arousal: float, groove: str) -> list[Note]:
    """The root, and the fifth where it moves; as the drums go."""
    root = near(span.chord.root, 36)
    fifth = root + 7 if (span.chord.root + 7) % 12 in span.chord.tones else root + 12
    if groove in ("driving", "four_open"):
        step, pitches = 0.5, (root, root, root, root + 12)
    elif groove == "four":
        step, pitches = 0.5, (0, root)
    elif arousal > 0.25 and groove:
        step, pitches = 1.0, (root, root, fifth, root)
    elif arousal > -0.35:
        step, pitches = 2.0, (root, fifth)
    else:
        step, pitches = span.beats, (root,)
    notes = [
        Note(
            span.beat + i * step,
            min(step * 0.95, span.beats - i * step),
            pitches[i % len(pitches)],
            BASS,
            0.65 if i == 0 else 0.52,
        )
        for i in range(max(1, int(-(-span.beats // step))))
    ]
    return [note for note in notes if note.pitch]


def spans(
    placed: PlacedBar, chords: Sequence[Chord], voicings: Sequence[Voicing]
) -> tuple[Span, ...]:
    """Divides a bar's beats evenly among its chords, in whole beats."""
    count, beats = len(chords), placed.bar.beats
    borders = [round(i * beats / count) for i in range(count + 1)]
    return tuple(
        Span(placed.first_beat + borders[i], borders[i + 1] - borders[i], chords[i], voicings[i])
        for i in range(count)
    )
