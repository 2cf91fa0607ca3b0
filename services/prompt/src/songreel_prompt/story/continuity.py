"""What ties neighbouring scenes: a place, a figure, or a detail of one in the other."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import Final

from songreel_prompt.story.framing import Shot, with_subject
from songreel_prompt.story.treatment import Plan
from songreel_prompt.wording.vocabulary import (
    BELONGS,
    INDOORS,
    PEOPLE,
    SUBJECTS,
    THINGS,
    Picture,
    fits,
)

_COMPANY_EVERY: Final = 3
"""Of scenes that show somebody alone one in so many shows something else too."""


def related(one: Picture, other: Picture) -> bool:
    """Whether two pictures share their place or whom they show."""
    return one.place == other.place or (one.subject == other.subject != "none")


def alike(before: Shot, shot: Shot) -> bool:
    """Whether two neighbours need no link: they share a place, a figure or the protagonist."""
    return related(before.picture, shot.picture) or (before.protagonist and shot.protagonist)


def can_link(before: Shot, shot: Shot, plan: Plan) -> bool:
    """Whether one of two neighbours can repeat a detail of the other."""
    return _links(before, shot, plan) is not None


def _links(before: Shot, shot: Shot, plan: Plan) -> tuple[str, str] | None:
    """What the former and the latter of two unrelated shots may repeat of each other."""
    if before.picture.subject == plan.motif.subject:
        return "", _distant_motif(plan, shot.picture.place)
    if shot.picture.subject == plan.motif.subject:
        return _distant_motif(plan, before.picture.place), ""
    seen = THINGS | {"crowd", "child", plan.stranger}
    if before.picture.subject in seen:
        return "", SUBJECTS[before.picture.subject]
    if shot.picture.subject in seen:
        return SUBJECTS[shot.picture.subject], ""
    return None


def _distant_motif(plan: Plan, place: str) -> str:
    """The motif where it is not what the picture shows."""
    thing = SUBJECTS[plan.motif.subject]
    return f"a picture of {thing}" if place in INDOORS else f"{thing} far away"


def repeat_motif(shots: list[Shot], plan: Plan) -> None:
    """Every refrain has the motif in it, if only at the picture's edge."""
    for _, of_part in groupby(range(len(shots)), key=lambda i: id(shots[i].part)):
        own = list(of_part)
        seen = any(
            plan.motif.subject in {shots[i].picture.subject, *shots[i].link.split()} for i in own
        )
        if shots[own[0]].part.role != "refrain" or seen:
            continue
        free = next((i for i in own if not shots[i].link), None)
        if free is not None:
            shots[free] = replace(shots[free], link=_distant_motif(plan, shots[free].picture.place))


def add_company(shots: list[Shot], plan: Plan) -> None:
    """Some who would be alone are not: a crowd before a stage, elsewhere what belongs there."""
    for i, shot in enumerate(shots):
        picture = shot.picture
        people = picture.subject in PEOPLE and picture.shot != "close-up"
        if shot.link or shot.image is not None or not people:
            continue
        if picture.place == "stage" and shot.part.role == "refrain":
            shots[i] = replace(shot, link=SUBJECTS["crowd"])
        elif picture.subject in {plan.hero, plan.stranger} and i % _COMPANY_EVERY == 1:
            near = {each.picture.subject for each in shots[max(0, i - 1) : i + 2]}
            thing = next((each for each in BELONGS[picture.place] if each not in near), "")
            shots[i] = replace(shot, link=SUBJECTS[thing] if thing else "")


def introduce_protagonist(shots: list[Shot], plan: Plan) -> None:
    """Where two neighbours share nothing and cannot echo, the latter shows the hero."""
    for i in range(1, len(shots)):
        before, shot = shots[i - 1], shots[i]
        if not alike(before, shot) and not can_link(before, shot, plan):
            shots[i] = with_subject(shot, plan.hero)


def link_neighbours(shots: list[Shot], plan: Plan) -> None:
    """Neighbours that share nothing get an echo: the thing of the one is in the other."""
    for i in range(1, len(shots)):
        before, shot = shots[i - 1], shots[i]
        if related(before.picture, shot.picture):
            continue
        links = _links(before, shot, plan)
        if links is None:
            if not alike(before, shot):  # the one before has just gone elsewhere
                shots[i] = _in_place_before(before, shot, plan)
            continue
        former, latter = links
        if former and not before.link:
            shots[i - 1] = replace(before, link=former)
        elif former:
            # Two echoes in one picture are a still life: the latter keeps the former's place.
            shots[i] = _in_place_before(before, shot, plan)
        elif latter:
            shots[i] = replace(shot, link=latter)


def _in_place_before(before: Shot, shot: Shot, plan: Plan) -> Shot:
    """The shot in the place of the one before, or else with what that one shows."""
    place = before.picture.place
    if fits(shot.picture.subject, place):
        return replace(shot, picture=replace(shot.picture, place=place))
    return with_subject(shot, plan.hero if before.protagonist else before.picture.subject)
