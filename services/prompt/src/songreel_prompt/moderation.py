"""Moderation of whole storyboards: what is flagged is corrected, or refused."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from songreel.prompt.v1.storyboard_pb2 import Storyboard
from songreel_kit.work import CancelToken

from songreel_prompt.llm.moderator import Moderator
from songreel_prompt.storyboard.review import Path, Review

_CAPTION_PHRASES: Final = 5
"""Phrases of the caption that every storyteller's prompt begins with."""


def moderate_storyboard(
    board: Storyboard,
    moderator: Moderator,
    review: Review,
    token: CancelToken,
    *,
    cleared: Collection[str] = (),
    by_hand: bool = False,
    locked_only: bool = False,
) -> bool:
    """Corrects the flagged scenes of a checked storyboard in place.

    A storyteller's scene keeps its caption alone; what a person wrote or locked is
    refused, and so is a caption that is flagged by itself.

    Args:
        board: The storyboard; its notes say what was corrected.
        moderator: The moderation endpoint.
        review: Collects what is found.
        token: Ends it early.
        cleared: Prompts that were let pass before.
        by_hand: Whether a person wrote all of it.
        locked_only: Looks at nothing but what a person locked.

    Returns:
        Whether all was seen; False when the endpoint failed, which the notes say.

    Raises:
        InvalidStoryboard: a person has to change a prompt; it names the places.
        Cancelled: the token was.
    """
    asked = [
        index
        for index, scene in enumerate(board.scenes)
        if scene.prompt not in cleared and (scene.locked or not locked_only)
    ]
    flagged, problem = _flagged(board, asked, moderator, token)
    corrected: list[int] = []
    for index, said in flagged.items():
        scene = board.scenes[index]
        path: Path = ("scenes", index, "prompt")
        caption = ", ".join(scene.prompt.split(", ")[:_CAPTION_PHRASES])
        if by_hand or scene.locked or caption == scene.prompt:
            review.fault("moderation", path, f"{said}; change it")
        else:
            scene.prompt = caption
            review.note("moderation", path, f"{said}; its caption is left")
            corrected.append(index)
    still, second = _flagged(board, corrected, moderator, token)
    for index, said in still.items():
        review.fault("moderation", ("scenes", index, "prompt"), f"{said}; try another seed")
    review.raise_if_faulty()
    problem = problem or second
    if problem:
        review.notes.append(
            f"moderation: {problem}; prompts were checked against the blocklist alone"
        )
    board.notes.extend(note for note in review.notes if note not in board.notes)
    return not problem


def _flagged(
    board: Storyboard, asked: Sequence[int], moderator: Moderator, token: CancelToken
) -> tuple[dict[int, str], str]:
    """What was said of the flagged scenes, by index; and why not all were seen."""
    verdicts = moderator.judge([board.scenes[index].prompt for index in asked], token)
    flagged = {
        index: f"moderation flagged the prompt ({', '.join(categories)})"
        for index, categories in zip(asked, verdicts.flagged, strict=True)
        if categories
    }
    return flagged, verdicts.problem
