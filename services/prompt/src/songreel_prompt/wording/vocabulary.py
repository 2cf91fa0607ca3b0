"""The words that prompts begin with: those the embedded checkpoint was trained on.

Any Stable Diffusion understands them too; what else a prompt says comes after them.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

STYLES: Final = ("sketch", "cartoon", "realistic")

PLACES: Final = {
    "beach": "at the beach",
    "mountains": "in the mountains",
    "forest": "in the forest",
    "city": "in the city",
    "meadow": "in the meadow",
    "desert": "in the desert",
    "lake": "at the lake",
    "room": "in the room",
    "stage": "on the stage",
    "road": "on the road",
}
TIMES: Final = {"dawn": "dawn", "day": "day", "sunset": "sunset", "night": "night"}
WEATHERS: Final = {"clear": "clear", "cloudy": "cloudy", "rain": "rain", "snow": "snow"}
SUBJECTS: Final = {
    "none": "an empty landscape",
    "woman": "a woman",
    "man": "a man",
    "child": "a child",
    "couple": "a couple",
    "crowd": "a crowd",
    "dancer": "a dancer",
    "musician": "a musician",
    "bird": "a bird",
    "dog": "a dog",
    "boat": "a boat",
    "car": "a car",
    "house": "a house",
    "tree": "a tree",
    "flower": "a flower",
    "heart": "a heart",
    "star": "a star",
    "guitar": "a guitar",
    "piano": "a piano",
    "drums": "drums",
}
SHOTS: Final = {"close-up": "close-up", "medium": "medium", "wide": "wide", "above": "from above"}
MOODS: Final = ("joyful", "serene", "neutral", "tense", "sad")
TRANSITIONS: Final = ("cut", "dissolve")
CAMERAS: Final = ("none", "zoom-in", "zoom-out", "pan-left", "pan-right", "rotate")

# What the animatic draws: `songreel_animatic` has the same words, and a test compares them.
# They stand here because that package loads skia, which nobody who writes stories needs.
KINDS: Final = tuple(subject for subject in SUBJECTS if subject != "none")
"""Kinds of subjects of a composition."""
ACTIONS: Final = ("stand", "walk", "run", "dance", "play", "sing", "cheer", "sit", "move")
FACINGS: Final = ("left", "right", "front")
LOOKS: Final = (
    "flat", "paper", "comic", "ink", "pencil", "chalk", "watercolour", "oil", "dusk",
)  # fmt: skip
"""How the animatic can be drawn."""
FINISHES: Final = ("grade", "glow", "vignette", "grain", "title", "end", "none")
"""What can be done to every frame after it is drawn."""

PEOPLE: Final = frozenset({"woman", "man", "child", "couple", "dancer", "musician"})
"""Subjects that are somebody."""
GUISES: Final = ("couple", "dancer", "musician")
"""Subjects that the protagonist is in, whoever the protagonist is."""
THINGS: Final = frozenset(
    (
        *("bird", "dog", "boat", "car", "house", "tree", "flower", "heart", "star"),
        *("guitar", "piano", "drums"),
    )
)
INDOORS: Final = frozenset({"room", "stage"})
_OUTSIDE: Final = frozenset(PLACES) - INDOORS
WHERE: Final = {
    "boat": frozenset({"beach", "lake"}),
    "car": frozenset({"road", "city", "desert", "meadow", "mountains", "beach"}),
    "house": _OUTSIDE,
    "tree": _OUTSIDE,
    "bird": _OUTSIDE,
    "dog": frozenset(PLACES) - {"stage"},
    "star": _OUTSIDE,
    "piano": frozenset({"stage", "room", "city", "beach"}),
    "drums": frozenset({"stage", "room", "city"}),
}
"""Where a subject can be; those not named here can be anywhere."""
BELONGS: Final = {
    "beach": ("bird", "boat", "dog"),
    "mountains": ("bird", "house", "tree"),
    "forest": ("tree", "bird", "dog"),
    "city": ("car", "crowd", "dog"),
    "meadow": ("flower", "tree", "dog"),
    "desert": ("car", "bird", "tree"),
    "lake": ("boat", "bird", "tree"),
    "room": ("piano", "guitar", "flower"),
    "stage": ("drums", "guitar", "crowd"),
    "road": ("car", "tree", "bird"),
}
"""What a place is expected to show, besides the story's own figures."""


def unknown_word(field: str, value: str, known: Sequence[str]) -> str:
    """What to say of a word that is none of those known: the nearest of them first."""
    near = difflib.get_close_matches(value.casefold(), known, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return f"{field} is {value[:40]!r}; {hint}it must be one of {', '.join(known)}"


def fits(subject: str, place: str) -> bool:
    """Whether somebody would believe the subject in that place."""
    return place in WHERE.get(subject, PLACES)


@dataclass(frozen=True)
class Picture:
    """What a scene shows, each a key of the tables above."""

    subject: str
    place: str
    time: str
    weather: str
    shot: str
    mood: str

    def caption(self, style_word: str) -> str:
        """The canonical prompt: style, subject, place, time, weather, framing, mood."""
        return (
            f"{style_word} of {self._subject()} {PLACES[self.place]}, {TIMES[self.time]}, "
            f"{WEATHERS[self.weather]}, {SHOTS[self.shot]}, {self.mood}"
        )

    def _subject(self) -> str:
        if self.subject == "none":
            # Nobody would call a room a landscape; both are words of the checkpoint.
            if self.place in INDOORS:
                return "nobody"
            return "a view" if self.place in {"city", "road"} else SUBJECTS["none"]
        return SUBJECTS[self.subject]
