"""A process that is told to end: SIGTERM, SIGINT, and a budget that nothing exceeds."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

import grpc
import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from songreel_kit.channel.channel import open_channel

PROGRAM = """
import asyncio, sys
import grpc
from songreel_kit.server.server import ServerSettings, serve
from songreel_kit.server.service import Service
from songreel_kit.server.main import main

async def hold(request, context):
    sys.stdout.write("held\\n"); sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    return request

async def close():
    sys.stdout.write("closed\\n"); sys.stdout.flush()

handlers = {"Hold": grpc.unary_unary_rpc_method_handler(hold)}
handler = grpc.method_handlers_generic_handler("test.Hold", handlers)
service = Service("test.Hold", lambda server: server.add_generic_rpc_handlers((handler,)), close)
main("test", lambda: serve([service], ServerSettings(grace_seconds=60)))
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_process_told_to_end_finishes_its_call(number: signal.Signals) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        PROGRAM,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ,
    )
    assert process.stdin
    assert process.stdout
    assert process.stderr
    try:
        line = (await process.stdout.readline()).decode()
        address = line.removeprefix("listening on ").strip()
        async with open_channel(address) as channel:
            call = channel.unary_unary("/test.Hold/Hold")(b"song")
            assert await process.stdout.readline() == b"held\n"
            process.send_signal(number)
            async with open_channel(address, idempotent=()) as other:

                async def refusing() -> bool:
                    try:
                        stub = health_pb2_grpc.HealthStub(other)
                        answer = await stub.Check(health_pb2.HealthCheckRequest())
                    except grpc.aio.AioRpcError as error:
                        return error.code() == grpc.StatusCode.UNAVAILABLE
                    return answer.status == health_pb2.HealthCheckResponse.NOT_SERVING

                async with asyncio.timeout(20):
                    while not await refusing():
                        pass
            process.stdin.write(b"go\n")
            assert await call == b"song"
        assert await process.stdout.readline() == b"closed\n"
        assert await asyncio.wait_for(process.wait(), 20) == 0
        logs = (await process.stderr.read()).decode()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    # The logs are JSON lines, as stderr is no terminal.
    assert '"event": "stopped"' in logs
    assert "Traceback" not in logs


STUCK = """
import asyncio, sys, time
import grpc
from songreel_kit.server.server import ServerSettings, serve
from songreel_kit.server.service import Service
from songreel_kit.server.main import main

async def hold(request, context):
    sys.stdout.write("held\\n"); sys.stdout.flush()
    if sys.argv[1] == "loop":
        time.sleep(600)
    await asyncio.get_running_loop().run_in_executor(None, time.sleep, 600)

handlers = {"Hold": grpc.unary_unary_rpc_method_handler(hold)}
handler = grpc.method_handlers_generic_handler("test.Hold", handlers)
service = Service("test.Hold", lambda server: server.add_generic_rpc_handlers((handler,)))
main("test", lambda: serve([service], ServerSettings(grace_seconds=0.5, tidy_seconds=1.0)))
"""


@pytest.mark.parametrize("held", ["thread", "loop"])
async def test_a_process_ends_with_its_budget_whatever_holds_it(held: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", STUCK, held),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout
    assert process.stderr
    try:
        line = (await process.stdout.readline()).decode()
        async with open_channel(line.removeprefix("listening on ").strip()) as channel:
            call = asyncio.ensure_future(channel.unary_unary("/test.Hold/Hold")(b"song"))
            assert await process.stdout.readline() == b"held\n"
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), 20) == 1
            with pytest.raises(grpc.aio.AioRpcError):
                await call
        logs = (await process.stderr.read()).decode()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    # It says what it was held by.
    assert "Timeout (0:00:01" in logs
    assert "in hold" in logs or "concurrent/futures/thread.py" in logs
