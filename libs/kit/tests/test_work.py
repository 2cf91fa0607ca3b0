"""Work in threads reports, returns, fails and ends when nobody waits for it."""

from __future__ import annotations

import asyncio
import threading
from contextlib import aclosing
from typing import Any

import pytest
import structlog
from songreel.type.v1.artifact_pb2 import Progress
from songreel_kit.errors import Cancelled, NotAudio
from songreel_kit.work import CancelToken, Done, Report, no_work_left, run_in_thread
from songreel_testing.serving import wait_until


async def test_progress_then_the_value() -> None:
    seen = threading.Semaphore(0)

    def count(report: Report, token: CancelToken) -> str:
        for index in range(3):
            report(Progress(step="count", fraction=index / 3))
            assert seen.acquire(timeout=10)
        return "three"

    events: list[Any] = []
    async for event in run_in_thread(count):
        events.append(event)
        seen.release()
    assert [event.fraction for event in events[:-1]] == [0, 1 / 3, 2 / 3]
    assert events[-1] == Done("three")


async def test_a_slow_consumer_gets_the_latest_only() -> None:
    finished = threading.Event()

    def count(report: Report, token: CancelToken) -> int:
        report(Progress(frames_done=0))
        for index in range(1, 10_001):
            report(Progress(frames_done=index))
        finished.set()
        return 0

    events: list[Any] = []
    async for event in run_in_thread(count):
        # Blocks the loop on purpose: nothing can be delivered meanwhile.
        assert finished.wait(10)
        events.append(event)
    frames = [event.frames_done for event in events[:-1]]
    assert frames[-1] == 10_000
    assert len(frames) <= 2


async def test_a_reused_message_is_not_changed_behind_the_consumer() -> None:
    progress = Progress(step="a")

    def work(report: Report, token: CancelToken) -> None:
        report(progress)
        progress.step = "b"

    events = [event async for event in run_in_thread(work)]
    assert isinstance(events[0], Progress)
    assert events[0].step == "a"


async def test_errors_come_out_as_they_are() -> None:
    def fail(report: Report, token: CancelToken) -> None:
        raise NotAudio("no audio in it")

    with pytest.raises(NotAudio, match="no audio in it"):
        async for _ in run_in_thread(fail):
            pass


class Endless:
    """Work that ends only when it is told to."""

    def __init__(self) -> None:
        self.running = threading.Event()
        self.ended = threading.Event()

    def __call__(self, report: Report, token: CancelToken) -> None:
        self.running.set()
        report(Progress(step="begun"))
        try:
            while not token.wait(10):
                raise AssertionError("never cancelled")
            token.check()
        finally:
            self.ended.set()


async def test_closing_ends_the_thread_before_it_returns() -> None:
    work = Endless()
    async with aclosing(run_in_thread(work)) as events:
        async for _ in events:
            break
    assert work.ended.is_set()


async def test_cancelling_ends_the_thread_before_the_task() -> None:
    work = Endless()

    async def consume() -> None:
        async for _ in run_in_thread(work):
            pass

    task = asyncio.create_task(consume())
    await wait_until(work.running.is_set)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert work.ended.is_set()


async def test_a_second_cancel_does_not_leave_the_thread_behind() -> None:
    may_end = threading.Event()
    ended = threading.Event()
    token_seen = threading.Event()

    def stubborn(report: Report, token: CancelToken) -> None:
        token.wait(10)
        token_seen.set()
        may_end.wait(10)
        ended.set()

    async def consume() -> None:
        async for _ in run_in_thread(stubborn):
            pass

    task = asyncio.create_task(consume())
    await asyncio.sleep(0)
    task.cancel()
    await wait_until(token_seen.is_set)
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()


async def test_reporting_after_a_cancel_raises() -> None:
    begun = threading.Event()
    outcome: list[BaseException] = []

    def work(report: Report, token: CancelToken) -> None:
        begun.set()
        token.wait(10)
        try:
            report(Progress())
        except Cancelled as error:
            outcome.append(error)
            raise

    events = run_in_thread(work)
    waiting = asyncio.create_task(anext(events))
    await wait_until(begun.is_set)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert len(outcome) == 1


async def test_a_dropped_iterator_is_ended_with_its_block() -> None:
    work = Endless()
    async with no_work_left():
        await anext(run_in_thread(work))
    assert work.ended.is_set()


async def test_log_context_goes_into_the_thread() -> None:
    structlog.contextvars.bind_contextvars(job_id="j-1")

    def work(report: Report, token: CancelToken) -> dict[str, Any]:
        return structlog.contextvars.get_contextvars()

    try:
        events = [event async for event in run_in_thread(work)]
    finally:
        structlog.contextvars.clear_contextvars()
    assert events == [Done({"job_id": "j-1"})]
