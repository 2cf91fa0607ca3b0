"""Request id and deadline go along with the calls made on a call's behalf."""

from __future__ import annotations

from typing import Any

import grpc
import grpc.aio
import pytest
import structlog
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from songreel.type.v1.artifact_pb2 import Progress
from songreel_kit.call_scope import current_call
from songreel_kit.errors import (
    NotAudio,
)


async def test_the_request_id_goes_all_the_way(probing: Any) -> None:
    seen: list[str] = []

    async def note(request: Progress, context: Any) -> Progress:
        seen.append(current_call().request_id)
        seen.append(structlog.contextvars.get_contextvars()["request_id"])
        raise NotAudio("no")

    async with probing(unary_unary=note) as below:

        async def forward(request: Progress, context: Any) -> Progress:
            return await below.unary_unary(request)

        async with probing(unary_unary=forward) as probe:
            with pytest.raises(grpc.aio.AioRpcError) as failed:
                await probe.unary_unary(Progress(), metadata=(("x-request-id", "req-7"),))
    assert seen == ["req-7", "req-7"]
    status = rpc_status.from_call(failed.value)
    info = error_details_pb2.RequestInfo()
    assert [detail.Unpack(info) for detail in status.details].count(True) == 1
    assert info.request_id == "req-7"


@pytest.mark.parametrize("sent", ["a b", "x" * 200, "a;drop"])
async def test_an_odd_request_id_is_replaced(probing: Any, sent: str) -> None:
    seen: list[str] = []

    async def note(request: Progress, context: Any) -> Progress:
        seen.append(current_call().request_id)
        return request

    async with probing(unary_unary=note) as probe:
        await probe.unary_unary(Progress(), metadata=(("x-request-id", sent),))
    assert len(seen) == 1
    assert seen[0] != sent
    assert len(seen[0]) == 32


async def test_the_deadline_goes_all_the_way(probing: Any) -> None:
    remaining: list[float | None] = []

    async def note(request: Progress, context: Any) -> Progress:
        remaining.append(context.time_remaining())
        return request

    async with probing(unary_unary=note) as below:

        async def forward(request: Progress, context: Any) -> Progress:
            await below.unary_unary(request)
            await below.unary_unary(request, timeout=1000)
            return await below.unary_unary(request, timeout=5)

        async with probing(unary_unary=forward) as probe:
            await probe.unary_unary(Progress(), timeout=60)
            await probe.unary_unary(Progress())
    # With a minute to go, then without a limit. gRPC rounds times up by a few percent.
    expected = [60, 60, 5, None, 1000, 5]
    assert [left is None for left in remaining] == [limit is None for limit in expected]
    for left, limit in zip(remaining, expected, strict=True):
        assert left is None or limit is None or limit * 0.8 < left < limit * 1.1
