"""`songreel.prompt.v1.PromptService` over the storyteller, the checks and the YAML documents."""

from __future__ import annotations

import base64
import binascii
from collections.abc import AsyncGenerator
from typing import Any, Final

from songreel.prompt.v1 import prompt_service_pb2 as pb
from songreel.prompt.v1.prompt_service_pb2_grpc import PromptServiceServicer
from songreel.prompt.v1.storyboard_pb2 import Storyboard
from songreel.type.v1.artifact_pb2 import Artifact, Progress
from songreel_kit.artifacts.documents import load_document
from songreel_kit.errors import InvalidPageToken, InvalidRequest, InvalidStoryboard
from songreel_kit.work import CancelToken, Done, Report, run_in_thread

from songreel_prompt.authoring import Author, require
from songreel_prompt.storyboard.documents import parse_storyboard

MAX_PAGE_SIZE: Final = 100
MAX_DOCUMENT_BYTES: Final = 16 * 1024 * 1024


class PromptServicer(PromptServiceServicer):
    """Answers the calls; CPU work runs in threads."""

    def __init__(self, author: Author) -> None:
        self._author = author
        self._store = author.store

    async def WriteStoryboard(
        self, request: pb.WriteStoryboardRequest, context: Any
    ) -> AsyncGenerator[pb.WriteStoryboardResponse]:
        """Sends progress, then the storyboard; the same request finds the same one again."""

        def work(report: Report, token: CancelToken) -> pb.WriteStoryboardResult:
            return self._author.write(request, report, token)

        async for event in run_in_thread(work):
            if isinstance(event, Done):
                yield pb.WriteStoryboardResponse(result=event.value)
            else:
                yield pb.WriteStoryboardResponse(progress=event)

    async def ListStyles(
        self, request: pb.ListStylesRequest, context: Any
    ) -> pb.ListStylesResponse:
        """The presets in order of name, a page at a time."""
        if request.page_size < 0:
            raise InvalidRequest(f"page_size is {request.page_size}; it must be 0 or more")
        size = min(request.page_size or MAX_PAGE_SIZE, MAX_PAGE_SIZE)
        after = _token_name(request.page_token)
        left = [style for style in self._author.styles.values() if style.name > after]
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
            require(request.document, "document")
            document = parse_storyboard(
                self._text(request.document), request.document_name or "storyboard"
            )
            return self._author.check(document, request, token)

        return await _only_value(run_in_thread(work))

    async def FormatStoryboard(
        self, request: pb.FormatStoryboardRequest, context: Any
    ) -> pb.FormatStoryboardResponse:
        """The storyboard as YAML."""

        def work(report: Report, token: CancelToken) -> pb.FormatStoryboardResponse:
            require(request.storyboard, "storyboard")
            board = load_document(
                self._store, request.storyboard, Storyboard, error=InvalidStoryboard
            )
            return pb.FormatStoryboardResponse(document=self._author.document(board))

        return await _only_value(run_in_thread(work))

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
