"""What everybody does: by the words, the part of the song, its mood and how loud it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from songreel_prompt.seeded_choice import seeded_number
from songreel_prompt.song import Song
from songreel_prompt.story.framing import Shot
from songreel_prompt.story.structure import Role
from songreel_prompt.wording.action_words import actions_in, languages_of
from songreel_prompt.wording.vocabulary import INDOORS, PEOPLE, Picture

_CALM: Final[dict[Role, tuple[str, ...]]] = {
    "opening": ("stand", "walk", "sit"),
    "verse": ("walk", "stand", "sit", "sing"),
    "refrain": ("sing", "dance", "walk", "stand"),
    "bridge": ("stand", "sit", "walk"),
    "ending": ("walk", "stand", "sit"),
}
_LIVELY: Final[dict[Role, tuple[str, ...]]] = {
    "opening": ("walk", "stand", "run"),
    "verse": ("walk", "sing", "stand", "run", "dance"),
    "refrain": ("dance", "sing", "cheer", "run"),
    "bridge": ("run", "stand", "walk", "dance"),
    "ending": ("cheer", "walk", "dance", "stand"),
}
_LOUD: Final = 0.55
"""Intensity from which people are lively."""
_FACE: Final = frozenset({"stand", "sing", "dance", "cheer"})
"""What a close-up shows: whoever walks there slides past, and who sits only stands lower."""
_GLAD: Final = frozenset({"joyful", "serene"})
_OF_KIND: Final = {
    **dict.fromkeys(("bird", "dog", "boat", "car"), "move"),
    "dancer": "dance",
    "musician": "play",
}
_RECENT: Final = 4
"""Scenes in which an action is still fresh in the memory."""


def choose_actions(shots: list[Shot], song: Song, *keys: object) -> None:
    """Sets what every shot's figure does; the same thing at the same place as seldom as can be."""
    languages = languages_of(song)
    used: Counter[tuple[str, ...]] = Counter()
    for i, shot in enumerate(shots):
        intensity = song.intensity_between(shot.start, shot.end)
        options = action_options(
            shot.picture,
            shot.part.role,
            intensity,
            sung=song.sung_between(shot.start, shot.end),
            said=actions_in(shot.lyric, languages),
        )
        recent = [each.action for each in shots[max(0, i - _RECENT) : i]]
        turned = seeded_number("action", *keys) + i
        ordered = [options[(turned + k) % len(options)] for k in range(len(options))]

        def worn(
            action: str,
            picture: Picture = shot.picture,
            recent: Sequence[str] = tuple(recent),
        ) -> tuple[int, int, bool]:
            seen = used[picture.subject, picture.place, picture.shot, action]
            return (seen, recent.count(action), action in recent[-1:])

        action = min(ordered, key=worn)
        used[shot.picture.subject, shot.picture.place, shot.picture.shot, action] += 1
        shots[i] = replace(shot, action=action)


def action_options(
    picture: Picture, role: Role, intensity: float, *, sung: bool, said: Sequence[str]
) -> tuple[str, ...]:
    """What the picture's figure may do, at least one thing; "" for things that do nothing.

    Args:
        picture: who is seen where, how near, in what mood.
        role: of the part of the song.
        intensity: how loud and excited the song is, in [0, 1].
        sung: whether there is a voice to sing with.
        said: actions that the words name.
    """
    subject = picture.subject
    if subject == "crowd":
        return ("cheer" if intensity >= _LOUD or picture.mood == "joyful" else "stand",)
    if subject not in PEOPLE or subject in _OF_KIND:
        return (_OF_KIND.get(subject, ""),)
    possible = [action for action in said if _possible(action, picture, sung=True)]
    if possible:
        return tuple(possible)
    of_role = (_LIVELY if intensity >= _LOUD else _CALM)[role]
    options = [each for each in of_role if _possible(each, picture, sung=sung)]
    if picture.shot == "close-up":
        # A face that sings is what a close-up is for.
        return ("sing",) if "sing" in options else tuple(options) or ("stand",)
    return tuple(options) or ("stand",)


def _possible(action: str, picture: Picture, *, sung: bool) -> bool:
    if picture.shot == "close-up" and action not in _FACE:
        return False
    if action == "sing":
        return sung
    if action == "cheer":
        return picture.mood in _GLAD
    if action == "run":
        return picture.place not in INDOORS
    if action == "sit":
        return picture.weather in {"clear", "cloudy"} or picture.place in INDOORS
    return not (action == "dance" and picture.mood == "sad")
