"""What ties neighbouring scenes together: a place, a figure, or an echo of the one in the other."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

from songreel_prompt.story.framing import Shot, as_subject
from songreel_prompt.story.treatment import Plan
from songreel_prompt.wording.vocabulary import INDOORS, SUBJECTS, THINGS, Picture, fits


def related(one: Picture, other: Picture) -> bool:
    """Whether two pictures share their place or whom they show."""
    return one.place == other.place or (one.subject == other.subject != "none")


def _echoed(before: Shot, shot: Shot, plan: Plan) -> tuple[str, str] | None:
    """What the former and the latter of two unrelated shots may repeat of each other."""
    if before.picture.subject == plan.motif.subject:
        return "", _far(plan, shot.picture.place)
    if shot.picture.subject == plan.motif.subject:
        return _far(plan, before.picture.place), ""
    if before.picture.subject in THINGS | {"crowd", "child"}:
        return "", SUBJECTS[before.picture.subject]
    if shot.picture.subject in THINGS | {"crowd", "child"}:
        return SUBJECTS[shot.picture.subject], ""
    return None


def _far(plan: Plan, place: str) -> str:
    """The motif where it is not what the picture shows."""
    thing = SUBJECTS[plan.motif.subject]
    return f"a picture of {thing}" if place in INDOORS else f"{thing} far away"


def return_motif(shots: list[Shot], plan: Plan) -> None:
    """Every refrain has the motif in it, if only at the picture's edge."""
    for _, of_part in groupby(range(len(shots)), key=lambda i: id(shots[i].part)):
        own = list(of_part)
        seen = any(
            plan.motif.subject in {shots[i].picture.subject, *shots[i].echo.split()} for i in own
        )
        if shots[own[0]].part.role != "refrain" or seen:
            continue
        free = next((i for i in own if not shots[i].echo), None)
        if free is not None:
            shots[free] = replace(shots[free], echo=_far(plan, shots[free].picture.place))


def enter_with_somebody(shots: list[Shot], plan: Plan) -> None:
    """Where two neighbours share nothing and cannot echo, the latter shows the hero."""
    for i in range(1, len(shots)):
        before, shot = shots[i - 1], shots[i]
        alike = related(before.picture, shot.picture) or (before.protagonist and shot.protagonist)
        if not alike and _echoed(before, shot, plan) is None:
            shots[i] = as_subject(shot, plan.hero)


def echo_neighbours(shots: list[Shot], plan: Plan) -> None:
    """Neighbours that share nothing get an echo: the thing of the one is in the other."""
    for i in range(1, len(shots)):
        before, shot = shots[i - 1], shots[i]
        echoed = _echoed(before, shot, plan)
        if related(before.picture, shot.picture) or echoed is None:
            continue
        former, latter = echoed
        if former and not before.echo:
            shots[i - 1] = replace(before, echo=former)
        elif former:
            # Two echoes in one picture are a still life: the latter keeps the former's place.
            shots[i] = _as_seen_before(before, shot, plan)
        elif latter:
            shots[i] = replace(shot, echo=latter)


def _as_seen_before(before: Shot, shot: Shot, plan: Plan) -> Shot:
    """The shot in the place of the one before, or else with what that one shows."""
    place = before.picture.place
    if fits(shot.picture.subject, place):
        return replace(shot, picture=replace(shot.picture, place=place))
    # What was to be seen belonged to what the picture showed.
    other = replace(shot, see="")
    return as_subject(other, plan.hero if before.protagonist else before.picture.subject)
