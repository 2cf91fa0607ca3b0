"""`songreel.prompt.v1.PromptService`: messages to what the core takes, and back."""

from __future__ import annotations

import base64
import binascii
from collections.abc import AsyncGenerator
from typing import Any, Final

from songreel.prompt.v1 import prompt_service_pb2 as pb
from songreel.prompt.v1.prompt_service_pb2_grpc import PromptServiceServicer
from songreel.type.v1.artifact_pb2 import Progress
from songreel_kit.errors import InvalidPageToken, InvalidRequest
from songreel_kit.work import CancelToken, Done, Report, responses, run_in_thread
from songreel_kit.work_slots import WorkSlots

from songreel_prompt.authoring import Author, StoryboardOptions

MAX_PAGE_SIZE: Final = 100


class PromptServicer(PromptServiceServicer):
    """Answers the calls; CPU work runs in threads."""

    def __init__(self, author: Author, max_storyboards: int) -> None:
        self._author = author
        self._slots = WorkSlots(
            max_storyboards, "storyboards", "raise SONGREEL_PROMPT_MAX_STORYBOARDS"
        )

    async def WriteStoryboard(
        self, request: pb.WriteStoryboardRequest, context: Any
    ) -> AsyncGenerator[pb.WriteStoryboardResponse]:
        """Sends progress, then the storyboard; the same request finds the same one again."""

        def work(report: Report, token: CancelToken) -> pb.WriteStoryboardResult:
            def step(name: str, fraction: float) -> None:
                report(Progress(step=name, fraction=fraction))

            written = self._author.write(request.analysis, _options(request.options), step, token)
            return pb.WriteStoryboardResult(
                storyboard=written.storyboard,
                document=written.document,
                storyteller=written.storyteller,
                reused=written.reused,
            )

        with self._slots.hold():
            async for response in responses(pb.WriteStoryboardResponse, work):
                yield response

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
            checked = self._author.check(
                request.document,
                request.document_name or "storyboard",
                request.analysis if request.HasField("analysis") else None,
                _options(request.options),
                token,
                by_scene=request.by_scene,
            )
            return pb.CheckStoryboardResponse(
                storyboard=checked.storyboard, document=checked.document, notes=checked.notes
            )

        return await _only_value(run_in_thread(work))

    async def FormatStoryboard(
        self, request: pb.FormatStoryboardRequest, context: Any
    ) -> pb.FormatStoryboardResponse:
        """The storyboard as YAML."""

        def work(report: Report, token: CancelToken) -> pb.FormatStoryboardResponse:
            storyboard = self._author.load(request.storyboard)
            return pb.FormatStoryboardResponse(document=self._author.document(storyboard))

        return await _only_value(run_in_thread(work))


def _options(options: pb.StoryboardOptions) -> StoryboardOptions:
    return StoryboardOptions(
        style=options.style,
        storyteller=options.storyteller,
        seed=options.seed,
        protagonist_share=options.protagonist_share,
        previous=options.storyboard if options.HasField("storyboard") else None,
        protagonist_name=options.protagonist_name,
        checkpoint=options.checkpoint,
        protagonist_phrase=options.protagonist_phrase,
    )


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
