"""Has adapters trained by workers on Ray, to which everything goes sealed."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import grpc
import ray
from ray.exceptions import (
    NodeDiedError,
    OutOfMemoryError,
    RayActorError,
    RayError,
    RayTaskError,
    WorkerCrashedError,
)
from songreel.type.v1.artifact_pb2 import Progress
from songreel_kit.errors import ServiceUnavailable, SongreelError
from songreel_kit.likeness.sealing import Channel, KeyPair
from songreel_kit.ray.cluster import first_line
from songreel_kit.telemetry.logging import get_logger
from songreel_kit.work import Report

from songreel_identity.training.ray.cluster import TrainingWorkers
from songreel_identity.training.ray.worker import WorkerStatus
from songreel_identity.training.settings import TrainingSettings
from songreel_identity.training.tasks import TaskResult, TrainingTask

_log = get_logger(__name__)

# The worker, its process or its machine ended; another can go on from the last state.
_LOST: Final = (RayActorError, WorkerCrashedError, NodeDiedError, OutOfMemoryError)
ATTEMPTS: Final = 3
"""A training that loses so many workers without a new state in between loses the next too."""
PATIENCE_SECONDS: Final = 60.0
"""A worker that does not hear of the service for so long ends by itself."""
_ANSWER_SECONDS: Final = 120.0
"""A worker that answers nothing for so long is taken to be lost; reading a checkpoint from a
slow disk can hold an answer up."""
_CHECK_SECONDS: Final = 0.1
"""How often it is looked whether the training is still wanted, while there is no answer."""


class _WorkerLost(Exception):  # noqa: N818 - never leaves this module
    """The worker ended in the middle."""


class RayTrainingBackend:
    """A `TrainingBackend`: one worker for every training, and no longer than it takes.

    Nor is Ray held longer: a Ray that is started here takes 2 GB, and a connection that nobody
    looks at can end this process when its other end goes.

    Args:
        settings: of the service.
    """

    def __init__(self, settings: TrainingSettings) -> None:
        self._settings = settings
        self._workers = TrainingWorkers(settings)
        self._turn = threading.Lock()

    def train(
        self,
        task: TrainingTask,
        check: Callable[[], None],
        save: Callable[[bytes], None],
        report: Report,
    ) -> TaskResult:
        """See `TrainingBackend`; a worker that is lost is replaced."""
        watch = _Watch(task.state, check, save, report)
        with self._turn:
            try:
                return self._through(task, watch)
            finally:
                self._workers.close()

    def close(self) -> None:
        """See `TrainingBackend`."""
        self._workers.close()

    def _through(self, task: TrainingTask, watch: _Watch) -> TaskResult:
        """To the end, with as many workers as that takes."""
        lost = 0
        while True:
            before = watch.states
            try:
                return self._once(task.from_state(watch.state), watch)
            except _WorkerLost as error:
                lost = lost + 1 if watch.states == before else 1
                _log.warning("a worker was lost", problem=first_line(error), attempt=lost)
                if lost >= ATTEMPTS:
                    raise ServiceUnavailable(
                        f"{lost} workers on Ray were lost one after the other "
                        f"({first_line(error)}); see that songreel-identity is installed on its "
                        "nodes as it is here and that their memory is large enough, and ask "
                        "again: the training goes on from its last trial"
                    ) from error

    def _once(self, task: TrainingTask, watch: _Watch) -> TaskResult:
        # Random, so that nobody's name is in Ray's tables.
        training = secrets.token_hex(16)
        worker = None
        try:
            worker = self._workers.worker(training, PATIENCE_SECONDS)
            return self._converse(training, worker, task, watch)
        except _LOST as error:
            raise _WorkerLost(first_line(error)) from error
        except RayTaskError:
            raise  # a mistake of ours; Ray's message is the worker's stack, without values
        except (RayError, ConnectionError, grpc.RpcError) as error:
            raise ServiceUnavailable(
                f"the connection to Ray was lost ({first_line(error)}); ask again: the training "
                "goes on from its last trial"
            ) from error
        finally:
            if worker is not None:
                self._workers.end(worker)

    def _converse(
        self, training: str, worker: Any, task: TrainingTask, watch: _Watch
    ) -> TaskResult:
        keys = KeyPair()
        watch.tell("queue", 0.0)
        try:
            shown = self._answer(
                worker.public_key.remote(), self._settings.training_ray_wait_seconds, watch
            )
        except TimeoutError as error:
            raise self._no_room() from error
        channel = keys.as_service(shown, training)
        sealed = channel.seal(task.to_bytes())
        self._answer(worker.begin.remote(keys.public, sealed), _ANSWER_SECONDS, watch)
        return self._follow(channel, worker, watch)

    def _follow(self, channel: Channel, worker: Any, watch: _Watch) -> TaskResult:
        have = 0
        while True:
            try:
                news: WorkerStatus = self._answer(worker.news.remote(have), _ANSWER_SECONDS, watch)
            except TimeoutError as error:
                raise _WorkerLost(
                    f"the worker did not answer for {_ANSWER_SECONDS:g} seconds"
                ) from error
            if news.error is not None:
                raise news.error
            watch.tell(news.step, news.fraction)
            if news.sealed is None:
                continue
            have = news.number
            plain = channel.open(news.sealed)
            if news.done:
                return TaskResult.from_bytes(plain)
            watch.keep(plain)

    def _answer(self, reference: Any, seconds: float, watch: _Watch) -> Any:
        """Waits for a worker's answer. Raises `TimeoutError`, and whatever the watch does."""
        deadline = time.monotonic() + seconds
        while True:
            watch.check()
            ready, _ = ray.wait([reference], timeout=_CHECK_SECONDS)
            if ready:
                return ray.get(reference)
            if time.monotonic() > deadline:
                raise TimeoutError

    def _no_room(self) -> SongreelError:
        settings = self._settings
        return ServiceUnavailable(
            f"no node of Ray had {settings.training_ray_cpus:g} CPUs and "
            f"{settings.training_ray_gpus:g} GPUs free for "
            f"{settings.training_ray_wait_seconds:g} seconds; add nodes, or change "
            "SONGREEL_IDENTITY_TRAINING_RAY_CPUS, ..._RAY_GPUS or ..._RAY_WAIT_SECONDS, and ask "
            "again"
        )


@dataclass
class _Watch:
    """What the service wants to hear of a training, over all its workers."""

    state: bytes | None
    """The last that is known; in the clear."""
    check: Callable[[], None]
    save: Callable[[bytes], None]
    report: Report
    states: int = 0
    """How many came."""
    _told: tuple[str, float] = field(default=("", 0.0))

    def keep(self, state: bytes) -> None:
        """A new state. Raises what `save` does."""
        self.save(state)
        self.state = state
        self.states += 1

    def tell(self, step: str, fraction: float) -> None:
        """How far it is; never less far than before, though a lost worker's steps are done anew."""
        now = (step, max(fraction, self._told[1]))
        if now != self._told:
            self._told = now
            self.report(Progress(step=step, fraction=now[1]))
