"""Draws plans on replicas of Ray Serve."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from songreel.render.v1.render_plan_pb2 import RenderSettings
from songreel.type.v1.artifact_pb2 import Progress
from songreel_kit.artifacts.store import ArtifactStore
from songreel_kit.errors import Aborted, DataLoss, ServiceUnavailable
from songreel_kit.work import CancelToken, Report

from songreel_render.backends.backend import Drawn
from songreel_render.backends.frame_pipeline import find_stills
from songreel_render.backends.ray.adapter_lease import AdapterLease, LeasedFuture
from songreel_render.backends.ray.cluster import Replicas
from songreel_render.backends.ray.futures import RayFuture
from songreel_render.backends.ray.lease_ref import LeaseRef
from songreel_render.backends.ray.replica import model_id
from songreel_render.backends.segment_worker import DrawnSegment
from songreel_render.backends.segments import DRAWN, SegmentDrawing, complete
from songreel_render.backends.task_pool import TaskFuture, TaskPool, WorkerLost
from songreel_render.checkpoints.checkpoint import CheckpointShape
from songreel_render.diffusion.stills import SceneStills, scenes_with_stills
from songreel_render.plan.plan import RenderEnvironment
from songreel_render.plan.planner import PreparedRender
from songreel_render.settings import RenderServiceSettings

_KNOWN_ENVIRONMENTS: Final = 256


@dataclass(frozen=True)
class _Task:
    """A call of a replica."""

    name: str
    index: int = -1
    frames: int = 0

    def __str__(self) -> str:
        return self.name


class RayBackend:
    """Spreads the segments of a plan over the replicas of a deployment.

    Args:
        settings: of the service.
        store: where replicas put segments; they must have the same one.
    """

    def __init__(self, settings: RenderServiceSettings, store: ArtifactStore) -> None:
        self._settings = settings
        self._store = store
        self._replicas = Replicas(settings)
        self._lock = threading.Lock()
        self._device = ""
        self._environments: dict[tuple[str, int, bool], RenderEnvironment] = {}

    def describe(self) -> str:
        """See `DrawingBackend`: "Ray Serve, at most 2 replicas: cpu bfloat16"."""
        place = self._settings.ray_address or f"at most {self._settings.ray_max_replicas} replicas"
        return f"Ray Serve, {place}: {self._device or 'not started yet'}"

    def environment(self, settings: RenderSettings, shape: CheckpointShape) -> RenderEnvironment:
        """See `DrawingBackend`; replicas are asked once, they are all alike."""
        key = (shape.sha256, settings.size, settings.preview)
        known = self._environments.get(key)
        if known is not None:
            return known
        handle = self._replicas.handle()
        found: list[RenderEnvironment] = []

        def submit(task: _Task) -> RayFuture[RenderEnvironment]:
            return RayFuture(handle.environment.remote(settings, shape.sha256))

        def answered(task: _Task, environment: RenderEnvironment) -> None:
            found.append(environment)

        with self._drop_stale():
            TaskPool(submit, 1, answered).run([_Task("nothing yet")], CancelToken())
        self._device = f"{found[0].device} {found[0].dtype}"
        with self._lock:
            if len(self._environments) >= _KNOWN_ENVIRONMENTS:
                self._environments.clear()
            self._environments[key] = found[0]
        return found[0]

    def stills(
        self, prepared: PreparedRender, report: Report, token: CancelToken
    ) -> SceneStills | None:
        """See `DrawingBackend`."""
        if not scenes_with_stills(prepared.layout, prepared.plan.settings):
            return None
        found = find_stills(self._store, prepared)
        if found is not None:
            return found
        report(Progress(step="load"))
        handle = self._sticky(prepared)

        def submit(task: _Task) -> TaskFuture[None]:
            return _future(lease, lambda ref: handle.stills.remote(prepared.reference, ref))

        with self._drop_stale(), self._lease(prepared) as lease:
            TaskPool(submit, 1, _ignore).run([_Task("the stills")], token)
        found = find_stills(self._store, prepared)
        if found is None:
            raise DataLoss(
                "a replica has put stills into a store where they are not found: replicas and "
                "service need the same one, see SONGREEL_STORE"
            )
        return found

    def draw(
        self, prepared: PreparedRender, drawing: SegmentDrawing, report: Report, token: CancelToken
    ) -> Drawn:
        """See `DrawingBackend`."""
        # Before the segments, so that replicas find them and none draws them for itself.
        stills = self.stills(prepared, report, token)
        drawing.report_loading(report)
        handle = self._sticky(prepared)
        counter = drawing.counter()
        denoised = 0
        fallbacks: dict[str, None] = {}

        def submit(task: _Task) -> TaskFuture[DrawnSegment]:
            return _future(
                lease,
                lambda ref: handle.segment.remote(prepared.reference, task.index, ref),
            )

        def done(task: _Task, drawn: DrawnSegment) -> None:
            nonlocal denoised
            drawing.take(task.index, drawn.artifact)
            denoised += drawn.denoised
            fallbacks.update(dict.fromkeys(drawn.fallbacks))
            counter.add(task.frames)
            report(counter.progress())

        report(counter.progress())
        with self._drop_stale(), self._lease(prepared) as lease:
            TaskPool(submit, self._settings.ray_max_replicas, done).run(
                [
                    _Task(f"segment {each.index}", each.index, each.end_frame - each.first_frame)
                    for each in drawing.missing
                ],
                token,
            )
        report(complete("encode", DRAWN, prepared.plan))
        if prepared.plan.settings.preview and stills is not None:
            denoised = len(stills.scenes)
        return Drawn(denoised, tuple(fallbacks))

    def close(self) -> None:
        """See `DrawingBackend`."""
        self._replicas.close()

    def _sticky(self, prepared: PreparedRender) -> Any:
        """A handle that asks replicas first which have the plan's networks in memory."""
        return self._replicas.handle().options(multiplexed_model_id=model_id(prepared.plan))

    @contextmanager
    def _lease(self, prepared: PreparedRender) -> Generator[AdapterLease | None]:
        """Leases the plan's adapter to the calls in the block; None where it has none."""
        if not prepared.adapters:
            yield None
            return
        lease = AdapterLease(prepared.adapters[0], *self._replicas.revocation_actor())
        try:
            yield lease
        finally:
            lease.end()

    @contextmanager
    def _drop_stale(self) -> Generator[None]:
        """Forgets what an error shows to be stale."""
        try:
            yield
        except Aborted:
            # Replicas have other settings than when they were asked.
            with self._lock:
                self._environments.clear()
            raise
        except ServiceUnavailable as error:
            if not isinstance(error.__cause__, WorkerLost):
                self._replicas.close()  # the next render connects anew
            raise


def _future(lease: AdapterLease | None, send: Callable[[LeaseRef | None], Any]) -> TaskFuture[Any]:
    return RayFuture(send(None)) if lease is None else LeasedFuture(lease, send)


def _ignore(task: _Task, result: None) -> None:
    """Nothing to collect."""
