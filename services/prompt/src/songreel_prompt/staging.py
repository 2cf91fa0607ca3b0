"""From the plan to shots: who is seen where in every scene, and how near."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from songreel_prompt.chance import number
from songreel_prompt.framing import Shot, choose_framing
from songreel_prompt.lexicon import Image, Reading
from songreel_prompt.moods import mood_of, nudged
from songreel_prompt.song import Song
from songreel_prompt.structure import Part, Role, part_at
from songreel_prompt.treatment import Plan, light_of
from songreel_prompt.vocabulary import INDOORS, PEOPLE, SUBJECTS, THINGS, Picture, fits

_FIGURES: Final[dict[Role, tuple[str, ...]]] = {
    "opening": ("none", "motif", "hero"),
    "verse": ("hero", "motif", "hero", "hero", "none"),
    "refrain": ("company", "hero", "motif", "company", "hero"),
    "bridge": ("hero", "none", "hero", "motif"),
    "ending": ("hero", "hero", "motif"),
}
"""Who is seen in a part's scenes, in turn, where the lyrics name nobody."""
_GESTURES: Final = {
    "joyful": ("arms wide", "laughing", "running", "turning round", "looking up, amazed"),
    "serene": ("eyes closed", "walking slowly", "sitting still", "looking far away"),
    "neutral": ("walking on", "looking up", "waiting", "looking back"),
    "tense": ("running", "looking over the shoulder", "standing firm", "turning round"),
    "sad": ("head bowed", "looking back", "hands in pockets", "sitting alone"),
}
"""What the protagonist does where no words are sung."""
PROTAGONIST_SHARE: Final = 0.5
"""At least this share of scenes shows the protagonist."""


def stage_shots(
    song: Song,
    spans: Sequence[tuple[float, float]],
    parts: tuple[Part, ...],
    plan: Plan,
    reading: Reading,
    *keys: object,
    share: float | None = None,
) -> list[Shot]:
    """Every scene's picture, in order.

    Keeps the rules of a cut: no three equal shots in a row, the protagonist in at
    least half of the scenes (or in about `share` of them, where that is asked for),
    neighbours related and never equal.
    """
    shots: list[Shot] = []
    positions: dict[int, int] = {}
    for start, end in spans:
        index = part_at(parts, (start + end) / 2)
        position = positions.get(index, 0)
        positions[index] = position + 1
        shots.append(_first_idea(song, (start, end), parts[index], position, index, plan, reading))
    _end_on_motif(shots, plan)
    _give_share(shots, plan)
    _leave_nothing_alone(shots, plan)
    _enter_with_somebody(shots, plan)
    if share is not None:
        _settle_share(shots, plan, round(share * len(shots)))
    choose_framing(shots)
    _choose_details(shots, plan, *keys)
    _echo(shots, plan)
    return shots


def _first_idea(
    song: Song,
    span: tuple[float, float],
    part: Part,
    position: int,
    index: int,
    plan: Plan,
    reading: Reading,
) -> Shot:
    start, end = span
    lines = [line.text for line in song.words_between(start, end)]
    images = sorted(reading.of(lines), key=lambda image: -image.rank)
    setting = plan.settings[index]
    figures = _FIGURES[part.role]
    # A return begins elsewhere in the pattern, so that it is no copy.
    figure = figures[(position + (part.visit if position else 0)) % len(figures)]
    subject = _figure(figure, part, plan)
    image = images[0] if images else None
    spoken = next((i for i in images if i.subject is not None and i.weight > 1), None)
    if spoken is not None and spoken.subject is not None:
        subject = plan.hero if spoken.subject == "hero" else spoken.subject
        image = image if image is not None and image.rank > spoken.rank else spoken
    place = setting.beside if position >= 5 and position % 5 in {3, 4} else setting.place
    visited = _said(images, "place") or next(
        (i.place for i in images if i.weight > 2 and i.place in plan.places), None
    )
    place = visited or place
    if not fits(subject, place):
        if visited is None or visited != place:
            place = next((p for p in (setting.place, setting.beside) if fits(subject, p)), place)
        subject = subject if fits(subject, place) else plan.hero
    feeling = song.feeling_between(start, end)
    if images:
        feeling = nudged(
            feeling,
            0.5 * sum(i.feel.valence for i in images) / len(images),
            0.5 * sum(i.feel.arousal for i in images) / len(images),
        )
    picture = Picture(
        subject,
        place,
        _said(images, "time") or setting.time,
        _said(images, "weather") or setting.weather,
        "medium",
        mood_of(feeling),
    )
    return Shot(start, end, part, position, picture, image, "", "", " / ".join(lines))


def _said(images: Sequence[Image], field: str) -> str | None:
    """The place, time or weather that the words name outright: listeners expect to see it."""
    for image in images:
        value = getattr(image, field)
        if value is not None and image.weight > 2 and image.subject is None:
            return value
    return None


def _figure(figure: str, part: Part, plan: Plan) -> str:
    if figure == "hero":
        return plan.hero
    if figure == "motif":
        return plan.motif.subject
    if figure == "company":
        company = plan.tale.company[part.visit % len(plan.tale.company)]
        return plan.hero if company == "hero" else company
    return "none"


def _as(shot: Shot, subject: str) -> Shot:
    return replace(shot, picture=replace(shot.picture, subject=subject))


def _end_on_motif(shots: list[Shot], plan: Plan) -> None:
    """The last picture is the motif: what the story leaves behind."""
    if len(shots) > 3 and shots[-2].picture.subject in PEOPLE:
        shots[-1] = _show_motif(shots[-1], plan)


