"""The artifact store on any S3 endpoint.

Objects have the local store's layout: `sha256/ab/abcdef...` and
`refs/<key>.json` below the prefix. What is read or written passes through a
local store that serves as cache, so that hashes are checked before anyone sees
a byte and a file is at hand for libraries that want one.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from google.protobuf import json_format
from songreel.type.v1.artifact_pb2 import Artifact

from songreel_kit.artifacts.local import LocalArtifactStore
from songreel_kit.artifacts.local_writer import LocalArtifactWriter
from songreel_kit.artifacts.s3.bucket import Bucket
from songreel_kit.artifacts.s3.connection import S3Settings, connect
from songreel_kit.artifacts.store import CHUNK_BYTES, Held, checked_key, digest_of
from songreel_kit.errors import ArtifactCorrupt, ArtifactNotFound
from songreel_kit.telemetry.logging import get_logger
from songreel_kit.telemetry.metrics import looked_up

__all__ = ["S3ArtifactStore", "S3Settings", "connect"]

_log = get_logger(__name__)

YOUNG = timedelta(days=1)
"""What is used again when older than this is made young, so that no garbage collection
takes it away from under its new user: see `songreel_kit.artifacts.garbage`."""


class S3ArtifactStore:
    """Artifacts in a bucket."""

    def __init__(self, bucket: str, prefix: str, settings: S3Settings) -> None:
        """Connects and finds the bucket.

        Raises `ServiceUnavailable` when the endpoint does not answer,
        `FailedPrecondition` when the bucket cannot be used.
        """
        self.bucket = bucket
        """Name of the bucket."""
        self._settings = settings
        self.cache = LocalArtifactStore(settings.cache / "artifacts")
        """Local copies."""
        self._turns = [threading.Lock() for _ in range(64)]
        self.objects = Bucket(bucket, prefix, settings)
        """The bucket itself."""

    def put_file(self, path: Path, media_type: str) -> Artifact:
        """See `ArtifactStore.put_file`."""
        with path.open("rb") as source, self.writer(media_type) as target:
            while chunk := source.read(CHUNK_BYTES):
                target.write(chunk)
        return target.artifact

    def put_bytes(self, data: bytes, media_type: str) -> Artifact:
        """See `ArtifactStore.put_bytes`."""
        with self.writer(media_type) as target:
            target.write(data)
        return target.artifact

    @contextmanager
    def writer(self, media_type: str) -> Generator[LocalArtifactWriter]:
        """See `ArtifactStore.writer`; uploaded when the block ends."""
        with self.cache.writer(media_type) as writer:
            yield writer
        self.upload(writer.artifact)

    def open(self, artifact: Artifact) -> BinaryIO:
        """See `ArtifactStore.open`."""
        self._fetch(artifact)
        return self.cache.open(artifact)

    def read_bytes(self, artifact: Artifact, *, verify: bool = True) -> bytes:
        """See `ArtifactStore.read_bytes`."""
        self._fetch(artifact)
        return self.cache.read_bytes(artifact, verify=verify)

    def local_path(self, artifact: Artifact) -> AbstractContextManager[Path]:
        """See `ArtifactStore.local_path`; a copy in the cache folder."""
        self._fetch(artifact)
        return self.cache.local_path(artifact)

    def exists(self, artifact: Artifact) -> bool:
        """See `ArtifactStore.exists`; asks the bucket, not the cache."""
        return self.objects.stat(object_of(artifact)) is not None

    def bind(self, key: str, artifact: Artifact) -> None:
        """See `ArtifactStore.bind`."""
        self.objects.put(_ref(key), _reference(artifact), "application/json")

    def lookup(self, key: str, *, renew: bool = True) -> Artifact | None:
        """See `ArtifactStore.lookup`."""
        try:
            with self.objects.download(_ref(key)) as response:
                artifact = json_format.Parse(response.read(), Artifact())
        except ArtifactNotFound:
            return None
        except (json_format.ParseError, UnicodeDecodeError) as error:
            _log.warning("a reference is damaged and is not used", key=key, problem=str(error))
            return None
        found = self.objects.stat(object_of(artifact))
        if found is None:
            return None
        if renew and _old(found.last_modified):
            # Written again: not all servers can copy an object onto itself.
            self._fetch(artifact)
            self.upload(artifact)
            self.bind(key, artifact)
        return artifact

    def held(self) -> Iterator[Held]:
        """See `ArtifactStore.held`."""
        for name, found in self.objects.names("sha256/"):
            yield Held(name.rpartition("/")[2], found.size or 0, found.last_modified)

    def bound(self) -> Iterator[tuple[str, datetime]]:
        """See `ArtifactStore.bound`."""
        for name, found in self.objects.names("refs/"):
            yield name.removeprefix("refs/").removesuffix(".json"), found.last_modified

    def discard(self, held: Held) -> bool:
        """See `ArtifactStore.discard`."""
        name = _name(held.sha256)
        found = self.objects.stat(name)
        if found is None or found.last_modified > held.modified:
            return False
        self.objects.remove(name)
        self.cache.discard(held)
        return True

    def unbind(self, key: str) -> None:
        """See `ArtifactStore.unbind`."""
        self.objects.remove(_ref(key))

    def upload(self, artifact: Artifact) -> None:
        """Brings what is in the cache into the bucket, unless it is there and young."""
        self.cache.touch(artifact)
        name = object_of(artifact)
        with self._turn(artifact), self.cache.local_path(artifact) as path:
            present = self.objects.stat(name)
            if present is None or present.size != artifact.size or _old(present.last_modified):
                self.objects.put_file(name, path, artifact.media_type)
        self.cache.trim(self._settings.cache_bytes)

    def adopt(self, name: str, artifact: Artifact) -> None:
        """Makes an object of the bucket an artifact, inside the server.

        Its bytes must have been hashed, and nobody else may be able to write to it.
        """
        goal = object_of(artifact)
        with self._turn(artifact):
            present = self.objects.stat(goal)
            if present is None or present.size != artifact.size or _old(present.last_modified):
                self.objects.copy(name, goal, artifact.media_type)

    def _fetch(self, artifact: Artifact) -> None:
        """Brings the bytes into the cache, whole and with the right hash, or raises."""
        with self._turn(artifact):
            held = self.cache.exists(artifact)
            looked_up("artifact", hit=held)
            if held:
                self.cache.touch(artifact)
                return
            self._fetch_anew(artifact)
        self.cache.trim(self._settings.cache_bytes)

    def _fetch_anew(self, artifact: Artifact) -> None:
        digest = digest_of(artifact)
        with (
            self.objects.download(object_of(artifact), digest) as response,
            self.cache.writer(artifact.media_type) as writer,
        ):
            for chunk in response.stream(CHUNK_BYTES):
                writer.write(chunk)
            if writer.described().sha256 != digest:
                raise ArtifactCorrupt(
                    f"the bucket holds other bytes under {digest}: remove the object and "
                    "make the artifact again",
                    sha256=digest,
                )

    def _turn(self, artifact: Artifact) -> threading.Lock:
        """Held while an artifact goes up or down, so that it does so once."""
        return self._turns[int(digest_of(artifact)[:4], 16) % len(self._turns)]


def object_of(artifact: Artifact) -> str:
    """The name of the artifact's object, without the prefix."""
    return _name(digest_of(artifact))


def _name(sha256: str) -> str:
    return f"sha256/{sha256[:2]}/{sha256}"


def _ref(key: str) -> str:
    return f"refs/{checked_key(key)}.json"


def _reference(artifact: Artifact) -> bytes:
    text = json_format.MessageToJson(artifact, preserving_proto_field_name=True)
    return text.encode("utf-8")


def _old(modified: datetime) -> bool:
    return datetime.now(UTC) - modified > YOUNG
