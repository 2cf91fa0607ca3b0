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

_LIGHTS: Final = {
    "joyful": ("warm light", "golden light", "bright light"),
    "serene": ("soft light", "pale gold light", "still air"),
    "neutral": ("soft light", "long shadows", "plain light"),
    "tense": ("hard light", "deep shadows", "red light"),
    "sad": ("grey light", "cold air", "blue light"),
}

_DAYLIGHT: Final = frozenset({"golden light", "bright light", "pale gold light", "long shadows"})


def mood_of(feeling: Feeling) -> str:
    """One of the five moods, by quadrant (Russell's circumplex)."""
    if math.hypot(feeling.valence, feeling.arousal) < NEUTRAL_RADIUS:
        return "neutral"
    if feeling.valence >= 0:
        return "joyful" if feeling.arousal >= 0 else "serene"
    return "tense" if feeling.arousal >= 0 else "sad"


def light_of_mood(mood: str, *, night: bool) -> tuple[str, ...]:
    """What the light of a mood is called in a prompt."""
    return tuple(light for light in _LIGHTS[mood] if not (night and light in _DAYLIGHT))


def shifted(feeling: Feeling, valence: float, arousal: float) -> Feeling:
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


def valence_rise(song: Song) -> float:
    """How much happier the song ends than it begins, in [-2, 2]."""
    third = song.duration / 3
    return (
        song.feeling_between(2 * third, song.duration).valence
        - song.feeling_between(0.0, third).valence
    )