def _show_motif(shot: Shot, plan: Plan) -> Shot:
    """The motif instead of whoever is seen, where the world has room for it."""
    subject = plan.motif.subject
    setting = shot.picture.place
    if not fits(subject, setting):
        setting = next((s.place for s in reversed(plan.settings) if fits(subject, s.place)), "")
    if not setting:
        return _as(shot, plan.hero)
    return replace(shot, picture=replace(shot.picture, subject=subject, place=setting))


def _give_share(shots: list[Shot], plan: Plan) -> None:
    """Puts the protagonist into scenes, those first where least else is to be seen."""
    _show_protagonist(shots, plan, math.ceil(PROTAGONIST_SHARE * len(shots)))
    for i in range(2, len(shots)):  # nobody waits for the hero longer than two scenes
        if not any(shot.protagonist for shot in shots[i - 2 : i + 1]):
            shots[i] = _as(shots[i], plan.hero)


def _show_protagonist(shots: list[Shot], plan: Plan, wanted: int) -> None:
    def loss(index: int) -> tuple[int, int]:
        shot = shots[index]
        subject = shot.picture.subject
        kind = 0 if subject == "none" else 2 if subject == plan.motif.subject else 1
        spoken = shot.image is not None and shot.image.subject == subject
        return (kind + 2 * spoken, (index * 7) % len(shots))

    others = sorted((i for i, s in enumerate(shots) if not s.protagonist), key=loss)
    for index in others:
        if sum(shot.protagonist for shot in shots) >= wanted:
            break
        shots[index] = _as(shots[index], plan.hero)


def _settle_share(shots: list[Shot], plan: Plan, wanted: int) -> None:
    """Brings the number of scenes with the protagonist to what was asked, as far as it goes."""
    _show_protagonist(shots, plan, wanted)
    motif = plan.motif.subject
    for index in sorted(range(len(shots)), key=lambda i: ((i * 7) % len(shots), i)):
        if sum(shot.protagonist for shot in shots) <= wanted:
            break
        shot = shots[index]
        near = [shots[j].picture.place for j in (index - 1, index + 1) if 0 <= j < len(shots)]
        if not shot.protagonist:
            continue
        if fits(motif, shot.picture.place):
            shots[index] = _as(shot, motif)
        elif all(place == shot.picture.place for place in near):
            shots[index] = _as(shot, "none")


def _leave_nothing_alone(shots: list[Shot], plan: Plan) -> None:
    """An empty picture belongs to its neighbours: before a change of place it shows more."""
    for i, shot in enumerate(shots):
        if shot.picture.subject != "none":
            continue
        near = [shots[j].picture.place for j in (i - 1, i + 1) if 0 <= j < len(shots)]
        if any(place != shot.picture.place for place in near):
            motif = plan.motif.subject
            shots[i] = _as(shot, motif if fits(motif, shot.picture.place) else plan.hero)


def _choose_details(shots: list[Shot], plan: Plan, *keys: object) -> None:
    """The words after the caption: the lyric's image, the motif's looks, or the light."""
    for i, shot in enumerate(shots):
        recent = {each.see for each in shots[max(0, i - 5) : i]}
        see = ""
        motif_sung = shot.image is not None and (
            shot.image.subject == shot.picture.subject == plan.motif.subject
        )
        if shot.image is not None and not motif_sung and _shown(shot.image, shot.picture):
            options = _phrases(shot.image, shot.picture, i)
            see = next((words for words in options if words not in recent), "")
        if not see and shot.picture.subject == plan.motif.subject:
            see = plan.motif.detail
        if not see and shot.protagonist:
            gestures = _GESTURES[shot.picture.mood]
            see = gestures[(i + number("gesture", *keys)) % len(gestures)]
        if not see:
            see = light_of(shot.picture.mood, shot.part.key, shot.position, *keys)
        shots[i] = replace(shot, see=see)


def _phrases(image: Image, picture: Picture, turn: int) -> list[str]:
    """The image's words, another first at every turn; indoors those that can be there."""
    turned = image.see[turn % 2 :] + image.see[: turn % 2]
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


def related(one: Picture, other: Picture) -> bool:
    """Whether two pictures share their place or whom they show."""
    return one.place == other.place or (one.subject == other.subject != "none")


def _echoed(before: Shot, shot: Shot, plan: Plan) -> tuple[str, str] | None:
    """What the former and the latter of two unrelated shots may repeat of each other."""
    motif = plan.motif
    if before.picture.subject == motif.subject:
        return "", motif.what
    if shot.picture.subject == motif.subject:
        return motif.what, ""
    if before.picture.subject in THINGS | {"crowd", "child"}:
        return "", SUBJECTS[before.picture.subject]
    if shot.picture.subject in THINGS | {"crowd", "child"}:
        return SUBJECTS[shot.picture.subject], ""
    return None


def _enter_with_somebody(shots: list[Shot], plan: Plan) -> None:
    """Where two neighbours share nothing and cannot echo, the latter shows the hero."""
    for i in range(1, len(shots)):
        before, shot = shots[i - 1], shots[i]
        alike = related(before.picture, shot.picture) or (before.protagonist and shot.protagonist)
        if not alike and _echoed(before, shot, plan) is None:
            shots[i] = _as(shot, plan.hero)


def _echo(shots: list[Shot], plan: Plan) -> None:
    """Neighbours that share nothing get an echo: the thing of the one is in the other."""
    for i in range(1, len(shots)):
        before, shot = shots[i - 1], shots[i]
        echoed = _echoed(before, shot, plan)
        if related(before.picture, shot.picture) or echoed is None:
            continue
        former, latter = echoed
        if former:
            echo = f"{before.echo}, {former}" if before.echo else former
            shots[i - 1] = replace(before, echo=echo)
        elif latter:
            shots[i] = replace(shot, echo=latter)
