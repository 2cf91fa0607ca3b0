"""Throughput and latency of two gateways, compared with a bare grpc.aio server.

The bare server (`bare.py`) has the same messages ready in memory and runs at the same time on
the same machine. Clients are in this process, the servers in others.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields
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
from songreel_kit.channel.channel import open_channel
from songreel_testing.cluster.cluster import Cluster, running_cluster
from songreel_testing.cluster.load_clients import RETRYABLE, LoadClients
from songreel_testing.servers import temporary_postgres, temporary_rclone

from bench.machine import describe

PAGE = Path(__file__).resolve().parents[2] / "docs" / "operate" / "load.md"
BEGIN, END = "<!-- load: written by bench.platform.load -->", "<!-- end -->"

_AT_ONCE = 32
_RATE = 200.0


@dataclass(frozen=True)
class Side:
    """Measurements of one side; medians over its rounds."""

    calls: float
    """Unary calls a second at full load."""
    messages: float
    """Watched events a second at full load."""
    p50: float
    p99: float
    """Milliseconds of a call at 200 calls a second."""
    rate: float
    """Calls a second that were actually begun."""
    cost: float
    """CPU milliseconds of its processes per call at full load, the figure that other load on the
    machine changes least."""


@dataclass(frozen=True)
class Serving:
    """The server processes of one side."""

    addresses: list[str]
    processes: list[int]

    def cpu_seconds(self) -> float:
        """CPU time used so far."""
        ticks = 0
        for process in self.processes:
            columns = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
            ticks += int(columns[11]) + int(columns[12])
        return ticks / os.sysconf("SC_CLK_TCK")


async def _side(serving: Serving, operation: str, seconds: float) -> Side:
    channels = [open_channel(address) for address in serving.addresses]
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
    before, began = serving.cpu_seconds(), time.monotonic()
    calls = await _flat_out(ask, seconds)
    cost = (serving.cpu_seconds() - before) / (calls * (time.monotonic() - began))
    messages = await _flat_out(follow, seconds)
    took, rate = await _steadily(ask, seconds)
    for channel in channels:
        await channel.close()
    p = statistics.quantiles(took, n=100)
    return Side(calls, messages, p[49] * 1000, p[98] * 1000, rate, cost * 1000)


def _processes(cluster: Cluster) -> list[int]:
    return [each.process.pid for each in cluster.gateways if each.process is not None]


async def _in_turn(sides: list[Serving], operation: str, seconds: float, rounds: int) -> list[Side]:
    """Measures the sides in turn, several times, so that other load affects all of them."""
    found: list[list[Side]] = [[] for _ in sides]
    for _ in range(rounds):
        for side, serving in zip(found, sides, strict=True):
            side.append(await _side(serving, operation, seconds))
    return [
        Side(*(statistics.median(getattr(each, at.name) for each in side) for at in fields(Side)))
        for side in found
    ]


async def _flat_out(act: Any, seconds: float) -> float:
    """Results a second of `_AT_ONCE` clients that never pause."""
    began = time.monotonic()

    async def client(index: int) -> int:
        got = 0
        while time.monotonic() < began + seconds:
            got += await act(index)
        return got

    got = sum(await asyncio.gather(*(client(index) for index in range(_AT_ONCE))))
    return got / (time.monotonic() - began)


async def _steadily(act: Any, seconds: float) -> tuple[list[float], float]:
    """(seconds of each call from when it was due, calls a second that were begun)."""
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
async def _bare(folder: Path, operation: bytes, log: list[bytes]) -> AsyncIterator[Serving]:
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
            line = await asyncio.to_thread(process.stdout.readline)
            yield Serving([line.decode().strip()], [process.pid])
        finally:
            process.kill()


async def _watchers(clients: LoadClients, addresses: list[str], count: int, jobs: int) -> str:
    """Runs `count` watchers of `jobs` running jobs and describes what they received."""
    late: list[float] = []
    retries: list[grpc.StatusCode] = []
    whole = 0
    channels = [open_channel(address) for address in addresses]
    requested = await asyncio.gather(
        *(clients.request_video(f"watched-{index}") for index in range(jobs))
    )
    began = time.monotonic()

    async def watch(index: int) -> None:
        nonlocal whole
        stub: Any = VideoServiceStub(channels[index % len(channels)])
        offsets: list[int] = []
        done = False
        while not done:
            started = time.time()
            request = WatchOperationRequest(
                name=requested[index % jobs].operation, offset=len(offsets)
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
                if error.code() not in RETRYABLE:
                    raise
                retries.append(error.code())
        whole += offsets == list(range(len(offsets)))

    await asyncio.gather(*(watch(index) for index in range(count)))
    seconds = time.monotonic() - began
    for channel in channels:
        await channel.close()
    p = statistics.quantiles(late, n=100)
    return (
        f"{count} watchers of {jobs} jobs: {whole} saw the whole log without a gap; "
        f"{len(late)} events as they came in {seconds:.1f} s, {p[49] * 1000:.0f} ms after they "
        f"were written (median), {p[98] * 1000:.0f} ms (p99); "
        f"{len(retries)} watches were begun again"
    )


async def _measure(options: argparse.Namespace, folder: Path) -> str:
    table = Table(title="Load: 2 gateways on Postgres", caption=describe())
    for heading in ("", "bare grpc.aio", "2 gateways", "share"):
        table.add_column(heading, justify="right" if heading else "left")
    with temporary_postgres() as postgres, temporary_rclone(folder / "s3") as s3:
        async with running_cluster(2, folder / "cluster", postgres, s3, proxied=False) as cluster:
            clients = LoadClients(cluster.addresses)
            measured = await clients.request_video("measured")
            await clients.watch(measured)
            log = [WatchOperationResponse(event=each).SerializeToString() for each in measured.log]
            async with open_channel(cluster.addresses[0]) as channel:
                found = await OperationsStub(channel).GetOperation(
                    GetOperationRequest(name=measured.operation)
                )
            async with _bare(folder / "bare", found.SerializeToString(), log) as bare_one:
                bare, ours = await _in_turn(
                    [bare_one, Serving(cluster.addresses, _processes(cluster))],
                    measured.operation,
                    options.seconds / options.rounds,
                    options.rounds,
                )
            watched = await _watchers(clients, cluster.addresses, options.watchers, options.jobs)
            await clients.close()
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
    table.add_row(
        "CPU of the serving processes per GetOperation, ms",
        f"{bare.cost:.2f}",
        f"{ours.cost:.2f}",
        "",
    )
    table.add_row("calls/s really begun", f"{bare.rate:.0f}", f"{ours.rate:.0f}", "")
    console = Console(width=100, record=True, highlight=False)
    console.print(table)
    console.print(watched)
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    console.print(f"Load averages at the end (1, 5, 15 min; {os.cpu_count()} cores): {load}")
    return console.export_text()


def main(arguments: Sequence[str]) -> None:
    """Prints the table and the lines below it."""
    parser = argparse.ArgumentParser(prog="bench.platform load", description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each measurement")
    parser.add_argument(
        "--rounds", type=int, default=5, help="rounds that these seconds are divided into"
    )
    parser.add_argument("--watchers", type=int, default=500)
    parser.add_argument("--jobs", type=int, default=10, help="that are watched")
    parser.add_argument("--write", action="store_true", help="into docs/operate/load.md")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        printed = asyncio.run(_measure(options, Path(scratch)))
    if options.write:
        given = " ".join(["python -m bench.platform load", *arguments])
        before, _, rest = PAGE.read_text().partition(BEGIN)
        after = rest.partition(END)[2]
        block = f"{BEGIN}\n```\n$ {given}\n{printed}```\n{END}"
        PAGE.write_text(f"{before}{block}{after}")
