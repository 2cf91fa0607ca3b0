"""How prompts name a protagonist whose likeness an adapter was trained on."""

from __future__ import annotations

import re
from typing import Final

from songreel.prompt.v1.storyboard_pb2 import Scene, Storyboard
from songreel_kit.errors import InvalidRequest

_PHRASE: Final = re.compile(r"[a-z]{2,8} [a-z]{2,16}")
# One person, as storytellers say it; "a couple" and "a crowd" stay, with the person before them.
_FIGURE: Final = re.compile(
    r"\b(?:a|an|the)\s+(?:(?:young|old|lone|lonely|happy|sad)\s+)?"
    r"(?:woman|man|child|girl|boy|person|dancer|musician|singer|protagonist|hero|figure)\b",
    re.IGNORECASE,
)
# How near, as a part of its own in a prompt: of a person far away no face is seen.
_FAR: Final = re.compile(r"(?<=, )(?:(?:wide|medium)(?: shot)?|from above)(?=,|$)")
_KINDS: Final = {
    **dict.fromkeys(("woman", "girl", "lady"), "woman"),
    **dict.fromkeys(("man", "boy", "guy"), "man"),
    **dict.fromkeys(("child", "kid"), "child"),
}
"""How a person of that noun is drawn; of any other noun as the storyteller said."""
NEAR: Final = "the protagonist's scenes are close-ups, so that the face is seen"


def checked_phrase(phrase: str) -> str:
    """The phrase, empty where nobody is to be named so. Raises `InvalidRequest`."""
    if phrase and not _PHRASE.fullmatch(phrase):
        raise InvalidRequest(
            f"protagonist_phrase is {phrase[:60]!r}; it must be a trigger word and a noun, such "
            "as 'sks man'",
            field="protagonist_phrase",
        )
    return phrase


def name_protagonist(board: Storyboard, phrase: str, *, near: bool = False) -> Storyboard:
    """A copy whose protagonist's scenes name the protagonist so.

    Locked scenes are named too: without the phrase the person would not be in them.

    Args:
        board: of a storyteller, or of a person's own hand.
        phrase: trigger and noun; empty changes nothing.
        near: whether scenes that nobody locked become close-ups.
    """
    named = Storyboard()
    named.CopyFrom(board)
    if not phrase:
        return named
    kind = _KINDS.get(phrase.split()[-1], "")
    for scene in named.scenes:
        if not scene.protagonist:
            continue
        scene.prompt = with_phrase(scene.prompt, phrase)
        for subject in scene.composition.subjects:
            # A musician stays one, with the instrument.
            if kind and subject.protagonist and subject.kind in _KINDS.values():
                subject.kind = kind
        if near and not scene.locked:
            scene.prompt, count = _FAR.subn("close-up", scene.prompt)
            _come_near(scene)
            if count and NEAR not in named.notes:
                named.notes.append(NEAR)
    return named


def _come_near(scene: Scene) -> None:
    """The scene as a close-up: nobody walks out of it, and what stood far away is not seen."""
    scene.shot = "close-up"
    near = [subject for subject in scene.composition.subjects if not subject.HasField("size")]
    for subject in near:
        if subject.action in {"walk", "run", "sit"}:
            subject.action = "stand"
    if scene.HasField("composition"):
        del scene.composition.subjects[:]
        scene.composition.subjects.extend(near)


def with_phrase(prompt: str, phrase: str) -> str:
    """The prompt with the person in it; one that has the phrase already stays as it is."""
    if phrase in prompt:
        return prompt
    changed, count = _FIGURE.subn(f"a {phrase}", prompt, count=1)
    return changed if count else f"a {phrase}, {prompt}"
