"""What no answer corrected is corrected by rule: the share of the protagonist, and neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from songreel_prompt.llm.drafts import Draft, Fault, PromptContext, neighbour_faults
from songreel_prompt.storyboard.rules import PROTAGONIST_SHARE, SHARE_TOLERANCE
from songreel_prompt.wording.vocabulary import fits


def share_faults(drafts: Sequence[Draft], share: float | None) -> list[Fault]:
    """The scenes, spread evenly, in which the protagonist is missing or is too much.

    Without a share asked for, at least half of the scenes show the protagonist.
    """
    shown = sum(draft.protagonist for draft in drafts)
    wanted = (PROTAGONIST_SHARE if share is None else share) * len(drafts)
    slack = max(1.0, SHARE_TOLERANCE * len(drafts))
    if shown < wanted - slack:
        free = [d for d in drafts if not d.protagonist and d.kept is None]
        message = "the protagonist is in too few scenes: show the protagonist here"
    elif share is not None and shown > wanted + slack:
        free = [d for d in drafts if d.protagonist and d.kept is None]
        message = "the protagonist is in too many scenes: show something else here"
    else:
        return []
    count = min(len(free), max(1, round(abs(wanted - shown))))
    chosen = [free[i * len(free) // count] for i in range(count)] if free else []
    return [Fault(draft.number, "share", message) for draft in chosen]


def repair_share(
    drafts: list[Draft], share: float | None, context: PromptContext
) -> tuple[list[Draft], list[Fault]]:
    """The drafts with the protagonist in about as many as asked, and which were changed."""
    faults = share_faults(drafts, share)
    for fault in faults:
        index = fault.scene - 1
        draft = drafts[index]
        subject = "none" if draft.protagonist else context.hero
        detail = draft.detail if subject == context.hero else ""
        drafts[index] = replace(
            draft,
            picture=replace(draft.picture, subject=subject),
            detail=detail,
            protagonist=not draft.protagonist,
        )
    return drafts, faults


def repair_neighbours(
    drafts: list[Draft], context: PromptContext
) -> tuple[list[Draft], list[Fault]]:
    """The drafts with every scene akin to the one before and none its copy."""
    repaired: list[Fault] = []
    for index in range(1, len(drafts)):
        faults = neighbour_faults(drafts[index - 1 : index + 1], context)
        draft = drafts[index]
        if not faults or draft.kept is not None:
            continue  # a locked scene stays; the storyboard's check names what it meets
        repaired += faults
        if faults[0].rule == "equal":
            detail = ", ".join(words for words in (draft.detail, "a moment later") if words)
            drafts[index] = replace(draft, detail=detail)
            continue
        before = drafts[index - 1]
        picture = draft.picture
        if before.picture.place:
            picture = replace(picture, place=before.picture.place)
            if not fits(picture.subject, picture.place):
                picture = replace(picture, subject=context.hero)
        else:
            picture = replace(picture, subject=context.hero)
        drafts[index] = replace(
            draft, picture=picture, protagonist=draft.protagonist or picture.subject == context.hero
        )
    return drafts, repaired
