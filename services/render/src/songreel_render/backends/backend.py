"""The interface of what draws frames: this process (`process`) or Ray Serve (`ray`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from songreel.render.v1.render_plan_pb2 import RenderSettings
from songreel_kit.work import CancelToken, Report

from songreel_render.backends.segments import SegmentDrawing
from songreel_render.checkpoints.checkpoint import CheckpointShape
from songreel_render.diffusion.stills import SceneStills
from songreel_render.plan.plan import RenderEnvironment
from songreel_render.plan.planner import PreparedRender


@dataclass(frozen=True)
class Drawn:
    """The outcome of drawing."""

    denoised: int
    """Frames that were denoised; the others were interpolated or found in the store."""
    fallbacks: tuple[str, ...] = ()
    """Notes on what did not go as asked."""


class DrawingBackend(Protocol):
    """Draws the frames of plans. Methods block; call them from a thread. Thread-safe."""

    def describe(self) -> str:
        """Description of device and precision; starts nothing."""
        ...

    def environment(self, settings: RenderSettings, shape: CheckpointShape) -> RenderEnvironment:
        """What of the backend affects the frames; a part of every plan.

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
        """Draw every segment of the plan that is not in the store.

        Raises:
            CheckpointIncomplete: the weights cannot be loaded.
            LoraUnusable: a LoRA does not fit the checkpoint.
            FailedPrecondition: the device's memory is too small.
            Busy: there is no room in the queue; finished segments stay, as with all errors.
            ServiceUnavailable: the connection to the workers was lost.
            DiskFull: no room in the store.
            Cancelled: the token was cancelled.
        """
        ...

    def close(self) -> None:
        """End everything that was started."""
        ...
