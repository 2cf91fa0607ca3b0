"""Where frames are drawn: one interface with two homes, this process and Ray Serve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from songreel.render.v1.render_plan_pb2 import RenderSettings
from songreel_kit.artifacts.store import ArtifactStore
from songreel_kit.errors import FailedPrecondition
from songreel_kit.work import CancelToken, Report

from songreel_render.backends.frame_pipeline import Studio, memory_errors_typed
from songreel_render.backends.segments import SegmentDrawing
from songreel_render.checkpoints.checkpoint import CheckpointShape
from songreel_render.checkpoints.loader import CheckpointLoader
from songreel_render.diffusion.frame_generator import FrameSource
from songreel_render.diffusion.stills import SceneStills
from songreel_render.plan.open_plan import machine_of
from songreel_render.plan.plan import Machine
from songreel_render.plan.planner import PreparedRender
from songreel_render.settings import RenderSettings as ServiceSettings


@dataclass(frozen=True)
class Drawn:
    """What drawing came to."""

    denoised: int
    """Frames that were denoised; the others were interpolated or found in the store."""
    fallbacks: tuple[str, ...] = ()
    """What did not go as asked, in words."""


class DrawingBackend(Protocol):
    """Draws the frames of plans. Methods block; call them from a thread. Thread-safe."""

    def describe(self) -> str:
        """Where and how it draws, in words; starts nothing."""
        ...

    def machine(self, settings: RenderSettings, shape: CheckpointShape) -> Machine:
        """What of the place has a say in the frames; a part of every plan.

        Args:
            settings: resolved.
            shape: of the checkpoint.
        """
        ...

    def stills(
        self, prepared: PreparedRender, report: Report, token: CancelToken
    ) -> SceneStills | None:
        """A still of each scene, kept in the store; None where the settings ask for none."""
        ...

    def draw(
        self, prepared: PreparedRender, drawing: SegmentDrawing, report: Report, token: CancelToken
    ) -> Drawn:
        """Make every segment of the plan be in the store.

        Raises:
            CheckpointIncomplete: the weights cannot be loaded.
            LoraUnusable: a LoRA does not fit the checkpoint.
            FailedPrecondition: the device's memory is too small.
            Busy: there is no room in the queue; finished segments stay, as with all errors.
            ServiceUnavailable: the place of drawing was lost.
            DiskFull: no room in the store.
            Cancelled: the token was cancelled.
        """
        ...

    def close(self) -> None:
        """Let go of everything that was started."""
        ...


class InProcess:
    """Draws in this process.

    Args:
        settings: of the service.
        store: where segments are kept.
        loader: of checkpoints.
    """

    def __init__(
        self, settings: ServiceSettings, store: ArtifactStore, loader: CheckpointLoader
    ) -> None:
        self._settings = settings
        self._loader = loader
        self._studio = Studio(settings, store, loader)

    def describe(self) -> str:
        """See `DrawingBackend`: "cpu bfloat16"."""
        return self._loader.describe()

    def machine(self, settings: RenderSettings, shape: CheckpointShape) -> Machine:
        """See `DrawingBackend`."""
        return machine_of(self._settings, self._loader, settings, shape)

    def stills(
        self, prepared: PreparedRender, report: Report, token: CancelToken
    ) -> SceneStills | None:
        """See `DrawingBackend`."""
        return self._studio.stills(prepared, report, token)

    def draw(
        self, prepared: PreparedRender, drawing: SegmentDrawing, report: Report, token: CancelToken
    ) -> Drawn:
        """See `DrawingBackend`."""
        source: FrameSource | None = None

        def open_source() -> FrameSource:
            nonlocal source
            source = self._studio.source(prepared, stills)
            return source

        stills = self._studio.stills(prepared, report, token)
        with memory_errors_typed(prepared.batch_frames):
            drawing.draw(open_source, report, token)
        if source is None:
            return Drawn(denoised=0)
        return Drawn(source.denoised, tuple(source.fallbacks))

    def close(self) -> None:
        """See `DrawingBackend`; nothing was started."""


def open_backend(
    settings: ServiceSettings, store: ArtifactStore, loader: CheckpointLoader
) -> DrawingBackend:
    """The place that the settings name.

    Raises:
        FailedPrecondition: it is Ray, which is not installed.
    """
    if settings.backend == "process":
        return InProcess(settings, store, loader)
    try:
        from songreel_render.backends.ray.backend import RayServe
    except ImportError as error:
        raise FailedPrecondition(
            f"drawing on Ray needs Ray Serve, which cannot be loaded ({error}); install it: "
            "pip install 'songreel-render[ray]'"
        ) from error
    return RayServe(settings, store)
