"""What ties neighbouring scenes: a place, a figure, or a detail of one in the other."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

from songreel_prompt.story.framing import Shot, with_subject
from songreel_prompt.story.treatment import Plan
from songreel_prompt.wording.vocabulary import INDOORS, SUBJECTS, THINGS, Picture, fits


def related(one: Picture, other: Picture) -> bool:
    """Whether two pictures share their place or whom they show."""
    return one.place == other.place or (one.subject == other.subject != "none")


def _links(before: Shot, shot: Shot, plan: Plan) -> tuple[str, str] | None:
    """What the former and the latter of two unrelated shots may repeat of each other."""
    if before.picture.subject == plan.motif.subject:
        return "", _distant_motif(plan, shot.picture.place)
    if shot.picture.subject == plan.motif.subject:
        return _distant_motif(plan, before.picture.place), ""
    if before.picture.subject in THINGS | {"crowd", "child"}:
        return "", SUBJECTS[before.picture.subject]
    if shot.picture.subject in THINGS | {"crowd", "child"}:
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


def introduce_protagonist(shots: list[Shot], plan: Plan) -> None:
    """Where two neighbours share nothing and cannot echo, the latter shows the hero."""
    for i in range(1, len(shots)):
        before, shot = shots[i - 1], shots[i]
        alike = related(before.picture, shot.picture) or (before.protagonist and shot.protagonist)
        if not alike and _links(before, shot, plan) is None:
            shots[i] = with_subject(shot, plan.hero)


def link_neighbours(shots: list[Shot], plan: Plan) -> None:
    """Neighbours that share nothing get an echo: the thing of the one is in the other."""
    for i in range(1, len(shots)):
        before, shot = shots[i - 1], shots[i]
        links = _links(before, shot, plan)
        if related(before.picture, shot.picture) or links is None:
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
    # What was to be seen belonged to what the picture showed.
    other = replace(shot, detail="")
    return with_subject(other, plan.hero if before.protagonist else before.picture.subject)
