"""Draws single parts of plans from references alone: what a replica of Ray Serve does."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from songreel.render.v1.render_plan_pb2 import RenderSettings
from songreel.type.v1.artifact_pb2 import Artifact, Progress
from songreel_kit.artifacts.store import ArtifactStore
from songreel_kit.work import CancelToken

from songreel_render.backends.frame_pipeline import Studio, memory_errors_typed
from songreel_render.backends.segments import SegmentDrawing
from songreel_render.checkpoints.identity_adapter import IdentityAdapter
from songreel_render.checkpoints.loader import CheckpointLoader
from songreel_render.diffusion.frame_generator import FrameSource
from songreel_render.plan.open_plan import (
    DrawablePlan,
    PlanReference,
    check_checkpoint,
    machine_of,
    open_plan,
)
from songreel_render.plan.plan import Machine
from songreel_render.settings import RenderSettings as ServiceSettings


@dataclass(frozen=True)
class DrawnSegment:
    """A segment that is in the store."""

    index: int
    artifact: Artifact
    denoised: int
    """Frames that were denoised for it; 0 when it was there already."""
    fallbacks: tuple[str, ...]
    """What did not go as asked, in words."""
    painter: str
    """Who drew it."""


class Painter:
    """Draws parts of plans; one part at a time.

    Args:
        settings: of the service.
        store: where documents come from and segments are kept.
        name: under which it signs.
    """

    def __init__(self, settings: ServiceSettings, store: ArtifactStore, name: str = "") -> None:
        self._settings = settings
        self._store = store
        self._name = name
        self._loader = CheckpointLoader.of(settings)
        self._studio = Studio(settings, store, self._loader)
        self._lock = threading.Lock()
        # The plan drawn last: its layout and its prompts' embeddings serve all its segments.
        # Only one, because a source keeps its networks in memory.
        self._opened: tuple[str, DrawablePlan, FrameSource | None] | None = None

    def machine(self, settings: RenderSettings, checkpoint_sha256: str) -> Machine:
        """What of this process has a say in the frames.

        Raises:
            CheckpointNotFound, CheckpointIncomplete, CheckpointUnsupported: it is not here.
            FailedPrecondition: another one lies at its path.
        """
        shape = self._loader.inspect(Path(settings.checkpoint))
        check_checkpoint(shape, checkpoint_sha256)
        return machine_of(self._settings, self._loader, settings, shape)

    def load(self, reference: PlanReference) -> None:
        """Have the plan's networks in memory."""
        with self._lock:
            self._studio.load(self._open(reference))

    def stills(
        self,
        reference: PlanReference,
        token: CancelToken,
        adapters: tuple[IdentityAdapter, ...] = (),
    ) -> None:
        """Make the plan's stills be in the store; `adapters` as in `segment`.

        Raises as `DrawingBackend.draw`.
        """
        with self._lock, _wiped_after(adapters):
            drawable = replace(self._open(reference), adapters=adapters)
            self._studio.stills(drawable, lambda _: token.check(), token)

    def segment(
        self,
        reference: PlanReference,
        index: int,
        token: CancelToken,
        adapters: tuple[IdentityAdapter, ...] = (),
    ) -> DrawnSegment:
        """Make a segment be in the store. Raises as `DrawingBackend.draw`.

        Args:
            reference: of the plan.
            index: of the segment.
            token: cancels it.
            adapters: of the people who may be drawn in it; wiped at its end in any case.
        """
        with self._lock, _wiped_after(adapters):
            drawable = replace(self._open(reference), adapters=adapters)
            part = SegmentDrawing(self._settings, self._store, drawable.plan, only=index)
            denoised, fallbacks = 0, ()
            if not part.complete:
                with memory_errors_typed(drawable.batch_frames):
                    source = self._source(reference, drawable, token)
                    before = source.denoised
                    part.draw(lambda: source, lambda _: token.check(), token)
                denoised = source.denoised - before
                fallbacks = tuple(source.fallbacks)
            return DrawnSegment(index, part.artifact(index), denoised, fallbacks, self._name)

    def _open(self, reference: PlanReference) -> DrawablePlan:
        if self._opened is None or self._opened[0] != reference.plan.sha256:
            self._opened = None  # its networks may have to make room
            drawable = open_plan(reference, self._settings, self._store, self._loader)
            self._opened = reference.plan.sha256, drawable, None
        return self._opened[1]

    def _source(
        self, reference: PlanReference, drawable: DrawablePlan, token: CancelToken
    ) -> FrameSource:
        known = self._opened[2] if self._opened is not None else None
        if known is None:
            stills = self._studio.stills(drawable, _silent, token)
            known = self._studio.source(drawable, stills)
            if not drawable.adapters:  # networks with a person in them are for this segment only
                self._opened = reference.plan.sha256, drawable, known
        return known


@contextmanager
def _wiped_after(adapters: tuple[IdentityAdapter, ...]) -> Generator[None]:
    try:
        yield
    finally:
        for adapter in adapters:
            adapter.wipe()


def _silent(progress: Progress) -> None:
    """Tells nobody."""
