"""Files on their way in and out."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from songreel.v1.media_pb2 import Media
from songreel.v1.media_service_pb2 import UploadHeader, UploadMediaRequest
from songreel_kit.errors import DataLoss

CHUNK_BYTES = 256 * 1024

Transferred = Callable[[int, int], None]
"""Called with bytes done and bytes in all while a file travels."""


@dataclass(frozen=True)
class LocalFile:
    """A file to be uploaded, with the hash of what it holds now."""

    path: Path
    size: int
    """In bytes."""
    sha256: str
    """Lower-case hex."""


def read_local_file(path: Path) -> LocalFile:
    """Hashes a file in pieces; a song is never held in memory whole."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        return LocalFile(path, file.tell(), digest.hexdigest())


async def upload_parts(
    header: UploadHeader, file: LocalFile, report: Transferred | None
) -> AsyncIterator[UploadMediaRequest]:
    """The messages of one upload."""
    yield UploadMediaRequest(header=header)
    with file.path.open("rb") as source:
        while chunk := source.read(CHUNK_BYTES):
            yield UploadMediaRequest(chunk=chunk)
            if report is not None:
                report(source.tell(), file.size)


@contextmanager
def part_file(media: Media, goal: Path) -> Generator[BinaryIO]:
    """A file beside `goal` that becomes `goal` once all of `media` is in it.

    What an earlier attempt left is kept and gone on from, also by another process.

    Raises `DataLoss` when the bytes are not those that the media's hash promises.
    """
    artifact = media.artifact
    part = goal.with_name(f"{goal.name}.{artifact.sha256[:12]}.part")
    with part.open("ab") as file:
        if file.tell() > artifact.size:
            file.truncate(0)
            file.seek(0)
        yield file
    if read_local_file(part).sha256 != artifact.sha256:
        part.unlink()
        raise DataLoss(
            f"what came for {media.name} has another hash: ask for it again", name=media.name
        )
    part.replace(goal)
