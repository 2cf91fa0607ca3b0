"""A gateway with its stages in a process of its own, to be killed."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from songreel.v1.video_service_pb2 import JobEvent
from songreel_kit.channel.channel import open_channel

from songreel_testing.gateway.local_gateway import Client
from songreel_testing.gateway.stage_control import StageControl


class Process:
    """A gateway with its stages in a process of its own."""

    def __init__(self, root: Path, popen: subprocess.Popen[bytes], address: str) -> None:
        self.popen = popen
        self.control = StageControl(root / "control")
        self.channel = open_channel(address)
        self.client = Client(self.channel)

    async def die(self, number: int = signal.SIGKILL) -> int:
        await self.channel.close()
        self.popen.send_signal(number)
        return await asyncio.to_thread(self.popen.wait)


@asynccontextmanager
async def process_in(root: Path, **settings: int) -> AsyncIterator[Process]:
    popen = subprocess.Popen(  # noqa: ASYNC220 - starting is quick
        [sys.executable, "-m", "songreel_testing.gateway.fake_stages", str(root)],
        stdout=subprocess.PIPE,
        stderr=(root / "log").open("ab"),
        env=os.environ
        | {f"SONGREEL_GATEWAY_{name.upper()}": str(value) for name, value in settings.items()},
    )
    try:
        address = (await asyncio.to_thread(popen.stdout.readline)).decode().strip()
        assert address, (root / "log").read_text()
        process = Process(root, popen, address)
        yield process
        await process.channel.close()
    finally:
        popen.kill()
        popen.wait()
        popen.stdout.close()


def whole(log: list[JobEvent]) -> bool:
    """Offsets without gaps, a fraction that never falls, one end."""
    fractions = [event.metadata.fraction for event in log]
    return (
        [event.offset for event in log] == list(range(len(log)))
        and fractions == sorted(fractions)
        and [event.done for event in log] == [False] * (len(log) - 1) + [True]
    )
