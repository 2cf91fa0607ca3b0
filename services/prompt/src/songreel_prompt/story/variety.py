"""No picture wears out: who is seen where is spread over the whole song."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from songreel_prompt.story.continuity import alike, can_link
from songreel_prompt.story.framing import Shot
from songreel_prompt.story.treatment import Plan, Setting
from songreel_prompt.wording.vocabulary import BELONGS, Picture, fits

WORN_SHARE: Final = 0.07
"""Share of a song's scenes that may show the same figure at the same place."""
_ALWAYS: Final = 3
"""Scenes that may do so in a song of any length."""
_NEAR: Final = 3
"""Scenes to both sides in which the same figure is still fresh."""


def spread(shots: list[Shot], plan: Plan, settings: list[Setting]) -> None:
    """Shows others, or elsewhere, what was seen too often.

    The protagonist stays in as many scenes as before, neighbours stay related, and what the
    lyrics name stays what it is.

    Args:
        shots: of the song, in order; changed in place.
        plan: of the story.
        settings: one for each shot.
    """
    limit = max(_ALWAYS, int(WORN_SHARE * len(shots)))
    counts = Counter(_pair(shot.picture) for shot in shots)
    # From the middle of a run outwards, so that its first scene stays what it was.
    for _ in range(3):
        for i in sorted(range(1, len(shots)), key=lambda i: (i * 7) % len(shots)):
            pair = _pair(shots[i].picture)
            # The protagonist may be seen twice in a row, nearer the second time.
            again = pair == _pair(shots[i - 1].picture) and not shots[i].protagonist
            if (counts[pair] <= limit and not again) or not _free(shots, i, plan):
                continue
            options = [
                each
                for each in _options(shots[i], plan, settings[i])
                if counts[each] < limit and _ties(shots, i, each, plan)
            ]
            if not options:
                continue
            best = min(options, key=lambda each: _wear(shots, i, each, counts))
            counts[pair] -= 1
            counts[best] += 1
            shots[i] = _showing(shots[i], best)


def _pair(picture: Picture) -> tuple[str, str]:
    return picture.subject, picture.place


def _free(shots: list[Shot], i: int, plan: Plan) -> bool:
    """Whether a scene may change: no words ask for what it shows, and the motif ends the song.

    A part begins where and with whom it began the first time; later it is known well enough.
    """
    shot = shots[i]
    known = shot.position > 0 or shot.part.occurrence > 1
    ends = i == len(shots) - 1 and shot.picture.subject == plan.motif.subject
    return shot.image is None and known and not ends


def _options(shot: Shot, plan: Plan, setting: Setting) -> Iterator[tuple[str, str]]:
    """Figures and places that would do as well."""
    for place in dict.fromkeys((shot.picture.place, setting.place, *setting.adjacent)):
        figures = plan.guises if shot.protagonist else (
            plan.motif.subject, plan.stranger, *BELONGS[place], "child"
        )  # fmt: skip
        for figure in figures:
            if fits(figure, place) and (figure, place) != _pair(shot.picture):
                yield figure, place


def _ties(shots: list[Shot], i: int, pair: tuple[str, str], plan: Plan) -> bool:
    """Whether the scene would still belong to both of its neighbours.

    A link will do on one side, if the neighbour there needs none on its other side: two
    links in one picture are a still life.
    """
    changed = _showing(shots[i], pair)
    before, after = shots[max(0, i - 2) : i], shots[i + 1 : i + 3]
    links = 0
    if not alike(before[-1], changed):
        links += 1
        if not can_link(before[-1], changed, plan) or not alike(before[0], before[-1]):
            return False
    if after and not alike(changed, after[0]):
        links += 1
        if not can_link(changed, after[0], plan) or not alike(after[0], after[-1]):
            return False
    return links < 2


def _wear(
    shots: list[Shot], i: int, pair: tuple[str, str], counts: Counter[tuple[str, str]]
) -> tuple[int, int, int]:
    near = [shot.picture for shot in (*shots[max(0, i - _NEAR) : i], *shots[i + 1 : i + 1 + _NEAR])]
    figure, place = pair
    return (
        sum(_pair(each) == pair for each in near),
        counts[pair],
        sum((each.subject == figure) + (each.place == place) for each in near),
    )


def _showing(shot: Shot, pair: tuple[str, str]) -> Shot:
    return replace(shot, picture=replace(shot.picture, subject=pair[0], place=pair[1]))
