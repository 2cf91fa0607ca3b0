"""Calls and watchers against two gateways, beside a bare grpc.aio server.

The bare server (`bare.py`) has the same messages ready in memory and runs in the same
minutes on the same machine. Clients are in this process, the servers in others.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
from google.longrunning.operations_pb2 import GetOperationRequest
from google.longrunning.operations_pb2_grpc import OperationsStub
from rich.console import Console
from rich.table import Table
from songreel.v1.video_service_pb2 import WatchOperationRequest, WatchOperationResponse
from songreel.v1.video_service_pb2_grpc import VideoServiceStub
from songreel_kit.channel import open_channel
from songreel_kit.temporary_servers import temporary_postgres, temporary_rclone

from bench.machine import describe
from tests.chaos.cluster import cluster_of
from tests.chaos.crowd import AGAIN, Crowd

_AT_ONCE = 32
_RATE = 200.0


@dataclass(frozen=True)
class Side:
    """What one server managed."""

    calls: float
    """Unary calls a second, as many as go."""
    messages: float
    """Watched events a second, as many as go."""
    p50: float
    p99: float
    """Milliseconds of a call at 200 calls a second."""
    rate: float
    """Calls a second that were really begun."""


async def _side(addresses: list[str], operation: str, seconds: float) -> Side:
    channels = [open_channel(address) for address in addresses]
    unary = [OperationsStub(channel) for channel in channels]
    streams = [VideoServiceStub(channel) for channel in channels]
    get, watch = GetOperationRequest(name=operation), WatchOperationRequest(name=operation)

    async def ask(index: int) -> int:
        await unary[index % len(unary)].GetOperation(get)
        return 1

    async def follow(index: int) -> int:
        call: Any = streams[index % len(streams)].WatchOperation(watch)
        return len([event async for event in call])

    await asyncio.gather(*(ask(index) for index in range(_AT_ONCE)))
    calls = await _flat_out(ask, seconds)
    messages = await _flat_out(follow, seconds)
    took, rate = await _steadily(ask, seconds)
    for channel in channels:
        await channel.close()
    p = statistics.quantiles(took, n=100)
    return Side(calls, messages, p[49] * 1000, p[98] * 1000, rate)


async def _flat_out(act: Any, seconds: float) -> float:
    """How much a second `_AT_ONCE` clients get that ask again at once."""
    began = time.monotonic()

    async def client(index: int) -> int:
        got = 0
        while time.monotonic() < began + seconds:
            got += await act(index)
        return got

    got = sum(await asyncio.gather(*(client(index) for index in range(_AT_ONCE))))
    return got / (time.monotonic() - began)


async def _steadily(act: Any, seconds: float) -> tuple[list[float], float]:
    """Seconds that each call took, counted from when it was due, and the rate begun."""
    took: list[float] = []
    began = time.monotonic()

    async def one(index: int, due: float) -> None:
        await act(index)
        took.append(time.monotonic() - due)

    tasks: list[asyncio.Task[None]] = []
    for index in range(round(_RATE * seconds)):
        due = began + index / _RATE
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        tasks.append(asyncio.create_task(one(index, due)))
    rate = len(tasks) / (time.monotonic() - began)
    await asyncio.gather(*tasks)
    return took, rate


@asynccontextmanager
async def _bare(folder: Path, operation: bytes, log: list[bytes]) -> AsyncIterator[str]:
    (folder / "events").mkdir(parents=True)
    (folder / "operation").write_bytes(operation)
    for index, event in enumerate(log):
        (folder / "events" / f"{index:06d}").write_bytes(event)
    with subprocess.Popen(  # noqa: ASYNC220 - it only forks
        [sys.executable, str(Path(__file__).with_name("bare.py")), str(folder)],
        stdout=subprocess.PIPE,
    ) as process:
        try:
            assert process.stdout is not None
            yield (await asyncio.to_thread(process.stdout.readline)).decode().strip()
        finally:
            process.kill()


async def _watchers(crowd: Crowd, addresses: list[str], count: int, jobs: int) -> str:
    """So many watchers of so many jobs while these are at work."""
    late: list[float] = []
    turns: list[grpc.StatusCode] = []
    whole = 0
    channels = [open_channel(address) for address in addresses]
    orders = await asyncio.gather(*(crowd.order(f"watched-{index}") for index in range(jobs)))
    began = time.monotonic()

    async def watch(index: int) -> None:
        nonlocal whole
        stub: Any = VideoServiceStub(channels[index % len(channels)])
        offsets: list[int] = []
        done = False
        while not done:
            started = time.time()
            request = WatchOperationRequest(
                name=orders[index % jobs].operation, offset=len(offsets)
            )
            call = stub.WatchOperation(request, timeout=600)
            try:
                async for response in call:
                    offsets.append(response.event.offset)
                    done = response.event.done
                    written = response.event.time.ToMicroseconds() / 1e6
                    if written > started:
                        late.append(time.time() - written)
            except grpc.aio.AioRpcError as error:
                if error.code() not in AGAIN:
                    raise
                turns.append(error.code())
        whole += offsets == list(range(len(offsets)))

    await asyncio.gather(*(watch(index) for index in range(count)))
    seconds = time.monotonic() - began
    for channel in channels:
        await channel.close()
    p = statistics.quantiles(late, n=100)
    return (
        f"{count} watchers of {jobs} jobs: {whole} saw the whole log without a gap; "
        f"{len(late)} events as they came in {seconds:.1f} s, {p[49] * 1000:.0f} ms after they "
        f"were written (median), {p[98] * 1000:.0f} ms (p99); {len(turns)} watches were begun again"
    )


async def _measure(options: argparse.Namespace, folder: Path) -> None:
    table = Table(title="Load: 2 gateways on Postgres", caption=describe())
    for heading in ("", "bare grpc.aio", "2 gateways", "share"):
        table.add_column(heading, justify="right" if heading else "left")
    with temporary_postgres() as postgres, temporary_rclone(folder / "s3") as s3:
        async with cluster_of(2, folder / "cluster", postgres, s3, proxied=False) as cluster:
            crowd = Crowd(cluster.addresses)
            order = await crowd.order("measured")
            await crowd.watch(order)
            log = [WatchOperationResponse(event=each).SerializeToString() for each in order.log]
            async with open_channel(cluster.addresses[0]) as channel:
                found = await OperationsStub(channel).GetOperation(
                    GetOperationRequest(name=order.operation)
                )
            async with _bare(folder / "bare", found.SerializeToString(), log) as address:
                bare = await _side([address], order.operation, options.seconds)
                ours = await _side(cluster.addresses, order.operation, options.seconds)
            watched = await _watchers(crowd, cluster.addresses, options.watchers, options.jobs)
            await crowd.close()
    for name, label in (
        ("calls", "GetOperation, calls/s"),
        ("messages", f"WatchOperation of {len(log)} events, events/s"),
    ):
        theirs, own = getattr(bare, name), getattr(ours, name)
        table.add_row(label, f"{theirs:.0f}", f"{own:.0f}", f"{own / theirs:.0%}")
    for name, label in (("p50", "median"), ("p99", "p99")):
        table.add_row(
            f"GetOperation at {_RATE:.0f} calls/s, {label}, ms",
            f"{getattr(bare, name):.1f}",
            f"{getattr(ours, name):.1f}",
            "",
        )
    table.add_row("calls/s really begun", f"{bare.rate:.0f}", f"{ours.rate:.0f}", "")
    Console(width=140).print(table)
    print(watched)


def main(arguments: Sequence[str]) -> None:
    """Prints the table and the line of the watchers."""
    parser = argparse.ArgumentParser(prog="bench.platform load", description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each measurement")
    parser.add_argument("--watchers", type=int, default=500)
    parser.add_argument("--jobs", type=int, default=10, help="that are watched")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        asyncio.run(_measure(options, Path(scratch)))
