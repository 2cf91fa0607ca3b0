"""Training on Ray: workers that get everything sealed."""

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

# The worker, its process or its machine ended; another one can go on from the last state.
_LOST: Final = (RayActorError, WorkerCrashedError, NodeDiedError, OutOfMemoryError)
ATTEMPTS: Final = 3
"""Workers that a training may lose without a new state in between."""
PATIENCE_SECONDS: Final = 60.0
"""How long a worker goes on without hearing of the service."""
_ANSWER_SECONDS: Final = 120.0
"""A worker that does not answer for so long counts as lost; reading a checkpoint from a slow
disk can delay an answer."""
_CHECK_SECONDS: Final = 0.1
"""How often a waiting call checks whether the training is still wanted."""


class _WorkerLost(Exception):  # noqa: N818 - never leaves this module
    """The worker ended in the middle."""


class RayTrainingBackend:
    """A `TrainingBackend` that starts one worker for each training and ends it afterwards.

    Ray is left afterwards, too: a Ray started here takes 2 GB, and an idle connection can end
    this process when its other end goes.

    Args:
        settings: of the service.
    """

    def __init__(self, settings: TrainingSettings) -> None:
        self._settings = settings
        self._workers = TrainingWorkers(settings)
        self._lock = threading.Lock()

    def train(
        self,
        task: TrainingTask,
        check: Callable[[], None],
        save: Callable[[bytes], None],
        report: Report,
    ) -> TaskResult:
        """See `TrainingBackend`; replaces a worker that is lost."""
        callbacks = _Callbacks(task.state, check, save, report)
        with self._lock:
            try:
                return self._train_until_done(task, callbacks)
            finally:
                self._workers.close()

    def close(self) -> None:
        """See `TrainingBackend`."""
        self._workers.close()

    def _train_until_done(self, task: TrainingTask, callbacks: _Callbacks) -> TaskResult:
        lost = 0
        while True:
            before = callbacks.states
            try:
                return self._train_once(task.from_state(callbacks.state), callbacks)
            except _WorkerLost as error:
                lost = lost + 1 if callbacks.states == before else 1
                _log.warning("a worker was lost", problem=first_line(error), attempt=lost)
                if lost >= ATTEMPTS:
                    raise ServiceUnavailable(
                        f"{lost} workers on Ray were lost one after the other "
                        f"({first_line(error)}); see that songreel-identity is installed on its "
                        "nodes as it is here and that their memory is large enough, and ask "
                        "again: the training goes on from its last trial"
                    ) from error

    def _train_once(self, task: TrainingTask, callbacks: _Callbacks) -> TaskResult:
        # Random, so that Ray's tables hold no names.
        training = secrets.token_hex(16)
        worker = None
        try:
            worker = self._workers.worker(training, PATIENCE_SECONDS)
            return self._run_on(training, worker, task, callbacks)
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

    def _run_on(
        self, training: str, worker: Any, task: TrainingTask, callbacks: _Callbacks
    ) -> TaskResult:
        keys = KeyPair()
        callbacks.report_progress("queue", 0.0)
        try:
            shown = self._wait_for(
                worker.public_key.remote(), self._settings.training_ray_wait_seconds, callbacks
            )
        except TimeoutError as error:
            raise self._no_room_error() from error
        channel = keys.as_service(shown, training)
        sealed = channel.seal(task.to_bytes())
        self._wait_for(worker.begin.remote(keys.public, sealed), _ANSWER_SECONDS, callbacks)
        return self._follow(channel, worker, callbacks)

    def _follow(self, channel: Channel, worker: Any, callbacks: _Callbacks) -> TaskResult:
        have = 0
        while True:
            try:
                status: WorkerStatus = self._wait_for(
                    worker.status.remote(have), _ANSWER_SECONDS, callbacks
                )
            except TimeoutError as error:
                raise _WorkerLost(
                    f"the worker did not answer for {_ANSWER_SECONDS:g} seconds"
                ) from error
            if status.error is not None:
                raise status.error
            callbacks.report_progress(status.step, status.fraction)
            if status.sealed is None:
                continue
            have = status.number
            plain = channel.open(status.sealed)
            if status.done:
                return TaskResult.from_bytes(plain)
            callbacks.save_state(plain)

    def _wait_for(self, reference: Any, seconds: float, callbacks: _Callbacks) -> Any:
        """Waits for a worker's answer. Raises `TimeoutError`, and what `check` raises."""
        deadline = time.monotonic() + seconds
        while True:
            callbacks.check()
            ready, _ = ray.wait([reference], timeout=_CHECK_SECONDS)
            if ready:
                return ray.get(reference)
            if time.monotonic() > deadline:
                raise TimeoutError

    def _no_room_error(self) -> SongreelError:
        settings = self._settings
        return ServiceUnavailable(
            f"no node of Ray had {settings.training_ray_cpus:g} CPUs and "
            f"{settings.training_ray_gpus:g} GPUs free for "
            f"{settings.training_ray_wait_seconds:g} seconds; add nodes, or change "
            "SONGREEL_IDENTITY_TRAINING_RAY_CPUS, ..._RAY_GPUS or ..._RAY_WAIT_SECONDS, and ask "
            "again"
        )


@dataclass
class _Callbacks:
    """The service's callbacks, kept over all workers of a training."""

    state: bytes | None
    """The last one, in the clear."""
    check: Callable[[], None]
    save: Callable[[bytes], None]
    report: Report
    states: int = 0
    """States so far."""
    _reported: tuple[str, float] = field(default=("", 0.0))

    def save_state(self, state: bytes) -> None:
        """Saves a new state. Raises what `save` raises."""
        self.save(state)
        self.state = state
        self.states += 1

    def report_progress(self, step: str, fraction: float) -> None:
        """Reports progress, never less than before: a lost worker's steps are repeated."""
        now = (step, max(fraction, self._reported[1]))
        if now != self._reported:
            self._reported = now
            self.report(Progress(step=step, fraction=now[1]))
