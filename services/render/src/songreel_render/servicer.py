"""The render service over gRPC; knows no maths."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing

import grpc.aio
from songreel.render.v1.render_service_pb2 import (
    EraseRenderRequest,
    EraseRenderResponse,
    GetRendererRequest,
    GetRendererResponse,
    RenderRequest,
    RenderResponse,
    RenderResult,
)
from songreel.render.v1.render_service_pb2_grpc import RenderServiceServicer
from songreel.type.v1.artifact_pb2 import Artifact, Progress
from songreel_kit.artifacts.containers import CONTAINERS
from songreel_kit.artifacts.store import ArtifactStore
from songreel_kit.channel.channel import Headers
from songreel_kit.channel.tls import ChannelTls
from songreel_kit.errors import SongreelError
from songreel_kit.telemetry.metrics import looked_up
from songreel_kit.work import CancelToken, Done, Report, run_in_thread
from songreel_kit.work_slots import WorkSlots

from songreel_render.backends.backend import DrawingBackend
from songreel_render.checkpoints.identity_adapter import IdentityAdapter
from songreel_render.checkpoints.schedulers import SCHEDULERS
from songreel_render.identity_grants import IdentityGrants, until_revoked
from songreel_render.metrics import RENDERS_WORKING
from songreel_render.motion.schedules import SCHEDULES
from songreel_render.plan.planner import PreparedRender, RenderJob
from songreel_render.renderer import Renderer
from songreel_render.settings import RenderServiceSettings


class RenderServicer(RenderServiceServicer):
    """Answers calls; drawing goes on in a thread, by default one render at a time.

    More are refused with `Busy`.

    Args:
        settings: of the service.
        store: where artifacts are read and kept.
        backend: draws frames; by default the one that the settings name.
        identity_target: gives the identity service's gRPC target; by default the settings'.
        headers: metadata for calls of the identity service.
    """

    def __init__(
        self,
        settings: RenderServiceSettings,
        store: ArtifactStore,
        backend: DrawingBackend | None = None,
        identity_target: Callable[[], str] | None = None,
        headers: Headers = tuple,
    ) -> None:
        self._settings = settings
        self._renderer = Renderer(settings, store, backend)
        self._slots = WorkSlots(
            settings.max_renders, "renders", "raise SONGREEL_RENDER_MAX_RENDERS"
        )
        self._grants = IdentityGrants(
            identity_target or (lambda: settings.identity_target),
            ChannelTls.configured(
                settings.identity_authority, settings.identity_certificate, settings.identity_key
            ),
            patience=settings.identity_patience_seconds,
            headers=headers,
        )

    async def Render(
        self,
        request: RenderRequest,
        context: grpc.aio.ServicerContext[RenderRequest, RenderResponse],
    ) -> AsyncIterator[RenderResponse]:
        """Plan, then draw; an equal plan that was drawn before is not drawn again.

        A person is shown only as long as the identity service grants it. A render that finds
        no slot is refused before its grant is spent.
        """
        with self._slots.hold(), RENDERS_WORKING.track_inprogress():
            yield RenderResponse(progress=Progress(step="plan"))
            async with self._grants.redeemed(request) as grant:
                adapters = () if grant is None else (grant.adapter,)
                responses = self._responses(request, adapters)
                if grant is not None:
                    responses = until_revoked(responses, grant)
                async with aclosing(responses):
                    async for response in responses:
                        yield response

    async def _responses(
        self, request: RenderRequest, adapters: tuple[IdentityAdapter, ...]
    ) -> AsyncGenerator[RenderResponse]:
        job = RenderJob(
            request.song, request.analysis, request.storyboard, request.settings, adapters
        )
        prepared: PreparedRender | None = None
        async with aclosing(
            run_in_thread(lambda report, token: self._renderer.prepare(job, report, token))
        ) as planning:
            async for event in planning:
                if isinstance(event, Done):
                    prepared = event.value
                else:
                    yield RenderResponse(progress=event)
        assert prepared is not None
        yield RenderResponse(plan=prepared.plan_artifact)
        finished = await asyncio.to_thread(self._renderer.finished, prepared)
        looked_up("video", hit=finished is not None)
        if finished is not None:
            yield RenderResponse(result=finished)
            return
        async with aclosing(self._draw(prepared)) as drawing:
            async for response in drawing:
                yield response

    async def _draw(self, prepared: PreparedRender) -> AsyncGenerator[RenderResponse]:
        """The stills first, then the frames."""
        renderer = self._renderer

        def draw_stills(report: Report, token: CancelToken) -> Artifact | None:
            # Meanwhile an equal request may have drawn all of it.
            done = renderer.finished(prepared)
            return None if done else renderer.first_sheet(prepared, report, token)

        def draw(report: Report, token: CancelToken) -> RenderResult:
            return renderer.finished(prepared) or renderer.render(prepared, report, token)

        async with aclosing(run_in_thread(draw_stills)) as drawing:
            async for event in drawing:
                if not isinstance(event, Done):
                    yield RenderResponse(progress=event)
                elif event.value is not None:
                    yield RenderResponse(contact_sheet=event.value)
        async with aclosing(run_in_thread(draw)) as drawing:
            async for event in drawing:
                if isinstance(event, Done):
                    yield RenderResponse(result=event.value)
                else:
                    yield RenderResponse(progress=event)

    async def GetRenderer(
        self,
        request: GetRendererRequest,
        context: grpc.aio.ServicerContext[GetRendererRequest, GetRendererResponse],
    ) -> GetRendererResponse:
        """Describe the renderer; a broken default checkpoint is reported, not raised."""
        response = GetRendererResponse(
            device=self._renderer.backend.describe(),
            default_checkpoint=str(self._settings.checkpoint or ""),
            schedules=sorted(SCHEDULES),
            schedulers=sorted(SCHEDULERS),
            formats=list(CONTAINERS),
            styles=sorted(self._settings.styles),
            people_in_memory=self._grants.adapters,
        )
        try:
            shape = await asyncio.to_thread(
                self._renderer.asked_checkpoint, request.checkpoint, request.storyboard
            )
        except SongreelError as error:
            response.checkpoint_problem = error.message
        else:
            response.native_size = shape.native_size
            response.checkpoint = shape.path
            response.checkpoint_sha256 = shape.sha256
        return response

    async def EraseRender(
        self,
        request: EraseRenderRequest,
        context: grpc.aio.ServicerContext[EraseRenderRequest, EraseRenderResponse],
    ) -> EraseRenderResponse:
        """See `erase_render`."""
        removed = await asyncio.to_thread(self._renderer.erase, request.plan)
        return EraseRenderResponse(artifacts=removed)

    async def close(self) -> None:
        """End everything that drawing has started; no call is under way any more."""
        await asyncio.to_thread(self._renderer.close)
