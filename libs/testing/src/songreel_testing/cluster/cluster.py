"""A cluster of real processes on one machine: gateways and stages on Postgres and S3.

Every connection between them goes through a proxy that can break or stall it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from songreel_kit.channel.channel import open_channel, wait_ready

from songreel_testing.cluster.proxy import TcpProxy
from songreel_testing.servers import PostgresServer, S3Endpoint, free_port

START_SECONDS = 240.0
LEASE_SECONDS = 4.0
# Longer than a stop may take: how long it took is measured, not enforced here.
DRAIN_SECONDS = 150.0


@dataclass
class GatewayProcess:
    """A gateway process, with its proxies to the database and the store."""

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
            self.process = subprocess.Popen(  # noqa: ASYNC220 - does not block
                [sys.executable, "-m", "songreel_gateway"],
                stdout=log,
                stderr=log,
                env=os.environ | self.environment,
            )
        async with open_channel(self.address) as channel:
            assert await wait_ready(channel, START_SECONDS), self.log.read_text()[-3000:]

    def send_signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    async def wait_ended(self, seconds: float) -> int:
        """The exit code. Raises TimeoutExpired."""
        assert self.process is not None
        return await asyncio.to_thread(self.process.wait, seconds)


@dataclass
class StageProcess:
    """The process of audio, prompt and render, with its proxy to the store."""

    folder: Path
    address: str
    store: TcpProxy
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None

    @property
    def control(self) -> Path:
        """Folder in which the stages note their calls and are held."""
        return self.folder / "control"

    async def start(self) -> None:
        """Starts the process and waits until it serves."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(  # noqa: ASYNC220 - does not block
                [
                    sys.executable,
                    "-m",
                    "songreel_testing.cluster.stages",
                    str(self.control),
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
        """Sends SIGKILL and waits for the end."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            assert self.process.stdout is not None
            self.process.stdout.close()


@dataclass
class Cluster:
    """The processes of a running cluster."""

    gateways: list[GatewayProcess]
    stages: StageProcess
    database_url: str
    renderers: list[StageProcess]
    """All that render, of which the stages are the first."""
    outage_seconds: float
    """How long stages are away, or full, in the faults of these names."""

    @property
    def addresses(self) -> list[str]:
        return [gateway.address for gateway in self.gateways]

    def times_made(self, stage: str) -> int:
        """How often the stage made a new result."""
        notes = self.stages.control / "calls"
        return notes.read_text().split().count(f"{stage}-made") if notes.exists() else 0


@asynccontextmanager
async def running_cluster(
    count: int,
    folder: Path,
    postgres: PostgresServer,
    s3: S3Endpoint,
    *,
    seed: int = 1,
    stage_seconds: float = 0.3,
    max_open: int = 1000,
    proxied: bool = True,
    outage_seconds: float = 180.0,
    renderers: int = 1,
    renders: int = 1000,
) -> AsyncGenerator[Cluster]:
    """Starts a cluster of `count` gateways and stops it at the end of the block.

    Without `proxied`, connections go directly and no fault of the network is possible. There
    are as many processes as `renderers` to render, each with room for `renders` at once.
    """
    name = postgres.create_database()
    s3_port = int(s3.address.rpartition(":")[2])
    bucket = f"chaos-{name}"
    proxies: list[TcpProxy] = []
    gateways: list[GatewayProcess] = []

    async def proxy(port: int) -> TcpProxy:
        made = TcpProxy(port)
        if not proxied:
            made.port = port
            return made
        await made.start()
        proxies.append(made)
        return made

    own = folder / "stages"
    own.mkdir(parents=True)
    store = await proxy(s3_port)
    environment = s3.environment(own / "cache", f"127.0.0.1:{store.port}")
    environment |= {
        "SONGREEL_STORE": f"s3://{bucket}",
        "CHAOS_STAGE_SECONDS": str(stage_seconds),
        "CHAOS_SEED": str(seed),
        "CHAOS_RENDERS": str(renders),
    }
    stages = StageProcess(own, f"127.0.0.1:{free_port()}", store, environment)
    rendering = [stages]
    for index in range(1, renderers):
        other = folder / f"renderer-{index}"
        other.mkdir()
        rendering.append(StageProcess(other, f"127.0.0.1:{free_port()}", store, environment))
    try:
        await asyncio.gather(*(each.start() for each in rendering))
        for index in range(count):
            own = folder / f"gateway-{index}"
            own.mkdir()
            database, store = await proxy(postgres.port), await proxy(s3_port)
            address = f"127.0.0.1:{free_port()}"
            variables = s3.environment(own / "cache", f"127.0.0.1:{store.port}")
            variables |= {
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
                variables[f"SONGREEL_GATEWAY_{stage}_TARGET"] = stages.address
            every = ",".join(each.address for each in rendering)
            variables["SONGREEL_GATEWAY_RENDER_TARGET"] = f"ipv4:{every}"
            gateways.append(GatewayProcess(own.name, own, address, database, store, variables))
        # At once, as in a cluster: they migrate the database together.
        await asyncio.gather(*(gateway.start() for gateway in gateways))
        yield Cluster(gateways, stages, postgres.url(name), rendering, outage_seconds)
        for gateway in gateways:
            assert gateway.process is not None
            gateway.send_signal(signal.SIGCONT)
            gateway.send_signal(signal.SIGTERM)
        await asyncio.gather(*(gateway.wait_ended(DRAIN_SECONDS) for gateway in gateways))
    finally:
        for each in rendering:
            each.kill()
        for gateway in gateways:
            if gateway.process is not None:
                gateway.process.kill()
                gateway.process.wait()
        for made in proxies:
            await made.close()
