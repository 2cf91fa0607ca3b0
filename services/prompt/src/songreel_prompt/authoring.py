"""From a request to a checked storyboard: the work behind the service's calls."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from songreel.audio.v1.analysis_pb2 import SongAnalysis
from songreel.prompt.v1 import prompt_service_pb2 as pb
from songreel.prompt.v1.storyboard_pb2 import Storyboard
from songreel.type.v1.artifact_pb2 import Artifact, Progress
from songreel_kit.artifacts.documents import load_document, stage_key, store_document
from songreel_kit.artifacts.store import ArtifactStore
from songreel_kit.errors import InvalidAnalysis, InvalidRequest, InvalidStoryboard
from songreel_kit.telemetry.logging import get_logger
from songreel_kit.telemetry.metrics import looked_up
from songreel_kit.work import CancelToken

from songreel_prompt.llm.moderator import Moderator
from songreel_prompt.settings import PromptSettings
from songreel_prompt.story.song import Song, read_song
from songreel_prompt.storyboard.checks import check_storyboard
from songreel_prompt.storyboard.documents import MEDIA_TYPE, Document, format_storyboard
from songreel_prompt.storyboard.review import Review
from songreel_prompt.storytellers import Commission, Storyteller, find_storyteller
from songreel_prompt.styles import Style, find_style
from songreel_prompt.wording.moderation import moderate_storyboard
from songreel_prompt.wording.naming import checked_phrase, name_protagonist
from songreel_prompt.wording.tokens import TokenCounters

VERSION: Final = "3"
"""Raise it when the same request should give another storyboard."""
_NAME: Final = re.compile(r"[^\W\d_](?:[^\W\d_]|['\u2019. -])*")
_LONGEST_NAME: Final = 60

_log = get_logger(__name__)

Report = Callable[[Progress], None]


@dataclass(frozen=True)
class Author:
    """Writes and checks storyboards with what the service was given."""

    settings: PromptSettings
    store: ArtifactStore
    styles: Mapping[str, Style]
    storytellers: Mapping[str, Storyteller]
    counters: TokenCounters
    moderator: Moderator

    def write(
        self, request: pb.WriteStoryboardRequest, report: Report, token: CancelToken
    ) -> pb.WriteStoryboardResult:
        """A storyboard for the request; the same request finds the same one again.

        Raises:
            UnknownStoryteller, UnknownStyle, ModelMissing, InvalidRequest: see the options.
            InvalidAnalysis, InvalidStoryboard: a document cannot be used.
        """
        options = request.options
        name = options.storyteller or self.settings.default_storyteller
        storyteller = find_storyteller(self.storytellers, name)
        storyteller.prepare()
        share, consented = self._share(options), _consented(options)
        phrase = checked_phrase(options)
        tokens = self.counters.of_checkpoint(options.checkpoint)
        require(request.analysis, "analysis")
        previous = self._previous(options)
        styled = options.style or (previous.style if previous else self.settings.default_style)
        style = find_style(self.styles, styled)
        key = stage_key(
            "prompt.WriteStoryboard",
            VERSION,
            request.analysis.sha256 or request.analysis.uri,
            repr(style),
            name,
            storyteller.version,
            str(options.seed),
            str(share),
            options.storyboard.sha256 or options.storyboard.uri,
            consented,
            tokens.mark,
            tokens.note,
            self.moderator.mark,
            *([phrase] if phrase else []),
        )
        known = self.store.lookup(key)
        looked_up("storyboard", hit=known is not None)
        if known is not None:
            board = load_document(self.store, known, Storyboard, error=InvalidStoryboard)
            return pb.WriteStoryboardResult(
                storyboard=known, document=self.document(board), storyteller=name, reused=True
            )
        report(Progress(step="read", fraction=0.0))
        song = self.song(request.analysis)
        report(Progress(step="story", fraction=0.2))
        review = Review()
        seen = True
        if previous is not None:
            # What is locked was written by a person: it is refused or stays, and is not mended.
            own = Review()
            previous = check_storyboard(
                previous,
                self.styles,
                duration=song.duration,
                review=own,
                song=song,
                tokens=tokens,
                consented=consented,
                by_hand=True,
            )
            seen = moderate_storyboard(previous, self.moderator, own, token, locked_only=True)

        def advance(share_written: float) -> None:
            report(Progress(step="story", fraction=0.2 + 0.6 * share_written))

        told = storyteller.tell(
            Commission(song, style, options.seed, share, previous, tokens, consented),
            advance,
            token,
        )
        report(Progress(step="check", fraction=0.8))
        checked = check_storyboard(
            name_protagonist(told.board, phrase, near=True),
            self.styles,
            duration=song.duration,
            review=review,
            song=song,
            share=share,
            tokens=tokens,
            consented=consented,
        )
        locked = {scene.prompt for scene in checked.scenes if scene.locked}
        seen &= moderate_storyboard(
            checked, self.moderator, review, token, cleared=told.cleared | locked
        )
        artifact = store_document(self.store, checked)
        if told.lasting and seen:
            self.store.bind(key, artifact)
        _log.info("storyboard_checked", storyteller=checked.storyteller, fired=dict(review.fired))
        report(Progress(step="done", fraction=1.0))
        return pb.WriteStoryboardResult(
            storyboard=artifact,
            document=self.document(checked),
            storyteller=checked.storyteller,
        )

    def check(
        self, document: Document, request: pb.CheckStoryboardRequest, token: CancelToken
    ) -> pb.CheckStoryboardResponse:
        """What a person edited, checked and stored; faults are told with their lines or scenes.

        Raises:
            InvalidStoryboard: "S.yaml:12: ..."
        """
        options = request.options
        song = self.song(request.analysis) if request.HasField("analysis") else None
        review = Review() if request.by_scene else Review(document.locate)
        checked = check_storyboard(
            name_protagonist(document.storyboard, checked_phrase(options)),
            self.styles,
            duration=song.duration if song is not None else None,
            review=review,
            song=song,
            share=self._share(options) if options.protagonist_share else None,
            tokens=self.counters.of_checkpoint(options.checkpoint),
            consented=_consented(options),
            by_hand=True,
        )
        moderate_storyboard(checked, self.moderator, review, token, by_hand=True)
        artifact = store_document(self.store, checked)
        known = set(document.storyboard.notes)
        new = [note for note in checked.notes if note not in known]
        _log.info("storyboard_checked", storyteller=checked.storyteller, fired=dict(review.fired))
        return pb.CheckStoryboardResponse(
            storyboard=artifact, notes=new, document=self.document(checked)
        )

    def document(self, board: Storyboard) -> Artifact:
        """Stores the storyboard as YAML, for people to edit."""
        return self.store.put_bytes(format_storyboard(board).encode("utf-8"), MEDIA_TYPE)

    def song(self, artifact: Artifact) -> Song:
        """The song of an analysis; raises `InvalidAnalysis`."""
        return read_song(load_document(self.store, artifact, SongAnalysis, error=InvalidAnalysis))

    def _share(self, options: pb.StoryboardOptions) -> float | None:
        asked = options.protagonist_share
        if not 0.0 <= asked <= 1.0:  # NaN too
            raise InvalidRequest(
                f"protagonist_share is {asked:g}; it must be in (0, 1], or 0 for the default",
                field="protagonist_share",
            )
        return asked or self.settings.protagonist_share

    def _previous(self, options: pb.StoryboardOptions) -> Storyboard | None:
        if not options.HasField("storyboard"):
            return None
        require(options.storyboard, "options.storyboard")
        return load_document(self.store, options.storyboard, Storyboard, error=InvalidStoryboard)


def require(artifact: Artifact, field: str) -> None:
    """Raises `InvalidRequest` when an artifact is not named."""
    if not artifact.uri and not artifact.sha256:
        raise InvalidRequest(f"{field} is missing; give the artifact's uri", field=field)


def _consented(options: pb.StoryboardOptions) -> str:
    """The one name that prompts may hold; it must be no more than a name."""
    name = " ".join(options.protagonist_name.split())
    if name and not (len(name) <= _LONGEST_NAME and _NAME.fullmatch(name)):
        raise InvalidRequest(
            f"protagonist_name is {name[:80]!r}; it must be a person's name of at most "
            f"{_LONGEST_NAME} letters, without commas or digits",
            field="protagonist_name",
        )
    return name
