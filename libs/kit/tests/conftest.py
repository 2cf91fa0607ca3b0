"""A service with one method of each of gRPC's four kinds, on a real server."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from songreel.type.v1.artifact_pb2 import Progress
from songreel_kit.artifacts import ArtifactStore
from songreel_kit.local_artifacts import LocalArtifactStore
from songreel_kit.s3_artifacts import S3ArtifactStore, S3Settings
from songreel_kit.server import RunningServer, ServerSettings
from songreel_kit.service import Service
from songreel_kit.testing import serving_at, temporary_store

NAME = "songreel.test.v1.ProbeService"

KINDS = ("unary_unary", "unary_stream", "stream_unary", "stream_stream")


@dataclass
class Probe:
    """A client of the probe service; every message is a `Progress`."""

    server: RunningServer
    channel: grpc.aio.Channel

    def __getattr__(self, kind: str) -> Callable[..., Any]:
        return getattr(self.channel, kind)(
            f"/{NAME}/{kind}",
            request_serializer=Progress.SerializeToString,
            response_deserializer=Progress.FromString,
        )

    def call(self, kind: str, *messages: Progress, **options: Any) -> Any:
        """Starts a call of any kind."""
        if kind.startswith("unary"):
            return getattr(self, kind)(messages[0], **options)
        return getattr(self, kind)(iter(messages), **options)

    async def ask(self, kind: str, *messages: Progress, **options: Any) -> list[Progress]:
        """Makes a call of any kind; all its responses."""
        call = self.call(kind, *messages, **options)
        if kind.endswith("unary"):
            return [await call]
        return [response async for response in call]


def probe_service(name: str = NAME, **behaviours: Any) -> Service:
    """The probe service with these handlers, named after their kinds."""
    handlers = {
        kind: getattr(grpc, f"{kind}_rpc_method_handler")(
            behaviour,
            request_deserializer=Progress.FromString,
            response_serializer=Progress.SerializeToString,
        )
        for kind, behaviour in behaviours.items()
    }
    generic = grpc.method_handlers_generic_handler(name, handlers)
    return Service(name, lambda server: server.add_generic_rpc_handlers((generic,)))


Probing = Callable[..., AbstractAsyncContextManager[Probe]]


@pytest.fixture
def probing() -> Probing:
    """`async with probing(unary_unary=handler) as probe`."""

    @asynccontextmanager
    async def probing(
        *, settings: ServerSettings | None = None, **behaviours: Any
    ) -> AsyncIterator[Probe]:
        async with serving_at(probe_service(**behaviours), settings=settings) as (server, channel):
            yield Probe(server, channel)

    return probing


@pytest.fixture
def raising() -> Callable[[Callable[[], None]], dict[str, Any]]:
    """Handlers of all four kinds that call a function when they get a message."""

    def handlers(fail: Callable[[], None]) -> dict[str, Any]:
        async def unary_unary(request: Progress, context: Any) -> Progress:
            fail()
            return request

        async def unary_stream(request: Progress, context: Any) -> AsyncIterator[Progress]:
            yield request
            fail()

        async def stream_unary(requests: AsyncIterator[Progress], context: Any) -> Progress:
            last = Progress()
            async for request in requests:
                last = request
                fail()
            return last

        async def stream_stream(
            requests: AsyncIterator[Progress], context: Any
        ) -> AsyncIterator[Progress]:
            async for request in requests:
                yield request
                fail()

        return {
            "unary_unary": unary_unary,
            "unary_stream": unary_stream,
            "stream_unary": stream_unary,
            "stream_stream": stream_stream,
        }

    return handlers


@pytest.fixture
def store(tmp_path: Path) -> LocalArtifactStore:
    """A local store of the test's own."""
    return temporary_store(tmp_path)


@dataclass
class S3Server:
    """An S3 endpoint of another make, on a free loopback port."""

    endpoint: str
    access_key: str
    secret_key: str
    verifies_signatures: bool

    def settings(self, cache: Path, **changes: Any) -> S3Settings:
        """Settings that reach it."""
        values: dict[str, Any] = {
            "endpoint": self.endpoint,
            "access_key": self.access_key,
            "secret_key": self.secret_key,
            "secure": False,
            "cache": cache,
        }
        return S3Settings(**(values | changes))


def _tool(name: str) -> str:
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    if not found:
        pytest.skip(f"{name} is not installed")
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def _running(command: list[str], port: int, log: Path) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        end = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < end, log.read_text()
        yield
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="session")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """moto: knows S3's semantics well, looks at no signature."""
    port = _free_port()
    folder = tmp_path_factory.mktemp("moto")
    command = [_tool("moto_server"), "-H", "127.0.0.1", "-p", str(port)]
    with _running(command, port, folder / "log"):
        yield S3Server(f"127.0.0.1:{port}", "songreel", "sesame-open", False)


@pytest.fixture(scope="session")
def rclone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """rclone: verifies every signature."""
    port = _free_port()
    folder = tmp_path_factory.mktemp("rclone")
    (folder / "buckets").mkdir()
    command = [_tool("rclone"), "serve", "s3", "--addr", f"127.0.0.1:{port}"]
    command += ["--config", str(folder / "none.conf"), "--vfs-cache-mode", "off"]
    command += ["--auth-key", "songreel,sesame-open", str(folder / "buckets")]
    with _running(command, port, folder / "log"):
        yield S3Server(f"127.0.0.1:{port}", "songreel", "sesame-open", True)


@pytest.fixture(params=["moto", "rclone"])
def s3_server(request: pytest.FixtureRequest) -> S3Server:
    """Either S3 endpoint."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def s3_store(s3_server: S3Server, tmp_path: Path) -> S3ArtifactStore:
    """A bucket of the test's own."""
    bucket = f"songreel-{uuid.uuid4().hex[:12]}"
    return S3ArtifactStore(bucket, "team/one", s3_server.settings(tmp_path / "cache"))


@pytest.fixture(params=["local", "moto", "rclone"])
def any_store(request: pytest.FixtureRequest, tmp_path: Path) -> ArtifactStore:
    """Each kind of store in turn."""
    if request.param == "local":
        return temporary_store(tmp_path)
    server: S3Server = request.getfixturevalue(request.param)
    bucket = f"songreel-{uuid.uuid4().hex[:12]}"
    return S3ArtifactStore(bucket, "", server.settings(tmp_path / "cache"))
