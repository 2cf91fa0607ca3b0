"""A pool of tasks on workers that may be lost; knows nothing of Ray."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Final, Generic, Protocol, TypeVar

from songreel_kit.errors import Busy, ServiceUnavailable
from songreel_kit.telemetry.logging import get_logger
from songreel_kit.work import CancelToken

_log = get_logger(__name__)

T = TypeVar("T")
R = TypeVar("R", covariant=True)

# A task that takes its worker down so often will do it again.
ATTEMPTS: Final = 3
# How often a cancel is looked for while all workers draw.
_CANCEL_SECONDS: Final = 0.2


class WorkerLost(Exception):  # noqa: N818 - never leaves this package
    """The worker ended in the middle; the task is to be done again by another."""


class QueueFull(Exception):  # noqa: N818 - never leaves this package
    """No worker is free and no more tasks may wait."""


class TaskFuture(Protocol[R]):
    """A task that was submitted."""

    def result(self) -> R:
        """Wait for it.

        Raises:
            WorkerLost, QueueFull: see there.
            SongreelError: the task cannot be done.
        """
        ...

    def cancel(self) -> None:
        """Ask the worker to stop; `result` need not return anything useful any more."""
        ...


class TaskPool(Generic[T, R]):
    """Runs tasks on workers, at most `width` at a time.

    Args:
        submit: hands a task to a worker.
        width: most tasks under way at the same time.
        done: called with each task and its result, in the order in which they end.
    """

    def __init__(
        self, submit: Callable[[T], TaskFuture[R]], width: int, done: Callable[[T, R], None]
    ) -> None:
        self._submit = submit
        self._max_width = width
        self._width = width
        self._done = done
        self._waiting: deque[T] = deque()
        self._running: dict[Future[R], tuple[T, TaskFuture[R], int]] = {}
        self._count = 0
        self._lost: Counter[T] = Counter()

    def run(self, tasks: Iterable[T], token: CancelToken) -> None:
        """Run all tasks; after any error those under way are cancelled and waited for.

        Raises:
            Busy: not even one task finds room.
            ServiceUnavailable: a task was lost with its worker too often.
            SongreelError: a task cannot be done.
            Cancelled: the token was cancelled.
        """
        self._waiting.extend(tasks)
        pool = ThreadPoolExecutor(self._max_width, thread_name_prefix="songreel-tasks")
        try:
            while self._waiting or self._running:
                token.check()
                while self._waiting and len(self._running) < self._width:
                    task = self._waiting.popleft()
                    remote = self._submit(task)
                    self._running[pool.submit(remote.result)] = task, remote, self._count
                ended = wait(self._running, _CANCEL_SECONDS, FIRST_COMPLETED).done
                for future in ended:
                    self._settle(future)
        finally:
            for _, remote, _ in self._running.values():
                remote.cancel()
            pool.shutdown()

    def _settle(self, future: Future[R]) -> None:
        task, _, count = self._running.pop(future)
        try:
            result = future.result()
        except QueueFull as error:
            self._narrow(task, count, error)
        except WorkerLost as error:
            self._retry(task, error)
        else:
            self._count += 1
            self._width = min(self._width + 1, self._max_width)
            self._done(task, result)

    def _narrow(self, task: T, count: int, error: QueueFull) -> None:
        """Go on with fewer tasks at a time: other renders have filled the queue.

        `count` is how many tasks were done when this one was submitted: if one has ended since,
        its place may be free.
        """
        if not self._running and self._count == count:
            raise Busy(
                "the queue of the renderer's replicas is full; ask again later, or allow more "
                "with SONGREEL_RENDER_RAY_MAX_REPLICAS or SONGREEL_RENDER_RAY_MAX_QUEUED"
            ) from error
        self._width = max(1, len(self._running))
        self._waiting.appendleft(task)

    def _retry(self, task: T, error: WorkerLost) -> None:
        self._lost[task] += 1
        _log.warning("a worker was lost while it drew", task=str(task), times=self._lost[task])
        if self._lost[task] >= ATTEMPTS:
            raise ServiceUnavailable(
                f"the replicas that drew {task} ended {ATTEMPTS} times in the middle ({error}); "
                "they may have too little memory"
            ) from error
        self._waiting.appendleft(task)
