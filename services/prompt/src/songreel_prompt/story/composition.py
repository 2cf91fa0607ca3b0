"""Where everybody stands in the picture, which way they look, and who they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from songreel.prompt.v1.storyboard_pb2 import Composition, Storyboard, Subject

from songreel_prompt.seeded_choice import seeded_number
from songreel_prompt.story.structure import Part
from songreel_prompt.wording.vocabulary import PEOPLE, SUBJECTS, THINGS, Picture, fits

_SEEDS: Final = 10_000
"""Figures that a seed tells apart: a short number is easier to type again."""
_TRAVELS: Final = frozenset({"walk", "run", "move"})
_FRONT: Final = frozenset({"sing", "dance", "cheer", "play", "sit"})
"""Done towards the audience."""
_OFF_CENTRE: Final = {"close-up": 0.07, "medium": 0.13, "wide": 0.17, "above": 0.15}
"""How far from the middle one figure alone stands: a third, less where it fills the picture."""
_APART: Final = {"close-up": 0.4, "medium": 0.28, "wide": 0.18, "above": 0.22}
"""Between the two of a couple, as a share of the picture's width."""
_ASIDE: Final = 0.22
"""From the middle to whoever is not what the picture is about, beyond `_OFF_CENTRE`."""
_FAR_SIZE: Final = {"medium": 0.3, "wide": 0.16, "above": 0.2}
"""Height of things that are far away."""
_BEHIND_SIZE: Final = {"medium": 0.52, "wide": 0.27, "above": 0.34}
"""Height of people who stand a little behind."""


@dataclass(frozen=True)
class Cast:
    """Who is who: the same person looks the same in every scene."""

    hero: str
    """Kind that the protagonist is."""
    keys: tuple[object, ...] = ()
    """What decides the looks where nobody has chosen them."""
    known: Mapping[str, int] = field(default_factory=dict[str, int])
    """Seeds that a storyboard to be rewritten has, by kind; the protagonist's by ""."""

    def seed(self, kind: str) -> int:
        """The looks of a kind; of the protagonist for ""."""
        if kind in self.known:
            return self.known[kind]
        return seeded_number("figure", kind, *self.keys) % _SEEDS

    @property
    def partner(self) -> str:
        """Kind of the other one of a couple, who is also the stranger of other scenes."""
        return partner_of(self.hero)


def partner_of(hero: str) -> str:
    """Kind of whoever the protagonist meets."""
    return "woman" if hero == "man" else "man"


def cast_of(hero: str, previous: Storyboard | None, *keys: object) -> Cast:
    """The cast of a story; of one that is rewritten, that of its scenes, locked ones first."""
    known: dict[str, int] = {}
    scenes = sorted(previous.scenes if previous else (), key=lambda scene: not scene.locked)
    for scene in scenes:
        for subject in scene.composition.subjects:
            known.setdefault("" if subject.protagonist else subject.kind, subject.seed)
    return Cast(hero, keys, known)


def compose(
    picture: Picture,
    action: str,
    camera: str,
    part: Part,
    cast: Cast,
    *,
    protagonist: bool,
    second: str = "",
) -> Composition:
    """The composition of one scene.

    Args:
        picture: who is seen where, how near.
        action: what they do; "" is what suits the kind.
        camera: its move: who walks goes the way that it pans.
        part: of the song; who walks goes one way in it.
        cast: who they are.
        protagonist: whether the song's owner is in the picture.
        second: kind of whatever else is seen; "" for nothing.
    """
    way = _way(camera, part)
    subjects = _figures(picture, action, way, cast, protagonist=protagonist)
    # The other one of a couple was seen before, and is no third.
    there = picture.subject == "couple" and second == cast.partner
    room = bool(subjects) and picture.shot != "close-up" and fits(second, picture.place)
    if second and room and not there:
        subjects = _with_second(subjects, second, picture, way, cast)
    return Composition(
        place=picture.place, time=picture.time, weather=picture.weather, subjects=subjects
    )


