"""CPU work beside the event loop: progress comes out, cancel goes in."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from songreel.type.v1.artifact_pb2 import Progress

from songreel_kit.errors import Cancelled
from songreel_kit.telemetry.tracing import Steps

T = TypeVar("T")
R = TypeVar("R")

Report = Callable[[Progress], None]
"""Tells how far the work is. Raises `Cancelled` once the work is cancelled."""


class CancelToken:
    """Tells work in a thread that nobody waits for it any more. Thread-safe."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Asks the work to end; more than once is the same as once."""
        self._event.set()

    @property
    def cancelled(self) -> bool:
        """Whether the work was asked to end."""
        return self._event.is_set()

    def check(self) -> None:
        """Raises `Cancelled` if the work was asked to end; call it in every long loop."""
        if self._event.is_set():
            raise Cancelled("the work was cancelled")

    def wait(self, seconds: float) -> bool:
        """Waits up to `seconds` for a cancel; True if it came."""
        return self._event.wait(seconds)


@dataclass(frozen=True, eq=False)
class _Work:
    """A thread at work."""

    future: asyncio.Future[Any]
    token: CancelToken


_begun: contextvars.ContextVar[set[_Work] | None] = contextvars.ContextVar(
    "songreel_work", default=None
)


@asynccontextmanager
async def no_work_left() -> AsyncGenerator[None]:
    """Ends, with the block, all work that was begun inside and not waited for.

    A handler that is closed between two messages drops its `run_in_thread` iterator
    without closing it; Python would close it at some later time.
    """
    begun: set[_Work] = set()
    _begun.set(begun)
    try:
        yield
    finally:
        left = tuple(begun)
        for work in left:
            work.token.cancel()
        for work in left:
            await _settled(work.future)


@dataclass(frozen=True)
class Done(Generic[T]):
    """The last thing that work yields."""

    value: T


class _Mailbox:
    """Holds the latest progress for a consumer on the loop; older news are dropped."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._lock = threading.Lock()
        self._latest: Progress | None = None
        self.changed = asyncio.Event()

    def put(self, progress: Progress) -> None:
        copy = Progress()
        copy.CopyFrom(progress)  # the caller may reuse its message
        with self._lock:
            announced = self._latest is not None
            self._latest = copy
        if not announced:
            self._loop.call_soon_threadsafe(self.changed.set)

    def take(self) -> Progress | None:
        with self._lock:
            latest, self._latest = self._latest, None
        return latest


async def run_in_thread(
    function: Callable[[Report, CancelToken], T],
) -> AsyncGenerator[Progress | Done[T]]:
    """Runs `function(report, token)` in a thread of its own.

    Yields the progress it reports (the latest, if the consumer is slower), then
    `Done` with its value.

    What the function raises is raised here. When the consumer is cancelled or
    closes the iterator, the token is cancelled and the thread awaited, so that
    nothing works on behind a call that ended. Logging context goes along, and every
    step that is reported becomes a span.
    """
    loop = asyncio.get_running_loop()
    token = CancelToken()
    mailbox = _Mailbox(loop)
    steps = Steps()

    def report(progress: Progress) -> None:
        token.check()
        steps.begin(progress.step)
        mailbox.put(progress)

    # A pool of one, because the loop's shared pool would let long work queue up
    # behind other long work unseen.
    pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="songreel-work")
    context = contextvars.copy_context()

    def in_steps() -> T:
        try:
            value = function(report, token)
        except BaseException as error:
            steps.end(error)
            raise
        steps.end()
        return value

    future = loop.run_in_executor(pool, context.run, in_steps)
    future.add_done_callback(lambda _: mailbox.changed.set())
    begun = _begun.get()
    if begun is not None:
        work = _Work(future, token)
        begun.add(work)
        future.add_done_callback(lambda _: begun.discard(work))
    try:
        while not future.done():
            await mailbox.changed.wait()
            mailbox.changed.clear()
            progress = mailbox.take()
            if progress is not None:
                yield progress
        progress = mailbox.take()
        if progress is not None:
            yield progress
        yield Done(future.result())
    finally:
        token.cancel()
        pool.shutdown(wait=False)
        await _settled(future)


async def _settled(future: asyncio.Future[T]) -> None:
    """Waits for the thread's end, however often the waiting task is cancelled."""
    interruption: asyncio.CancelledError | None = None
    while not future.done():
        try:
            await asyncio.wait({future})
        except asyncio.CancelledError as error:
            interruption = error
    if not future.cancelled():
        future.exception()  # seen, so that asyncio does not call it forgotten
    if interruption is not None:
        raise interruption


async def responses(
    kind: Callable[..., R], function: Callable[[Report, CancelToken], Any]
) -> AsyncGenerator[R]:
    """What a method that streams progress, then one result, sends; see `run_in_thread`.

    Args:
        kind: message with the fields `progress` and `result`.
        function: does the work.
    """
    async for event in run_in_thread(function):
        yield kind(result=event.value) if isinstance(event, Done) else kind(progress=event)
