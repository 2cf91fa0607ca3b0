"""The llm storyteller: a treatment, then shots, every answer checked, gaps filled offline."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Final

from songreel.prompt.v1.storyboard_pb2 import Scene, Storyboard, Treatment
from songreel_kit.artifacts.store import ArtifactStore
from songreel_kit.telemetry.logging import get_logger
from songreel_kit.work import CancelToken

from songreel_prompt.llm.answer_cache import AnswerCache
from songreel_prompt.llm.answers import TreatmentAnswer
from songreel_prompt.llm.budget import open_budget
from songreel_prompt.llm.drafts import Draft, PromptContext, locked_draft, offline_draft
from songreel_prompt.llm.errors import AnswerFailed
from songreel_prompt.llm.passes import write_shots, write_treatment
from songreel_prompt.llm.repair import repair_neighbours, repair_share
from songreel_prompt.llm.server import LlmServer
from songreel_prompt.llm.session import LlmSession
from songreel_prompt.seeded_choice import seeded_number
from songreel_prompt.settings import PromptSettings
from songreel_prompt.story import offline
from songreel_prompt.story.moods import palette_of
from songreel_prompt.story.treatment import treatment_of
from songreel_prompt.storyteller import ProgressCallback, StoryboardRequest, StoryboardResult

CHUNK_SCENES: Final = 16
"""Scenes asked for at once: their answer stays below 2000 tokens."""

_log = get_logger(__name__)


class LlmStoryteller:
    """Writes with the configured model; gaps are written offline and named in the notes."""

    def __init__(
        self, settings: PromptSettings, store: ArtifactStore, server: LlmServer | None = None
    ) -> None:
        """`server` is given where it is shared: its capabilities are then found out once."""
        self._settings = settings
        self._server = server or LlmServer(settings)
        self._cache = AnswerCache(store, self._server.url, self._server.model)

    @property
    def version(self) -> str:
        """Another model or server is another storyteller."""
        return "|".join(("2", self._server.url, self._server.model))

    def prepare(self) -> None:
        """Raises `ModelMissing`, or `FailedPrecondition` for a budget without prices."""
        self._server.require_configured()
        open_budget(self._settings)

    def write(
        self, request: StoryboardRequest, report_progress: ProgressCallback, token: CancelToken
    ) -> StoryboardResult:
        """Writes the storyboard.

        Raises:
            ModelMissing: the key, the model's name or the address is wrong.
            Cancelled: the token was.
        """
        self.prepare()
        previous = request.previous
        if previous is not None and all(scene.locked for scene in previous.scenes):
            storyboard = Storyboard()
            storyboard.CopyFrom(previous)
            storyboard.notes.append("every scene is locked: nothing was rewritten")
            return StoryboardResult(storyboard)
        with self._server.connect(token) as client:
            session = LlmSession(
                client, self._cache, open_budget(self._settings), self._settings.llm_answer_tokens
            )
            result = _Writer(request, session, self._server.model).write(report_progress)
        _log.info(
            "storyboard_written",
            model=self._server.model,
            storyteller=result.storyboard.storyteller,
            tokens=session.budget.tokens,
            calls=session.budget.calls,
            checks_fired=dict(result.check_counts),
        )
        return result


class _Writer:
    """Writes one storyboard."""

    def __init__(self, request: StoryboardRequest, session: LlmSession, model: str) -> None:
        self._request = request
        self._session = session
        self._model = model
        self._tokens = request.tokens
        self._staging = offline.stage(request)

    def write(self, report_progress: ProgressCallback) -> StoryboardResult:
        """The whole storyboard; progress is reported after every chunk."""
        request, staging, session = self._request, self._staging, self._session
        offline_treatment = treatment_of(staging.plan, request.song, staging.parts)
        try:
            answer = write_treatment(session, request, staging, offline_treatment)
        except AnswerFailed as failure:
            return self._offline(str(failure))
        context = PromptContext(
            request.style,
            answer.hero,
            answer.wears,
            request.song.artist,
            self._tokens,
            request.protagonist_name,
        )
        drafts, lost = self._drafts(answer, context, report_progress)
        if not any(draft.writer == "llm" for draft in drafts):
            return self._offline("; ".join(lost) or "it wrote no usable scene")
        drafts, moved = repair_share(drafts, request.share, context)
        for _ in range(2):  # the second time, for what the first one made equal
            drafts, akin = repair_neighbours(drafts, context)
            moved += akin
        scenes = [self._scene(draft, context) for draft in drafts]
        notes: list[str] = list(session.notes)
        repaired: defaultdict[str, list[int]] = defaultdict(list)
        for fault in moved:
            session.check_counts[fault.rule] += 1
            repaired[f"changed by rule, because {fault.message}"].append(fault.scene)
        for reason, numbers in lost.items():
            notes.append(
                f"{_scenes(numbers)}: written by the offline storyteller, because {reason}"
            )
        notes += [f"{_scenes(numbers)}: {reason}" for reason, numbers in repaired.items()]
        written = [scene.prompt for scene in scenes if not scene.locked]
        shortened = request.style.shortened(written, self._tokens)
        notes += [shortened] if shortened else []
        notes.append(self._summary(drafts))
        storyboard = Storyboard(
            title=request.title,
            style=request.style.name,
            look=request.look,
            finish=request.finish,
            storyteller="llm",
            treatment=self._treatment(answer),
            scenes=scenes,
            notes=notes,
        )
        return self._result(storyboard, lasting=session.fatal is None)

    def _drafts(
        self, answer: TreatmentAnswer, context: PromptContext, report_progress: ProgressCallback
    ) -> tuple[list[Draft], dict[str, list[int]]]:
        """A draft for every scene; and, by reason, the scenes that the model did not write."""
        staging, previous = self._staging, self._request.previous
        locked = {
            index + 1: locked_draft(index + 1, scene)
            for index, scene in enumerate(previous.scenes if previous else ())
            if scene.locked
        }
        drafts: list[Draft] = []
        lost: defaultdict[str, list[int]] = defaultdict(list)
        total = len(staging.shots)
        for first in range(1, total + 1, CHUNK_SCENES):
            numbers = range(first, min(first + CHUNK_SCENES, total + 1))
            open_numbers = [each for each in numbers if each not in locked]
            got, reasons = write_shots(
                self._session,
                self._request,
                staging,
                answer,
                context,
                open_numbers,
                locked,
                drafts[-3:],
            )
            for each in numbers:
                if each in locked:
                    drafts.append(locked[each])
                elif each in got:
                    drafts.append(got[each])
                else:
                    lost[reasons[each]].append(each)
                    shot, scene = staging.shots[each - 1], staging.scenes[each - 1]
                    drafts.append(offline_draft(each, shot, scene, staging.plan.hero, context))
            report_progress(len(drafts) / total)
        return drafts, dict(lost)

    def _scene(self, draft: Draft, context: PromptContext) -> Scene:
        if draft.kept is not None:
            return draft.kept
        shot = self._staging.shots[draft.number - 1]
        picture = draft.picture
        return Scene(
            start=shot.start,
            end=shot.end,
            prompt=draft.prompt(context),
            negative_prompt=context.style.negative_prompt(context.tokens),
            seed=seeded_number(self._request.seed, draft.number, picture.place, picture.subject),
            shot=picture.shot,
            mood=picture.mood,
            protagonist=draft.protagonist,
            transition=offline.transition_of(self._request.song, shot.start, shot.end),
            camera=draft.camera,
            lyric=shot.lyric,
        )

    def _treatment(self, answer: TreatmentAnswer) -> Treatment:
        named = f"{self._request.protagonist_name}: " if self._request.protagonist_name else ""
        return Treatment(
            theme=answer.theme,
            protagonist=f"{named}a {answer.hero}, {answer.wears}; stays: {answer.stays}; "
            f"changes: {answer.changes}",
            world=answer.world,
            arc="; ".join(client.strip(" .;") for client in answer.arc),
            motifs=answer.motifs,
            palette=palette_of(self._request.song),
        )

    def _summary(self, drafts: Sequence[Draft]) -> str:
        """Who wrote how much, for what price, measured by what."""
        budget = self._session.budget
        written = sum(draft.writer == "llm" for draft in drafts)
        cost = f", cost {budget.cost:.4f}" if budget.input_price or budget.output_price else ""
        guess = " (estimated: the server does not say)" if budget.estimated else ""
        return (
            f"language model {self._model}: wrote {written} of {len(drafts)} scenes in "
            f"{budget.calls} calls, {budget.tokens} tokens{guess}{cost}; prompts measured by "
            f"{self._tokens.source}"
        )

    def _offline(self, reason: str) -> StoryboardResult:
        request = self._request
        storyboard = offline.write_storyboard(request)
        storyboard.notes.append(
            f"the language model {self._model} was asked for, but {reason}: the offline "
            "storyteller wrote all of it"
        )
        return self._result(storyboard, lasting=False)

    def _result(self, storyboard: Storyboard, *, lasting: bool) -> StoryboardResult:
        session = self._session
        return StoryboardResult(
            storyboard,
            lasting=lasting and not session.unmoderated,
            check_counts=Counter(session.check_counts),
            cleared=frozenset(session.cleared),
        )


def _scenes(numbers: Sequence[int]) -> str:
    """Numbers for people: "scene 4", "scenes 4, 7, 9-12"."""
    runs: list[list[int]] = []
    for each in sorted(set(numbers)):
        if runs and each == runs[-1][1] + 1:
            runs[-1][1] = each
        else:
            runs.append([each, each])
    words = [str(a) if a == b else f"{a}-{b}" for a, b in runs]
    return f"scene{'s' if len(set(numbers)) > 1 else ''} {', '.join(words)}"
