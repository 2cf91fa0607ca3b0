"""A service with one method of each of gRPC's four kinds, on a real server."""

from __future__ import annotations

import os
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
    contextmanager,
)
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import grpc
import grpc.aio
import pytest
from songreel.type.v1.artifact_pb2 import Progress
from songreel_kit.artifacts.local import LocalArtifactStore
from songreel_kit.artifacts.s3.store import S3ArtifactStore, S3Settings
from songreel_kit.artifacts.store import ArtifactStore
from songreel_kit.server.server import RunningServer, ServerSettings
from songreel_kit.server.service import Service
from songreel_testing.servers import (
    NotInstalledError,
    S3Endpoint,
    temporary_moto,
    temporary_rclone,
)
from songreel_testing.serving import serving_at, temporary_store

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
    """An S3 endpoint of another make."""

    endpoint: str
    access_key: str
    secret_key: str
    secure: bool = False

    def settings(self, cache: Path, **changes: Any) -> S3Settings:
        """Settings that reach it."""
        values: dict[str, Any] = {
            "endpoint": self.endpoint,
            "access_key": self.access_key,
            "secret_key": self.secret_key,
            "secure": self.secure,
            "cache": cache,
        }
        return S3Settings(**(values | changes))


# A real one besides, where the environment names it: https://KEY:SECRET@HOST[:PORT].
# Its user has to be allowed to make buckets; they are called songreel-... and stay.
REAL = os.environ.get("SONGREEL_TEST_S3", "")
MAKES = ["moto", "rclone", *(["real"] if REAL else [])]


@contextmanager
def _started(server: AbstractContextManager[S3Endpoint]) -> Iterator[S3Server]:
    try:
        with server as endpoint:
            yield S3Server(endpoint.address, endpoint.access_key, endpoint.secret_key)
    except NotInstalledError as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """moto: knows S3's semantics well, looks at no signature."""
    with _started(temporary_moto(tmp_path_factory.mktemp("moto"))) as server:
        yield server


@pytest.fixture(scope="session")
def rclone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """rclone: verifies every signature."""
    with _started(temporary_rclone(tmp_path_factory.mktemp("rclone"))) as server:
        yield server


@pytest.fixture(scope="session")
def real() -> S3Server:
    """What SONGREEL_TEST_S3 names."""
    url = urlsplit(REAL)
    return S3Server(
        url.netloc.rpartition("@")[2],
        unquote(url.username or ""),
        unquote(url.password or ""),
        url.scheme == "https",
    )


@pytest.fixture(params=MAKES)
def s3_server(request: pytest.FixtureRequest) -> S3Server:
    """Either S3 endpoint."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def s3_store(s3_server: S3Server, tmp_path: Path) -> S3ArtifactStore:
    """A bucket of the test's own."""
    bucket = f"songreel-{uuid.uuid4().hex[:12]}"
    settings = s3_server.settings(tmp_path / "cache", part_bytes=5 * 1024**2)
    return S3ArtifactStore(bucket, "team/one", settings)


@pytest.fixture
def moto_store(moto: S3Server, tmp_path: Path) -> S3ArtifactStore:
    """A bucket of the test's own at moto."""
    return S3ArtifactStore(f"m{uuid.uuid4().hex[:12]}", "", moto.settings(tmp_path / "moto"))


@pytest.fixture
def rclone_store(rclone: S3Server, tmp_path: Path) -> S3ArtifactStore:
    """A bucket of the test's own at rclone."""
    return S3ArtifactStore(f"r{uuid.uuid4().hex[:12]}", "", rclone.settings(tmp_path / "rclone"))


@pytest.fixture(params=["local", *MAKES])
def any_store(request: pytest.FixtureRequest, tmp_path: Path) -> ArtifactStore:
    """Each kind of store in turn."""
    if request.param == "local":
        return temporary_store(tmp_path)
    server: S3Server = request.getfixturevalue(request.param)
    bucket = f"songreel-{uuid.uuid4().hex[:12]}"
    return S3ArtifactStore(bucket, "", server.settings(tmp_path / "cache"))
