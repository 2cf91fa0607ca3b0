"""Chord plans from the mood: four-bar progressions, one table of scales and numerals."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Palette:
    """What harmony a mood may have."""

    scale: str
    progressions: tuple[tuple[str, ...], ...]
    """Of four chords each."""
    dominant: str
    """Leads back to the first chord of the next section."""
    close: str
    """The last chord of the piece."""


_HAPPY: Final = Palette(
    "major",
    (
        ("I", "V", "vi", "IV"),
        ("I", "IV", "I", "V"),
        ("I", "iii", "IV", "V"),
        ("I", "vi", "IV", "V"),
        ("IV", "I", "V", "vi"),
    ),
    "V",
    "I",
)
_WONDER: Final = Palette(
    "lydian", (("I", "II", "I", "II"), ("I", "V", "II", "I"), ("I", "iii", "II", "V")), "II", "I"
)
_CALM: Final = Palette(
    "major",
    (
        ("Imaj7", "IVmaj7", "Imaj7", "IVmaj7"),
        ("Iadd9", "vi7", "IVmaj7", "Vsus4"),
        ("I", "iii7", "IVadd9", "I"),
        ("Imaj7", "iii7", "vi7", "IVmaj7"),
    ),
    "Vsus4",
    "Iadd9",
)
_BITTERSWEET: Final = Palette(
    "minor",
    (
        ("i", "bVII", "bVI", "bVII"),
        ("i", "bIII", "bVII", "iv"),
        ("bVI", "bVII", "i", "bIII"),
        ("i", "bVI", "bIII", "bVII"),
    ),
    "bVII",
    "i",
)
_SAD: Final = Palette(
    "minor",
    (
        ("i", "iv", "bVI", "v"),
        ("i", "v", "bVI", "iv"),
        ("iadd9", "bVImaj7", "iv7", "v7"),
        ("i", "bVI", "iv", "V"),
    ),
    "V",
    "i",
)
_TENSE: Final = Palette(
    "phrygian",
    (
        ("i", "bII", "i", "bvii"),
        ("i", "i", "bII", "i"),
        ("i", "bVI", "bII", "i"),
        ("i", "bII", "bIII", "bII"),
    ),
    "bII",
    "i",
)
_ANGRY: Final = Palette(
    "minor",
    (
        ("i", "bVI", "iv", "V"),
        ("i", "i", "bVI", "V"),
        ("i", "bIII", "iv", "V"),
        ("i", "iv", "i", "V"),
    ),
    "V",
    "i",
)


def palette(valence: float, arousal: float) -> Palette:
    """The harmony of a mood."""
    if valence >= 0.0:
        if arousal >= -0.15:
            return _WONDER if valence > 0.6 and arousal > 0.45 else _HAPPY
        return _CALM
    if arousal >= 0.1:
        return _TENSE if valence < -0.45 else _ANGRY
    return _BITTERSWEET if valence > -0.3 else _SAD


def four_chords(chosen: Palette, rng: random.Random) -> tuple[str, ...]:
    """One of the palette's progressions."""
    return chosen.progressions[rng.randrange(len(chosen.progressions))]
