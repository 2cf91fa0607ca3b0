"""What a scene shows, before anything is drawn: who does what, where, when, seen how."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

PLACES: Final = (
    "beach", "mountains", "forest", "city", "meadow", "desert", "lake", "room", "stage", "road",
)  # fmt: skip
TIMES: Final = ("dawn", "day", "sunset", "night")
WEATHERS: Final = ("clear", "cloudy", "rain", "snow")
FRAMINGS: Final = ("close-up", "medium", "wide", "above")
MOODS: Final = ("joyful", "serene", "neutral", "tense", "sad")
CAMERAS: Final = ("none", "zoom-in", "zoom-out", "pan-left", "pan-right", "rotate")
ACTIONS: Final = ("stand", "walk", "run", "dance", "play", "sing", "cheer", "sit", "move")
FACINGS: Final = ("left", "right", "front")


@dataclass(frozen=True)
class Subject:
    """Somebody or something in the scene."""

    kind: str
    """A key of `rigs.RIGS`, or any noun that `props` finds; else the nearest kind stands in."""
    action: str = "stand"
    """One of `ACTIONS`; a rig that lacks it does what is nearest."""
    x: float = 0.5
    """Where its middle is, across the picture: 0 left, 1 right."""
    size: float = 0.0
    """Height as a share of the picture's; 0 is what the framing asks for."""
    facing: str = "front"
    """One of `FACINGS`."""
    identity: str = ""
    """Whose face it has; empty for nobody's."""
    seed: int = 0
    """Decides looks: skin, hair, clothes, colours. The same seed is the same figure."""
    clothes: str = ""
    """Colour of coat, shirt or dress, one of `people.appearance.DYES`; else the seed's."""


@dataclass(frozen=True)
class Composition:
    """One scene."""

    place: str = "meadow"
    time: str = "day"
    weather: str = "clear"
    framing: str = "medium"
    mood: str = "neutral"
    camera: str = "none"
    look: str = "flat"
    """A key of `looks.LOOKS`."""
    subjects: tuple[Subject, ...] = ()
    """From back to front."""
    image: str = ""
    """Path of a picture that is the background."""
    seed: int = 0
    """Decides what nobody asked for: which hills, which clouds."""


@dataclass(frozen=True)
class Shot:
    """A composition and when it is seen."""

    start: float
    """Seconds."""
    end: float
    """Seconds, > start."""
    composition: Composition = field(default_factory=Composition)
