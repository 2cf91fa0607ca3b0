"""`songreel.prompt.v1.PromptService` over the storyteller, the checks and the YAML documents."""

# ruff: noqa: N802 - gRPC methods have the names that the proto gives them

from __future__ import annotations

import base64
import binascii
from collections.abc import AsyncGenerator, Mapping
from typing import Any, Final

from songreel.audio.v1.analysis_pb2 import SongAnalysis
from songreel.prompt.v1 import prompt_service_pb2 as pb
from songreel.prompt.v1.prompt_service_pb2_grpc import PromptServiceServicer
from songreel.prompt.v1.storyboard_pb2 import Storyboard
from songreel.type.v1.artifact_pb2 import Artifact, Progress
from songreel_kit.artifacts import ArtifactStore
from songreel_kit.documents import load_document, stage_key, store_document
from songreel_kit.errors import (
    InvalidAnalysis,
    InvalidPageToken,
    InvalidRequest,
    InvalidStoryboard,
)
from songreel_kit.work import CancelToken, Done, Report, run_in_thread

from songreel_prompt.checks import check_storyboard
from songreel_prompt.documents import MEDIA_TYPE, format_storyboard, parse_storyboard
from songreel_prompt.settings import PromptSettings
from songreel_prompt.song import read_song
from songreel_prompt.storytellers import Commission, Storyteller, find_storyteller
from songreel_prompt.styles import Style, find_style
from songreel_prompt.tokens import TokenCounter

VERSION: Final = "2"
"""Raise it when the same request should give another storyboard."""
MAX_PAGE_SIZE: Final = 100
MAX_DOCUMENT_BYTES: Final = 16 * 1024 * 1024


