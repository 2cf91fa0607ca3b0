"""The arranger: an engine of rules. It needs no model and is the fallback of all others."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, TypeVar

import numpy as np

from songreel_score.compose import accompaniment, drums, melody
from songreel_score.compose.composition import Composition, Note, Report
from songreel_score.compose.voicings import Voicing, near, voice
from songreel_score.plan.harmony import parse_chord, parse_key
from songreel_score.plan.score_plan import PlacedBar, ScorePlan
from songreel_score.styles import (
    ARPEGGIO,
    BASS,
    CHORDS,
    COUNTER,
    DRUMS,
    MELODY,
    PAD,
    Style,
    find_style,
)

VERSION: Final = "arranger 2026.12-1"
T = TypeVar("T")
# Mean pitch of the chords at valence 0; darker moods lie lower.
_CHORD_CENTRE: Final = 60.0


class Arranger:
    """Fills a plan's bars by rules: voice leading, patterns, themes, grooves."""

    @property
    def version(self) -> str:
        """Name and version."""
        return VERSION

    def compose(self, plan: ScorePlan, report: Report) -> Composition:
        """Writes the notes."""
        style = find_style(plan.style)
        bars = plan.bars()
        moods, theme_moods = section_moods(plan, bars)
        tonic = parse_key(plan.key)
        notes: list[Note] = []
        before: Voicing | None = None
        for number, placed in enumerate(bars):
            report(number / len(bars))
            valence, arousal = moods[number]
            centre = _CHORD_CENTRE + 4.0 * valence
            chords = [parse_chord(numeral, tonic) for numeral in placed.bar.chords]
            voicings: list[Voicing] = []
            for chord in chords:
                before = voice(chord, before, centre)
                voicings.append(before)
            spans = accompaniment.spans(placed, chords, voicings)
            where = melody.register(tonic, *theme_moods[number])
            if number == len(bars) - 1:
                notes += _ending(style, placed, spans, where, arousal)
            else:
                fill = bars[number + 1].section_bar == 0
                notes += _bar(plan, style, placed, spans, where, arousal, fill=fill)
        notes.sort(key=lambda note: (note.beat, note.role, note.pitch))
        return Composition(tuple(notes), VERSION)


Moods = list[tuple[float, float]]
"""Valence and arousal for each bar."""


def section_moods(plan: ScorePlan, bars: Sequence[PlacedBar]) -> tuple[Moods, Moods]:
    """The mood of each bar, and of its section.

    A bar's is half its section's and half its own: instruments enter with sections, and a climax
    within one is still followed. A tune takes its section's, so that it does not change octaves.
    """
    own = np.array([plan.mood_at((bar.start + bar.end) / 2) for bar in bars])
    firsts = [i for i, bar in enumerate(bars) if bar.section_bar == 0] + [len(bars)]
    means = own.copy()
    for start, end in pairwise(firsts):
        means[start:end] = own[start:end].mean(0)
    return _pairs(0.5 * own + 0.5 * means), _pairs(means)


def _pairs(moods: np.ndarray) -> Moods:
    return [(float(valence), float(arousal)) for valence, arousal in moods]


def _bar(
    plan: ScorePlan,
    style: Style,
    placed: PlacedBar,
    spans: Sequence[accompaniment.Span],
    where: melody.Register,
    arousal: float,
    *,
    fill: bool,
) -> list[Note]:
    # A bar's chances are its section's theme's: A sounds like A whenever it returns.
    rng = random.Random(f"{plan.seed}-{placed.section.name}-{placed.section_bar}")
    plays = {role for role, entry in style.entries.items() if arousal >= entry}
    groove = _chosen(style.grooves, arousal, "") if DRUMS in plays else ""
    texture = _chosen(style.textures, arousal, "half")
    shape = random.Random(f"{plan.seed}-{placed.section.theme}")
    notes: list[Note] = []
    for span in spans:
        if PAD in plays:
            notes += accompaniment.pad(span, arousal)
        if CHORDS in plays:
            notes += accompaniment.chord_pattern(span, texture)
        if ARPEGGIO in plays:
            notes += accompaniment.arpeggio(span, arousal, shape)
        if BASS in plays:
            notes += accompaniment.bass(span, placed, arousal, groove)
    calm_start = arousal < 0.0 and placed.number < melody.REST_BEFORE_ENTRY
    if MELODY in plays and not (calm_start and placed.section.bars > melody.REST_BEFORE_ENTRY):
        tune = melody.melody(plan, placed, spans, where, rng)
        notes += tune
        if COUNTER in plays:
            notes += melody.counter(tune, spans)
    if groove:
        first = placed.section_bar == 0
        notes += drums.play(placed, groove, fill=fill, first=first, swing=style.swing)
    return notes


def _ending(
    style: Style,
    placed: PlacedBar,
    spans: Sequence[accompaniment.Span],
    where: melody.Register,
    arousal: float,
) -> list[Note]:
    """The last bar: everybody on the last chord, held."""
    beats, span = float(placed.bar.beats), spans[-1]
    plays = {role for role, entry in style.entries.items() if arousal >= entry}
    held: list[tuple[str, int]] = [(BASS, near(span.chord.root, 36))]
    held += [(role, pitch) for role in (CHORDS, PAD) for pitch in span.voicing]
    held.append((MELODY, where.tonic if where.tonic % 12 in span.chord.tones else span.voicing[-1]))
    notes = [
        Note(float(placed.first_beat), beats, pitch, role, 0.6)
        for role, pitch in held
        if role in plays
    ]
    if DRUMS in plays and style.grooves:
        notes += [
            Note(float(placed.first_beat), 0.5, drum, DRUMS, 0.6)
            for drum in (drums.KICK, drums.CRASH)
        ]
    return notes


def _chosen(table: Sequence[tuple[float, T]], arousal: float, default: T) -> T:
    """The last entry whose arousal is reached."""
    chosen = default
    for threshold, value in table:
        if arousal >= threshold:
            chosen = value
    return chosen
