"""The words after the caption: what the lyric looks like, what the hero does, the light."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from songreel_prompt.seeded_choice import seeded_number
from songreel_prompt.story.framing import Shot
from songreel_prompt.story.treatment import Plan, light_of
from songreel_prompt.wording.lexicon import Image
from songreel_prompt.wording.vocabulary import INDOORS, THINGS, Picture

_GESTURES: Final = {
    "joyful": ("laughing", "running", "turning around", "singing", "arms wide"),
    "serene": ("walking slowly", "dreaming", "in silence", "with open eyes"),
    "neutral": ("walking home", "waiting", "looking back", "remembering"),
    "tense": ("running", "looking back", "turning around", "without a word"),
    "sad": ("waiting", "looking back", "alone", "walking home"),
}
"""What the protagonist does where no words are sung: all of it can be seen from afar."""
_FACES: Final = {
    "joyful": ("laughing", "singing", "hoping"),
    "serene": ("dreaming", "with open eyes", "in silence"),
    "neutral": ("remembering", "looking back", "with open eyes"),
    "tense": ("looking back", "with open eyes", "without a word"),
    "sad": ("crying", "remembering", "without a word"),
}
"""The same for close-ups, which show a face."""
_DOING: Final = {
    "dancer": (("turning around", "arms wide"), ("turning around", "alone")),
    "musician": (("singing", "with open eyes"), ("singing", "remembering")),
    "couple": (("holding hands", "laughing"), ("holding hands", "without a word")),
}
"""What those do who are more than somebody, in glad and in other moods."""


_SHOWS: Final = {
    "running": {"run"},
    "walking slowly": {"walk"},
    "walking home": {"walk"},
    "singing": {"sing", "play"},
    "turning around": {"dance"},
    "arms wide": {"cheer", "dance"},
    "laughing": {"cheer", "dance", "walk", "stand"},
    "waiting": {"stand", "sit"},
    "dreaming": {"sit", "stand"},
    "looking back": {"walk", "run", "stand"},
}
"""The actions that a gesture goes with; all others go with any."""


def choose_details(shots: list[Shot], plan: Plan, *keys: object) -> None:
    """The words after the caption: the lyric's image, the motif's looks, or the light."""
    for i, shot in enumerate(shots):
        recent = {each.detail for each in shots[max(0, i - 5) : i]}
        detail = ""
        motif_sung = shot.image is not None and (
            shot.image.subject == shot.picture.subject == plan.motif.subject
        )
        if shot.image is not None and not motif_sung and _shown(shot.image, shot.picture):
            options = _phrases(shot.image, shot.picture, i)
            detail = next((words for words in options if words not in recent), "")
        if (
            not detail
            and shot.picture.subject == plan.motif.subject
            and plan.motif.detail not in recent
        ):
            detail = plan.motif.detail
        if not detail and (shot.protagonist or shot.picture.subject == plan.stranger):
            of_mood = _FACES if shot.picture.shot == "close-up" else _GESTURES
            gestures = of_mood[shot.picture.mood]
            if shot.picture.subject in _DOING:
                gestures = _DOING[shot.picture.subject][shot.picture.mood != "joyful"]
            turned = seeded_number("gesture", *keys) + i
            options = [gestures[(turned + k) % len(gestures)] for k in range(len(gestures))]
            fitting = [w for w in options if shot.action in _SHOWS.get(w, {shot.action})] or options
            detail = next((words for words in fitting if words not in recent), fitting[0])
        if not detail:
            detail = light_of(shot.picture, shot.part.key, shot.position, *keys)
        shots[i] = replace(shot, detail=detail)


def _phrases(image: Image, picture: Picture, turn: int) -> list[str]:
    """The image's words, another first at every turn; indoors those that can be there."""
    turned = image.details[turn % 2 :] + image.details[: turn % 2]
    return [
        phrase.removeprefix("~")
        for phrase in turned
        if not (phrase.startswith("~") and picture.place in INDOORS)
    ]


def _shown(image: Image, picture: Picture) -> bool:
    """Whether the picture is the one that the image's words belong to."""
    return all(
        wanted is None or wanted == there
        for wanted, there in (
            (image.place, picture.place),
            (image.time, picture.time),
            (image.weather, picture.weather),
        )
    ) and (image.subject in {None, "hero", picture.subject} or image.subject not in THINGS)
