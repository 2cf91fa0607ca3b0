"""Has plans drawn by replicas of Ray Serve."""

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
from songreel_render.backends.ray.adapter_lease import Showing, ShownTicket
from songreel_render.backends.ray.cluster import Replicas
from songreel_render.backends.ray.futures import RayTicket
from songreel_render.backends.ray.lease_ref import Shown
from songreel_render.backends.ray.replica import model_id
from songreel_render.backends.segment_worker import DrawnSegment
from songreel_render.backends.segments import DRAWN, SegmentDrawing, complete
from songreel_render.backends.task_pool import Spread, Ticket, WorkerLost
from songreel_render.checkpoints.checkpoint import CheckpointShape
from songreel_render.diffusion.stills import SceneStills, scenes_with_stills
from songreel_render.plan.plan import Machine
from songreel_render.plan.planner import PreparedRender
from songreel_render.settings import RenderSettings as ServiceSettings

_KNOWN_MACHINES: Final = 256


@dataclass(frozen=True)
class _Part:
    """What is given to a replica at once."""

    what: str
    index: int = -1
    frames: int = 0

    def __str__(self) -> str:
        return self.what


class RayServe:
    """Spreads segments over the replicas of a deployment.

    Args:
        settings: of the service.
        store: where replicas put segments; they must have the same one.
    """

    def __init__(self, settings: ServiceSettings, store: ArtifactStore) -> None:
        self._settings = settings
        self._store = store
        self._replicas = Replicas(settings)
        self._lock = threading.Lock()
        self._device = ""
        self._machines: dict[tuple[str, int, bool], Machine] = {}

    def describe(self) -> str:
        """See `DrawingBackend`: "Ray Serve, at most 2 replicas: cpu bfloat16"."""
        place = self._settings.ray_address or f"at most {self._settings.ray_max_replicas} replicas"
        return f"Ray Serve, {place}: {self._device or 'not started yet'}"

    def machine(self, settings: RenderSettings, shape: CheckpointShape) -> Machine:
        """See `DrawingBackend`; replicas are asked once, they are all alike."""
        key = (shape.files.sha256, settings.size, settings.preview)
        known = self._machines.get(key)
        if known is not None:
            return known
        handle = self._replicas.handle()
        found: list[Machine] = []

        def ask(part: _Part) -> RayTicket[Machine]:
            return RayTicket(handle.machine.remote(settings, shape.files.sha256))

        def answered(part: _Part, machine: Machine) -> None:
            found.append(machine)

        with self._watched():
            Spread(ask, 1, answered).run([_Part("nothing yet")], CancelToken())
        self._device = f"{found[0].device} {found[0].dtype}"
        with self._lock:
            if len(self._machines) >= _KNOWN_MACHINES:
                self._machines.clear()
            self._machines[key] = found[0]
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

        def ask(part: _Part) -> Ticket[None]:
            return _ticket(showing, lambda shown: handle.stills.remote(prepared.reference, shown))

        with self._watched(), self._showing(prepared) as showing:
            Spread(ask, 1, _no_news).run([_Part("the stills")], token)
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

        def ask(part: _Part) -> Ticket[DrawnSegment]:
            return _ticket(
                showing,
                lambda shown: handle.segment.remote(prepared.reference, part.index, shown),
            )

        def done(part: _Part, drawn: DrawnSegment) -> None:
            nonlocal denoised
            drawing.take(part.index, drawn.artifact)
            denoised += drawn.denoised
            fallbacks.update(dict.fromkeys(drawn.fallbacks))
            counter.add(part.frames)
            report(counter.progress())

        report(counter.progress())
        with self._watched(), self._showing(prepared) as showing:
            Spread(ask, self._settings.ray_max_replicas, done).run(
                [
                    _Part(f"segment {each.index}", each.index, each.end_frame - each.first_frame)
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
    def _showing(self, prepared: PreparedRender) -> Generator[Showing | None]:
        """The person of a plan, for the calls in the block; None where it shows nobody."""
        if not prepared.adapters:
            yield None
            return
        showing = Showing(prepared.adapters[0], *self._replicas.desk())
        try:
            yield showing
        finally:
            showing.end()

    @contextmanager
    def _watched(self) -> Generator[None]:
        """Forgets what an error shows to be out of date."""
        try:
            yield
        except Aborted:
            # Replicas have other settings than when they were asked.
            with self._lock:
                self._machines.clear()
            raise
        except ServiceUnavailable as error:
            if not isinstance(error.__cause__, WorkerLost):
                self._replicas.close()  # the next render connects anew
            raise


def _ticket(showing: Showing | None, send: Callable[[Shown | None], Any]) -> Ticket[Any]:
    return RayTicket(send(None)) if showing is None else ShownTicket(showing, send)


def _no_news(part: _Part, result: None) -> None:
    """The part is done, and that is all."""
