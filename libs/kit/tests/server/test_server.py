"""A real server: four kinds of calls, their errors, its limits."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
import structlog
from grpc_health.v1 import health_pb2, health_pb2_grpc
from songreel.type.v1.artifact_pb2 import Progress
from songreel_kit.errors import (
    Busy,
    Cancelled,
    DiskFull,
    InternalError,
    InvalidRequest,
    NotAudio,
    ResourceExhausted,
    Unimplemented,
)
from songreel_kit.server.server import ServerSettings
from songreel_testing.serving import expect_error, wait_until

KINDS = ("unary_unary", "unary_stream", "stream_unary", "stream_stream")


@pytest.mark.parametrize("kind", KINDS)
async def test_all_four_kinds_answer(kind: str, probing: Any, raising: Any) -> None:
    async with probing(**raising(lambda: None)) as probe:
        messages = [Progress(step="one"), Progress(step="two")]
        answers = await probe.ask(kind, *messages)
    expected = {
        "unary_unary": ["one"],
        "unary_stream": ["one"],
        "stream_unary": ["two"],
        "stream_stream": ["one", "two"],
    }
    assert [answer.step for answer in answers] == expected[kind]


@pytest.mark.parametrize("kind", KINDS)
async def test_an_error_in_each_kind_arrives_typed(kind: str, probing: Any, raising: Any) -> None:
    def fail() -> None:
        raise NotAudio("this is a picture", file="a.png")

    async with probing(**raising(fail)) as probe:
        call = probe.call(kind, Progress(step="one"))
        with expect_error(NotAudio) as caught:
            if kind.endswith("stream"):
                # What was sent before the error has arrived.
                assert (await call.read()).step == "one"
                await call.read()
            else:
                await call
        assert caught.message == "this is a picture"
        assert probe.server.in_flight == 0


@pytest.mark.parametrize("kind", KINDS)
async def test_a_bug_tells_the_client_nothing_and_the_log_everything(
    kind: str, probing: Any, raising: Any
) -> None:
    def fail() -> None:
        raise ValueError("password=hunter2")

    with structlog.testing.capture_logs() as logs:
        async with probing(**raising(fail)) as probe:
            with expect_error(InternalError) as caught:
                await probe.ask(kind, Progress())
    assert "hunter2" not in caught.message
    entry = next(log for log in logs if log["event"] == "a handler failed")
    assert entry["incident"] == caught.error.metadata["incident"]
    assert entry["incident"] in caught.message
    assert "hunter2" in entry["traceback"]
    assert "in fail" in entry["traceback"]


async def test_a_full_disk_is_called_so(probing: Any, raising: Any) -> None:
    def fail() -> None:
        with Path("/dev/full").open("wb", buffering=0) as file:
            file.write(b"x")

    async with probing(**raising(fail)) as probe:
        with expect_error(DiskFull):
            await probe.ask("unary_unary", Progress())


async def test_an_error_from_further_down_is_passed_on(probing: Any, raising: Any) -> None:
    def fail() -> None:
        raise NotAudio("this is a picture", file="a.png")

    async with probing(**raising(fail)) as below:

        async def forward(request: Progress, context: Any) -> Progress:
            return await below.unary_unary(request)

        async with probing(unary_unary=forward) as probe:
            with expect_error(NotAudio) as caught:
                await probe.unary_unary(Progress())
    assert caught.error.metadata == {"file": "a.png"}


async def test_a_handler_may_abort_by_itself(probing: Any) -> None:
    async def fail(request: Progress, context: Any) -> Progress:
        await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "no")
        raise AssertionError

    async with probing(unary_unary=fail) as probe:
        with expect_error(InvalidRequest):
            await probe.unary_unary(Progress())
        labels = {"grpc_service": "songreel.test.v1.ProbeService", "grpc_method": "unary_unary"}
        labels["grpc_code"] = "INVALID_ARGUMENT"
        handled = "grpc_server_handled_total"
        await wait_until(lambda: probe.server.registry.get_sample_value(handled, labels) == 1)


async def test_an_unknown_method_is_unimplemented(probing: Any, raising: Any) -> None:
    async with probing(**raising(lambda: None)) as probe:
        with expect_error(Unimplemented):
            await probe.channel.unary_unary("/songreel.test.v1.ProbeService/Nothing")(b"")


async def test_a_cancel_of_the_handlers_own_is_told(probing: Any) -> None:
    async def fail(request: Progress, context: Any) -> Progress:
        other = asyncio.create_task(asyncio.Event().wait())
        other.cancel()
        await other
        return request

    async with probing(unary_unary=fail) as probe:
        with expect_error(Cancelled):
            await probe.unary_unary(Progress(), timeout=20)


async def test_more_calls_than_allowed_are_turned_away(probing: Any) -> None:
    release = asyncio.Event()

    async def wait(request: Progress, context: Any) -> Progress:
        await release.wait()
        return request

    async with probing(unary_unary=wait, settings=ServerSettings(max_concurrent_calls=1)) as probe:
        first = probe.unary_unary(Progress(step="first"))
        await wait_until(lambda: probe.server.in_flight == 1)
        with expect_error(Busy) as caught:
            await probe.unary_unary(Progress())
        assert caught.error.retry_seconds == 5
        # Health answers all the same.
        stub = health_pb2_grpc.HealthStub(probe.channel)
        assert (await stub.Check(health_pb2.HealthCheckRequest())).status == 1
        release.set()
        assert (await first).step == "first"


async def test_a_message_over_four_mebibytes_is_refused(probing: Any, raising: Any) -> None:
    async with probing(**raising(lambda: None)) as probe:
        with expect_error(ResourceExhausted):
            await probe.unary_unary(Progress(step="x" * (4 * 1024 * 1024 + 1)))
        large = "x" * (3 * 1024 * 1024)
        assert (await probe.unary_unary(Progress(step=large))).step == large


async def test_pings_in_a_row_end_no_connection(probing: Any, raising: Any) -> None:
    ping, goaway, ack = 6, 7, 1
    pings = 8
    async with probing(**raising(lambda: None)) as probe:
        reader, writer = await asyncio.open_connection("127.0.0.1", probe.server.port)
        settings = bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))
        writer.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + settings)
        answered = 0
        async with asyncio.timeout(30):
            for number in range(pings):
                # RFC 9113, section 6.7: eight bytes of the sender's choice, sent back as they are.
                payload = bytes((number,) * 8)
                writer.write(bytes((0, 0, 8, ping, 0, 0, 0, 0, 0)) + payload)
                while answered == number:
                    head = await reader.readexactly(9)
                    body = await reader.readexactly(int.from_bytes(head[:3]))
                    assert head[3] != goaway, body
                    if (head[3], head[4]) == (ping, ack):
                        assert body == payload
                        answered += 1
        writer.close()
        assert answered == pings
