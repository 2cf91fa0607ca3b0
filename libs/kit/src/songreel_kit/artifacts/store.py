"""The artifact store: immutable bytes, found again by their SHA-256.

Two stores have one interface: a local folder (the default) and any S3 endpoint.
All methods are synchronous and thread-safe; call them from a thread when the
bytes are many.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from songreel.type.v1.artifact_pb2 import Artifact

from songreel_kit.errors import InvalidRequest

SCHEME = "cas://"

CHUNK_BYTES = 1024 * 1024

_DIGEST = re.compile(r"[0-9a-f]{64}")
_KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}(/[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}){0,7}")


class ArtifactWriter(Protocol):
    """Takes the bytes of one artifact."""

    @property
    def size(self) -> int:
        """Bytes written so far."""
        ...

    @property
    def artifact(self) -> Artifact:
        """What was stored; only after the `with` block has ended well."""
        ...

    def write(self, data: bytes) -> int:
        """Appends bytes. Raises `DiskFull`."""
        ...


class ArtifactStore(Protocol):
    """Where artifacts are kept."""

    def put_file(self, path: Path, media_type: str) -> Artifact:
        """Stores a copy of a file. Raises `DiskFull`, or OSError when it cannot be read."""
        ...

    def put_bytes(self, data: bytes, media_type: str) -> Artifact:
        """Stores bytes. Raises `DiskFull`."""
        ...

    def writer(self, media_type: str) -> AbstractContextManager[ArtifactWriter]:
        """Stores what is written inside the `with` block; if that raises, nothing is kept."""
        ...

    def open(self, artifact: Artifact) -> BinaryIO:
        """Opens an artifact to read and seek.

        Raises `ArtifactNotFound`; `ArtifactCorrupt` when its size is wrong.
        """
        ...

    def read_bytes(self, artifact: Artifact, *, verify: bool = True) -> bytes:
        """All bytes.

        Raises `ArtifactNotFound`; `ArtifactCorrupt` when `verify` finds another hash.
        """
        ...

    def local_path(self, artifact: Artifact) -> AbstractContextManager[Path]:
        """A file with these bytes for as long as the `with` block lasts; never write to it."""
        ...

    def exists(self, artifact: Artifact) -> bool:
        """Whether the bytes are there."""
        ...

    def bind(self, key: str, artifact: Artifact) -> None:
        """Makes the artifact findable under a key; an earlier one is replaced."""
        ...

    def lookup(self, key: str, *, renew: bool = True) -> Artifact | None:
        """What was bound to the key, if its bytes are still there.

        With `renew` both count as used: no garbage collection takes them for a while.
        """
        ...

    def held(self) -> Iterator[Held]:
        """Everything that the store holds, in no order; for `songreel_kit.artifacts.garbage`."""
        ...

    def bound(self) -> Iterator[tuple[str, datetime]]:
        """All keys, and when each was bound."""
        ...

    def discard(self, held: Held) -> bool:
        """Removes bytes for good; False when they were stored or used again meanwhile."""
        ...

    def unbind(self, key: str) -> None:
        """Forgets a key."""
        ...


@dataclass(frozen=True)
class Held:
    """Bytes in a store."""

    sha256: str
    size: int
    """Bytes."""

    modified: datetime
    """When they were stored or used again last, in UTC."""


def make_artifact(sha256: str, media_type: str, size: int) -> Artifact:
    """The reference to bytes with this hash."""
    return Artifact(uri=SCHEME + sha256, sha256=sha256, media_type=media_type, size=size)


def digest_of(artifact: Artifact) -> str:
    """The artifact's SHA-256 in hex, taken from `sha256` or `uri`.

    Raises `InvalidRequest` when it is malformed or the two disagree: a hash
    becomes part of a path, so nothing else may pass.
    """
    digest = artifact.sha256 or artifact.uri.removeprefix(SCHEME)
    if not _DIGEST.fullmatch(digest):
        raise InvalidRequest(
            "the artifact reference has no SHA-256 of 64 lower-case hex digits; "
            "pass on the reference exactly as it was received",
            uri=artifact.uri,
        )
    if artifact.uri and artifact.uri != SCHEME + digest:
        raise InvalidRequest(
            f"the artifact's uri {artifact.uri!r} does not belong to its SHA-256 {digest}",
            uri=artifact.uri,
        )
    return digest


def checked_key(key: str) -> str:
    """The key, if it can be one.

    Raises `InvalidRequest` unless it is of letters, digits and `._-`, in up to eight
    parts between `/`, none ending in `.json`.
    """
    if not _KEY.fullmatch(key) or any(part.endswith(".json") for part in key.split("/")):
        raise InvalidRequest(
            f"{key!r} cannot be a key: use letters, digits, '.', '_' and '-' "
            "(folders with '/', no name ending in .json)"
        )
    return key
