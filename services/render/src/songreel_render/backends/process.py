"""Draws frames in this process."""

from __future__ import annotations

from songreel.render.v1.render_plan_pb2 import RenderSettings
from songreel_kit.artifacts.store import ArtifactStore
from songreel_kit.work import CancelToken, Report

from songreel_render.backends.backend import Drawn
from songreel_render.backends.frame_pipeline import FramePipeline, typed_memory_errors
from songreel_render.backends.segments import SegmentDrawing
from songreel_render.checkpoints.checkpoint import CheckpointShape
from songreel_render.checkpoints.loader import CheckpointLoader
from songreel_render.diffusion.frame_generator import FrameSource
from songreel_render.diffusion.stills import SceneStills
from songreel_render.plan.open_plan import render_environment
from songreel_render.plan.plan import RenderEnvironment
from songreel_render.plan.planner import PreparedRender
from songreel_render.settings import RenderServiceSettings


class ProcessBackend:
    """Draws in this process.

    Args:
        settings: of the service.
        store: where segments are kept.
        loader: of checkpoints.
    """

    def __init__(
        self, settings: RenderServiceSettings, store: ArtifactStore, loader: CheckpointLoader
    ) -> None:
        self._settings = settings
        self._loader = loader
        self._pipeline = FramePipeline(settings, store, loader)

    def describe(self) -> str:
        """See `DrawingBackend`: "cpu bfloat16"."""
        return self._loader.describe()

    def environment(self, settings: RenderSettings, shape: CheckpointShape) -> RenderEnvironment:
        """See `DrawingBackend`."""
        return render_environment(self._settings, self._loader, settings, shape)

    def stills(
        self, prepared: PreparedRender, report: Report, token: CancelToken
    ) -> SceneStills | None:
        """See `DrawingBackend`."""
        return self._pipeline.stills(prepared, report, token)

    def draw(
        self, prepared: PreparedRender, drawing: SegmentDrawing, report: Report, token: CancelToken
    ) -> Drawn:
        """See `DrawingBackend`."""
        source: FrameSource | None = None

        def open_source() -> FrameSource:
            nonlocal source
            source = self._pipeline.source(prepared, stills)
            return source

        stills = self._pipeline.stills(prepared, report, token)
        with typed_memory_errors(prepared.batch_frames):
            drawing.draw(open_source, report, token)
        if source is None:
            return Drawn(denoised=0)
        return Drawn(source.denoised, tuple(source.fallbacks))

    def close(self) -> None:
        """See `DrawingBackend`; nothing was started."""
