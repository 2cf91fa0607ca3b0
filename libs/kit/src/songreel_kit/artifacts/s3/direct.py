"""`songreel_kit.artifacts.direct` on S3.

A small file is one PUT, a larger one S3's multipart upload. Both lie below `incoming/ID/`
until they are finished. Nobody outside can write to what is hashed: a completed multipart
upload takes no more parts, and of a single object a copy is taken first.
"""

from __future__ import annotations

import hashlib
import re
import time
import uuid
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.parse import quote

from songreel.type.v1.artifact_pb2 import Artifact

from songreel_kit.artifacts.direct import DirectUpload, Part
from songreel_kit.artifacts.s3.bucket import INCOMING
from songreel_kit.artifacts.s3.multipart import Multipart
from songreel_kit.artifacts.s3.signing import Signer
from songreel_kit.artifacts.s3.store import S3ArtifactStore, object_of
from songreel_kit.artifacts.store import CHUNK_BYTES, digest_of, make_artifact
from songreel_kit.errors import (
    ArtifactNotFound,
    InvalidRequest,
    InvalidUpload,
    ServiceUnavailable,
    UploadIncomplete,
)

MAX_PARTS = 1000
"""S3 takes ten times as many; their URLs have to fit into one gRPC message."""

MAX_PART_BYTES = 5 * 1024**3

_SETTLES_SECONDS = 5.0
_ASK_AGAIN_SECONDS = 0.1

_ID = re.compile(r"[0-9a-f]{32}")


