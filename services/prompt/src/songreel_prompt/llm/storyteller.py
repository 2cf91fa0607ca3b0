"""The llm storyteller: a treatment, then shots, every answer checked, gaps filled offline."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Final

from songreel.prompt.v1.storyboard_pb2 import Scene, Storyboard, Treatment
from songreel_kit.artifacts.store import ArtifactStore
from songreel_kit.telemetry.logging import get_logger
from songreel_kit.work import CancelToken

from songreel_prompt.llm.answers import TreatmentAnswer
from songreel_prompt.llm.budget import open_budget
from songreel_prompt.llm.drafts import Draft, Sheet, locked_draft, offline_draft
from songreel_prompt.llm.failures import AnswerFailed
from songreel_prompt.llm.memory import AnswerMemory
from songreel_prompt.llm.passes import write_shots, write_treatment
from songreel_prompt.llm.repair import settle_neighbours, settle_share
from songreel_prompt.llm.server import LanguageServer
from songreel_prompt.llm.session import Interview
from songreel_prompt.settings import PromptSettings
from songreel_prompt.story import offline
from songreel_prompt.story.moods import palette_of
from songreel_prompt.story.seeded_choice import number
from songreel_prompt.story.treatment import describe
from songreel_prompt.storytellers import Advance, Commission, Told

CHUNK_SCENES: Final = 16
"""Scenes asked for at once: their answer stays below 2000 tokens."""

_log = get_logger(__name__)


class LanguageStoryteller:
    """Writes with the configured model; what it cannot get is told offline, and said."""

    name: str = "llm"

    def __init__(
        self, settings: PromptSettings, store: ArtifactStore, server: LanguageServer | None = None
    ) -> None:
        """`server` is given where others ask it too: what it takes is then learnt once."""
        self._settings = settings
        self._server = server or LanguageServer(settings)
        self._memory = AnswerMemory(store, self._server.url, self._server.model)

    @property
    def version(self) -> str:
        """Another model or server is another storyteller."""
        return "|".join(("2", self._server.url, self._server.model))

    def prepare(self) -> None:
        """Raises `ModelMissing`, or `FailedPrecondition` for a budget without prices."""
        self._server.require_configured()
        open_budget(self._settings)

    def tell(self, commission: Commission, advance: Advance, token: CancelToken) -> Told:
        """Writes the storyboard.

        Raises:
            ModelMissing: the key, the model's name or the address is wrong.
            Cancelled: the token was.
        """
        self.prepare()
        previous = commission.previous
        if previous is not None and all(scene.locked for scene in previous.scenes):
            board = Storyboard()
            board.CopyFrom(previous)
            board.notes.append("every scene is locked: nothing was rewritten")
            return Told(board)
        with self._server.connected(token) as line:
            interview = Interview(
                line, self._memory, open_budget(self._settings), self._settings.llm_answer_tokens
            )
            told = _Telling(commission, interview, self._server.model).tell(advance)
        _log.info(
            "storyboard_written",
            model=self._server.model,
            storyteller=told.board.storyteller,
            tokens=interview.budget.tokens,
            calls=interview.budget.calls,
            checks_fired=dict(told.fired),
        )
        return told


class _Telling:
    """One storyboard in the making."""

    def __init__(self, commission: Commission, interview: Interview, model: str) -> None:
        self._commission = commission
        self._interview = interview
        self._model = model
        self._tokens = commission.tokens
        self._staging = offline.stage(
            commission.song,
            commission.style,
            commission.seed,
            share=commission.share,
            previous=commission.previous,
            tokens=commission.tokens,
        )

    def tell(self, advance: Advance) -> Told:
        """The whole of it; `advance` hears of every chunk."""
        commission, staging, interview = self._commission, self._staging, self._interview
        offline_treatment = describe(staging.plan, commission.song, staging.parts)
        try:
            answer = write_treatment(interview, commission, staging, offline_treatment)
        except AnswerFailed as failure:
            return self._offline(str(failure))
        sheet = Sheet(
            commission.style,
            answer.hero,
            answer.wears,
            commission.song.artist,
            self._tokens,
            commission.consented,
        )
        drafts, lost = self._drafts(answer, sheet, advance)
        if not any(draft.writer == "llm" for draft in drafts):
            return self._offline("; ".join(lost) or "it wrote no usable scene")
        drafts, moved = settle_share(drafts, commission.share, sheet)
        for _ in range(2):  # the second time, for what the first one made equal
            drafts, akin = settle_neighbours(drafts, sheet)
            moved += akin
        scenes = [self._scene(draft, sheet) for draft in drafts]
        notes: list[str] = list(interview.notes)
        mended: defaultdict[str, list[int]] = defaultdict(list)
        for fault in moved:
            interview.fired[fault.rule] += 1
            mended[f"changed by rule, because {fault.message}"].append(fault.scene)
        for reason, numbers in lost.items():
            notes.append(f"{_scenes(numbers)}: told by the offline storyteller, because {reason}")
        notes += [f"{_scenes(numbers)}: {reason}" for reason, numbers in mended.items()]
        written = [scene.prompt for scene in scenes if not scene.locked]
        shortened = commission.style.shortened(written, self._tokens)
        notes += [shortened] if shortened else []
        notes.append(self._colophon(drafts))
        previous = commission.previous
        board = Storyboard(
            title=(previous.title if previous else "") or commission.song.title or "Untitled",
            style=commission.style.name,
            storyteller="llm",
            treatment=self._treatment(answer),
            scenes=scenes,
            notes=notes,
        )
        return self._told(board, lasting=interview.ended is None)

    def _drafts(
        self, answer: TreatmentAnswer, sheet: Sheet, advance: Advance
    ) -> tuple[list[Draft], dict[str, list[int]]]:
        """A draft for every scene; and, by reason, the scenes that the model did not write."""
        staging, previous = self._staging, self._commission.previous
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
                self._interview,
                self._commission,
                staging,
                answer,
                sheet,
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
                    drafts.append(offline_draft(each, shot, scene, staging.plan.hero, sheet))
            advance(len(drafts) / total)
        return drafts, dict(lost)

    def _scene(self, draft: Draft, sheet: Sheet) -> Scene:
        if draft.kept is not None:
            return draft.kept
        shot = self._staging.shots[draft.number - 1]
        picture = draft.picture
        return Scene(
            start=shot.start,
            end=shot.end,
            prompt=draft.prompt(sheet),
            negative_prompt=sheet.style.negative_prompt(sheet.tokens),
            seed=number(self._commission.seed, draft.number, picture.place, picture.subject),
            shot=picture.shot,
            mood=picture.mood,
            protagonist=draft.protagonist,
            transition=offline.transition_of(self._commission.song, shot.start, shot.end),
            camera=draft.camera,
            lyric=shot.lyric,
        )

    def _treatment(self, answer: TreatmentAnswer) -> Treatment:
        named = f"{self._commission.consented}: " if self._commission.consented else ""
        return Treatment(
            theme=answer.theme,
            protagonist=f"{named}a {answer.hero}, {answer.wears}; stays: {answer.stays}; "
            f"changes: {answer.changes}",
            world=answer.world,
            arc="; ".join(line.strip(" .;") for line in answer.arc),
            motifs=answer.motifs,
            palette=palette_of(self._commission.song),
        )

    def _colophon(self, drafts: Sequence[Draft]) -> str:
        """Who wrote how much, for what price, measured by what."""
        budget = self._interview.budget
        written = sum(draft.writer == "llm" for draft in drafts)
        cost = f", cost {budget.cost:.4f}" if budget.input_price or budget.output_price else ""
        guess = " (estimated: the server does not say)" if budget.estimated else ""
        return (
            f"language model {self._model}: wrote {written} of {len(drafts)} scenes in "
            f"{budget.calls} calls, {budget.tokens} tokens{guess}{cost}; prompts measured by "
            f"{self._tokens.source}"
        )

    def _offline(self, reason: str) -> Told:
        commission = self._commission
        board = offline.tell(
            commission.song,
            commission.style,
            commission.seed,
            share=commission.share,
            previous=commission.previous,
            tokens=commission.tokens,
            consented=commission.consented,
        )
        board.notes.append(
            f"the language model {self._model} was asked for, but {reason}: the offline "
            "storyteller told all of it"
        )
        return self._told(board, lasting=False)

    def _told(self, board: Storyboard, *, lasting: bool) -> Told:
        interview = self._interview
        return Told(
            board,
            lasting=lasting and not interview.unmoderated,
            fired=Counter(interview.fired),
            cleared=frozenset(interview.cleared),
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
