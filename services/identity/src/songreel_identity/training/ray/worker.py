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

NEWS_SECONDS: Final = 0.5
"""How long `news` waits for some."""
_LONGEST_MESSAGE: Final = 300


@dataclass(frozen=True)
class WorkerStatus:
    """How a training stands."""

    step: str
    fraction: float
    """Of the updates, in [0, 1]."""
    number: int
    """How many sealed messages there were."""
    sealed: bytes | None
    """The last of them, when the service does not have it: a state, or at the end what came of
    it all."""
    done: bool
    error: SongreelError | None
    """What ended it."""


class TrainingWorker:
    """Trains one person, once, and answers meanwhile.

    Args:
        training: id of the training.
        patience_seconds: when the service is not heard of for so long, the process ends: the
            person may have withdrawn, and nobody could say so.
        leave: ends the process; tests put something else here.
    """

    def __init__(
        self, training: str, patience_seconds: float, leave: Callable[[int], object] = os._exit
    ) -> None:
        # A crash would otherwise write the memory, and the pictures in it, to disk.
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        self._training = training
        self._keys: KeyPair | None = KeyPair()
        self._patience = patience_seconds
        self._leave = leave
        self._changed = threading.Condition()
        self._seen = False
        self._news = WorkerStatus("load", 0.0, 0, None, done=False, error=None)
        self._heard = time.monotonic()
        threading.Thread(target=self._watch, daemon=True, name="songreel-watch").start()

    def public_key(self) -> bytes:
        """For this training alone."""
        self._heard = time.monotonic()
        assert self._keys is not None, "the training has begun: its keys are used"
        return self._keys.public

    def begin(self, service_key: bytes, sealed: bytes) -> None:
        """Opens an `TrainingTask` and starts with it; what goes wrong is in the news."""
        self._heard = time.monotonic()
        keys, self._keys = self._keys, None
        assert keys is not None, "a worker trains once"
        threading.Thread(
            target=self._work, args=(keys, service_key, sealed), daemon=True, name="songreel-train"
        ).start()

    def news(self, have: int) -> WorkerStatus:
        """How it stands; waits for something new, up to `NEWS_SECONDS`.

        Args:
            have: number of the last sealed message that the service has.
        """
        self._heard = time.monotonic()
        with self._changed:
            self._changed.wait_for(lambda: not self._seen, NEWS_SECONDS)
            self._seen = True
            news = self._news
        self._heard = time.monotonic()
        if news.number > have:
            return news
        return WorkerStatus(
            news.step, news.fraction, news.number, None, done=news.done, error=news.error
        )

    def _work(self, keys: KeyPair, service_key: bytes, sealed: bytes) -> None:
        try:
            channel = keys.as_worker(service_key, self._training)
            task = TrainingTask.from_bytes(channel.open(sealed))
            result = run_task(
                task, lambda: None, lambda state: self._hand_out(channel, state), self._report
            )
            self._hand_out(channel, result.to_bytes(), done=True)
        except BaseException as error:
            self._tell(error=_without_content(error))

    def _report(self, progress: Progress) -> None:
        self._tell(step=progress.step, fraction=progress.fraction)

    def _hand_out(self, channel: Channel, plain: bytes, *, done: bool = False) -> None:
        # A state that was not fetched by now is worth nothing beside this one.
        self._tell(sealed=channel.seal(plain), done=done)

    def _tell(
        self,
        *,
        step: str | None = None,
        fraction: float | None = None,
        sealed: bytes | None = None,
        done: bool = False,
        error: SongreelError | None = None,
    ) -> None:
        with self._changed:
            now = self._news
            self._news = WorkerStatus(
                now.step if step is None else step,
                now.fraction if fraction is None else fraction,
                now.number + (sealed is not None),
                now.sealed if sealed is None else sealed,
                done=done,
                error=error,
            )
            self._seen = False
            self._changed.notify_all()

    def _watch(self) -> None:
        while time.monotonic() - self._heard < self._patience:
            # All that it waits for is time: nothing wakes it, whatever else this process does.
            time.sleep(min(1.0, self._patience / 4))
        self._leave(1)


def _without_content(error: BaseException) -> SongreelError:
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
