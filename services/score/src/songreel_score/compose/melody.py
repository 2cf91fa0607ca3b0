"""The themes as a tune on top: fitted to scale and chords, varied when they return."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from songreel_score.compose.accompaniment import Span
from songreel_score.compose.composition import Note
from songreel_score.compose.voicings import nearest_of
from songreel_score.plan.harmony import scale_pitches
from songreel_score.plan.score_plan import PlacedBar, ScorePlan, ThemeNote
from songreel_score.plan.themes import BARS, BEATS
from songreel_score.styles import COUNTER, MELODY

_LOWEST, _HIGHEST = 52, 93


@dataclass(frozen=True)
class Register:
    """Where a tune lies and how it is played."""

    tonic: int
    """MIDI pitch of step 0."""
    sounding: float
    """Share of a note's length that sounds: 1 is legato, .6 staccato."""


def register(tonic: int, valence: float, arousal: float) -> Register:
    """High and short for bright moods, low and long for dark ones.

    Pitch height and articulation carry valence beside the mode (Juslin and Laukka 2003; Eerola
    and others 2013).
    """
    target = 62.0 + 6.5 * valence + 2.5 * arousal
    lowest = round((target - tonic) / 12) * 12 + tonic
    return Register(lowest, min(1.0, max(0.55, 0.95 - 0.2 * valence - 0.18 * arousal)))


def melody(
    plan: ScorePlan,
    placed: PlacedBar,
    spans: Sequence[Span],
    where: Register,
    rng: random.Random,
) -> list[Note]:
    """The theme's bar that belongs here."""
    section = placed.section
    bar = placed.section_bar % BARS
    is_last = placed.section_bar == section.bars - 1
    if is_last and section.bars > 2:
        bar = BARS - 1  # A theme that is cut short still comes to rest.
    notes = [note for note in plan.themes[section.theme] if note.bar == bar]
    notes = _fitted(notes, placed.bar.beats)
    varied = section.variation or int(placed.section_bar >= BARS)
    if varied:
        notes = _ornamented(notes, rng, varied)
    scale = scale_pitches(section.scale, where.tonic % 12)
    lift = 12 if section.variation >= 2 else 0
    return [_sounded(note, placed, spans, scale, where, lift) for note in notes]


def _fitted(notes: Sequence[ThemeNote], beats: int) -> list[ThemeNote]:
    """A bar's notes in a bar of another length: the end is left out, or the last note held."""
    kept = [note for note in notes if note.beat < beats]
    if not kept:
        return []
    last = kept[-1]
    length = beats - last.beat if beats > BEATS else min(last.length, beats - last.beat)
    return [*kept[:-1], ThemeNote(last.bar, last.beat, length, last.step)]


def _ornamented(notes: Sequence[ThemeNote], rng: random.Random, depth: int) -> list[ThemeNote]:
    """Long notes get a neighbour; leaps are filled."""
    varied: list[ThemeNote] = []
    for number, note in enumerate(notes):
        following = notes[number + 1].step if number + 1 < len(notes) else note.step
        if note.length >= 1.5 and rng.random() < 0.8:
            turn = note.step + rng.choice((1, -1))
            half = note.length / 2
            varied += [
                ThemeNote(note.bar, note.beat, half, note.step),
                ThemeNote(note.bar, note.beat + half, half / 2, turn),
                ThemeNote(note.bar, note.beat + 1.5 * half, half / 2, note.step),
            ]
        elif note.length >= 1.0 and rng.random() < 0.35 + 0.2 * depth:
            # Towards the next note, or around this one.
            middle = round((note.step + following) / 2)
            middle += (middle == note.step) * rng.choice((1, -1))
            varied += [
                ThemeNote(note.bar, note.beat, note.length / 2, note.step),
                ThemeNote(note.bar, note.beat + note.length / 2, note.length / 2, middle),
            ]
        else:
            varied.append(note)
    return varied


def _sounded(
    note: ThemeNote,
    placed: PlacedBar,
    spans: Sequence[Span],
    scale: Sequence[int],
    where: Register,
    lift: int,
) -> Note:
    octave, degree = divmod(note.step, len(scale))
    above = (scale[degree] - scale[0]) % 12
    pitch = where.tonic + lift + 12 * octave + above
    beat = placed.first_beat + note.beat
    span = next((s for s in reversed(spans) if s.beat <= beat), spans[0])
    # What is on the beat or held belongs to the chord; what passes may be of the scale.
    if note.beat % 1 == 0 or note.length > 0.75:
        pitch = nearest_of(span.chord.tones, pitch)
    elif pitch % 12 not in span.chord.tones and any(
        pitch % 12 in ((t + 1) % 12, (t - 1) % 12) for t in span.chord.tones if t not in scale
    ):
        pitch = nearest_of(span.chord.tones, pitch)  # A raised seventh has no natural beside it.
    while pitch > _HIGHEST:
        pitch -= 12
    while pitch < _LOWEST:
        pitch += 12
    weight = 0.72 if note.beat == 0 else 0.64 if note.beat % 1 == 0 else 0.56
    return Note(beat, note.length * where.sounding, pitch, MELODY, weight)


def counter(tune: Sequence[Note], spans: Sequence[Span]) -> list[Note]:
    """A second voice: one long note a chord, a third or a sixth below the tune."""
    notes: list[Note] = []
    for span in spans:
        above = [n.pitch for n in tune if span.beat <= n.beat < span.beat + span.beats]
        target = (min(above) if above else 67) - 5
        pitch = nearest_of(span.chord.tones, target)
        notes.append(Note(span.beat, span.beats * 0.98, pitch, COUNTER, 0.5))
    return notes


REST_BEFORE_ENTRY: Final = 2
"""Bars that a calm beginning leaves without a tune."""