class PromptServicer(PromptServiceServicer):
    """Answers the calls; CPU work runs in threads."""

    def __init__(
        self,
        settings: PromptSettings,
        store: ArtifactStore,
        styles: Mapping[str, Style],
        storytellers: Mapping[str, Storyteller],
        tokens: TokenCounter,
    ) -> None:
        self._settings = settings
        self._store = store
        self._styles = styles
        self._storytellers = storytellers
        self._tokens = tokens

    async def WriteStoryboard(
        self, request: pb.WriteStoryboardRequest, context: Any
    ) -> AsyncGenerator[pb.WriteStoryboardResponse]:
        """Sends progress, then the storyboard; the same request finds the same one again."""

        def work(report: Report, token: CancelToken) -> pb.WriteStoryboardResult:
            return self._write(request, report, token)

        async for event in run_in_thread(work):
            if isinstance(event, Done):
                yield pb.WriteStoryboardResponse(result=event.value)
            else:
                yield pb.WriteStoryboardResponse(progress=event)

    def _write(
        self, request: pb.WriteStoryboardRequest, report: Report, token: CancelToken
    ) -> pb.WriteStoryboardResult:
        options = request.options
        name = options.storyteller or self._settings.default_storyteller
        storyteller = find_storyteller(self._storytellers, name)
        storyteller.prepare()
        share = self._share(options.protagonist_share)
        _require(request.analysis, "analysis")
        previous = self._previous(options)
        styled = options.style or (previous.style if previous else self._settings.default_style)
        style = find_style(self._styles, styled)
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
            self._tokens.source,
        )
        known = self._store.lookup(key)
        if known is not None:
            return pb.WriteStoryboardResult(storyboard=known, storyteller=name, reused=True)
        report(Progress(step="read", fraction=0.0))
        song = read_song(self._analysis(request.analysis))
        report(Progress(step="story", fraction=0.2))
        if previous is not None:
            previous = check_storyboard(previous, self._styles, duration=song.duration)

        def advance(share_written: float) -> None:
            report(Progress(step="story", fraction=0.2 + 0.6 * share_written))

        told = storyteller.tell(
            Commission(song, style, options.seed, share, previous), advance, token
        )
        report(Progress(step="check", fraction=0.8))
        checked = check_storyboard(
            told.board,
            self._styles,
            duration=song.duration,
            song=song,
            share=share,
            tokens=self._tokens,
        )
        artifact = store_document(self._store, checked)
        if told.lasting:
            self._store.bind(key, artifact)
        report(Progress(step="done", fraction=1.0))
        return pb.WriteStoryboardResult(storyboard=artifact, storyteller=checked.storyteller)

    def _share(self, asked: float) -> float | None:
        if not 0.0 <= asked <= 1.0:  # NaN too
            raise InvalidRequest(
                f"protagonist_share is {asked:g}; it must be in (0, 1], or 0 for the default",
                field="protagonist_share",
            )
        return asked or self._settings.protagonist_share

    def _previous(self, options: pb.StoryboardOptions) -> Storyboard | None:
        if not options.HasField("storyboard"):
            return None
        _require(options.storyboard, "options.storyboard")
        return load_document(self._store, options.storyboard, Storyboard, error=InvalidStoryboard)

    async def ListStyles(
        self, request: pb.ListStylesRequest, context: Any
    ) -> pb.ListStylesResponse:
        """The presets in order of name, a page at a time."""
        if request.page_size < 0:
            raise InvalidRequest(f"page_size is {request.page_size}; it must be 0 or more")
        size = min(request.page_size or MAX_PAGE_SIZE, MAX_PAGE_SIZE)
        after = _token_name(request.page_token)
        left = [style for style in self._styles.values() if style.name > after]
        page = left[:size]
        return pb.ListStylesResponse(
            styles=[pb.Style(name=each.name, description=each.description) for each in page],
            next_page_token=_name_token(page[-1].name) if len(left) > size else "",
        )

    async def CheckStoryboard(
        self, request: pb.CheckStoryboardRequest, context: Any
    ) -> pb.CheckStoryboardResponse:
        """Reads YAML or JSON, checks it, and stores what it says as protobuf JSON."""

        def work(report: Report, token: CancelToken) -> pb.CheckStoryboardResponse:
            _require(request.document, "document")
            document = parse_storyboard(
                self._text(request.document), request.document_name or "storyboard"
            )
            song = None
            if request.HasField("analysis"):
                song = read_song(self._analysis(request.analysis))
            checked = check_storyboard(
                document.storyboard,
                self._styles,
                duration=song.duration if song is not None else None,
                locate=document.locate,
                song=song,
                tokens=self._tokens,
            )
            artifact = store_document(self._store, checked)
            known = set(document.storyboard.notes)
            new = [note for note in checked.notes if note not in known]
            return pb.CheckStoryboardResponse(storyboard=artifact, notes=new)

        return await _only_value(run_in_thread(work))

    async def FormatStoryboard(
        self, request: pb.FormatStoryboardRequest, context: Any
    ) -> pb.FormatStoryboardResponse:
        """The storyboard as YAML."""

        def work(report: Report, token: CancelToken) -> pb.FormatStoryboardResponse:
            _require(request.storyboard, "storyboard")
            board = load_document(
                self._store, request.storyboard, Storyboard, error=InvalidStoryboard
            )
            text = format_storyboard(board)
            artifact = self._store.put_bytes(text.encode("utf-8"), MEDIA_TYPE)
            return pb.FormatStoryboardResponse(document=artifact)

        return await _only_value(run_in_thread(work))

    def _analysis(self, artifact: Artifact) -> SongAnalysis:
        return load_document(self._store, artifact, SongAnalysis, error=InvalidAnalysis)

    def _text(self, artifact: Artifact) -> str:
        if artifact.size > MAX_DOCUMENT_BYTES:
            raise InvalidStoryboard(
                f"the storyboard has {artifact.size} bytes; at most {MAX_DOCUMENT_BYTES} are read"
            )
        try:
            return self._store.read_bytes(artifact).decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise InvalidStoryboard(
                f"the storyboard is not UTF-8 text (byte {error.start}); save it as UTF-8"
            ) from error


async def _only_value(events: AsyncGenerator[Progress | Done[Any]]) -> Any:
    async for event in events:
        if isinstance(event, Done):
            return event.value
    raise AssertionError("work ends with its value")


def _require(artifact: Artifact, field: str) -> None:
    if not artifact.uri and not artifact.sha256:
        raise InvalidRequest(f"{field} is missing; give the artifact's uri", field=field)


def _name_token(name: str) -> str:
    return base64.urlsafe_b64encode(f"after:{name}".encode()).decode()


def _token_name(token: str) -> str:
    if not token:
        return ""
    try:
        text = base64.b64decode(token.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError) as error:
        raise InvalidPageToken("this page_token was not given out by ListStyles") from error
    if not text.startswith("after:"):
        raise InvalidPageToken("this page_token was not given out by ListStyles")
    return text.removeprefix("after:")
