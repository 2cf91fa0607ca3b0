"""Styles: one row each, from tempo to instruments. A new style is one more row.

Instruments are General MIDI programs, counted from 0. For each role a style names four, for moods
that are sad, calm, tense and happy: timbre is one of the things that make valence audible.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from songreel_kit.errors import UnknownStyle

MELODY: Final = "melody"
COUNTER: Final = "counter"
CHORDS: Final = "chords"
ARPEGGIO: Final = "arpeggio"
PAD: Final = "pad"
BASS: Final = "bass"
DRUMS: Final = "drums"
HITS: Final = "hits"
ROLES: Final = (MELODY, COUNTER, CHORDS, ARPEGGIO, PAD, BASS, DRUMS, HITS)

DEFAULT_STYLE: Final = "cinematic"

Programs = tuple[int, int, int, int]
"""For moods that are sad, calm, tense, happy."""


@dataclass(frozen=True, kw_only=True)
class Style:
    """How music of a style goes."""

    name: str
    description: str
    tempo: tuple[float, float]
    """Beats a minute at arousal -1 and at arousal 1."""
    instruments: Mapping[str, Programs]
    """By role; a role that is not named does not play."""
    entries: Mapping[str, float]
    """Arousal from which a role plays; -1 for always."""
    grooves: tuple[tuple[float, str], ...] = ()
    """Arousal from which a drum groove plays, rising."""
    textures: tuple[tuple[float, str], ...] = ((-1.0, "half"),)
    """Arousal from which a pattern of the chords plays, rising."""
    levels: Mapping[str, float]
    """Gain of roles, dB."""
    chord_bars: int = 1
    """Bars that a chord lasts."""
    swing: float = 0.0
    """Share of an eighth by which off-beats come late."""
    reverb: float = 0.2
    """Share of the sound that goes into the room, 0 to 1."""
    reverb_seconds: float = 1.8
    """Time in which the room falls by 60 dB."""
    low_pass: float = 0.0
    """Hz above which the master is softened; 0 for not at all."""


def _same(program: int) -> Programs:
    return (program, program, program, program)


_STRINGS, _PIZZICATO, _SLOW_STRINGS, _TREMOLO = 48, 45, 49, 44
_HORN, _BRASS, _FLUTE, _OBOE, _CLARINET, _CELLO, _VIOLIN = 60, 61, 73, 68, 71, 42, 40
_PIANO, _ELECTRIC_PIANO, _CELESTA, _VIBRAPHONE, _HARP, _CHOIR = 0, 4, 8, 11, 46, 52
_NYLON, _STEEL, _CLEAN_GUITAR, _CONTRABASS, _FINGER_BASS, _SYNTH_BASS = 24, 25, 27, 43, 33, 38
_WARM_PAD, _POLY_PAD, _NEW_AGE, _BOWED, _SWEEP, _HALO = 89, 90, 88, 92, 95, 94
_SQUARE, _SAW, _CHARANG, _FRETLESS, _TIMPANI, _ENGLISH_HORN = 80, 81, 84, 35, 47, 69

_BALANCE: Final = {
    MELODY: 0.0, COUNTER: -5.0, CHORDS: -4.0, ARPEGGIO: -6.0, PAD: -9.0, BASS: -2.0,
    DRUMS: -3.0, HITS: 1.0,
}  # fmt: skip
_FULL: Final = ((-0.35, "soft"), (0.05, "steady"), (0.5, "driving"))

STYLES: Final[dict[str, Style]] = {
    style.name: style
    for style in (
        Style(
            name="cinematic",
            description="piano and strings that grow into a full ensemble with drums",
            tempo=(60.0, 132.0),
            instruments={
                MELODY: (_CELLO, _PIANO, _HORN, _VIOLIN),
                COUNTER: (_CLARINET, _FLUTE, _STRINGS, _HORN),
                CHORDS: (_PIANO, _PIANO, _PIANO, _PIANO),
                ARPEGGIO: (_HARP, _HARP, _STRINGS, _STRINGS),
                PAD: (_SLOW_STRINGS, _SLOW_STRINGS, _TREMOLO, _STRINGS),
                BASS: _same(_CONTRABASS),
                DRUMS: _same(48),
                HITS: _same(_PIANO),
            },
            entries={
                PAD: -1.0,
                CHORDS: -1.0,
                MELODY: -0.95,
                BASS: -0.9,
                ARPEGGIO: -0.1,
                COUNTER: 0.2,
                DRUMS: 0.15,
            },
            grooves=((0.15, "toms"), (0.55, "march")),
            textures=((-1.0, "half"), (-0.3, "broken"), (0.35, "pulse")),
            levels=_BALANCE,
            reverb=0.3,
            reverb_seconds=2.4,
        ),
        Style(
            name="ambient",
            description="slow pads, long notes, hardly a pulse",
            tempo=(50.0, 84.0),
            instruments={
                MELODY: (_VIBRAPHONE, _CELESTA, _BOWED, _CELESTA),
                CHORDS: (_ELECTRIC_PIANO, _ELECTRIC_PIANO, _HALO, _ELECTRIC_PIANO),
                ARPEGGIO: (_HARP, _HARP, _VIBRAPHONE, _HARP),
                PAD: (_WARM_PAD, _NEW_AGE, _SWEEP, _WARM_PAD),
                BASS: _same(_FRETLESS),
                HITS: (_VIBRAPHONE, _CELESTA, _PIANO, _CELESTA),
            },
            entries={PAD: -1.0, BASS: -0.5, CHORDS: -0.2, MELODY: -0.95, ARPEGGIO: 0.1},
            textures=((-1.0, "whole"), (0.2, "half")),
            levels={**_BALANCE, PAD: -3.0, MELODY: -3.0, HITS: 2.0},
            chord_bars=2,
            reverb=0.45,
            reverb_seconds=3.5,
        ),
        Style(
            name="pop",
            description="drums, bass guitar, piano and guitar",
            tempo=(84.0, 132.0),
            instruments={
                MELODY: (_PIANO, _NYLON, _SQUARE, _FLUTE),
                COUNTER: _same(_STRINGS),
                CHORDS: (_PIANO, _PIANO, _CLEAN_GUITAR, _PIANO),
                ARPEGGIO: (_NYLON, _STEEL, _CLEAN_GUITAR, _STEEL),
                PAD: _same(_STRINGS),
                BASS: _same(_FINGER_BASS),
                DRUMS: _same(0),
                HITS: _same(_PIANO),
            },
            entries={
                CHORDS: -1.0,
                BASS: -0.9,
                MELODY: -0.95,
                ARPEGGIO: -0.4,
                DRUMS: -0.45,
                PAD: 0.1,
                COUNTER: 0.4,
            },
            grooves=_FULL,
            textures=((-1.0, "half"), (-0.3, "broken"), (0.1, "syncopated")),
            levels=_BALANCE,
            reverb=0.14,
            reverb_seconds=1.2,
        ),
        Style(
            name="piano",
            description="one piano",
            tempo=(58.0, 126.0),
            instruments={role: _same(_PIANO) for role in (MELODY, CHORDS, ARPEGGIO, BASS, HITS)},
            entries={CHORDS: -0.55, MELODY: -1.0, BASS: -1.0, ARPEGGIO: 0.05},
            textures=((-1.0, "half"), (-0.35, "broken"), (0.4, "pulse")),
            levels={**_BALANCE, BASS: -3.0, ARPEGGIO: -5.0},
            reverb=0.22,
            reverb_seconds=1.6,
        ),
        Style(
            name="electronic",
            description="synthesizers over a steady kick",
            tempo=(96.0, 134.0),
            instruments={
                MELODY: (_SQUARE, _SQUARE, _SAW, _SAW),
                CHORDS: _same(_POLY_PAD),
                ARPEGGIO: (_SQUARE, _SQUARE, _SAW, _SQUARE),
                PAD: (_WARM_PAD, _WARM_PAD, _SWEEP, _POLY_PAD),
                BASS: _same(_SYNTH_BASS),
                DRUMS: _same(25),
                HITS: (_POLY_PAD, _POLY_PAD, _SAW, _SAW),
            },
            entries={
                PAD: -1.0,
                BASS: -0.9,
                ARPEGGIO: -0.5,
                CHORDS: -0.2,
                MELODY: -0.75,
                DRUMS: -0.4,
            },
            grooves=((-0.4, "soft"), (-0.05, "four"), (0.5, "four_open")),
            textures=((-1.0, "whole"), (0.0, "syncopated")),
            levels={**_BALANCE, MELODY: -5.0, ARPEGGIO: -9.0, CHORDS: -6.0},
            reverb=0.2,
            reverb_seconds=1.5,
        ),
        Style(
            name="lo-fi",
            description="electric piano and lazy, swung drums behind a veil",
            tempo=(66.0, 92.0),
            instruments={
                MELODY: (_VIBRAPHONE, _ELECTRIC_PIANO, _NYLON, _VIBRAPHONE),
                CHORDS: _same(_ELECTRIC_PIANO),
                ARPEGGIO: _same(_NYLON),
                PAD: _same(_WARM_PAD),
                BASS: _same(_FRETLESS),
                DRUMS: _same(0),
                HITS: _same(_ELECTRIC_PIANO),
            },
            entries={CHORDS: -1.0, BASS: -0.8, DRUMS: -0.8, MELODY: -0.95, PAD: 0.0, ARPEGGIO: 0.3},
            grooves=((-0.8, "lazy"), (0.4, "soft")),
            textures=((-1.0, "half"), (-0.1, "syncopated")),
            levels={**_BALANCE, DRUMS: -5.0},
            swing=0.28,
            reverb=0.16,
            reverb_seconds=1.0,
            low_pass=6500.0,
        ),
        Style(
            name="orchestral",
            description="strings, woodwinds, horns, timpani",
            tempo=(58.0, 138.0),
            instruments={
                MELODY: (_ENGLISH_HORN, _OBOE, _HORN, _FLUTE),
                COUNTER: (_CELLO, _CLARINET, _BRASS, _HORN),
                CHORDS: (_SLOW_STRINGS, _STRINGS, _BRASS, _STRINGS),
                ARPEGGIO: (_HARP, _HARP, _STRINGS, _PIZZICATO),
                PAD: (_SLOW_STRINGS, _SLOW_STRINGS, _TREMOLO, _STRINGS),
                BASS: _same(_CONTRABASS),
                DRUMS: _same(48),
                HITS: _same(_BRASS),
            },
            entries={
                PAD: -1.0,
                MELODY: -0.95,
                BASS: -0.9,
                ARPEGGIO: -0.3,
                COUNTER: 0.0,
                CHORDS: 0.1,
                DRUMS: 0.35,
            },
            grooves=((0.35, "toms"), (0.65, "march")),
            textures=((-1.0, "whole"), (0.3, "pulse")),
            levels={**_BALANCE, HITS: 2.0},
            reverb=0.36,
            reverb_seconds=2.6,
        ),
        Style(
            name="tension",
            description="low strings, tremolo, a heartbeat",
            tempo=(66.0, 126.0),
            instruments={
                MELODY: (_CELLO, _CELLO, _VIOLIN, _CLARINET),
                CHORDS: (_TREMOLO, _TREMOLO, _TREMOLO, _STRINGS),
                ARPEGGIO: (_PIZZICATO, _PIZZICATO, _STRINGS, _PIZZICATO),
                PAD: (_SLOW_STRINGS, _BOWED, _TREMOLO, _SLOW_STRINGS),
                BASS: _same(_CONTRABASS),
                DRUMS: _same(48),
                HITS: _same(_PIANO),
            },
            entries={
                PAD: -1.0,
                BASS: -1.0,
                MELODY: -0.75,
                ARPEGGIO: -0.2,
                CHORDS: 0.1,
                DRUMS: -0.3,
            },
            grooves=((-0.3, "heartbeat"), (0.35, "toms")),
            textures=((-1.0, "whole"), (0.2, "pulse")),
            levels={**_BALANCE, BASS: 0.0},
            reverb=0.32,
            reverb_seconds=2.6,
        ),
    )
}


def find_style(name: str) -> Style:
    """The style of that name, the default one for "".

    Raises:
        UnknownStyle: no such name; the message lists the known ones.
    """
    found = STYLES.get(name or DEFAULT_STYLE)
    if found is None:
        raise UnknownStyle(f"there is no style {name!r} of music; known: {', '.join(STYLES)}")
    return found
