"""A render servicer that is made at its first call, for processes that do other work first.

torch, diffusers and their dependencies take seconds to import; analysing a song or writing a
storyboard need not wait for them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING, cast

import grpc.aio
from songreel.render.v1.render_service_pb2 import (
    EraseRenderRequest,
    EraseRenderResponse,
    GetRendererRequest,
    GetRendererResponse,
    RenderRequest,
    RenderResponse,
)
from songreel.render.v1.render_service_pb2_grpc import RenderServiceServicer

if TYPE_CHECKING:
    from songreel_render.servicer import RenderServicer


class DeferredServicer(RenderServiceServicer):
    """Hands calls on to a servicer that is made at the first of them.

    Args:
        make: makes it; called once, in a thread.
    """

    def __init__(self, make: Callable[[], RenderServicer]) -> None:
        self._make = make
        self._making: asyncio.Task[RenderServicer] | None = None

    async def Render(
        self,
        request: RenderRequest,
        context: grpc.aio.ServicerContext[RenderRequest, RenderResponse],
    ) -> AsyncIterator[RenderResponse]:
        """See `RenderServicer`."""
        servicer = await self._servicer()
        answers = servicer.Render(request, context)
        async with aclosing(cast("AsyncGenerator[RenderResponse]", answers)) as responses:
            async for response in responses:
                yield response

    async def GetRenderer(
        self,
        request: GetRendererRequest,
        context: grpc.aio.ServicerContext[GetRendererRequest, GetRendererResponse],
    ) -> GetRendererResponse:
        """See `RenderServicer`."""
        return await (await self._servicer()).GetRenderer(request, context)

    async def EraseRender(
        self,
        request: EraseRenderRequest,
        context: grpc.aio.ServicerContext[EraseRenderRequest, EraseRenderResponse],
    ) -> EraseRenderResponse:
        """See `RenderServicer`."""
        return await (await self._servicer()).EraseRender(request, context)

    async def close(self) -> None:
        """Close the servicer, if it was made."""
        if self._making is not None:
            await (await self._making).close()

    async def _servicer(self) -> RenderServicer:
        if self._making is None:
            self._making = asyncio.create_task(asyncio.to_thread(self._make))
        try:
            # A call that is cancelled takes the servicer from nobody else.
            return await asyncio.shield(self._making)
        except Exception:
            self._making = None  # The next call tries again.
            raise
