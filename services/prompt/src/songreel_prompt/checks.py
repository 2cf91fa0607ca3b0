"""The rules that every storyboard keeps, whoever wrote it.

What is safe to mend is mended and said in the notes; the rest is refused with the
place of every fault.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import Final, cast

from songreel.prompt.v1.storyboard_pb2 import Scene, Storyboard
from songreel_kit.errors import InvalidStoryboard

from songreel_prompt.chance import MAX_SEED
from songreel_prompt.lexicon import lemmas_of, read_data, words_of
from songreel_prompt.scenes import LONGEST_S, SHORTEST_S
from songreel_prompt.styles import Style
from songreel_prompt.vocabulary import CAMERAS, MOODS, SHOTS, TRANSITIONS

MAX_TOKENS: Final = 75
"""CLIP's text encoder reads 77 tokens, of which two mark start and end."""
MAX_SCENES: Final = 10_000
MENDED_S: Final = 0.25
"""Gaps and overlaps up to this are taken for slips and closed."""
STORYTELLERS: Final = ("offline", "llm", "hand")

Path = tuple[str | int, ...]
"""Where something stands in a storyboard: ("scenes", 3, "prompt")."""
Locate = Callable[[Path], str]
"""Names a place for people: "S.yaml:27" or "scene 4"."""

_CHOICES: Final[Mapping[str, tuple[Sequence[str], str]]] = {
    "shot": (SHOTS, "medium"),
    "mood": (MOODS, "neutral"),
    "transition": (TRANSITIONS, "cut"),
    "camera": (CAMERAS, "none"),
}
_SHOWN_FAULTS: Final = 5
_PIECE = re.compile(r"[A-Za-z]+|\d|[^\sA-Za-z\d]")


def name_place(path: Path) -> str:
    """A place without line numbers: "scene 4"."""
    if len(path) > 1 and path[0] == "scenes":
        return f"scene {int(path[1]) + 1}"
    return "storyboard"


def check_storyboard(
    storyboard: Storyboard,
    styles: Mapping[str, Style],
    *,
    duration: float | None = None,
    locate: Locate = name_place,
) -> Storyboard:
    """A checked copy; what was mended is added to its notes.

    Args:
        storyboard: The storyboard of any storyteller, or one edited by hand.
        styles: The known presets.
        duration: Seconds that the scenes have to cover; None takes their own end.
        locate: Names the place of a fault in messages.

    Raises:
        InvalidStoryboard: rules are broken that only its author can mend; the message
            names up to five faults with their places.
    """
    checked = Storyboard()
    checked.CopyFrom(storyboard)
    review = _Review(locate)
    _check_head(checked, styles, review)
    if not checked.scenes:
        review.fault(("scenes",), "there are no scenes; write at least one")
    elif len(checked.scenes) > MAX_SCENES:
        review.fault(("scenes",), f"there are more than {MAX_SCENES} scenes")
    else:
        _check_times(checked.scenes, duration, review)
        for index, scene in enumerate(checked.scenes):
            _check_scene(scene, index, review)
        _compare_neighbours(checked.scenes, review)
    review.refuse_if_faulty()
    checked.notes.extend(note for note in review.notes if note not in checked.notes)
    return checked


