"""Files that travel between clients and the bucket directly, by presigned URLs.

    upload = direct.begin(size)                  # client: PUT each part to its URL
    direct.missing(upload.id, size)              # after a break: what is still to come
    artifact = direct.finish(upload.id, size, sha256, "audio/mpeg")
    url = direct.download_url(artifact, seconds=600, file_name="video.mp4")

What a client puts lies below `incoming/` and is nothing yet. `finish` reads it: only bytes
of the announced size and hash become an artifact. A presigned URL binds neither size nor
type of what is put, so nothing else could be relied on.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from songreel.type.v1.artifact_pb2 import Artifact

from songreel_kit.artifacts import CHUNK_BYTES, digest_of
from songreel_kit.errors import ArtifactNotFound, InvalidRequest, InvalidUpload
from songreel_kit.s3_artifacts import S3ArtifactStore
from songreel_kit.s3_bucket import INCOMING

_ID = re.compile(r"[0-9a-f]{32}")

MAX_PARTS = 10_000
MAX_SECONDS = 7 * 24 * 3600.0
"""As long as S3 allows a presigned URL to be good."""


@dataclass(frozen=True)
class Part:
    """A piece of a file on its way."""

    number: int
    """From 0 on."""

    size: int
    """Bytes."""

    url: str
    """Where a client PUTs exactly these bytes."""


@dataclass(frozen=True)
class DirectUpload:
    """An upload that has begun."""

    id: str
    parts: tuple[Part, ...]


class DirectTransfers:
    """Presigned uploads and downloads of one store."""

    def __init__(self, store: S3ArtifactStore, part_bytes: int) -> None:
        """`part_bytes`: every part but the last has this size."""
        if part_bytes < 1:
            raise InvalidRequest("a part needs at least one byte")
        self._store = store
        self._part_bytes = part_bytes

    def begin(self, size: int, *, seconds: float = 3600.0) -> DirectUpload:
        """Begins an upload of `size` bytes; its URLs are good for `seconds`.

        Raises `InvalidRequest` for sizes that cannot be and for times over a week.
        """
        upload = uuid.uuid4().hex
        return DirectUpload(upload, self.parts(upload, size, self._numbers(size), seconds))

    def parts(
        self, upload: str, size: int, numbers: Iterable[int], seconds: float = 3600.0
    ) -> tuple[Part, ...]:
        """New URLs for these parts of an upload, to go on with it."""
        if not 0 < seconds <= MAX_SECONDS:
            raise InvalidRequest(f"a URL is good for up to {MAX_SECONDS:.0f} s")
        objects = self._store.objects
        return tuple(
            Part(
                number,
                self._size_of(number, size),
                objects.presigned("PUT", _piece(upload, number), seconds),
            )
            for number in numbers
        )

    def missing(self, upload: str, size: int) -> list[int]:
        """The parts that are not there in their whole size."""
        return [
            number
            for number in self._numbers(size)
            if (found := self._store.objects.stat(_piece(upload, number))) is None
            or found.size != self._size_of(number, size)
        ]

    def finish(self, upload: str, size: int, sha256: str, media_type: str) -> Artifact:
        """Makes an artifact of what was put.

        Raises `InvalidUpload` when parts are missing (they can still be put) or when the
        bytes are not those announced (then they are removed).
        """
        missing = self.missing(upload, size)
        if missing:
            raise InvalidUpload(
                f"{len(missing)} parts of the upload are missing or have another size, first "
                f"part {missing[0]}: put them, then finish again",
                first=str(missing[0]),
            )
        with self._store.cache.writer(media_type) as writer:
            for number in self._numbers(size):
                with self._store.objects.download(_piece(upload, number)) as response:
                    for chunk in response.stream(CHUNK_BYTES):
                        writer.write(chunk)
            if writer.described().sha256 != sha256:
                self.cancel(upload, size)
                raise InvalidUpload(
                    "the bytes do not have the SHA-256 that was announced: they were damaged on "
                    "the way, or the file changed meanwhile; upload it again",
                    received=writer.described().sha256,
                )
        self._store.upload(writer.artifact)
        self.cancel(upload, size)
        return writer.artifact

    def cancel(self, upload: str, size: int) -> None:
        """Removes what was put."""
        for number in self._numbers(size):
            self._store.objects.remove(_piece(upload, number))

    def download_url(
        self, artifact: Artifact, *, seconds: float = 600.0, file_name: str = ""
    ) -> str:
        """A URL from which anybody may GET the artifact for a while.

        Raises `ArtifactNotFound`; `InvalidRequest` for times over a week.
        """
        if not 0 < seconds <= MAX_SECONDS:
            raise InvalidRequest(f"a URL is good for up to {MAX_SECONDS:.0f} s")
        digest = digest_of(artifact)
        if not self._store.exists(artifact):
            raise ArtifactNotFound(f"the artifact store does not hold {digest}", sha256=digest)
        answer = {"response-content-type": artifact.media_type}
        if file_name:
            answer["response-content-disposition"] = (
                f"attachment; filename*=UTF-8''{quote(file_name, safe='')}"
            )
        name = f"sha256/{digest[:2]}/{digest}"
        return self._store.objects.presigned("GET", name, seconds, answer)

    def _numbers(self, size: int) -> range:
        count = -(-size // self._part_bytes)
        if not 1 <= count <= MAX_PARTS:
            raise InvalidRequest(
                f"a file of {size} bytes cannot go up in {MAX_PARTS} parts of "
                f"{self._part_bytes} bytes"
            )
        return range(count)

    def _size_of(self, number: int, size: int) -> int:
        if number not in self._numbers(size):
            raise InvalidRequest(f"the upload has no part {number}")
        return min(self._part_bytes, size - number * self._part_bytes)


def _piece(upload: str, number: int) -> str:
    if not _ID.fullmatch(upload):
        raise InvalidRequest("that is no upload's id: give it exactly as it was received")
    return f"{INCOMING}{upload}/{number:05d}"
