"""The rules for one composition: known words, positions inside the picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, cast

from songreel.prompt.v1.storyboard_pb2 import Composition, Scene, Subject

from songreel_prompt.seeded_choice import MAX_SEED
from songreel_prompt.storyboard.review import Path, Review
from songreel_prompt.wording.vocabulary import (
    ACTIONS,
    FACINGS,
    KINDS,
    PLACES,
    TIMES,
    WEATHERS,
    unknown_word,
)

MAX_SUBJECTS: Final = 12
"""More would hide each other."""
MAX_SIZE: Final = 2.0
"""Of a subject: twice the picture's height."""

_SURROUNDINGS: Final[Mapping[str, tuple[Mapping[str, str], str]]] = {
    "place": (PLACES, "meadow"),
    "time": (TIMES, "day"),
    "weather": (WEATHERS, "clear"),
}
_WORDS: Final[Mapping[str, Sequence[str]]] = {"action": ACTIONS, "facing": FACINGS}


def check_composition(scene: Scene, index: int, review: Review) -> None:
    """Names what a scene's composition has that nobody can draw; a scene without one is fine.

    A place, time or weather that is missing is what the prompt says, else the default.
    """
    if not scene.HasField("composition"):
        return
    composition = scene.composition
    path: Path = ("scenes", index, "composition")
    for field, (known, default) in _SURROUNDINGS.items():
        value = cast("str", getattr(composition, field))
        said = _said(scene.prompt, known)
        if not value:
            setattr(composition, field, said or default)
            review.note("missing", path, f"{field} of the composition is {said or default!r} now")
        elif value not in known:
            review.fault("vocabulary", (*path, field), unknown_word(field, value, tuple(known)))
        elif said and said != value:
            review.note(
                "composition",
                (*path, field),
                f"the prompt says {known[said]!r} but the composition's {field} is {value!r}; kept",
            )
    if len(composition.subjects) > MAX_SUBJECTS:
        review.fault(
            "composition",
            (*path, "subjects"),
            f"there are {len(composition.subjects)} subjects; at most {MAX_SUBJECTS} can be drawn",
        )
    for number, subject in enumerate(composition.subjects):
        _check_subject(subject, (*path, "subjects", number), review)
    _compare_protagonists(scene, composition, path, review)


def _said(prompt: str, known: Mapping[str, str]) -> str:
    """The word whose phrase stands in the head of the prompt; empty where none or several do."""
    # The head ends with the mood; a detail further on may show another time or place.
    head = prompt.split(", ")[:5]
    said = [
        word
        for word, phrase in known.items()
        if any(part == phrase or part.endswith(f" {phrase}") for part in head)
    ]
    return said[0] if len(said) == 1 else ""


def _check_subject(subject: Subject, path: Path, review: Review) -> None:
    if subject.kind not in KINDS:
        what = unknown_word("kind", subject.kind, KINDS) if subject.kind else "kind is missing"
        review.fault("vocabulary", (*path, "kind"), what)
    for field, known in _WORDS.items():
        value = cast("str", getattr(subject, field))
        if value and value not in known:
            review.fault("vocabulary", (*path, field), unknown_word(field, value, known))
    # Written so that "not a number" is out of range too.
    if subject.HasField("x") and not 0.0 <= subject.x <= 1.0:
        review.fault(
            "composition",
            (*path, "x"),
            f"x is {subject.x:g}; it must be from 0, the left edge, to 1, the right",
        )
    if subject.HasField("size") and not 0.0 < subject.size <= MAX_SIZE:
        review.fault(
            "composition",
            (*path, "size"),
            f"size is {subject.size:g}; it must be a share of the picture's height, above 0 and "
            f"at most {MAX_SIZE:g}",
        )
    if not 0 <= subject.seed <= MAX_SEED:
        review.fault(
            "seed", (*path, "seed"), f"seed is {subject.seed}; it must be in [0, {MAX_SEED}]"
        )


def _compare_protagonists(
    scene: Scene, composition: Composition, path: Path, review: Review
) -> None:
    shown = sum(subject.protagonist for subject in composition.subjects)
    if shown > 1:
        review.note("composition", path, f"{shown} subjects are the protagonist; kept")
    elif bool(shown) != scene.protagonist:
        which = "no subject is" if scene.protagonist else "a subject is"
        said = str(scene.protagonist).lower()
        review.note("composition", path, f"protagonist is {said} but {which} the protagonist; kept")
