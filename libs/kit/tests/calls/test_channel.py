"""Channels retry what may be retried, spread calls, and find a server that comes back."""

from __future__ import annotations

from typing import Any

import grpc
import grpc.aio
from songreel.type.v1.artifact_pb2 import Progress
from songreel_kit.channel.channel import open_channel, wait_ready
from songreel_kit.errors import ServiceUnavailable
from songreel_kit.server.server import ServerSettings, running_server
from songreel_kit.server.service import Service
from songreel_testing.serving import expect_error

PROBE = "songreel.test.v1.ProbeService"


class Flaky:
    """Refuses a number of calls, then answers."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.calls = 0

    async def handler(self, request: Progress, context: Any) -> Progress:
        self.calls += 1
        if self.calls <= self.failures:
            raise ServiceUnavailable("come back later")
        return request


async def ask(address: str, *, idempotent: tuple[str, ...]) -> Progress:
    async with open_channel(address, idempotent=idempotent) as channel:
        return await channel.unary_unary(
            f"/{PROBE}/unary_unary",
            request_serializer=Progress.SerializeToString,
            response_deserializer=Progress.FromString,
        )(Progress(step="hello"))


async def test_an_idempotent_call_is_tried_again(probing: Any) -> None:
    flaky = Flaky(failures=2)
    async with probing(unary_unary=flaky.handler) as probe:
        answer = await ask(probe.server.address, idempotent=(PROBE,))
    assert answer.step == "hello"
    assert flaky.calls == 3


async def test_one_method_alone_may_be_idempotent(probing: Any) -> None:
    flaky = Flaky(failures=1)
    async with probing(unary_unary=flaky.handler) as probe:
        await ask(probe.server.address, idempotent=(f"{PROBE}/unary_unary",))
    assert flaky.calls == 2


async def test_after_four_tries_the_error_is_the_servers(probing: Any) -> None:
    flaky = Flaky(failures=100)
    async with probing(unary_unary=flaky.handler) as probe:
        with expect_error(ServiceUnavailable) as caught:
            await ask(probe.server.address, idempotent=(PROBE,))
    assert caught.message == "come back later"
    assert flaky.calls == 4


async def test_other_calls_are_made_once(probing: Any) -> None:
    flaky = Flaky(failures=1)
    async with probing(unary_unary=flaky.handler) as probe:
        with expect_error(ServiceUnavailable):
            await ask(probe.server.address, idempotent=())
    assert flaky.calls == 1


async def test_the_channels_own_time_limit_holds_where_a_call_sets_none(probing: Any) -> None:
    limits: list[float] = []

    async def note(request: Progress, context: Any) -> Progress:
        limits.append(context.time_remaining())
        return request

    async with (
        probing(unary_unary=note) as probe,
        open_channel(probe.server.address, timeout=30) as channel,
    ):
        call = channel.unary_unary(
            f"/{PROBE}/unary_unary", request_serializer=Progress.SerializeToString
        )
        await call(Progress())
        await call(Progress(), timeout=10)
    assert 20 < limits[0] < 33
    assert 5 < limits[1] < 11


async def test_a_server_that_comes_back_is_found_again() -> None:
    handlers = {"Ask": grpc.unary_unary_rpc_method_handler(_echo)}
    handler = grpc.method_handlers_generic_handler("test.Echo", handlers)
    service = Service("test.Echo", lambda server: server.add_generic_rpc_handlers((handler,)))
    async with running_server([service]) as server:
        address = server.address
        channel = open_channel(address, idempotent=("test.Echo",))
        assert await channel.unary_unary("/test.Echo/Ask")(b"one") == b"one"
    async with channel, running_server([service], ServerSettings(bind=address)):
        call = channel.unary_unary("/test.Echo/Ask")
        assert await call(b"two", wait_for_ready=True, timeout=20) == b"two"


async def test_calls_are_spread_over_all_addresses() -> None:
    counts = {}

    def service(name: str) -> Service:
        async def count(request: bytes, context: Any) -> bytes:
            counts[name] = counts.get(name, 0) + 1
            return request

        handlers = {"Ask": grpc.unary_unary_rpc_method_handler(count)}
        handler = grpc.method_handlers_generic_handler("test.Echo", handlers)
        return Service("test.Echo", lambda server: server.add_generic_rpc_handlers((handler,)))

    async with running_server([service("a")]) as one, running_server([service("b")]) as two:
        target = f"ipv4:{one.address},{two.address}"
        async with open_channel(target) as channel:
            call = channel.unary_unary("/test.Echo/Ask")
            # Both connections may take a moment to be up.
            for _ in range(2000):
                await call(b"")
                if len(counts) == 2:
                    break
            counts.clear()
            for _ in range(20):
                await call(b"")
    assert counts == {"a": 10, "b": 10}


async def test_waiting_for_a_server_says_whether_it_came() -> None:
    async with open_channel("127.0.0.1:9") as nowhere:
        assert not await wait_ready(nowhere, 0.2)
    async with running_server([]) as server, open_channel(server.address) as channel:
        assert await wait_ready(channel, 20)


async def _echo(request: bytes, context: Any) -> bytes:
    return request
