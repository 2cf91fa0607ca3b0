"""The two passes: the treatment, then the shots; what fails goes back once with the reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from songreel.prompt.v1.storyboard_pb2 import Treatment

from songreel_prompt.llm.answers import TreatmentAnswer, read_shots, read_treatment
from songreel_prompt.llm.drafts import (
    Draft,
    Fault,
    PromptContext,
    draft_of,
    neighbour_faults,
    repaired_treatment,
    shot_faults,
    treatment_faults,
)
from songreel_prompt.llm.errors import AnswerFailed, Garbled, Refused, Rejected
from songreel_prompt.llm.messages import Reply
from songreel_prompt.llm.prompts import (
    correction_question,
    scene_material,
    shots_question,
    treatment_question,
)
from songreel_prompt.llm.repair import share_faults
from songreel_prompt.llm.session import LlmSession
from songreel_prompt.story.offline import Staging
from songreel_prompt.story.structure import part_at
from songreel_prompt.storyteller import StoryboardRequest
from songreel_prompt.styles import Style

_ATTEMPTS = 2
"""An answer and one correction."""


def write_treatment(
    session: LlmSession, request: StoryboardRequest, staging: Staging, offline: Treatment
) -> TreatmentAnswer:
    """The story before its shots; fields that stay at fault are the offline storyteller's.

    Raises:
        AnswerFailed: there was no readable answer, twice, or no server.
    """
    song, previous, plan = request.song, request.previous, staging.plan
    parts = len(staging.parts)
    kept = _plain(previous.treatment) if previous is not None else None
    question = treatment_question(
        song,
        staging.parts,
        _style_words(request.style),
        request.seed,
        kept,
        request.protagonist_name,
    )
    asked, answer, broken = question, None, dict[str, Fault]()
    for turn in range(_ATTEMPTS):
        reply: Reply | None = None
        try:
            reply = session.ask(asked)
            answer = read_treatment(reply.text)
        except AnswerFailed as failure:
            if answer is not None:
                break  # the first answer, repaired, is better than none
            if turn or not isinstance(failure, (Garbled, Refused)):
                raise
            faults = [_failed(failure)]
        else:
            session.keep(asked, reply)
            broken = treatment_faults(answer, parts, song.artist, request.protagonist_name)
            broken |= _moderated(session, answer, broken)
            faults = list(broken.values())
        session.count(faults)
        if not faults:
            break
        said = reply.text if reply is not None else ""
        asked = correction_question(question, said, [str(f) for f in faults], "the whole treatment")
    assert answer is not None
    if broken:
        for fault in broken.values():
            session.note(f"treatment: corrected by rule, because {fault.message}")
        answer = repaired_treatment(answer, broken, offline, plan.hero, plan.garment, parts)
    if previous is not None and any(scene.locked for scene in previous.scenes):
        # Who is in the locked scenes is who is in the others.
        answer = answer.model_copy(update={"hero": plan.hero, "wears": plan.garment})
    return answer


def write_shots(
    session: LlmSession,
    request: StoryboardRequest,
    staging: Staging,
    treatment: TreatmentAnswer,
    context: PromptContext,
    numbers: Sequence[int],
    locked: Mapping[int, Draft],
    previous: Sequence[Draft],
) -> tuple[dict[int, Draft], dict[int, str]]:
    """Scenes of a chunk by number, and the reason for each number that is missing."""
    if not numbers:
        return {}, {}
    near = [locked[n] for n in range(numbers[0] - 1, numbers[-1] + 2) if n in locked]
    wanted = request.share
    question = shots_question(
        treatment.model_dump(),
        [_material(request, staging, number) for number in numbers],
        [draft.summary(context) for draft in previous],
        [draft.summary(context) for draft in near],
        style=_style_words(request.style),
        seed=request.seed,
        protagonist_scenes=(
            f"at least half of {len(numbers)}"
            if wanted is None
            else f"about {round(wanted * len(numbers))} of {len(numbers)}"
        ),
        protagonist_name=request.protagonist_name,
    )
    got: dict[int, Draft] = {}
    reasons = dict.fromkeys(numbers, "the model left it out")
    asked, again = question, set(numbers)
    for _ in range(_ATTEMPTS):
        reply: Reply | None = None
        try:
            reply = session.ask(asked)
            faults = _read(session, reply, context, again, got)
        except AnswerFailed as failure:
            faults = [_failed(failure)]
            reasons |= {n: str(failure) for n in again if n not in got}
            session.count(faults)
            if failure.final or isinstance(failure, Rejected):
                break
        else:
            session.keep(asked, reply)
            sequence = [*previous[-1:], *sorted([*got.values(), *near], key=lambda d: d.number)]
            faults += _adjacent(neighbour_faults(sequence, context), sequence)
            faults += share_faults(list(got.values()), request.share)
            faults = [f for f in faults if f.scene in numbers]
            session.count(faults)
            reasons |= {f.scene: f.message for f in reversed(faults)}
        if not faults:
            break
        again = {f.scene for f in faults if f.scene} or again
        scope = f"only the scenes {', '.join(map(str, sorted(again)))}"
        said = reply.text if reply is not None else ""
        asked = correction_question(question, said, [str(f) for f in faults], scope)
    return got, {n: reason for n, reason in reasons.items() if n not in got}


def _read(
    session: LlmSession,
    reply: Reply,
    context: PromptContext,
    numbers: set[int],
    got: dict[int, Draft],
) -> list[Fault]:
    """Puts the good scenes of a reply into `got`; the faults of the others."""
    answers = read_shots(reply.text)
    faults: list[Fault] = []
    good: list[Draft] = []
    for number in sorted(numbers):
        answer = answers.get(number)
        if answer is None:
            why = "the answer broke off before it" if reply.truncated else "the model left it out"
            # A scene that was good but for its neighbours stays as it was.
            faults += [] if number in got else [Fault(number, "missing", why)]
            continue
        found = shot_faults(answer, context)
        faults += found
        if not found:
            good.append(draft_of(answer))
    verdicts = session.moderate([draft.prompt(context) for draft in good])
    for draft, verdict in zip(good, verdicts, strict=True):
        if verdict:
            words = f"moderation flagged it ({', '.join(verdict)})"
            faults.append(Fault(draft.number, "moderation", words))
        else:
            got[draft.number] = draft
    return faults


def _adjacent(faults: list[Fault], sequence: Sequence[Draft]) -> list[Fault]:
    """Only of scenes whose neighbour in the list is the one before them in the song."""
    near = {b.number for a, b in pairwise(sequence) if b.number == a.number + 1}
    return [fault for fault in faults if fault.scene in near]


def _moderated(
    session: LlmSession, answer: TreatmentAnswer, broken: Mapping[str, Fault]
) -> dict[str, Fault]:
    fields = ("theme", "wears", "stays", "changes", "world", "arc", "motifs")
    fields = tuple(field for field in fields if field not in broken)
    values = [getattr(answer, field) for field in fields]
    texts = [". ".join(v) if isinstance(v, list) else str(v) for v in values]
    return {
        field: Fault(0, "moderation", f"moderation flagged {field} ({', '.join(verdict)})")
        for field, verdict in zip(fields, session.moderate(texts), strict=True)
        if verdict
    }


def _material(request: StoryboardRequest, staging: Staging, number: int) -> dict[str, Any]:
    shot = staging.shots[number - 1]
    part = staging.parts[part_at(staging.parts, (shot.start + shot.end) / 2)]
    return scene_material(request.song, number, (shot.start, shot.end), part, shot.lyric)


def _failed(failure: AnswerFailed) -> Fault:
    return Fault(0, type(failure).__name__.lower(), str(failure))


def _style_words(style: Style) -> str:
    return ": ".join(words for words in (style.name, style.description) if words)


def _plain(treatment: Treatment) -> dict[str, Any]:
    return {
        "theme": treatment.theme,
        "protagonist": treatment.protagonist,
        "world": treatment.world,
        "arc": treatment.arc,
        "motifs": list(treatment.motifs),
    }