def token_count(text: str) -> int:
    """An upper estimate of CLIP tokens: long words come in pieces of about six letters."""
    return sum(1 + (len(piece) - 1) // 6 for piece in _PIECE.findall(text))


class _Review:
    """Collects faults and notes."""

    def __init__(self, locate: Locate) -> None:
        self._locate = locate
        self._faults: list[str] = []
        self.notes: list[str] = []

    def fault(self, path: Path, message: str) -> None:
        self._faults.append(f"{self._locate(path)}: {message}")

    def note(self, path: Path, message: str) -> None:
        # By the scene, not the line: notes outlive the file's layout.
        self.notes.append(f"{name_place(path)}: {message}")

    def refuse_if_faulty(self) -> None:
        if not self._faults:
            return
        more = len(self._faults) - _SHOWN_FAULTS
        tail = f"; and {more} more" if more > 0 else ""
        raise InvalidStoryboard("; ".join(self._faults[:_SHOWN_FAULTS]) + tail)


def _check_head(board: Storyboard, styles: Mapping[str, Style], review: _Review) -> None:
    if board.style not in styles:
        given = f"there is no style {board.style!r}" if board.style else "style is missing"
        review.fault(("style",), f"{given}; choose one of {', '.join(styles)}")
    if not board.storyteller:
        board.storyteller = "hand"
    if board.storyteller not in STORYTELLERS:
        review.fault(
            ("storyteller",),
            f"storyteller is {board.storyteller!r}; it must be one of {', '.join(STORYTELLERS)}",
        )


def _check_times(scenes: Sequence[Scene], duration: float | None, review: _Review) -> None:
    """Closes slips and refuses holes, so that the scenes cover the song exactly."""
    at = 0.0
    for index, scene in enumerate(scenes):
        path = ("scenes", index, "start")
        if not (math.isfinite(scene.start) and math.isfinite(scene.end)):
            review.fault(path, "start and end must be finite numbers of seconds")
            return
        expected = "the start of the song, 0" if index == 0 else f"the end of scene {index}, {at:g}"
        if abs(scene.start - at) > MENDED_S:
            review.fault(path, f"starts at {scene.start:g} s but must start at {expected}")
        elif scene.start != at:
            review.note(path, f"start moved from {scene.start:g} s to {expected}")
        scene.start = at
        if scene.end <= scene.start:
            review.fault(
                ("scenes", index, "end"),
                f"ends at {scene.end:g} s, which is not after its start at {scene.start:g} s",
            )
        at = scene.end
    last = len(scenes) - 1
    if duration is not None and scenes[last].end != duration:
        path = ("scenes", last, "end")
        if abs(scenes[last].end - duration) > MENDED_S or duration <= scenes[last].start:
            review.fault(
                path, f"ends at {at:g} s but the song ends at {duration:g} s; make them equal"
            )
        elif abs(scenes[last].end - duration) > 0.001:  # below it is the rounding of a person
            review.note(path, f"end moved from {at:g} s to the song's end at {duration:g} s")
        scenes[last].end = duration
    for index, scene in enumerate(scenes):
        length = scene.end - scene.start
        alone = index == 0 and last == 0
        if length > LONGEST_S + 0.01 or (0 < length < SHORTEST_S - 0.01 and not alone):
            review.note(
                ("scenes", index, "end"),
                f"lasts {length:.2f} s, outside the usual {SHORTEST_S:g} to {LONGEST_S:g} s; kept",
            )


def _check_scene(scene: Scene, index: int, review: _Review) -> None:
    scene.prompt = _safe_and_short("prompt", scene.prompt, index, review)
    scene.negative_prompt = _short("negative_prompt", scene.negative_prompt.strip(), index, review)
    if not 0 <= scene.seed <= MAX_SEED:
        review.fault(
            ("scenes", index, "seed"), f"seed is {scene.seed}; it must be in [0, {MAX_SEED}]"
        )
    for field, (choices, default) in _CHOICES.items():
        value = cast("str", getattr(scene, field))
        path = ("scenes", index, field)
        if not value:
            setattr(scene, field, default)
            review.note(path, f"{field} was missing and is {default!r} now")
        elif value not in choices:
            review.fault(path, f"{field} is {value!r}; it must be one of {', '.join(choices)}")


def _safe_and_short(field: str, text: str, index: int, review: _Review) -> str:
    path = ("scenes", index, field)
    text = " ".join(text.split())
    if not text:
        review.fault(path, f"{field} is empty; say what is to be seen")
        return text
    phrases = [phrase.strip() for phrase in text.split(",")]
    unsafe = [phrase for phrase in phrases if _is_unsafe(phrase)]
    if unsafe:
        text = ", ".join(phrase for phrase in phrases if phrase not in unsafe)
        if not text:
            review.fault(path, f"{field} asks for what is not drawn: {unsafe[0]!r}")
            return text
        review.note(path, f"left out of the {field} as unsafe: {', '.join(unsafe)}")
    return _short(field, text, index, review)


def _short(field: str, text: str, index: int, review: _Review) -> str:
    """Cut to what the text encoder reads, at a comma or else between words."""
    if token_count(text) <= MAX_TOKENS:
        return text
    for separator in (",", " "):
        pieces = text.split(separator)
        while len(pieces) > 1 and token_count(separator.join(pieces)) > MAX_TOKENS:
            pieces.pop()
        if token_count(separator.join(pieces)) <= MAX_TOKENS:
            break
    else:
        review.fault(
            ("scenes", index, field), f"{field} is one word longer than {MAX_TOKENS} tokens"
        )
        return text
    review.note(
        ("scenes", index, field),
        f"{field} was longer than the {MAX_TOKENS} tokens a checkpoint reads and was cut",
    )
    return separator.join(pieces).strip()


def _is_unsafe(phrase: str) -> bool:
    return any(lemmas_of(word) & _blocked() for word in words_of(phrase))


@cache
def _blocked() -> frozenset[str]:
    return frozenset(cast("list[str]", read_data("blocklist.yaml")))


def _compare_neighbours(scenes: Sequence[Scene], review: _Review) -> None:
    for index, (before, scene) in enumerate(pairwise(scenes), start=1):
        if before.prompt == scene.prompt and before.seed == scene.seed:
            review.note(
                ("scenes", index, "prompt"),
                f"shows the same as scene {index}: prompt and seed are equal; kept",
            )
