"""Where storyboards are read, edited and taken from: the standard methods of `Storyboard`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from google.protobuf.field_mask_pb2 import FieldMask
from songreel.prompt.v1 import storyboard_pb2
from songreel.prompt.v1.prompt_service_pb2 import CheckStoryboardRequest
from songreel.v1.video_pb2 import Storyboard
from songreel.v1.video_service_pb2 import (
    CreateVideoRequest,
    DeleteStoryboardRequest,
    GetStoryboardRequest,
    ListStoryboardsRequest,
    ListStoryboardsResponse,
    UpdateStoryboardRequest,
)
from songreel_kit.artifacts.documents import load_document, store_document
from songreel_kit.artifacts.store import ArtifactStore
from songreel_kit.database.threads import finish_in_thread
from songreel_kit.database.times import microseconds, timestamp
from songreel_kit.errors import EtagMismatch, InvalidStoryboard
from songreel_kit.telemetry.logging import get_logger

from songreel_gateway.api.field_masks import checked_read_mask, checked_update_mask, merged, only
from songreel_gateway.api.pagination import requested_page
from songreel_gateway.api.request_ids import RequestClaim, claim_of
from songreel_gateway.api.resource_names import media_name, parse_storyboard, project_of
from songreel_gateway.clients.services import PROMPT
from songreel_gateway.clients.stage_clients import StageClients
from songreel_gateway.storyboards.repository import (
    Edit,
    StoryboardRepository,
    changed_since,
    sealed,
)

EDITABLE = FieldMask(
    paths=["content.title", "content.style", "content.look", "content.treatment", "content.scenes"]
)
"""What callers may change of a storyboard."""

MAX_STORYBOARD_BYTES = 3 * 1024 * 1024
"""Of an edited storyboard: an answer has at most 4 MiB."""

# Changes without an etag that come between each other are made to what is there then.
_TRIES = 5

_log = get_logger(__name__)


@dataclass(frozen=True)
class StoryboardEditor:
    """Edits kept storyboards; what comes of an edit is checked as if it were drawn."""

    storyboards: StoryboardRepository
    store: ArtifactStore
    clients: Callable[[], Awaitable[StageClients]]
    """Gives the services as soon as the gateway is at work."""

    page_size: int

    async def get(self, request: GetStoryboardRequest) -> Storyboard:
        """Raises `InvalidName`, `InvalidRequest`, `StoryboardNotFound`."""
        mask = checked_read_mask(request.read_mask, Storyboard)
        return only(await self.storyboards.get(request.name), mask)

    async def page(self, request: ListStoryboardsRequest) -> ListStoryboardsResponse:
        """Raises `InvalidName`, `InvalidRequest`, `InvalidPageToken`."""
        project = project_of(request.parent)
        mask = checked_read_mask(request.read_mask, Storyboard)
        page = requested_page(
            ("storyboards", project), request.page_size, request.page_token, self.page_size
        )
        found, token = await self.storyboards.page(project, page)
        return ListStoryboardsResponse(
            storyboards=[only(each, mask) for each in found], next_page_token=token
        )

    async def update(self, request: UpdateStoryboardRequest) -> Storyboard:
        """Raises `InvalidRequest`, `InvalidStoryboard`, `StoryboardNotFound`, `EtagMismatch`."""
        given = request.storyboard
        project, _ = parse_storyboard(given.name)
        mask = checked_update_mask(request.update_mask, given, EDITABLE)
        claim = _claim(project, request)
        earlier = await self.storyboards.repeated(claim)
        if earlier is not None:
            return earlier
        tries = 1 if given.etag else _TRIES
        while True:
            tries -= 1
            present = await self.storyboards.get(given.name)
            if given.etag not in ("", present.etag):
                raise changed_since(present)
            edit = await self._checked(merged(present, given, mask), present)
            if request.validate_only:
                return await self._validated(project, edit)
            try:
                written = await self.storyboards.replace(edit, claim)
                _log.info("storyboard changed", storyboard=written.name, etag=written.etag)
                return written
            except EtagMismatch:
                if not tries:
                    raise

    async def delete(self, request: DeleteStoryboardRequest) -> None:
        """Raises `InvalidName`, `StoryboardNotFound`, `EtagMismatch`, `RequestIdReused`."""
        project, _ = parse_storyboard(request.name)
        claim = claim_of(project, request, request.request_id)
        await self.storyboards.delete(request.name, request.etag, claim)

    async def pinned(self, asked: CreateVideoRequest, claim: RequestClaim) -> CreateVideoRequest:
        """The request with the storyboard that it names as it is now: its document and etag.

        A repeated request stays as it is; its job has what was found the first time.

        Raises `InvalidName`, `StoryboardNotFound`, `EtagMismatch`, `RequestIdReused`.
        """
        name, etag = asked.video.stored_storyboard, asked.video.storyboard_etag
        if not name or await self.storyboards.media.check(claim):
            return asked
        present = await self.storyboards.get(name)
        if etag not in ("", present.etag):
            raise changed_since(present)
        pinned = CreateVideoRequest()
        pinned.CopyFrom(asked)
        pinned.video.storyboard_etag = present.etag
        pinned.video.media.storyboard = present.document
        return pinned

    async def _checked(self, edited: Storyboard, present: Storyboard) -> Edit:
        """The edited storyboard after the checks, and its document. Raises `InvalidStoryboard`."""
        edited.content.ClearField("notes")  # the check says what is to be said of it now
        if edited.ByteSize() > MAX_STORYBOARD_BYTES:
            raise InvalidStoryboard(
                f"the storyboard would have {edited.ByteSize()} bytes; at most "
                f"{MAX_STORYBOARD_BYTES} are kept: make it shorter"
            )
        media, clients = self.storyboards.media, await self.clients()
        check = CheckStoryboardRequest(
            document=await finish_in_thread(store_document, self.store, edited.content),
            analysis=(await media.get(edited.analysis)).artifact,
            options=edited.options,
            by_scene=True,
        )
        checked = await clients.ask(PROMPT, "CheckStoryboard", check)
        kind = storyboard_pb2.Storyboard
        content = await finish_in_thread(load_document, self.store, checked.storyboard, kind)
        edited.content.CopyFrom(content)
        edited.update_time.CopyFrom(timestamp(microseconds()))
        project, _ = parse_storyboard(edited.name)
        edited.document = media_name(project, checked.document.sha256)
        before = await media.get(present.document)
        return Edit(sealed(edited), present.etag, checked.document, before.display_name)

    async def _validated(self, project: str, edit: Edit) -> Storyboard:
        """The storyboard as it would be, if the project may store its document."""
        if self.storyboards.quotas is not None:
            await self.storyboards.media.admit(project, edit.document, self.storyboards.quotas)
        edit.storyboard.ClearField("document")
        return edit.storyboard


def _claim(project: str, request: UpdateStoryboardRequest) -> RequestClaim:
    asked = UpdateStoryboardRequest()
    asked.CopyFrom(request)
    asked.ClearField("validate_only")
    return claim_of(project, asked, request.request_id)
