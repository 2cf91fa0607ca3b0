"""From an analysis to a checked storyboard: the work behind the service's calls."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from songreel.audio.v1.analysis_pb2 import SongAnalysis
from songreel.prompt.v1.storyboard_pb2 import Storyboard
from songreel.type.v1.artifact_pb2 import Artifact
from songreel_kit.artifacts.documents import load_document, stage_key, store_document
from songreel_kit.artifacts.store import ArtifactStore
from songreel_kit.bounds.storyboard import faults_of
from songreel_kit.errors import InvalidAnalysis, InvalidRequest, InvalidStoryboard, all_faults
from songreel_kit.telemetry.logging import get_logger
from songreel_kit.telemetry.metrics import looked_up
from songreel_kit.work import CancelToken

from songreel_prompt.llm.moderator import Moderator
from songreel_prompt.moderation import moderate_storyboard
from songreel_prompt.settings import PromptSettings
from songreel_prompt.song import Song, read_song
from songreel_prompt.storyboard.checks import check_storyboard
from songreel_prompt.storyboard.documents import MEDIA_TYPE, format_storyboard, parse_storyboard
from songreel_prompt.storyboard.review import Review
from songreel_prompt.storyteller import StoryboardRequest, Storyteller
from songreel_prompt.storytellers import find_storyteller
from songreel_prompt.styles import Style, find_style
from songreel_prompt.wording.naming import checked_phrase, name_protagonist
from songreel_prompt.wording.tokens import TokenCounters

VERSION: Final = "3"
"""Raise it when the same request should give another storyboard."""
MAX_DOCUMENT_BYTES: Final = 16 * 1024 * 1024
_NAME: Final = re.compile(r"[^\W\d_](?:[^\W\d_]|['\u2019. -])*")
_LONGEST_NAME: Final = 60

_log = get_logger(__name__)

Report = Callable[[str, float], None]
"""Takes the step's name and the share of the work that is done, in [0, 1]."""


@dataclass(frozen=True)
class StoryboardOptions:
    """What a request may choose; what is empty is the service's default."""

    style: str = ""
    storyteller: str = ""
    seed: int = 0
    protagonist_share: float = 0.0
    """Share of the scenes that show the protagonist, in (0, 1]; 0 is the default."""
    previous: Artifact | None = None
    """The stored storyboard to rewrite."""
    protagonist_name: str = ""
    """The only real person whom prompts may name."""
    checkpoint: str = ""
    """Path of the checkpoint whose tokenizer measures the prompts."""
    protagonist_phrase: str = ""
    """How prompts name the protagonist: "sks man"."""


@dataclass(frozen=True)
class WrittenStoryboard:
    """A storyboard that a storyteller wrote."""

    storyboard: Artifact
    document: Artifact
    """The same as YAML."""
    storyteller: str
    """Who wrote it in the end."""
    reused: bool = False


