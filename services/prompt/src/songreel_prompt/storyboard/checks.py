"""The rules that every storyboard keeps, whoever wrote it.

What is safe to correct is corrected and noted; the rest is refused with the
place of every fault.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import Final, cast

from songreel.prompt.v1.storyboard_pb2 import Scene, Storyboard

from songreel_prompt.seeded_choice import MAX_SEED
from songreel_prompt.song import Song
from songreel_prompt.storyboard.composition_rules import check_composition
from songreel_prompt.storyboard.prompt_rules import PromptRules
from songreel_prompt.storyboard.review import Review
from songreel_prompt.storyboard.rules import BEATLESS_S, LONGEST_S, SHARE_TOLERANCE, SHORTEST_S
from songreel_prompt.styles import Style
from songreel_prompt.wording.phrases import content_words
from songreel_prompt.wording.tokens import ESTIMATE, TokenCounter
from songreel_prompt.wording.vocabulary import (
    CAMERAS,
    FINISHES,
    LOOKS,
    MOODS,
    SHOTS,
    TRANSITIONS,
    unknown_word,
)

MAX_SCENES: Final = 10_000
TOLERANCE_S: Final = 0.25
"""Gaps and overlaps up to this are taken for slips and closed."""
BY_HAND: Final = "hand"
"""The storyteller of a storyboard that a person wrote."""
ON_BEAT_S: Final = 0.05
"""A cut this near to a beat is on it."""

_CHOICES: Final[Mapping[str, tuple[Sequence[str], str]]] = {
    "shot": (tuple(SHOTS), "medium"),
    "mood": (MOODS, "neutral"),
    "transition": (TRANSITIONS, "cut"),
    "camera": (CAMERAS, "none"),
}


def check_storyboard(
    storyboard: Storyboard,
    styles: Mapping[str, Style],
    *,
    storytellers: Collection[str] | None = None,
    duration: float | None = None,
    review: Review | None = None,
    song: Song | None = None,
    share: float | None = None,
    tokens: TokenCounter = ESTIMATE,
    protagonist_name: str = "",
    by_hand: bool = False,
) -> Storyboard:
    """A checked copy; what was corrected is added to its notes.

    Args:
        storyboard: The storyboard of any storyteller, or one edited by hand.
        styles: The known presets.
        storytellers: Names of those who may have written it, besides a person; None takes any.
        duration: Seconds that the scenes have to cover; None takes their own end.
        review: Collects what is found, and names the places of faults; a fresh one if None.
        song: What the scenes are for: its beats and its artist's name are looked at.
        share: Share of scenes with the protagonist that was asked for, in (0, 1].
        tokens: Counts prompts as the checkpoint does.
        protagonist_name: Name of the protagonist, who agreed to be in it: prompts may hold it.
        by_hand: Whether a person wrote it: what policy blocks is then refused, not corrected.

    Raises:
        InvalidStoryboard: rules are broken that only its author can correct; the message
            names up to five faults with their places.
    """
    checked = Storyboard()
    checked.CopyFrom(storyboard)
    review = review or Review()
    _check_head(checked, styles, storytellers, review)
    if not checked.scenes:
        review.fault("scenes", ("scenes",), "there are no scenes; write at least one")
    elif len(checked.scenes) > MAX_SCENES:
        review.fault("scenes", ("scenes",), f"there are more than {MAX_SCENES} scenes")
    else:
        _check_times(checked.scenes, duration, review)
        artist = song.artist if song is not None else ""
        rules = PromptRules(tokens, artist, protagonist_name, by_hand)
        for index, scene in enumerate(checked.scenes):
            _check_scene(scene, index, review, rules)
        _compare_neighbours(checked.scenes, styles.get(checked.style), review)
        if song is not None:
            _compare_beats(checked.scenes, song, review)
        if share is not None:
            _compare_share(checked.scenes, share, review)
    review.raise_if_faulty()
    if tokens.note:
        review.notes.append(tokens.note)
    checked.notes.extend(note for note in review.notes if note not in checked.notes)
    return checked


def _check_head(
    board: Storyboard,
    styles: Mapping[str, Style],
    storytellers: Collection[str] | None,
    review: Review,
) -> None:
    if board.style not in styles:
        given = f"there is no style {board.style!r}" if board.style else "style is missing"
        review.fault("style", ("style",), f"{given}; choose one of {', '.join(styles)}")
    elif not board.look:
        board.look = styles[board.style].look
    if board.look and board.look not in LOOKS:
        review.fault("vocabulary", ("look",), unknown_word("look", board.look, LOOKS))
    if board.style in styles and not board.finish:
        board.finish.extend(styles[board.style].finish)
    for i, name in enumerate(board.finish):
        if name not in FINISHES:
            review.fault("vocabulary", ("finish", i), unknown_word("finish", name, FINISHES))
    if not board.storyteller:
        board.storyteller = BY_HAND
    if storytellers is not None and board.storyteller not in (known := [*storytellers, BY_HAND]):
        review.fault(
            "storyteller",
            ("storyteller",),
            f"storyteller is {board.storyteller!r}; it must be one of {', '.join(known)}",
        )


def _check_times(scenes: Sequence[Scene], duration: float | None, review: Review) -> None:
    """Closes slips and refuses holes, so that the scenes cover the song exactly."""
    at = 0.0
    for index, scene in enumerate(scenes):
        path = ("scenes", index, "start")
        if not (math.isfinite(scene.start) and math.isfinite(scene.end)):
            review.fault("times", path, "start and end must be finite numbers of seconds")
            return
        expected = "the start of the song, 0" if index == 0 else f"the end of scene {index}, {at:g}"
        if abs(scene.start - at) > TOLERANCE_S:
            review.fault("times", path, f"starts at {scene.start:g} s but must start at {expected}")
        elif scene.start != at:
            review.note("times", path, f"start moved from {scene.start:g} s to {expected}")
        scene.start = at
        if scene.end <= scene.start:
            review.fault(
                "times",
                ("scenes", index, "end"),
                f"ends at {scene.end:g} s, which is not after its start at {scene.start:g} s",
            )
        at = scene.end
    last = len(scenes) - 1
    if duration is not None and scenes[last].end != duration:
        path = ("scenes", last, "end")
        if abs(scenes[last].end - duration) > TOLERANCE_S or duration <= scenes[last].start:
            review.fault(
                "times",
                path,
                f"ends at {at:g} s but the song ends at {duration:g} s; make them equal",
            )
        elif abs(scenes[last].end - duration) > 0.001:  # below it is the rounding of a person
            review.note(
                "times", path, f"end moved from {at:g} s to the song's end at {duration:g} s"
            )
        scenes[last].end = duration
    for index, scene in enumerate(scenes):
        length = scene.end - scene.start
        alone = index == 0 and last == 0
        if length > LONGEST_S + 0.01 or (0 < length < SHORTEST_S - 0.01 and not alone):
            review.note(
                "length",
                ("scenes", index, "end"),
                f"lasts {length:.2f} s, outside the usual {SHORTEST_S:g} to {LONGEST_S:g} s; kept",
            )


def _check_scene(scene: Scene, index: int, review: Review, rules: PromptRules) -> None:
    rules.check(scene, index, review)
    if not 0 <= scene.seed <= MAX_SEED:
        review.fault(
            "seed",
            ("scenes", index, "seed"),
            f"seed is {scene.seed}; it must be in [0, {MAX_SEED}]",
        )
    for field, (choices, default) in _CHOICES.items():
        value = cast("str", getattr(scene, field))
        path = ("scenes", index, field)
        if not value:
            setattr(scene, field, default)
            review.note("missing", path, f"{field} was missing and is {default!r} now")
        elif value not in choices:
            review.fault("vocabulary", path, unknown_word(field, value, choices))
    check_composition(scene, index, review)


def _compare_neighbours(scenes: Sequence[Scene], style: Style | None, review: Review) -> None:
    drawn = content_words(" ".join(style.words)) if style is not None else frozenset[str]()
    for index, (before, scene) in enumerate(pairwise(scenes), start=1):
        path = ("scenes", index, "prompt")
        if before.prompt == scene.prompt and before.seed == scene.seed:
            review.note(
                "equal", path, f"shows the same as scene {index}: prompt and seed are equal; kept"
            )
        elif not (before.protagonist and scene.protagonist):
            shared = content_words(before.prompt) & content_words(scene.prompt) - drawn
            if not shared:
                review.note(
                    "unrelated", path, f"shares nothing to be seen with scene {index}; kept"
                )


def _compare_beats(scenes: Sequence[Scene], song: Song, review: Review) -> None:
    """Cuts are on beats wherever the song has any nearby."""
    beats = song.beats
    off = 0
    for scene in scenes[1:]:
        index = bisect_left(beats, scene.start)
        before = beats[index - 1] if index else 0.0
        after = beats[index] if index < len(beats) else song.duration
        near = min(scene.start - before, after - scene.start) <= ON_BEAT_S
        off += not near and after - before <= BEATLESS_S
    if off:
        review.note("beats", (), f"{off} of {len(scenes) - 1} cuts are not on a beat; kept")


def _compare_share(scenes: Sequence[Scene], share: float, review: Review) -> None:
    shown = sum(scene.protagonist for scene in scenes)
    if abs(shown - share * len(scenes)) > max(1.0, SHARE_TOLERANCE * len(scenes)):
        review.note(
            "share",
            (),
            f"the protagonist is in {shown} of {len(scenes)} scenes; asked for was a share of "
            f"{share:g}; kept",
        )
