"""Keys, scales and chords in Roman numerals, as numbers.

Numerals count from the tonic's major scale whatever the mode is: the chord on the third note of
C minor is `bIII` in C. So a plan keeps its meaning when its key is edited.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from songreel_kit.errors import InvalidScorePlan

NOTES: Final = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
_SHARPS: Final = {"C#": "Db", "D#": "Eb", "F#": "Gb", "G#": "Ab", "A#": "Bb"}
SCALES: Final[dict[str, tuple[int, ...]]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
}
"""Half tones above the tonic."""
_DEGREES: Final = {"I": 0, "II": 2, "III": 4, "IV": 5, "V": 7, "VI": 9, "VII": 11}
_QUALITIES: Final[dict[str, tuple[int, ...]]] = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "maj7": (0, 4, 7, 11),
    "7": (0, 4, 7, 10),
    "m7": (0, 3, 7, 10),
    "add9": (0, 4, 7, 2),
    "madd9": (0, 3, 7, 2),
    "sus2": (0, 2, 7),
    "sus4": (0, 5, 7),
    "dim": (0, 3, 6),
}
_NUMERAL: Final = re.compile(r"(b|#)?(VII|VI|IV|V|III|II|I|vii|vi|iv|v|iii|ii|i)(.*)")


@dataclass(frozen=True)
class Chord:
    """A chord as pitch classes."""

    root: int
    """0 for C to 11."""
    tones: tuple[int, ...]
    """Pitch classes, the root first."""


def parse_key(text: str) -> int:
    """Pitch class of a tonic such as `D`, `Bb` or `F#`.

    Raises:
        InvalidScorePlan: no such note.
    """
    name = text.strip()
    name = name[:1].upper() + name[1:]
    name = _SHARPS.get(name, name)
    if name not in NOTES:
        raise InvalidScorePlan(f"key is {text!r}; give one of {', '.join(NOTES)}, or with a sharp")
    return NOTES.index(name)


def parse_chord(numeral: str, tonic: int) -> Chord:
    """The chord of a numeral such as `i`, `bVI`, `IVmaj7` in the key of `tonic`.

    Raises:
        InvalidScorePlan: not a numeral.
    """
    found = _NUMERAL.fullmatch(numeral.strip())
    quality = found and ("m" if found[2].islower() and found[3] != "dim" else "") + found[3]
    if not found or quality not in _QUALITIES:
        raise InvalidScorePlan(
            f"chord {numeral!r} is no numeral; write I to VII for major, i to vii for minor, with "
            "b or # before and 7, maj7, add9, sus2, sus4 or dim after"
        )
    shift = {"b": -1, "#": 1, None: 0}[found[1]]
    root = (tonic + _DEGREES[found[2].upper()] + shift) % 12
    return Chord(root, tuple((root + each) % 12 for each in _QUALITIES[str(quality)]))


def chord_name(numeral: str, tonic: int) -> str:
    """The chord's name for people, such as `Dm` or `Bbmaj7`."""
    chord = parse_chord(numeral, tonic)
    found = _NUMERAL.fullmatch(numeral.strip())
    assert found is not None
    minor = "m" if found[2].islower() and found[3] != "dim" else ""
    return NOTES[chord.root] + minor + found[3]


def scale_pitches(scale: str, tonic: int) -> tuple[int, ...]:
    """Pitch classes of a scale, its tonic first.

    Raises:
        InvalidScorePlan: no such scale.
    """
    if scale not in SCALES:
        raise InvalidScorePlan(f"there is no scale {scale!r}; known: {', '.join(SCALES)}")
    return tuple((tonic + step) % 12 for step in SCALES[scale])
