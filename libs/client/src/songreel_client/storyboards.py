"""Calls for storyboards that the project keeps: read, edited, and forgotten."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Sequence
from typing import Any

import grpc
from google.protobuf.field_mask_pb2 import FieldMask
from songreel.v1 import video_service_pb2 as videos
from songreel.v1.video_pb2 import Storyboard
from songreel.v1.video_service_pb2_grpc import VideoServiceStub

from songreel_client.attempts import Retrying
from songreel_client.calls import PAGE_SIZE, Calls
from songreel_client.credentials import Tokens


class StoryboardCalls(Calls):
    """The part of `Client` that deals with them.

    A storyboard that was read carries its etag, so what is done with it is refused with
    `EtagMismatch` once somebody else has changed it: read it again, and do it again.
    """

    def __init__(
        self, channel: grpc.aio.Channel, project: str, tokens: Tokens | None, retrying: Retrying
    ) -> None:
        """See `Calls`."""
        super().__init__(channel, project, tokens, retrying)
        self._videos: Any = VideoServiceStub(channel)

    async def get_storyboard(self, name: str, fields: Sequence[str] = ()) -> Storyboard:
        """The storyboard as it is now; of it only `fields`, such as `content.title`, if given."""
        request = videos.GetStoryboardRequest(name=name, read_mask=FieldMask(paths=fields))
        return (await self._ask(self._videos.GetStoryboard, request)).storyboard

    async def list_storyboards(self, fields: Sequence[str] = ()) -> AsyncIterator[Storyboard]:
        """The project's storyboards, newest first; of each only `fields`, if given."""
        request = videos.ListStoryboardsRequest(
            parent=self.parent, page_size=PAGE_SIZE, read_mask=FieldMask(paths=fields)
        )
        async for page in self._pages(self._videos.ListStoryboards, request):
            for storyboard in page.storyboards:
                yield storyboard

    async def update_storyboard(
        self,
        storyboard: Storyboard,
        *fields: str,
        request_id: str = "",
        validate_only: bool = False,
    ) -> Storyboard:
        """Changes these fields to what `storyboard` says, and gives what came of it.

        Args:
            storyboard: As it was read, with the changes; without its etag others' changes
                of the same fields are written over.
            fields: `content.title`, `content.scenes` and so on; none are all that it has.
            request_id: The same for the same change, if it may be sent again by another
                process; drawn when empty.
            validate_only: Whether it is only checked.

        Raises:
            EtagMismatch: Somebody else has changed it.
            InvalidStoryboard: The checks found faults; the message names the scenes.
        """
        request = videos.UpdateStoryboardRequest(
            storyboard=storyboard,
            update_mask=FieldMask(paths=fields),
            request_id=request_id or str(uuid.uuid4()),
            validate_only=validate_only,
        )
        return (await self._ask(self._videos.UpdateStoryboard, request)).storyboard

    async def delete_storyboard(self, name: str, etag: str = "", request_id: str = "") -> None:
        """Forgets a storyboard, if it is still the one with this etag, where one is given."""
        request = videos.DeleteStoryboardRequest(
            name=name, etag=etag, request_id=request_id or str(uuid.uuid4())
        )
        await self._ask(self._videos.DeleteStoryboard, request)