@dataclass(frozen=True)
class CheckedStoryboard:
    """A storyboard that a person edited, checked."""

    storyboard: Artifact
    document: Artifact
    """The same as YAML."""
    notes: tuple[str, ...]
    """What the check corrected or noticed."""


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
        self, analysis: Artifact, options: StoryboardOptions, report: Report, token: CancelToken
    ) -> WrittenStoryboard:
        """A storyboard for the analysis; the same request finds the same one again.

        Raises:
            UnknownStoryteller, UnknownStyle, ModelMissing, InvalidRequest: see the options.
            InvalidAnalysis, InvalidStoryboard: a document cannot be used.
        """
        name = options.storyteller or self.settings.default_storyteller
        storyteller = find_storyteller(self.storytellers, name)
        storyteller.prepare()
        share, protagonist_name = self._share(options), _protagonist_name(options)
        phrase = checked_phrase(options.protagonist_phrase)
        tokens = self.counters.of_checkpoint(options.checkpoint)
        require(analysis, "analysis")
        previous = self._previous(options)
        styled = options.style or (previous.style if previous else self.settings.default_style)
        style = find_style(self.styles, styled)
        key = stage_key(
            "prompt.WriteStoryboard",
            VERSION,
            analysis.sha256 or analysis.uri,
            repr(style),
            name,
            storyteller.version,
            str(options.seed),
            str(share),
            (options.previous.sha256 or options.previous.uri) if options.previous else "",
            protagonist_name,
            tokens.fingerprint,
            tokens.note,
            self.moderator.fingerprint,
            *([phrase] if phrase else []),
        )
        known = self.store.lookup(key)
        looked_up("storyboard", hit=known is not None)
        if known is not None:
            return WrittenStoryboard(known, self.document(self.load(known)), name, reused=True)
        report("read", 0.0)
        song = self.song(analysis)
        report("story", 0.2)
        review = Review()
        moderated = True
        if previous is not None:
            # What is locked was written by a person: it is refused or stays, and is not changed.
            own = Review()
            previous = check_storyboard(
                previous,
                self.styles,
                storytellers=self.storytellers,
                duration=song.duration,
                review=own,
                song=song,
                tokens=tokens,
                protagonist_name=protagonist_name,
                by_hand=True,
            )
            moderated = moderate_storyboard(previous, self.moderator, own, token, locked_only=True)
        result = storyteller.write(
            StoryboardRequest(song, style, options.seed, share, previous, tokens, protagonist_name),
            lambda share_written: report("story", 0.2 + 0.6 * share_written),
            token,
        )
        report("check", 0.8)
        checked = check_storyboard(
            name_protagonist(result.storyboard, phrase, near=True),
            self.styles,
            storytellers=self.storytellers,
            duration=song.duration,
            review=review,
            song=song,
            share=share,
            tokens=tokens,
            protagonist_name=protagonist_name,
        )
        locked = {scene.prompt for scene in checked.scenes if scene.locked}
        moderated &= moderate_storyboard(
            checked, self.moderator, review, token, cleared=result.cleared | locked
        )
        artifact = self._store(checked, review)
        if result.lasting and moderated:
            self.store.bind(key, artifact)
        report("done", 1.0)
        return WrittenStoryboard(artifact, self.document(checked), checked.storyteller)

    def check(
        self,
        document: Artifact,
        name: str,
        analysis: Artifact | None,
        options: StoryboardOptions,
        token: CancelToken,
        *,
        by_scene: bool,
    ) -> CheckedStoryboard:
        """Checks and stores what a person edited.

        Args:
            document: The storyboard as YAML or JSON.
            name: What errors call it.
            analysis: Of the song that the scenes have to cover; None ends with the last scene.
            options: What the prompts are checked against.
            token: Ends it early.
            by_scene: Whether faults name the scene instead of the document's line.

        Raises:
            InvalidStoryboard: "S.yaml:12: ..."
        """
        require(document, "document")
        parsed = parse_storyboard(self._text(document), name)
        song = self.song(analysis) if analysis is not None else None
        review = Review() if by_scene else Review(parsed.locate)
        checked = check_storyboard(
            name_protagonist(parsed.storyboard, checked_phrase(options.protagonist_phrase)),
            self.styles,
            storytellers=self.storytellers,
            duration=song.duration if song is not None else None,
            review=review,
            song=song,
            share=self._share(options) if options.protagonist_share else None,
            tokens=self.counters.of_checkpoint(options.checkpoint),
            protagonist_name=_protagonist_name(options),
            by_hand=True,
        )
        moderate_storyboard(checked, self.moderator, review, token, by_hand=True)
        known = set(parsed.storyboard.notes)
        notes = tuple(note for note in checked.notes if note not in known)
        return CheckedStoryboard(self._store(checked, review), self.document(checked), notes)

    def load(self, artifact: Artifact) -> Storyboard:
        """A stored storyboard; raises `InvalidStoryboard`."""
        require(artifact, "storyboard")
        return load_document(self.store, artifact, Storyboard, error=InvalidStoryboard)

    def document(self, storyboard: Storyboard) -> Artifact:
        """Stores the storyboard as YAML, for people to edit."""
        return self.store.put_bytes(format_storyboard(storyboard).encode("utf-8"), MEDIA_TYPE)

    def song(self, artifact: Artifact) -> Song:
        """The song of an analysis; raises `InvalidAnalysis`."""
        return read_song(load_document(self.store, artifact, SongAnalysis, error=InvalidAnalysis))

    def _store(self, checked: Storyboard, review: Review) -> Artifact:
        _log.info(
            "storyboard_checked",
            storyteller=checked.storyteller,
            check_counts=dict(review.check_counts),
        )
        return store_document(self.store, checked)

    def _share(self, options: StoryboardOptions) -> float | None:
        share = options.protagonist_share
        if faults := faults_of(protagonist_share=share):
            raise all_faults(faults)
        return share or self.settings.protagonist_share

    def _previous(self, options: StoryboardOptions) -> Storyboard | None:
        if options.previous is None:
            return None
        require(options.previous, "options.storyboard")
        return self.load(options.previous)

    def _text(self, artifact: Artifact) -> str:
        if artifact.size > MAX_DOCUMENT_BYTES:
            raise InvalidStoryboard(
                f"the storyboard has {artifact.size} bytes; at most {MAX_DOCUMENT_BYTES} are read"
            )
        try:
            return self.store.read_bytes(artifact).decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise InvalidStoryboard(
                f"the storyboard is not UTF-8 text (byte {error.start}); save it as UTF-8"
            ) from error


def require(artifact: Artifact, field: str) -> None:
    """Raises `InvalidRequest` when an artifact is not named."""
    if not artifact.uri and not artifact.sha256:
        raise InvalidRequest(f"{field} is missing; give the artifact's uri", field=field)


def _protagonist_name(options: StoryboardOptions) -> str:
    """The one name that prompts may hold; it must be no more than a name."""
    name = " ".join(options.protagonist_name.split())
    if name and not (len(name) <= _LONGEST_NAME and _NAME.fullmatch(name)):
        raise InvalidRequest(
            f"protagonist_name is {name[:80]!r}; it must be a person's name of at most "
            f"{_LONGEST_NAME} letters, without commas or digits",
            field="protagonist_name",
        )
    return name
