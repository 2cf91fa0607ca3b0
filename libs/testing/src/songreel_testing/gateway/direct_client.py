"""Files that go straight to an S3 server and come straight from it, as a partner does it."""

from __future__ import annotations

import asyncio
import hashlib
import http.client
import uuid
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from songreel.v1.media_pb2 import Media
from songreel.v1.media_service_pb2 import (
    BeginUploadRequest,
    DirectUpload,
    FinishUploadRequest,
    UploadPart,
)
from songreel_gateway.db.schema import open_database
from songreel_gateway.db.tables import uploads
from songreel_gateway.service import Gateway, GatewaySettings
from songreel_kit.artifacts.s3.multipart import Multipart
from songreel_kit.artifacts.s3.store import S3ArtifactStore, S3Settings
from songreel_kit.artifacts.store import ArtifactStore
from songreel_kit.database.database import Database
from songreel_kit.errors import ArtifactNotFound

from songreel_testing.gateway.local_gateway import PARENT, Client
from songreel_testing.servers import S3Endpoint
from songreel_testing.serving import serving_at

PART = 5 * 1024**2
SONG = b"a song that takes the short way"
LONG = bytes(range(256)) * (2 * PART // 256) + b"the end"


def store_at(endpoint: S3Endpoint, folder: Path, **changes: Any) -> S3ArtifactStore:
    """A bucket of the test's own."""
    settings: dict[str, Any] = {
        "endpoint": endpoint.address,
        "access_key": endpoint.access_key,
        "secret_key": endpoint.secret_key,
        "secure": False,
        "part_bytes": PART,
        "cache": folder / "cache",
    }
    return S3ArtifactStore(f"g{uuid.uuid4().hex[:12]}", "", S3Settings(**settings | changes))


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def asked(data: bytes, **changes: Any) -> BeginUploadRequest:
    """The request that announces the bytes."""
    fields = {
        "parent": PARENT,
        "display_name": "song.mp3",
        "media_type": "audio/mpeg",
        "size": len(data),
        "sha256": digest(data),
    }
    return BeginUploadRequest(**fields | changes)


@dataclass
class Front:
    """A gateway that serves files and works on no jobs."""

    client: Client
    store: Any
    settings: GatewaySettings
    address: str


@asynccontextmanager
async def front_in(folder: Path, store: ArtifactStore, **settings: Any) -> AsyncIterator[Front]:
    """One on this store; unlike whole gateways, several may be at work in a process."""
    configured = GatewaySettings(**{"data": folder / "data"} | settings)
    gateway = Gateway(configured, store)
    async with serving_at(*gateway.services()) as (server, channel):
        yield Front(Client(channel), store, configured, server.address)


def database_of(front: Front) -> Database:
    return open_database(front.settings.database())


def let_expire(front: Front) -> None:
    """Every upload that has begun expires."""
    database = database_of(front)
    database.run(lambda c: c.execute(sa.update(uploads).values(expires=1)))
    database.close()


def store_upload(front: Front, upload: DirectUpload) -> str:
    """The S3 server's id of a multipart upload."""
    database = database_of(front)
    wanted = sa.select(uploads.c.store_upload).where(uploads.c.id == upload.name[-32:])
    found = database.run(lambda c: c.execute(wanted).scalar_one())
    database.close()
    return str(found)


async def begin(client: Any, data: bytes, **changes: Any) -> DirectUpload:
    return (await client.media.BeginUpload(asked(data, **changes))).upload


async def get(url: str) -> tuple[int, bytes]:
    """Status and body."""
    return await asyncio.to_thread(_ask, "GET", url)


async def put(part: UploadPart, data: bytes) -> int:
    """PUTs bytes; the status of the answer."""
    return (await asyncio.to_thread(_ask, "PUT", part.url, data))[0]


def _ask(method: str, url: str, data: bytes | None = None) -> tuple[int, bytes]:
    # By what logs nothing, so that every URL in a log is the gateway's.
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=60)
    try:
        connection.request(method, f"{parts.path}?{parts.query}", data)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


async def send(parts: Iterable[UploadPart], data: bytes) -> None:
    for part in parts:
        assert await put(part, data[part.offset : part.offset + part.size]) == 200


async def finish(client: Any, upload: DirectUpload, request_id: str = "") -> Media:
    request = FinishUploadRequest(name=upload.name, request_id=request_id)
    return (await client.media.FinishUpload(request)).media


async def upload(client: Any, data: bytes, **changes: Any) -> Media:
    begun = await begin(client, data, **changes)
    await send(begun.parts, data)
    return await finish(client, begun)


def left_over(store: S3ArtifactStore) -> list[str]:
    """The bucket's objects besides artifacts."""
    return [name for name, _ in store.objects.names("incoming/")]


def goes_on(store: S3ArtifactStore, name: str, store_upload: str) -> bool:
    """Whether the server still has parts of a multipart upload."""
    try:
        return bool(Multipart(store.objects).parts(f"incoming/{name[-32:]}/file", store_upload))
    except ArtifactNotFound:
        return False


def artifacts(store: S3ArtifactStore) -> list[str]:
    return [name for name, _ in store.objects.names("sha256/")]
