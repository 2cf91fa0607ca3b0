"""Shots: how near the camera is, and how it moves."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Final

from songreel_prompt.seeded_choice import seeded_choice
from songreel_prompt.story.structure import Part, Role
from songreel_prompt.wording.lexicon import Image
from songreel_prompt.wording.vocabulary import GUISES, Picture

_SHOTS: Final[dict[Role, tuple[str, ...]]] = {
    "opening": ("wide", "medium", "close-up"),
    "verse": ("wide", "medium", "close-up", "medium"),
    "refrain": ("wide", "close-up", "medium", "close-up", "above"),
    "bridge": ("close-up", "above", "close-up", "medium"),
    "ending": ("medium", "close-up", "above"),
}
_ARRIVALS: Final = ("wide", "wide", "medium", "above", "medium")
"""How a place is shown at the first scene of each visit."""
_SHOWN_OFTEN: Final = 2
"""Times that somebody is seen at a place from one distance before another is better."""
_FITTING: Final = {
    "none": ("wide", "medium", "above"),
    "crowd": ("wide", "medium", "above"),
    "house": ("wide", "medium", "above"),
    "tree": ("wide", "medium", "above"),
    "car": ("medium", "wide", "above"),
    "boat": ("medium", "wide", "above"),
    "flower": ("close-up", "medium"),
    "heart": ("close-up", "medium"),
    "star": ("medium", "wide"),
    "guitar": ("close-up", "medium"),
    "piano": ("medium", "close-up"),
    "drums": ("medium", "close-up"),
    "dancer": ("medium", "wide", "above"),
    "musician": ("medium", "close-up", "wide"),
}
"""Shots that show a subject well, the best first; people and animals bear all."""
_ALL: Final = ("medium", "close-up", "wide", "above")


@dataclass(frozen=True)
class Shot:
    """One scene before it is put into words."""

    start: float
    end: float
    part: Part
    position: int
    """Number of the scene within its part, from 0."""
    picture: Picture
    image: Image | None
    detail: str
    """The lyric's image in words; may be empty."""
    link: str
    """What ties it to the scene before; may be empty."""
    lyric: str
    hero: str
    """Subject that the protagonist is."""
    action: str = ""
    """What its figure does; "" for things that do nothing."""

    @property
    def protagonist(self) -> bool:
        """Whether the song's owner is in the picture."""
        return self.picture.subject in GUISES or self.picture.subject == self.hero


def with_subject(shot: Shot, subject: str) -> Shot:
    """The shot with somebody or something else in it."""
    return replace(shot, picture=replace(shot.picture, subject=subject))


def choose_framing(shots: list[Shot]) -> None:
    """Sets how near every shot is: no three alike in a row, and what suits its subject."""
    visits: Counter[str] = Counter()
    used: Counter[tuple[str, str, str]] = Counter()
    for i, shot in enumerate(shots):
        pattern = _SHOTS[shot.part.role]
        wish = pattern[(shot.position + shot.part.occurrence) % len(pattern)]
        new_place = i == 0 or shots[i - 1].picture.place != shot.picture.place
        if new_place and shot.part.role != "bridge":
            wish = _ARRIVALS[visits[shot.picture.place] % len(_ARRIVALS)]
        visits[shot.picture.place] += new_place
        fitting = _FITTING.get(shot.picture.subject, _ALL)
        order = [wish] if wish in fitting else []
        order += [each for each in fitting if each != wish]
        picture = shot.picture

        def worn(each: str, picture: Picture = picture) -> int:
            return used[picture.subject, picture.place, each] // _SHOWN_OFTEN

        order.sort(key=worn)
        order += [each for each in _ALL if each not in order]
        if i >= 2 and shots[i - 1].picture.shot == shots[i - 2].picture.shot:
            order = [each for each in order if each != shots[i - 1].picture.shot]
        if i >= 1 and _same_but_shot(shots[i - 1], shot):
            order.sort(key=lambda each: each == shots[i - 1].picture.shot)
        used[picture.subject, picture.place, order[0]] += 1
        shots[i] = replace(shot, picture=replace(picture, shot=order[0]))


def _same_but_shot(one: Shot, other: Shot) -> bool:
    return replace(one.picture, shot="") == replace(other.picture, shot="")


def camera_of(shot: Shot, before: str, intensity: float, *keys: object) -> str:
    """A camera move that suits the framing, never the one just made."""
    if shot.picture.shot == "wide":
        options = ["pan-left", "pan-right", "zoom-out"]
    elif shot.picture.shot == "close-up":
        options = ["zoom-in", "none"] if intensity < 0.6 else ["zoom-in", "zoom-out"]
    elif shot.picture.shot == "above":
        options = ["zoom-out", "zoom-in", "rotate"]
    else:
        options = ["pan-right", "zoom-in", "pan-left"]
    if shot.part.role == "bridge" and shot.picture.mood == "tense":
        options.append("rotate")
    if shot.part.role == "refrain" and intensity > 0.75 and shot.picture.shot == "medium":
        options.append("rotate")
    options = [each for each in options if each != before]
    return seeded_choice(options, "camera", shot.part.key, shot.position, *keys)
