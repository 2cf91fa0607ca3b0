"""Draws single segments of plans by reference, as a replica of Ray Serve does."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from songreel.render.v1.render_plan_pb2 import RenderSettings
from songreel.type.v1.artifact_pb2 import Artifact, Progress
from songreel_kit.artifacts.store import ArtifactStore
from songreel_kit.work import CancelToken

from songreel_render.backends.frame_pipeline import FramePipeline, typed_memory_errors
from songreel_render.backends.segments import SegmentDrawing
from songreel_render.checkpoints.identity_adapter import IdentityAdapter
from songreel_render.checkpoints.loader import CheckpointLoader
from songreel_render.diffusion.frame_generator import FrameSource
from songreel_render.plan.open_plan import (
    OpenedPlan,
    PlanReference,
    check_checkpoint,
    find_shape,
    open_plan,
    render_environment,
)
from songreel_render.plan.plan import RenderEnvironment
from songreel_render.settings import RenderServiceSettings


@dataclass(frozen=True)
class DrawnSegment:
    """A segment that is in the store."""

    index: int
    artifact: Artifact
    denoised: int
    """Frames that were denoised for it; 0 when it was there already."""
    fallbacks: tuple[str, ...]
    """Notes on what did not go as asked."""
    worker: str
    """Name of the worker that drew it."""


class SegmentWorker:
    """Draws parts of plans, one part at a time.

    Args:
        settings: of the service.
        store: where documents come from and segments are kept.
        name: in the segments that it draws.
    """

    def __init__(
        self, settings: RenderServiceSettings, store: ArtifactStore, name: str = ""
    ) -> None:
        self._settings = settings
        self._store = store
        self._name = name
        self._loader = CheckpointLoader.from_settings(settings)
        self._pipeline = FramePipeline(settings, store, self._loader)
        self._lock = threading.Lock()
        # The plan drawn last: its layout and its prompts' embeddings serve all its segments.
        # Only one, because a source keeps its networks in memory.
        self._opened: tuple[str, OpenedPlan, FrameSource | None] | None = None

    def environment(self, settings: RenderSettings, checkpoint_sha256: str) -> RenderEnvironment:
        """What of this process affects the frames.

        Raises:
            CheckpointNotFound, CheckpointIncomplete, CheckpointUnsupported: it is not here.
            FailedPrecondition: another one is at its path.
        """
        shape = find_shape(settings, self._loader)
        check_checkpoint(shape, checkpoint_sha256)
        return render_environment(self._settings, self._loader, settings, shape)

    def load(self, reference: PlanReference) -> None:
        """Load the plan's networks."""
        with self._lock:
            self._pipeline.load(self._open(reference))

    def stills(
        self,
        reference: PlanReference,
        token: CancelToken,
        adapters: tuple[IdentityAdapter, ...] = (),
    ) -> None:
        """Draw the plan's stills into the store; `adapters` as in `segment`.

        Raises as `DrawingBackend.draw`.
        """
        with self._lock, _wiped_after(adapters):
            opened = replace(self._open(reference), adapters=adapters)
            self._pipeline.stills(opened, lambda _: token.check(), token)

    def segment(
        self,
        reference: PlanReference,
        index: int,
        token: CancelToken,
        adapters: tuple[IdentityAdapter, ...] = (),
    ) -> DrawnSegment:
        """Draw a segment into the store. Raises as `DrawingBackend.draw`.

        Args:
            reference: of the plan.
            index: of the segment.
            token: cancels it.
            adapters: of the people who may be drawn in it; wiped at its end in any case.
        """
        with self._lock, _wiped_after(adapters):
            opened = replace(self._open(reference), adapters=adapters)
            part = SegmentDrawing(self._settings, self._store, opened.plan, only=index)
            denoised, fallbacks = 0, ()
            if not part.complete:
                with typed_memory_errors(opened.batch_frames):
                    source = self._source(reference, opened, token)
                    before = source.denoised
                    part.draw(lambda: source, lambda _: token.check(), token)
                denoised = source.denoised - before
                fallbacks = tuple(source.fallbacks)
            return DrawnSegment(index, part.artifact(index), denoised, fallbacks, self._name)

    def _open(self, reference: PlanReference) -> OpenedPlan:
        if self._opened is None or self._opened[0] != reference.plan.sha256:
            self._opened = None  # its networks may have to make room
            opened = open_plan(reference, self._settings, self._store, self._loader)
            self._opened = reference.plan.sha256, opened, None
        return self._opened[1]

    def _source(
        self, reference: PlanReference, opened: OpenedPlan, token: CancelToken
    ) -> FrameSource:
        known = self._opened[2] if self._opened is not None else None
        if known is None:
            stills = self._pipeline.stills(opened, _silent, token)
            known = self._pipeline.source(opened, stills)
            if not opened.adapters:  # networks with a person in them are for this segment only
                self._opened = reference.plan.sha256, opened, known
        return known


@contextmanager
def _wiped_after(adapters: tuple[IdentityAdapter, ...]) -> Generator[None]:
    try:
        yield
    finally:
        for adapter in adapters:
            adapter.wipe()


def _silent(progress: Progress) -> None:
    """Report nothing."""
