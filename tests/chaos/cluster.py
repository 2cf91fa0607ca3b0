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
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from songreel_kit.channel import open_channel, wait_ready
from songreel_kit.temporary_servers import PostgresServer, S3Endpoint, free_port

from .proxy import TcpProxy

START_SECONDS = 240.0
LEASE_SECONDS = 8.0
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
class Cluster:
    """All of it."""

    folder: Path
    replicas: list[Replica]
    workers: subprocess.Popen[bytes]
    workers_store: TcpProxy
    database_url: str
    notes: Path = field(init=False)

    def __post_init__(self) -> None:
        self.notes = self.folder / "hands" / "calls"

    @property
    def addresses(self) -> list[str]:
        return [replica.address for replica in self.replicas]

    def made(self, stage: str) -> int:
        """How often the stage made something anew."""
        if not self.notes.exists():
            return 0
        return self.notes.read_text().split().count(f"{stage}-made")


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
) -> AsyncIterator[Cluster]:
    """A cluster at work; ended, whatever became of it, with the block."""
    name = postgres.create_database()
    s3_port = int(s3.address.rpartition(":")[2])
    bucket = f"chaos-{name}"
    proxies: list[TcpProxy] = []
    processes: list[subprocess.Popen[bytes]] = []

    async def proxy(port: int) -> TcpProxy:
        made = TcpProxy(port)
        await made.start()
        proxies.append(made)
        return made

    (folder / "workers").mkdir(parents=True)
    workers_store = await proxy(s3_port)
    environment = s3.environment(folder / "workers" / "cache", f"127.0.0.1:{workers_store.port}")
    environment |= {
        "SONGREEL_STORE": f"s3://{bucket}",
        "CHAOS_STAGE_SECONDS": str(stage_seconds),
        "CHAOS_SEED": str(seed),
    }
    workers_address = f"127.0.0.1:{free_port()}"
    try:
        with (folder / "workers" / "log").open("ab") as log:
            workers = _workers(folder, workers_address, environment, log)
        processes.append(workers)
        assert workers.stdout is not None
        ready = await asyncio.to_thread(workers.stdout.readline)
        assert ready, (folder / "workers" / "log").read_text()[-3000:]
        replicas: list[Replica] = []
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
                "SONGREEL_GATEWAY_EVENT_SECONDS": "0.1",
                "SONGREEL_GATEWAY_GRACE_SECONDS": "5",
            }
            for stage in ("AUDIO", "PROMPT", "RENDER"):
                lines[f"SONGREEL_GATEWAY_{stage}_TARGET"] = workers_address
            replicas.append(Replica(own.name, own, address, database, store, lines))
        # At once, as in a cluster: they migrate the database together.
        await asyncio.gather(*(replica.start() for replica in replicas))
        yield Cluster(folder, replicas, workers, workers_store, postgres.url(name))
        for replica in replicas:
            assert replica.process is not None
            replica.send(signal.SIGCONT)
            replica.send(signal.SIGTERM)
        await asyncio.gather(*(replica.ended(DRAIN_SECONDS) for replica in replicas))
    finally:
        processes += [each.process for each in locals().get("replicas", []) if each.process]
        for process in processes:
            process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()
        for made in proxies:
            await made.close()


def _workers(
    folder: Path, address: str, environment: dict[str, str], log: BinaryIO
) -> subprocess.Popen[bytes]:
    script = Path(__file__).with_name("workers.py")
    return subprocess.Popen(
        [sys.executable, str(script), str(folder / "hands"), address],
        stdout=subprocess.PIPE,
        stderr=log,
        env=os.environ | environment,
    )