def second_in(words: str) -> str:
    """The kind that some words of a prompt show besides: "a bird far away"; "" for none."""
    phrase = words.removesuffix(" far away")
    return next((kind for kind, named in SUBJECTS.items() if named == phrase), "")


def _way(camera: str, part: Part) -> str:
    """Out to the right, back to the left: a walk has one direction as long as it lasts."""
    if camera in {"pan-left", "pan-right"}:
        return camera.removeprefix("pan-")
    return "left" if part.role == "ending" or part.occurrence % 2 else "right"


def _figures(
    picture: Picture, action: str, way: str, cast: Cast, *, protagonist: bool
) -> list[Subject]:
    kind = picture.subject
    if kind == "none":
        return []
    if kind == "couple" and cast.hero in {"woman", "man"}:
        return _couple(picture, action, way, cast, protagonist=protagonist)
    if kind == "dancer" and protagonist and cast.hero in {"woman", "man"}:
        kind = cast.hero  # the same person, dancing
    facing = _facing(kind, action, way, picture)
    # Room is left in front of whoever looks aside; who travels crosses the middle.
    side = 0.0 if action in _TRAVELS or kind in {"crowd", "star"} else _OFF_CENTRE[picture.shot]
    return [
        Subject(
            kind=kind,
            action=action,
            x=_x(0.5 - side if (facing if facing != "front" else way) == "right" else 0.5 + side),
            facing=facing if facing != "front" else "",
            seed=cast.seed("" if protagonist else kind),
            protagonist=protagonist,
        )
    ]


def _couple(
    picture: Picture, action: str, way: str, cast: Cast, *, protagonist: bool
) -> list[Subject]:
    """Two people, turned to each other unless they go somewhere or dance."""
    half = _APART[picture.shot] / 2
    pair: list[Subject] = []
    for kind, seed, x, inwards in (
        (cast.partner, cast.partner, 0.5 + half, "left"),
        (cast.hero, "", 0.5 - half, "right"),
    ):
        facing = way if action in _TRAVELS else "" if action in _FRONT else inwards
        owner = protagonist and seed == ""
        pair.append(
            Subject(
                kind=kind,
                action=action,
                x=_x(x),
                facing=facing,
                seed=cast.seed(seed),
                protagonist=owner,
            )
        )
    return pair


def _facing(kind: str, action: str, way: str, picture: Picture) -> str:
    if action in _TRAVELS:
        return way
    if kind not in PEOPLE or action in _FRONT or picture.shot == "close-up":
        return "front"
    return way


def _with_second(
    subjects: list[Subject], second: str, picture: Picture, way: str, cast: Cast
) -> list[Subject]:
    """Something else on the other side, behind; a crowd is before everybody."""
    extra = Subject(kind=second, seed=cast.seed(second))
    if second == "crowd":
        extra.action = "cheer"
        return [*subjects, extra]
    main = subjects[0].x if len(subjects) == 1 else 0.5
    middle = abs(main - 0.5) < 0.01
    towards = (1.0 if way == "right" else -1.0) if middle else (1.0 if main < 0.5 else -1.0)
    edge = _OFF_CENTRE[picture.shot] + _ASIDE if not middle else 0.38
    extra.x = _x(0.5 + towards * edge)
    if second in THINGS:
        extra.size = _FAR_SIZE[picture.shot]
    elif second != "child":  # a child is small by itself
        extra.size = _BEHIND_SIZE[picture.shot]
    if second in {"bird", "boat", "car", "dog"}:
        extra.action = "move"
        extra.facing = "left" if towards > 0 else "right"
    elif second in PEOPLE:
        extra.action = {"dancer": "dance", "musician": "play"}.get(second, "stand")
        if extra.action == "stand":
            extra.facing = "left" if towards > 0 else "right"
    return [extra, *subjects]


def _x(value: float) -> float:
    return round(value, 2)
