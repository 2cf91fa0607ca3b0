"""Moods and colours from valence and arousal."""

from __future__ import annotations

import math
from typing import Final

from songreel_prompt.song import Feeling, Song

NEUTRAL_RADIUS: Final = 0.15
"""Nearer to the middle of the plane than this nothing much is felt."""

_COLOURS: Final = {
    "joyful": ("warm yellow", "coral", "sky blue"),
    "serene": ("soft teal", "pale gold", "cream"),
    "neutral": ("sand", "slate blue", "warm grey"),
    "tense": ("deep red", "ink black", "steel blue"),
    "sad": ("indigo", "ash grey", "faded violet"),
}


def mood_of(feeling: Feeling) -> str:
    """One of the five moods, by quadrant (Russell's circumplex)."""
    if math.hypot(feeling.valence, feeling.arousal) < NEUTRAL_RADIUS:
        return "neutral"
    if feeling.valence >= 0:
        return "joyful" if feeling.arousal >= 0 else "serene"
    return "tense" if feeling.arousal >= 0 else "sad"


def colours_of(mood: str) -> tuple[str, ...]:
    """Three colours that a mood is painted in."""
    return _COLOURS[mood]


def nudged(feeling: Feeling, valence: float, arousal: float) -> Feeling:
    """The feeling moved, kept in [-1, 1]."""
    return Feeling(
        min(1.0, max(-1.0, feeling.valence + valence)),
        min(1.0, max(-1.0, feeling.arousal + arousal)),
    )


def palette_of(song: Song) -> tuple[str, ...]:
    """Colours along the song's path through the plane, without repeats: 3 to 7."""
    quarters = [
        song.feeling_between(song.duration * k / 4, song.duration * (k + 1) / 4) for k in range(4)
    ]
    moods = list(dict.fromkeys(mood_of(feeling) for feeling in quarters))
    if len(moods) == 1:
        return _COLOURS[moods[0]]
    return tuple(colour for mood in moods for colour in _COLOURS[mood][:2])[:7]


def brightening(song: Song) -> float:
    """How much happier the song ends than it begins, in [-2, 2]."""
    third = song.duration / 3
    return (
        song.feeling_between(2 * third, song.duration).valence
        - song.feeling_between(0.0, third).valence
    )
