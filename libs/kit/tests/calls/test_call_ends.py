"""A call that ends early ends all its work, and half an upload is no upload."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest
from songreel.type.v1.artifact_pb2 import Artifact, Progress
from songreel_kit.artifacts.local import LocalArtifactStore
from songreel_kit.channel.channel import open_channel
from songreel_kit.errors import (
    DeadlineExceeded,
    InternalError,
    InvalidUpload,
)
from songreel_kit.work import CancelToken, Report, run_in_thread
from songreel_testing.serving import collect, expect_error, wait_until


class ThreadWork:
    """A streaming handler whose thread works until it is told to end."""

    def __init__(self) -> None:
        self.ended = threading.Event()

    async def handler(self, request: Progress, context: Any) -> AsyncIterator[Progress]:
        def work(report: Report, token: CancelToken) -> None:
            try:
                while True:
                    report(Progress(step="working"))
                    token.wait(0.001)
            finally:
                self.ended.set()

        async for event in run_in_thread(work):
            if isinstance(event, Progress):
                yield event


async def test_a_cancelled_call_leaves_no_thread_at_work(probing: Any) -> None:
    work = ThreadWork()
    async with probing(unary_stream=work.handler) as probe:
        call = probe.unary_stream(Progress())
        assert (await call.read()).step == "working"
        assert not work.ended.is_set()
        call.cancel()
        await wait_until(lambda: probe.server.in_flight == 0)
        # The call counts as over only once its thread is.
        assert work.ended.is_set()
        await wait_until(lambda: _handled(probe, "unary_stream", "CANCELLED") == 1)


async def test_a_client_that_vanishes_ends_the_work(probing: Any) -> None:
    work = ThreadWork()
    async with probing(unary_stream=work.handler) as probe:
        async with open_channel(probe.server.address) as channel:
            call = channel.unary_stream(
                "/songreel.test.v1.ProbeService/unary_stream",
                request_serializer=Progress.SerializeToString,
                response_deserializer=Progress.FromString,
            )(Progress())
            await call.read()
        await wait_until(lambda: probe.server.in_flight == 0)
        assert work.ended.is_set()


async def test_the_deadline_ends_the_work(probing: Any) -> None:
    work = ThreadWork()
    async with probing(unary_stream=work.handler) as probe:
        with expect_error(DeadlineExceeded):
            await collect(probe.unary_stream(Progress(), timeout=0.2))
        await wait_until(lambda: probe.server.in_flight == 0)
        assert work.ended.is_set()
        await wait_until(lambda: _handled(probe, "unary_stream", "DEADLINE_EXCEEDED") == 1)


async def test_an_error_of_time_inside_the_handler_is_not_the_deadline(probing: Any) -> None:
    async def fail(request: Progress, context: Any) -> Progress:
        raise TimeoutError("something else")

    async with probing(unary_unary=fail) as probe:
        with expect_error(InternalError):
            await probe.unary_unary(Progress(), timeout=30)


@pytest.mark.parametrize("kind", ["stream_unary", "stream_stream"])
@pytest.mark.parametrize("how", ["cancel", "vanish"])
async def test_an_upload_that_breaks_off_leaves_nothing(
    probing: Any, store: LocalArtifactStore, kind: str, how: str
) -> None:
    writing = asyncio.Event()
    complete: list[Artifact] = []

    async def receive(requests: AsyncIterator[Progress]) -> Progress:
        with store.writer("audio/mpeg") as writer:
            async for request in requests:
                writer.write(request.step.encode())
                writing.set()
        complete.append(writer.artifact)
        return Progress(step=writer.artifact.sha256)

    async def stream_unary(requests: AsyncIterator[Progress], context: Any) -> Progress:
        return await receive(requests)

    async def stream_stream(
        requests: AsyncIterator[Progress], context: Any
    ) -> AsyncIterator[Progress]:
        yield Progress(step="ready")
        yield await receive(requests)

    async with probing(stream_unary=stream_unary, stream_stream=stream_stream) as probe:
        for _ in range(10):
            writing.clear()
            async with open_channel(probe.server.address) as channel:
                call = getattr(type(probe)(probe.server, channel), kind)()
                await call.write(Progress(step="half a song"))
                await writing.wait()
                if how == "cancel":
                    call.cancel()
            await wait_until(lambda: probe.server.in_flight == 0)
        assert complete == []
        assert [path for path in store.root.rglob("*") if path.is_file()] == []
        # A whole one stays.
        await probe.ask(kind, Progress(step="a "), Progress(step="song"))
    assert [store.read_bytes(artifact) for artifact in complete] == [b"a song"]


@pytest.mark.parametrize("kind", ["stream_unary", "stream_stream"])
async def test_an_error_beside_the_end_of_the_requests_is_answered(probing: Any, kind: str) -> None:
    """A handler that reads in one task and fails in another, at any moment of the end."""

    async def fail(requests: AsyncIterator[Progress], turns: int) -> None:
        at_the_end = asyncio.Event()

        async def read() -> None:
            async for _ in requests:
                at_the_end.set()

        reading = asyncio.create_task(read())
        await at_the_end.wait()
        for _ in range(turns):
            await asyncio.sleep(0)
        reading.cancel()
        raise InvalidUpload("none")

    async def stream_unary(requests: AsyncIterator[Progress], context: Any) -> Progress:
        async for first in requests:
            await fail(requests, int(first.step))
        raise AssertionError("no request came")

    async def stream_stream(
        requests: AsyncIterator[Progress], context: Any
    ) -> AsyncIterator[Progress]:
        yield await stream_unary(requests, context)

    async with probing(stream_unary=stream_unary, stream_stream=stream_stream) as probe:
        for turns in [*range(12)] * 10:
            with expect_error(InvalidUpload):
                await probe.ask(kind, Progress(step=str(turns)), Progress(), timeout=10)


def _handled(probe: Any, method: str, code: str) -> float | None:
    return probe.server.registry.get_sample_value(
        "grpc_server_handled_total",
        {
            "grpc_service": "songreel.test.v1.ProbeService",
            "grpc_method": method,
            "grpc_code": code,
        },
    )
