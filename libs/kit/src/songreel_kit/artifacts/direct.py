"""Files that travel between clients and the store directly, by presigned URLs.

    direct = direct_transfers(store)             # None where the store is a folder
    upload = direct.begin(size, "audio/mpeg")
    direct.parts(upload, seconds=3600)           # client: PUT each part to its URL
    artifact = direct.finish(upload, sha256)     # reads and hashes what lies there
    direct.clear(upload)
    url = direct.download_url(artifact, seconds=600, file_name="video.mp4")

What a client puts is nothing yet. `finish` reads it: only bytes of the announced size and
hash become an artifact. What S3 servers say of an object's SHA-256 is not relied on: some
repeat whatever the client said (rclone does), and of a multipart upload none has it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from songreel.type.v1.artifact_pb2 import Artifact


@dataclass(frozen=True)
class DirectUpload:
    """An upload that has begun: all that has to be kept of it."""

    id: str
    """32 hex digits."""

    size: int
    """Bytes, as announced."""

    media_type: str

    part_bytes: int
    """Every part but the last has this size."""

    store_upload: str
    """The store's own id of a multipart upload; empty for a file that is put at once."""


@dataclass(frozen=True)
class Part:
    """A piece of a file on its way."""

    offset: int
    """The first byte."""

    size: int
    """Bytes."""

    url: str
    """Where a client PUTs exactly these bytes. A secret."""


class DirectTransfers(Protocol):
    """Presigned uploads and downloads of one store. Its methods block."""

    def begin(self, size: int, media_type: str) -> DirectUpload:
        """Begins an upload of `size` bytes. Raises `InvalidRequest` for sizes that cannot be."""
        ...

    def parts(self, upload: DirectUpload, seconds: float) -> tuple[Part, ...]:
        """The parts that are not there yet, with URLs that are good for so long.

        Raises `ArtifactNotFound` when the upload was finished or given up.
        """
        ...

    def finish(self, upload: DirectUpload, sha256: str) -> Artifact:
        """Makes an artifact of what was put; twice, or by two at once, does no harm.

        Raises:
            UploadIncomplete: Parts are missing; they can still be put.
            InvalidUpload: The bytes are others than announced: `clear` them.
            ArtifactNotFound: The upload was given up, or cleared after it was finished.
        """
        ...

    def clear(self, upload: DirectUpload) -> None:
        """Gives an upload up, or tidies after one; what became an artifact stays."""
        ...

    def download_url(self, artifact: Artifact, *, seconds: float, file_name: str = "") -> str:
        """A URL from which anybody may GET the artifact for a while, as a file to keep.

        Raises `ArtifactNotFound`; `InvalidRequest` for times over a week.
        """
        ...
