"""Two gateways with stages, Postgres and S3: real processes on one machine, every line
between them through a proxy that can be cut."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from songreel_kit.channel.channel import open_channel, wait_ready

from songreel_testing.cluster.proxy import TcpProxy
from songreel_testing.servers import PostgresServer, S3Endpoint, free_port

START_SECONDS = 240.0
LEASE_SECONDS = 4.0
# What SIGTERM may take is measured; the harness itself waits longer.
DRAIN_SECONDS = 150.0


@dataclass
class Replica:
    """A gateway process and its lines to the database and the store."""

    name: str
    folder: Path
    address: str
    database: TcpProxy
    store: TcpProxy
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        return self.folder / "log"

    async def start(self) -> None:
        """Starts the process and waits until it serves."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: ASYNC220 - it only forks
                [sys.executable, "-m", "songreel_gateway"],
                stdout=log,
                stderr=log,
                env=os.environ | self.environment,
            )
        async with open_channel(self.address) as channel:
            assert await wait_ready(channel, START_SECONDS), self.log.read_text()[-3000:]

    def send(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    async def ended(self, seconds: float) -> int:
        """The exit code. Raises TimeoutExpired."""
        assert self.process is not None
        return await asyncio.to_thread(self.process.wait, seconds)


@dataclass
class Workers:
    """The process of the stages: audio, prompt and render, with a line to the store."""

    folder: Path
    address: str
    store: TcpProxy
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None

    @property
    def hands(self) -> Path:
        """What the stages note."""
        return self.folder / "hands"

    async def start(self) -> None:
        """Starts the process and waits until it serves."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(  # noqa: ASYNC220 - it only forks
                [
                    sys.executable,
                    "-m",
                    "songreel_testing.cluster.workers",
                    str(self.hands),
                    self.address,
                ],
                stdout=subprocess.PIPE,
                stderr=log,
                env=os.environ | self.environment,
            )
        assert self.process.stdout is not None
        ready = await asyncio.to_thread(self.process.stdout.readline)
        assert ready, (self.folder / "log").read_text()[-3000:]

    def kill(self) -> None:
        """SIGKILL, and its end."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            assert self.process.stdout is not None
            self.process.stdout.close()


@dataclass
class Cluster:
    """All of it."""

    replicas: list[Replica]
    workers: Workers
    database_url: str

    @property
    def addresses(self) -> list[str]:
        return [replica.address for replica in self.replicas]

    def made(self, stage: str) -> int:
        """How often the stage made something anew."""
        notes = self.workers.hands / "calls"
        return notes.read_text().split().count(f"{stage}-made") if notes.exists() else 0


@asynccontextmanager
async def cluster_of(
    count: int,
    folder: Path,
    postgres: PostgresServer,
    s3: S3Endpoint,
    *,
    seed: int = 1,
    stage_seconds: float = 0.3,
    max_open: int = 1000,
    proxied: bool = True,
) -> AsyncIterator[Cluster]:
    """A cluster at work; ended, whatever became of it, with the block.

    Not `proxied`, no line can be cut, and none takes a way through this process.
    """
    name = postgres.create_database()
    s3_port = int(s3.address.rpartition(":")[2])
    bucket = f"chaos-{name}"
    proxies: list[TcpProxy] = []
    replicas: list[Replica] = []

    async def proxy(port: int) -> TcpProxy:
        made = TcpProxy(port)
        if not proxied:
            made.port = port
            return made
        await made.start()
        proxies.append(made)
        return made

    own = folder / "workers"
    own.mkdir(parents=True)
    store = await proxy(s3_port)
    environment = s3.environment(own / "cache", f"127.0.0.1:{store.port}")
    environment |= {
        "SONGREEL_STORE": f"s3://{bucket}",
        "CHAOS_STAGE_SECONDS": str(stage_seconds),
        "CHAOS_SEED": str(seed),
    }
    workers = Workers(own, f"127.0.0.1:{free_port()}", store, environment)
    try:
        await workers.start()
        for index in range(count):
            own = folder / f"gateway-{index}"
            own.mkdir()
            database, store = await proxy(postgres.port), await proxy(s3_port)
            address = f"127.0.0.1:{free_port()}"
            lines = s3.environment(own / "cache", f"127.0.0.1:{store.port}")
            lines |= {
                "SONGREEL_STORE": f"s3://{bucket}",
                "SONGREEL_GATEWAY_DATA": str(own / "data"),
                "SONGREEL_GATEWAY_BIND": address,
                "SONGREEL_GATEWAY_DATABASE_URL": postgres.url(name, database.port),
                "SONGREEL_GATEWAY_EXECUTOR_ID": own.name,
                "SONGREEL_GATEWAY_LEASE_SECONDS": str(LEASE_SECONDS),
                "SONGREEL_GATEWAY_MAX_OPEN_JOBS": str(max_open),
                "SONGREEL_GATEWAY_CONCURRENT_JOBS": "8",
                "SONGREEL_GATEWAY_EVENT_SECONDS": "0.2",
            }
            for stage in ("AUDIO", "PROMPT", "RENDER"):
                lines[f"SONGREEL_GATEWAY_{stage}_TARGET"] = workers.address
            replicas.append(Replica(own.name, own, address, database, store, lines))
        # At once, as in a cluster: they migrate the database together.
        await asyncio.gather(*(replica.start() for replica in replicas))
        yield Cluster(replicas, workers, postgres.url(name))
        for replica in replicas:
            assert replica.process is not None
            replica.send(signal.SIGCONT)
            replica.send(signal.SIGTERM)
        await asyncio.gather(*(replica.ended(DRAIN_SECONDS) for replica in replicas))
    finally:
        workers.kill()
        for replica in replicas:
            if replica.process is not None:
                replica.process.kill()
                replica.process.wait()
        for made in proxies:
            await made.close()
