"""Writes one artifact into a local store."""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from contextlib import contextmanager
from typing import BinaryIO

from songreel.type.v1.artifact_pb2 import Artifact

from songreel_kit.artifacts.store import make_artifact
from songreel_kit.errors import from_os_error


@contextmanager
def full_disk_typed() -> Generator[None]:
    """Turns the operating system's "no space" into `DiskFull`."""
    try:
        yield
    except OSError as error:
        typed = from_os_error(error)
        if typed is None:
            raise
        raise typed from error


class LocalArtifactWriter:
    """Writes one artifact into the folder's `incoming`."""

    def __init__(self, file: BinaryIO, media_type: str) -> None:
        self._file = file
        self._media_type = media_type
        self._digest = hashlib.sha256()
        self._size = 0
        self._artifact: Artifact | None = None

    @property
    def size(self) -> int:
        """Bytes written so far."""
        return self._size

    @property
    def artifact(self) -> Artifact:
        """What was stored; RuntimeError before the `with` block has ended well."""
        if self._artifact is None:
            raise RuntimeError("the artifact exists only after the writer's with block")
        return self._artifact

    def write(self, data: bytes) -> int:
        """Appends bytes. Raises `DiskFull`."""
        with full_disk_typed():
            self._file.write(data)
        self._digest.update(data)
        self._size += len(data)
        return len(data)

    def described(self) -> Artifact:
        """The reference to what was written so far, stored or not."""
        return make_artifact(self._digest.hexdigest(), self._media_type, self._size)

    def finish(self, artifact: Artifact) -> None:
        """Called by the store once the bytes are in their place."""
        self._artifact = artifact
