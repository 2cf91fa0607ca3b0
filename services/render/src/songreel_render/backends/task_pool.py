"""Spreads the parts of a render over workers that may be lost; knows nothing of Ray."""

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

# A part that takes its worker down so often will do it again.
ATTEMPTS: Final = 3
# How often a cancel is looked for while all workers draw.
_CANCEL_SECONDS: Final = 0.2


class WorkerLost(Exception):  # noqa: N818 - never leaves this package
    """The worker ended in the middle; the part is to be done again by another."""


class QueueFull(Exception):  # noqa: N818 - never leaves this package
    """No worker is free and no more parts may wait."""


class Ticket(Protocol[R]):
    """A part that was given out."""

    def result(self) -> R:
        """Wait for it.

        Raises:
            WorkerLost, QueueFull: see there.
            SongreelError: the part cannot be done.
        """
        ...

    def cancel(self) -> None:
        """Ask the worker to stop; `result` need not return anything useful any more."""
        ...


class Spread(Generic[T, R]):
    """Gives parts out, at most so many at a time.

    Args:
        give: gives a part out.
        width: parts given out at the same time at most.
        done: told of each part that is done, in the order in which they end.
    """

    def __init__(
        self, give: Callable[[T], Ticket[R]], width: int, done: Callable[[T, R], None]
    ) -> None:
        self._give = give
        self._most = width
        self._width = width
        self._done = done
        self._waiting: deque[T] = deque()
        self._running: dict[Future[R], tuple[T, Ticket[R], int]] = {}
        self._count = 0
        self._lost: Counter[T] = Counter()

    def run(self, parts: Iterable[T], token: CancelToken) -> None:
        """Have all parts done; on any error those under way are cancelled and waited for.

        Raises:
            Busy: not even one part finds room.
            ServiceUnavailable: a part was lost with its worker too often.
            SongreelError: a part cannot be done.
            Cancelled: the token was cancelled.
        """
        self._waiting.extend(parts)
        pool = ThreadPoolExecutor(self._most, thread_name_prefix="songreel-spread")
        try:
            while self._waiting or self._running:
                token.check()
                while self._waiting and len(self._running) < self._width:
                    part = self._waiting.popleft()
                    ticket = self._give(part)
                    self._running[pool.submit(ticket.result)] = part, ticket, self._count
                ended = wait(self._running, _CANCEL_SECONDS, FIRST_COMPLETED).done
                for future in ended:
                    self._settle(future)
        finally:
            for _, ticket, _ in self._running.values():
                ticket.cancel()
            pool.shutdown()

    def _settle(self, future: Future[R]) -> None:
        part, _, count = self._running.pop(future)
        try:
            result = future.result()
        except QueueFull as error:
            self._narrow(part, count, error)
        except WorkerLost as error:
            self._again(part, error)
        else:
            self._count += 1
            self._width = min(self._width + 1, self._most)
            self._done(part, result)

    def _narrow(self, part: T, count: int, error: QueueFull) -> None:
        """Other renders have filled the queue: this one goes on with what it has there.

        `count` is how many parts were done when this one was given out: if one has ended
        since, its place may be free.
        """
        if not self._running and self._count == count:
            raise Busy(
                "the queue of the renderer's replicas is full; ask again later, or allow more "
                "with SONGREEL_RENDER_RAY_MAX_REPLICAS or SONGREEL_RENDER_RAY_MAX_QUEUED"
            ) from error
        self._width = max(1, len(self._running))
        self._waiting.appendleft(part)

    def _again(self, part: T, error: WorkerLost) -> None:
        self._lost[part] += 1
        _log.warning("a worker was lost while it drew", part=str(part), times=self._lost[part])
        if self._lost[part] >= ATTEMPTS:
            raise ServiceUnavailable(
                f"the replicas that drew {part} ended {ATTEMPTS} times in the middle ({error}); "
                "they may have too little memory"
            ) from error
        self._waiting.appendleft(part)
