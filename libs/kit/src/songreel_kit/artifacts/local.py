"""The artifact store in a local folder.

    <root>/sha256/ab/abcdef...   the bytes, read-only, complete since they appeared
    <root>/refs/<key>.json       an artifact reference, found by key
    <root>/incoming/<uuid>       being written; locked by its living writer

A file gets its place by an atomic rename after fsync, so a crash at any moment
leaves either the whole artifact or nothing that can be seen.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
import uuid
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from google.protobuf import json_format
from songreel.type.v1.artifact_pb2 import Artifact

from songreel_kit.artifacts.local_writer import LocalArtifactWriter, full_disk_typed
from songreel_kit.artifacts.store import CHUNK_BYTES, Held, checked_key, digest_of
from songreel_kit.errors import (
    ArtifactCorrupt,
    ArtifactNotFound,
    FailedPrecondition,
)
from songreel_kit.telemetry.logging import get_logger

_log = get_logger(__name__)


class LocalArtifactStore:
    """Artifacts in a folder; several processes may share it."""

    def __init__(self, root: Path) -> None:
        """Opens the folder, makes it if missing, and sweeps what dead writers left.

        Raises `FailedPrecondition` when it cannot be written to, `DiskFull`.
        """
        self.root = root.absolute()
        try:
            with full_disk_typed():
                for folder in ("sha256", "refs", "incoming"):
                    (self.root / folder).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FailedPrecondition(
                f"the artifact folder {self.root} cannot be used ({error.strerror}): "
                "choose another one with SONGREEL_DATA or the store setting"
            ) from error
        self._sweep()

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
        """See `ArtifactStore.writer`."""
        with self._incoming() as (path, file):
            writer = LocalArtifactWriter(file, media_type)
            yield writer
            artifact = writer.described()
            self._settle(path, file, self.path_of(artifact), artifact.size)
            writer.finish(artifact)

    def open(self, artifact: Artifact) -> BinaryIO:
        """See `ArtifactStore.open`."""
        path = self.path_of(artifact)
        try:
            file = path.open("rb")
        except FileNotFoundError as error:
            raise _missing(artifact) from error
        size = os.fstat(file.fileno()).st_size
        if artifact.size and size != artifact.size:
            file.close()
            raise _corrupt(artifact, f"has {size} bytes instead of {artifact.size}")
        return file

    def read_bytes(self, artifact: Artifact, *, verify: bool = True) -> bytes:
        """See `ArtifactStore.read_bytes`."""
        with self.open(artifact) as file:
            data = file.read()
        if verify and hashlib.sha256(data).hexdigest() != digest_of(artifact):
            raise _corrupt(artifact, "does not have the hash it was stored under")
        return data

    @contextmanager
    def local_path(self, artifact: Artifact) -> Generator[Path]:
        """See `ArtifactStore.local_path`; the stored file itself, no copy."""
        with self.open(artifact) as file:
            # Shared lock: `trim` leaves files alone that somebody reads.
            fcntl.flock(file, fcntl.LOCK_SH)
            yield self.path_of(artifact)

    def exists(self, artifact: Artifact) -> bool:
        """See `ArtifactStore.exists`."""
        return self.path_of(artifact).is_file()

    def bind(self, key: str, artifact: Artifact) -> None:
        """See `ArtifactStore.bind`."""
        place = self._ref(key)
        with self._incoming() as (path, file):
            with full_disk_typed():
                file.write(_reference(artifact))
            self._settle(path, file, place, size=None)

    def lookup(self, key: str, *, renew: bool = True) -> Artifact | None:
        """See `ArtifactStore.lookup`."""
        try:
            text = self._ref(key).read_text(encoding="utf-8")
            artifact = json_format.Parse(text, Artifact())
        except FileNotFoundError:
            return None
        except (json_format.ParseError, UnicodeDecodeError) as error:
            _log.warning("a reference is damaged and is not used", key=key, problem=str(error))
            return None
        if not self.exists(artifact):
            return None
        if renew:
            self.touch(artifact)
            with suppress(OSError):
                os.utime(self._ref(key))
        return artifact

    def held(self) -> Iterator[Held]:
        """See `ArtifactStore.held`."""
        for path in (self.root / "sha256").glob("*/*"):
            with suppress(FileNotFoundError):
                yield _held(path)

    def bound(self) -> Iterator[tuple[str, datetime]]:
        """See `ArtifactStore.bound`."""
        refs = self.root / "refs"
        for path in refs.rglob("*.json"):
            with suppress(FileNotFoundError):
                key = str(path.relative_to(refs)).removesuffix(".json")
                yield key, datetime.fromtimestamp(path.stat().st_mtime, UTC)

    def discard(self, held: Held) -> bool:
        """See `ArtifactStore.discard`; what `local_path` has lent out stays, too."""
        path = self.root / "sha256" / held.sha256[:2] / held.sha256
        with suppress(FileNotFoundError):
            return _held(path).modified <= held.modified and _remove_unlocked(path)
        return False

    def unbind(self, key: str) -> None:
        """See `ArtifactStore.unbind`."""
        self._ref(key).unlink(missing_ok=True)

    def touch(self, artifact: Artifact) -> None:
        """Marks the artifact as just used, for `trim`."""
        with suppress(OSError):
            os.utime(self.path_of(artifact))

    def trim(self, max_bytes: int, *, spare_seconds: float = 60.0) -> None:
        """Removes the longest unused artifacts until at most `max_bytes` are kept.

        For a store that is only a cache. What `local_path` has lent out stays, and so
        does what was used in the last `spare_seconds`: somebody may be about to open it.
        """
        newest = time.time() - spare_seconds
        files = [path for path in (self.root / "sha256").glob("*/*") if path.is_file()]
        known = sorted((info.st_mtime, info.st_size, path) for path, info in _stats(files))
        excess = sum(size for _, size, _ in known) - max_bytes
        for used, size, path in known:
            if excess <= 0 or used > newest:
                return
            if _remove_unlocked(path):
                excess -= size

    def path_of(self, artifact: Artifact) -> Path:
        """Where the artifact's bytes are or would be."""
        digest = digest_of(artifact)
        return self.root / "sha256" / digest[:2] / digest

    def _ref(self, key: str) -> Path:
        return self.root / "refs" / f"{checked_key(key)}.json"

    @contextmanager
    def _incoming(self) -> Generator[tuple[Path, BinaryIO]]:
        """A new locked file in `incoming`, gone at the end unless it was renamed."""
        with full_disk_typed():
            path, file = self._create()
        try:
            yield path, file
        finally:
            with suppress(FileNotFoundError):
                path.unlink()
            # Closing flushes what is left of a failed write and may fail again.
            with suppress(OSError):
                file.close()

    def _create(self) -> tuple[Path, BinaryIO]:
        while True:
            path = self.root / "incoming" / uuid.uuid4().hex
            file = path.open("xb")
            fcntl.flock(file, fcntl.LOCK_EX)
            # A sweep may have come between creating and locking.
            if path.exists():
                return path, file
            file.close()

    def _settle(self, path: Path, file: BinaryIO, place: Path, size: int | None) -> None:
        """Moves a written file to its place; one of this size that is there stays."""
        with full_disk_typed():
            if size is not None and place.is_file() and place.stat().st_size == size:
                with suppress(OSError):
                    os.utime(place)  # used again: no garbage for now
                return
            file.flush()
            if size is not None:
                os.fchmod(file.fileno(), 0o444)
            os.fsync(file.fileno())
            place.parent.mkdir(parents=True, exist_ok=True)
            path.replace(place)
            _sync_folder(place.parent)

    def _sweep(self) -> None:
        """Removes what writers left that were killed: their locks died with them."""
        for path in (self.root / "incoming").iterdir():
            _remove_unlocked(path)


def _remove_unlocked(path: Path) -> bool:
    """Removes a file that nobody has locked; whether it did."""
    with suppress(FileNotFoundError, BlockingIOError), path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()
        return True
    return False


def _held(path: Path) -> Held:
    info = path.stat()
    return Held(path.name, info.st_size, datetime.fromtimestamp(info.st_mtime, UTC))


def _reference(artifact: Artifact) -> bytes:
    text = json_format.MessageToJson(artifact, preserving_proto_field_name=True)
    return text.encode("utf-8")


def _stats(paths: list[Path]) -> Iterator[tuple[Path, os.stat_result]]:
    for path in paths:
        with suppress(FileNotFoundError):
            yield path, path.stat()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _missing(artifact: Artifact) -> ArtifactNotFound:
    return ArtifactNotFound(
        f"the artifact store does not hold {digest_of(artifact)}: make or upload it again, "
        "and check that every service uses the same store",
        sha256=digest_of(artifact),
    )


def _corrupt(artifact: Artifact, problem: str) -> ArtifactCorrupt:
    return ArtifactCorrupt(
        f"the stored artifact {digest_of(artifact)} {problem}: remove it and make it again",
        sha256=digest_of(artifact),
    )
