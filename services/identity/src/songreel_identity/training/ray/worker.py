"""The worker that a training runs in, as an actor of Ray; plain Python, knows nothing of Ray.

What comes in and goes out is sealed (see `songreel_kit.likeness.sealing`), because Ray keeps
what it carries: in shared memory, and on disk when there is too much of it. In the clear it is only
in this process' memory, and nothing of it is written to disk.
"""

from __future__ import annotations

import os
import platform
import resource
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from songreel.type.v1.artifact_pb2 import Progress
from songreel_kit.errors import CheckpointNotFound, InternalError, SongreelError
from songreel_kit.likeness.sealing import Channel, KeyPair

from songreel_identity.training.tasks import TrainingTask, run_task

STATUS_WAIT_SECONDS: Final = 0.5
"""How long `status` waits for something new."""
_LONGEST_MESSAGE: Final = 300


@dataclass(frozen=True)
class WorkerStatus:
    """The state of a training."""

    step: str
    fraction: float
    """Of the updates, in [0, 1]."""
    number: int
    """Sealed messages so far."""
    sealed: bytes | None
    """The last of them, unless the service has it: a state, or at the end the result."""
    done: bool
    error: SongreelError | None
    """The error that ended the training."""


class TrainingWorker:
    """Trains one person, once, and answers meanwhile.

    Args:
        training: id of the training.
        patience_seconds: when the service is not heard of for so long, the process ends: the
            person may have withdrawn, and nobody could tell the worker.
        exit_process: ends the process; tests put something else here.
    """

    def __init__(
        self,
        training: str,
        patience_seconds: float,
        exit_process: Callable[[int], object] = os._exit,
    ) -> None:
        # A crash would otherwise write the memory, and the pictures in it, to disk.
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        self._training = training
        self._keys: KeyPair | None = KeyPair()
        self._patience = patience_seconds
        self._exit = exit_process
        self._changed = threading.Condition()
        self._read = False
        self._status = WorkerStatus("load", 0.0, 0, None, done=False, error=None)
        self._last_heard = time.monotonic()
        threading.Thread(
            target=self._exit_when_forgotten, daemon=True, name="songreel-watch"
        ).start()

    def public_key(self) -> bytes:
        """For this training alone."""
        self._last_heard = time.monotonic()
        assert self._keys is not None, "the training has begun: its keys are used"
        return self._keys.public

    def begin(self, service_key: bytes, sealed: bytes) -> None:
        """Opens a sealed `TrainingTask` and starts it; errors are in the status."""
        self._last_heard = time.monotonic()
        keys, self._keys = self._keys, None
        assert keys is not None, "a worker trains once"
        threading.Thread(
            target=self._train, args=(keys, service_key, sealed), daemon=True, name="songreel-train"
        ).start()

    def status(self, known: int) -> WorkerStatus:
        """The state of the training; waits up to `STATUS_WAIT_SECONDS` for something new.

        Args:
            known: number of the last sealed message that the service has.
        """
        self._last_heard = time.monotonic()
        with self._changed:
            self._changed.wait_for(lambda: not self._read, STATUS_WAIT_SECONDS)
            self._read = True
            status = self._status
        self._last_heard = time.monotonic()
        if status.number > known:
            return status
        return WorkerStatus(
            status.step, status.fraction, status.number, None, done=status.done, error=status.error
        )

    def _train(self, keys: KeyPair, service_key: bytes, sealed: bytes) -> None:
        try:
            channel = keys.as_worker(service_key, self._training)
            task = TrainingTask.from_bytes(channel.open(sealed))
            result = run_task(
                task, lambda: None, lambda state: self._publish(channel, state), self._report
            )
            self._publish(channel, result.to_bytes(), done=True)
        except BaseException as error:
            self._update_status(error=_loggable(error))

    def _report(self, progress: Progress) -> None:
        self._update_status(step=progress.step, fraction=progress.fraction)

    def _publish(self, channel: Channel, plain: bytes, *, done: bool = False) -> None:
        # It replaces a state that was not fetched yet.
        self._update_status(sealed=channel.seal(plain), done=done)

    def _update_status(
        self,
        *,
        step: str | None = None,
        fraction: float | None = None,
        sealed: bytes | None = None,
        done: bool = False,
        error: SongreelError | None = None,
    ) -> None:
        with self._changed:
            now = self._status
            self._status = WorkerStatus(
                now.step if step is None else step,
                now.fraction if fraction is None else fraction,
                now.number + (sealed is not None),
                now.sealed if sealed is None else sealed,
                done=done,
                error=error,
            )
            self._read = False
            self._changed.notify_all()

    def _exit_when_forgotten(self) -> None:
        while time.monotonic() - self._last_heard < self._patience:
            # Plain sleep: nothing else in this process can wake or delay it.
            time.sleep(min(1.0, self._patience / 4))
        self._exit(1)


def _loggable(error: BaseException) -> SongreelError:
    """An error that can be shown to Ray, which writes errors to its logs.

    Others' errors may hold what they were about (`UnicodeDecodeError.object` does): their name
    and first line go on, they themselves do not.
    """
    if isinstance(error, CheckpointNotFound):
        return CheckpointNotFound(
            f"{error.message} for the Ray worker on {platform.node()}: mount the same checkpoints "
            "at the same path on every node that trains",
            **error.metadata,
        )
    if isinstance(error, SongreelError):
        return error
    line = str(error).strip().partition("\n")[0][:_LONGEST_MESSAGE]
    return InternalError(f"the training on {platform.node()} broke: {type(error).__name__}: {line}")
