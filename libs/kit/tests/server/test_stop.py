"""A server that stops lets its calls finish, and only so long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from hypothesis import given
from hypothesis import strategies as st
from songreel.type.v1.artifact_pb2 import Progress
from songreel_kit.channel.channel import open_channel
from songreel_kit.errors import NotAudio, ServiceUnavailable
from songreel_kit.server.server import ServerSettings, running_server
from songreel_kit.server.service import Service
from songreel_kit.stopping import StopBudget
from songreel_testing.serving import collect, expect_error, wait_until

NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


class Held:
    """A handler that answers when it is released."""

    def __init__(self) -> None:
        self.release = asyncio.Event()
        self.cancelled = False

    async def handler(self, request: Progress, context: Any) -> Progress:
        try:
            await self.release.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        return request


async def test_a_call_in_flight_finishes_and_new_ones_are_refused(probing: Any) -> None:
    held = Held()
    async with probing(unary_unary=held.handler) as probe:
        call = probe.unary_unary(Progress(step="mine"))
        await wait_until(lambda: probe.server.in_flight == 1)
        stopping = asyncio.create_task(probe.server.stop())
        async with open_channel(probe.server.address, idempotent=()) as other:
            await wait_until(lambda: probe.server.stopping)
            with expect_error(ServiceUnavailable):
                await other.unary_unary("/songreel.test.v1.ProbeService/unary_unary")(b"")
        assert not stopping.done()
        held.release.set()
        assert (await call).step == "mine"
        await stopping


async def test_health_says_so_first_and_watchers_hear_it(probing: Any) -> None:
    held = Held()
    settings = ServerSettings(linger_seconds=30)
    async with probing(unary_unary=held.handler, settings=settings) as probe:
        stub = health_pb2_grpc.HealthStub(probe.channel)
        watch = stub.Watch(health_pb2.HealthCheckRequest())
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.SERVING
        stopping = asyncio.create_task(probe.server.stop())
        assert (await watch.read()).status == NOT_SERVING
        # Lingering: calls are still taken, so that balancers can turn away first.
        held.release.set()
        assert (await probe.unary_unary(Progress(step="late"))).step == "late"
        probe.server.request_stop()
        probe.server.request_stop()
        await stopping


async def test_a_watcher_of_health_does_not_hold_up_the_stop(probing: Any) -> None:
    held = Held()
    settings = ServerSettings(grace_seconds=60)
    async with probing(unary_unary=held.handler, settings=settings) as probe:
        watch = health_pb2_grpc.HealthStub(probe.channel).Watch(health_pb2.HealthCheckRequest())
        await watch.read()
        async with asyncio.timeout(20):
            await probe.server.stop()
        with expect_error(ServiceUnavailable) as caught:
            while await watch.read() is not grpc.aio.EOF:
                pass  # NOT_SERVING may come first
        assert caught.message == "the server is stopping"


async def test_after_the_grace_period_calls_are_cancelled(probing: Any) -> None:
    held = Held()
    settings = ServerSettings(grace_seconds=0.2)
    async with probing(unary_unary=held.handler, settings=settings) as probe:
        call = probe.unary_unary(Progress())
        await wait_until(lambda: probe.server.in_flight == 1)
        await probe.server.stop()
        assert held.cancelled
        with pytest.raises((grpc.aio.AioRpcError, asyncio.CancelledError)):
            await call


async def test_large_answers_arrive_whole_though_the_server_stops(probing: Any) -> None:
    release = asyncio.Event()

    async def handler(request: Progress, context: Any) -> AsyncIterator[Progress]:
        await release.wait()
        for index in range(20):
            yield Progress(frames_done=index, step="x" * 3_000_000)

    async with probing(unary_stream=handler) as probe:
        call = probe.unary_stream(Progress())
        await wait_until(lambda: probe.server.in_flight == 1)
        stopping = asyncio.create_task(probe.server.stop())
        await wait_until(lambda: probe.server.stopping)
        release.set()
        answers = await collect(call)
        await stopping
    assert [answer.frames_done for answer in answers] == list(range(20))


async def test_a_second_request_to_stop_waits_for_nobody(probing: Any) -> None:
    held = Held()
    settings = ServerSettings(grace_seconds=600)
    async with probing(unary_unary=held.handler, settings=settings) as probe:
        call = probe.unary_unary(Progress())
        await wait_until(lambda: probe.server.in_flight == 1)
        probe.server.request_stop()
        stopping = asyncio.create_task(probe.server.stop())
        await wait_until(lambda: probe.server.stopping)
        probe.server.request_stop()
        await stopping
        assert held.cancelled
        with pytest.raises((grpc.aio.AioRpcError, asyncio.CancelledError)):
            await call


async def test_a_handler_that_cleans_up_after_its_abort_is_waited_for(probing: Any) -> None:
    release = asyncio.Event()
    aborted = asyncio.Event()
    cleaned = False

    async def handler(request: Progress, context: Any) -> Progress:
        nonlocal cleaned
        try:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "no")
        finally:
            aborted.set()
            await release.wait()
            cleaned = True
        return request

    async with probing(unary_unary=handler) as probe:
        call = probe.unary_unary(Progress())
        await aborted.wait()
        stopping = asyncio.create_task(probe.server.stop())
        with pytest.raises(grpc.aio.AioRpcError):
            await call
        await wait_until(lambda: probe.server.stopping)
        assert not stopping.done()
        release.set()
        await stopping
        assert cleaned


async def test_services_are_closed_after_their_last_call() -> None:
    order: list[str] = []

    def closing(name: str) -> Service:
        async def close() -> None:
            order.append(name)

        return Service(name, lambda server: None, close)

    async with running_server([closing("a"), closing("b")]) as server:
        assert server.port > 0
        server.request_stop()
        await server.wait_stopped()
        assert order == []
    assert order == ["b", "a"]


async def test_a_service_is_closed_when_the_server_cannot_start() -> None:
    closed: list[str] = []

    async def close() -> None:
        closed.append("x")

    def broken(server: grpc.aio.Server) -> None:
        raise NotAudio("cannot")

    with pytest.raises(NotAudio):
        async with running_server([Service("x", broken, close)]):
            pass
    assert closed == ["x"]


@given(
    seconds=st.floats(0.0, 1e4),
    steps=st.lists(st.tuples(st.floats(0, 1e4), st.floats(0, 1e4), st.floats(0, 1)), max_size=9),
)
def test_the_steps_of_a_stop_never_take_more_than_its_budget(
    seconds: float, steps: list[tuple[float, float, float]]
) -> None:
    now = 7.0
    budget = StopBudget(seconds, lambda: now)
    assert budget.left() == seconds
    budget.begin()
    for keep, most, share in steps:
        granted = budget.left(keep=keep, most=most)
        assert 0.0 <= granted <= most
        now += granted * share
        budget.begin()  # asked for twice: the first time counts
    assert now - 7.0 <= seconds + 1e-6
    assert budget.left() == pytest.approx(max(0.0, seconds - (now - 7.0)), abs=1e-6)