class S3DirectTransfers:
    """See `songreel_kit.artifacts.direct.DirectTransfers`."""

    def __init__(
        self,
        store: S3ArtifactStore,
        part_bytes: int | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        settles_seconds: float = _SETTLES_SECONDS,
    ) -> None:
        """What every upload and URL shares.

        `part_bytes`: a file that is larger comes in parts; None is the store's setting.
        `settles_seconds`: how long to look for the object of an upload that is gone.
        """
        self._store = store
        self._objects = store.objects
        self._part_bytes = part_bytes or store.objects.settings.part_bytes
        self._settles_seconds = settles_seconds
        self._multipart = Multipart(store.objects)
        self._signer = Signer(store.objects.settings, store.objects.name, now)

    def begin(self, size: int, media_type: str) -> DirectUpload:
        """See `DirectTransfers.begin`."""
        part_bytes = max(self._part_bytes, -(-size // MAX_PARTS))
        if size < 1 or part_bytes > MAX_PART_BYTES:
            raise InvalidRequest(
                f"a file of {size} bytes cannot go up in {MAX_PARTS} parts of at most "
                f"{MAX_PART_BYTES} bytes"
            )
        upload = uuid.uuid4().hex
        many = size > part_bytes
        store_upload = self._multipart.begin(_file(upload), media_type) if many else ""
        return DirectUpload(upload, size, media_type, part_bytes, store_upload)

    def parts(self, upload: DirectUpload, seconds: float) -> tuple[Part, ...]:
        """See `DirectTransfers.parts`."""
        name = self._objects.path(_file(upload.id))
        return tuple(
            Part(
                number * upload.part_bytes,
                size := _size_of(upload, number),
                self._signer.url(
                    "PUT",
                    name,
                    seconds,
                    query={"partNumber": str(number + 1), "uploadId": upload.store_upload}
                    if upload.store_upload
                    else {},
                    headers={"Content-Length": str(size)},
                ),
            )
            for number in self._missing(upload)
        )

    def finish(self, upload: DirectUpload, sha256: str) -> Artifact:
        """See `DirectTransfers.finish`."""
        with self._closed(upload) as name:
            size, digest = self._measured(name)
            if size != upload.size:
                raise InvalidUpload(
                    f"{size} bytes were put instead of the {upload.size} that were announced: "
                    "begin the upload again",
                    received=str(size),
                )
            if digest != sha256:
                raise InvalidUpload(
                    "the bytes do not have the SHA-256 that was announced: they were damaged on "
                    "the way, or the file changed meanwhile; begin the upload again",
                    received=digest,
                )
            artifact = make_artifact(digest, upload.media_type, size)
            self._store.adopt(name, artifact)
            return artifact

    def clear(self, upload: DirectUpload) -> None:
        """See `DirectTransfers.clear`."""
        if upload.store_upload:
            self._multipart.abort(_file(upload.id), upload.store_upload)
        for name, _ in list(self._objects.names(_folder(upload.id))):
            self._objects.remove(name)

    def download_url(self, artifact: Artifact, *, seconds: float, file_name: str = "") -> str:
        """See `DirectTransfers.download_url`."""
        digest = digest_of(artifact)
        if not self._store.exists(artifact):
            raise ArtifactNotFound(f"the artifact store does not hold {digest}", sha256=digest)
        # Always a file to keep: the store's host shows nobody's upload as a page of its own.
        keep = "attachment"
        if file_name:
            keep += f"; filename*=UTF-8''{quote(file_name, safe='')}"
        answer = {
            "response-content-type": artifact.media_type,
            "response-content-disposition": keep,
        }
        name = self._objects.path(object_of(artifact))
        return self._signer.url("GET", name, seconds, query=answer)

    @contextmanager
    def _closed(self, upload: DirectUpload) -> Generator[str]:
        """The name of an object of what was put, which nobody outside can change any more."""
        name = _file(upload.id)
        if upload.store_upload:
            self._complete(name, upload)
            yield name
            return
        found = self._objects.stat(name)
        if found is None:
            raise _incomplete(upload, [0])
        taken = f"{_folder(upload.id)}taken-{uuid.uuid4().hex}"
        self._objects.copy(name, taken, upload.media_type)
        try:
            yield taken
        finally:
            self._objects.remove(taken)

    def _complete(self, name: str, upload: DirectUpload) -> None:
        try:
            parts = self._multipart.parts(name, upload.store_upload)
            if missing := _without(upload, {n: each.size or 0 for n, each in parts.items()}):
                raise _incomplete(upload, missing)
            self._multipart.complete(name, upload.store_upload, parts)
        except (ArtifactNotFound, ServiceUnavailable):
            # Another replica was quicker, or an earlier try did not get to its end.
            if not self._appears(name):
                raise

    def _appears(self, name: str) -> bool:
        """Whether there is such an object, or soon will be.

        A server may drop the upload before it shows the object that it makes of it.
        """
        until = time.monotonic() + self._settles_seconds
        while self._objects.stat(name) is None:
            if time.monotonic() > until:
                return False
            time.sleep(_ASK_AGAIN_SECONDS)  # no server tells when it is there
        return True

    def _measured(self, name: str) -> tuple[int, str]:
        """Size and SHA-256 of an object, read in pieces."""
        digest, size = hashlib.sha256(), 0
        with self._objects.download(name) as response:
            for chunk in response.stream(CHUNK_BYTES):
                digest.update(chunk)
                size += len(chunk)
        return size, digest.hexdigest()

    def _missing(self, upload: DirectUpload) -> list[int]:
        name = _file(upload.id)
        if not upload.store_upload:
            found = self._objects.stat(name)
            return [0] if found is None or found.size != upload.size else []
        try:
            parts = self._multipart.parts(name, upload.store_upload)
        except ArtifactNotFound:
            if not self._appears(name):
                raise
            return []
        return _without(upload, {number: each.size or 0 for number, each in parts.items()})


def _without(upload: DirectUpload, sizes: dict[int, int]) -> list[int]:
    """The parts (from 0) that are not there in their whole size; `sizes` counts from 1."""
    count = -(-upload.size // upload.part_bytes)
    return [n for n in range(count) if sizes.get(n + 1) != _size_of(upload, n)]


def _size_of(upload: DirectUpload, number: int) -> int:
    return min(upload.part_bytes, upload.size - number * upload.part_bytes)


def _incomplete(upload: DirectUpload, missing: list[int]) -> UploadIncomplete:
    offset = missing[0] * upload.part_bytes
    return UploadIncomplete(
        f"{len(missing)} parts of the upload are missing or cut short, the first at byte "
        f"{offset}: put them, then finish again",
        offset=str(offset),
    )


def _folder(upload: str) -> str:
    if not _ID.fullmatch(upload):
        raise InvalidRequest("that is no upload's id: give it exactly as it was received")
    return f"{INCOMING}{upload}/"


def _file(upload: str) -> str:
    return f"{_folder(upload)}file"
