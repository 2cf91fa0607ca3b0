"""What each scene shows, as the animatic draws it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from songreel.prompt.v1.storyboard_pb2 import Scene, Storyboard
from songreel.prompt.v1.storyboard_pb2 import Subject as SubjectMessage
from songreel_animatic.composition import (
    ACTIONS,
    CAMERAS,
    FACINGS,
    FRAMINGS,
    MOODS,
    PLACES,
    TIMES,
    WEATHERS,
    Composition,
    Shot,
    Subject,
)
from songreel_animatic.people.appearance import DYES
from songreel_animatic.rigs import RIGS

# What a subject does where nobody said.
_OWN_ACTIONS: Final = {"dancer": "dance", "musician": "play", "crowd": "cheer"}
_WORD: Final = re.compile(r"[a-z]+")
# "yellow coat", as storytellers give their protagonist.
_CLOTHES: Final = re.compile(
    rf"\b({'|'.join(DYES)}) (?:coat|jacket|shirt|dress|sweater|hoodie|blouse|suit|robe)\b"
)


def shots_of(storyboard: Storyboard) -> tuple[list[Shot], list[str]]:
    """The shots of a storyboard's scenes, one each, and notes on what cannot be drawn.

    A scene without a composition is read from its prompt, by the words of the vocabulary.
    """
    shots: list[Shot] = []
    unknown: dict[str, list[int]] = {}
    for number, scene in enumerate(storyboard.scenes, start=1):
        composition, missing = _composition(scene, storyboard.look)
        shots.append(Shot(scene.start, max(scene.end, scene.start + 1e-3), composition))
        for kind in missing:
            unknown.setdefault(kind, []).append(number)
    notes = [
        f"the animatic has no drawing of {kind!r} (scenes {', '.join(map(str, scenes[:10]))}); "
        "it is left out there"
        for kind, scenes in unknown.items()
    ]
    return shots, notes


def _composition(scene: Scene, look: str) -> tuple[Composition, list[str]]:
    words = _WORD.findall(scene.prompt.lower())
    given = scene.composition if scene.HasField("composition") else None
    missing: list[str] = []
    if given is None:
        subjects = _subjects_in(words, scene)
    else:
        missing = [each.kind for each in given.subjects if each.kind not in RIGS]
        worn = _CLOTHES.search(scene.prompt.lower())
        subjects = [
            _subject(each, worn[1] if worn and each.protagonist else "")
            for each in given.subjects
            if each.kind in RIGS
        ]
    said = given.place if given else "", given.time if given else "", given.weather if given else ""
    return (
        Composition(
            place=_known(said[0], PLACES, words),
            time=_known(said[1], TIMES, words, "day"),
            weather=_known(said[2], WEATHERS, words),
            framing=_known(scene.shot, FRAMINGS, words, "medium"),
            mood=_known(scene.mood, MOODS, words, "neutral"),
            camera=_known(scene.camera, CAMERAS, ()),
            look=look,
            subjects=tuple(subjects),
            seed=scene.seed,
        ),
        missing,
    )


def _subject(given: SubjectMessage, clothes: str) -> Subject:
    return Subject(
        kind=given.kind,
        action=given.action or _OWN_ACTIONS.get(given.kind, "stand"),
        x=given.x if given.HasField("x") else 0.5,
        size=given.size if given.HasField("size") else 0.0,
        facing=_known(given.facing, FACINGS, (), "front"),
        seed=given.seed,
        clothes=clothes,
    )


def _subjects_in(words: Sequence[str], scene: Scene) -> list[Subject]:
    """The first subject that the words name, doing what they say."""
    kind = next((word for word in words if word in RIGS), "woman" if scene.protagonist else "")
    if not kind:
        return []
    # "dancing", "walks": verbs as captions bend them.
    action = next((each for each in ACTIONS for word in words if word.startswith(each)), "")
    return [Subject(kind, action or _OWN_ACTIONS.get(kind, "stand"), seed=scene.seed % 1000)]


def _known(
    said: str, choices: Sequence[str], words: Sequence[str], default: str | None = None
) -> str:
    """What was said, else what the words say, else the default, else the first choice."""
    if said in choices:
        return said
    found = next((each for each in choices if each in words), None)
    return found or default or choices[0]
