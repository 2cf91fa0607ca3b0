"""From the plan to shots: who is seen where in every scene, and how near."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from songreel_prompt.song import Song
from songreel_prompt.story.actions import choose_actions
from songreel_prompt.story.continuity import (
    add_company,
    introduce_protagonist,
    link_neighbours,
    repeat_motif,
)
from songreel_prompt.story.details import choose_details
from songreel_prompt.story.framing import Shot, choose_framing, with_subject
from songreel_prompt.story.moods import mood_of, shifted
from songreel_prompt.story.structure import Part, Role, part_at
from songreel_prompt.story.treatment import Plan
from songreel_prompt.story.variety import spread
from songreel_prompt.storyboard.rules import PROTAGONIST_SHARE
from songreel_prompt.wording.lexicon import Image, Reading
from songreel_prompt.wording.vocabulary import BELONGS, PEOPLE, Picture, fits

_FIGURES: Final[dict[Role, tuple[str, ...]]] = {
    "opening": ("none", "hero", "place", "motif", "hero"),
    "verse": ("hero", "motif", "hero", "place", "hero", "stranger", "hero", "none"),
    "refrain": ("company", "hero", "motif", "company", "hero", "place", "hero", "crowd"),
    "bridge": ("hero", "none", "hero", "motif", "hero", "place"),
    "ending": ("hero", "hero", "motif"),
}
"""Who is seen in a part's scenes, in turn, where the lyrics name nobody: "place" is what belongs
there."""
_STAY: Final = 3
"""Scenes for which a part stays at its place before it looks around."""
_VISIT: Final = 2
"""Scenes of a visit to an adjacent place, and at the part's own place between two of them."""
_LONG_PART: Final = 6
"""Scenes from which a part is more than one place bears."""


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
        shots.append(_first_shot(song, (start, end), parts[index], position, index, plan, reading))
    _visit_adjacent_places(shots, plan, parts)
    settings = [plan.settings[part_at(parts, (start + end) / 2)] for start, end in spans]
    _end_on_motif(shots, plan)
    _show_protagonist_in_half(shots, plan)
    _fill_empty_shots(shots, plan)
    introduce_protagonist(shots, plan)
    if share is not None:
        _match_share(shots, plan, round(share * len(shots)))
    spread(shots, plan, settings)
    choose_framing(shots)
    link_neighbours(shots, plan)
    choose_actions(shots, song, *keys)
    choose_details(shots, plan, *keys)
    repeat_motif(shots, plan)
    add_company(shots, plan)
    return shots


def _first_shot(
    song: Song,
    span: tuple[float, float],
    part: Part,
    position: int,
    index: int,
    plan: Plan,
    reading: Reading,
) -> Shot:
    start, end = span
    lines = [line.text for line in song.lines_between(start, end)]
    images = sorted(reading.of(lines), key=lambda image: -image.rank)
    setting = plan.settings[index]
    figures = _FIGURES[part.role]
    # A return begins elsewhere in the pattern, so that it is no copy.
    figure = figures[(position + (part.occurrence if position else 0)) % len(figures)]
    subject = _subject_of(figure, part, position, setting.place, plan)
    image = images[0] if images else None
    spoken = next((i for i in images if i.subject is not None and i.weight > 1), None)
    if spoken is not None and spoken.subject is not None:
        subject = plan.hero if spoken.subject == "hero" else spoken.subject
        image = image if image is not None and image.rank > spoken.rank else spoken
    visited = _error_text(images, "place") or next(
        (i.place for i in images if i.weight > 2 and i.place in plan.places), None
    )
    place = visited or setting.place
    if not fits(subject, place):
        if visited is None or visited != place:
            place = next((p for p in (setting.place, *setting.adjacent) if fits(subject, p)), place)
        subject = subject if fits(subject, place) else plan.hero
    feeling = song.feeling_between(start, end)
    if images:
        feeling = shifted(
            feeling,
            0.5 * sum(i.feeling.valence for i in images) / len(images),
            0.5 * sum(i.feeling.arousal for i in images) / len(images),
        )
    picture = Picture(
        subject,
        place,
        _error_text(images, "time") or setting.time,
        _error_text(images, "weather") or setting.weather,
        "medium",
        mood_of(feeling),
    )
    return Shot(start, end, part, position, picture, image, "", "", " / ".join(lines), plan.hero)


def _visit_adjacent_places(shots: list[Shot], plan: Plan, parts: tuple[Part, ...]) -> None:
    """Long parts look around: to an adjacent place and back, to the next one and back."""
    for part, setting in zip(parts, plan.settings, strict=True):
        own = [i for i, shot in enumerate(shots) if shot.part is part]
        if len(own) < _LONG_PART or not setting.adjacent:
            continue
        for position, i in enumerate(own[:-1]):
            visit, back = divmod(max(0, position - _STAY) // _VISIT, 2)
            if position < _STAY or back:
                continue
            # A part that returns sees another place first.
            place = setting.adjacent[(visit + part.occurrence) % len(setting.adjacent)]
            shot = shots[i]
            if shot.image is None and fits(shot.picture.subject, place):
                shots[i] = replace(shot, picture=replace(shot.picture, place=place))


def _error_text(images: Sequence[Image], field: str) -> str | None:
    """The place, time or weather that the words name outright: listeners expect to see it."""
    for image in images:
        value = getattr(image, field)
        if value is not None and image.weight > 2 and image.subject is None:
            return value
    return None


def _subject_of(figure: str, part: Part, position: int, place: str, plan: Plan) -> str:
    turn = part.occurrence + position // 2
    if figure == "hero":
        return plan.hero
    if figure == "motif":
        return plan.motif.subject
    if figure == "crowd" and "crowd" in BELONGS[place]:
        return "crowd"
    if figure in {"company", "crowd"}:
        company = plan.template.company[turn % len(plan.template.company)]
        return plan.hero if company == "hero" else company
    if figure == "place":
        return BELONGS[place][turn % len(BELONGS[place])]
    return plan.stranger if figure == "stranger" else "none"


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
        return with_subject(shot, plan.hero)
    return replace(shot, picture=replace(shot.picture, subject=subject, place=setting))


def _show_protagonist_in_half(shots: list[Shot], plan: Plan) -> None:
    """Puts the protagonist into scenes, those first where least else is to be seen."""
    _show_protagonist(shots, plan, math.ceil(PROTAGONIST_SHARE * len(shots)))
    for i in range(2, len(shots)):  # nobody waits for the hero longer than two scenes
        if not any(shot.protagonist for shot in shots[i - 2 : i + 1]):
            shots[i] = with_subject(shots[i], plan.hero)


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
        shots[index] = with_subject(shots[index], plan.hero)


def _match_share(shots: list[Shot], plan: Plan, wanted: int) -> None:
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
            shots[index] = with_subject(shot, motif)
        elif all(place == shot.picture.place for place in near):
            shots[index] = with_subject(shot, "none")


def _fill_empty_shots(shots: list[Shot], plan: Plan) -> None:
    """An empty picture belongs to its neighbours: before a change of place it shows more."""
    for i, shot in enumerate(shots):
        if shot.picture.subject != "none":
            continue
        near = [shots[j].picture.place for j in (i - 1, i + 1) if 0 <= j < len(shots)]
        if any(place != shot.picture.place for place in near):
            motif = plan.motif.subject
            shots[i] = with_subject(shot, motif if fits(motif, shot.picture.place) else plan.hero)
