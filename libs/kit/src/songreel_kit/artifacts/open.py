"""Opens the store that a setting names, and its direct transfers.

The S3 client is loaded only where a store is on S3.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from songreel_kit.artifacts.direct import DirectTransfers
from songreel_kit.artifacts.local import LocalArtifactStore
from songreel_kit.artifacts.store import ArtifactStore
from songreel_kit.errors import InvalidRequest


def open_store(url: str) -> ArtifactStore:
    """Opens the store that a setting names.

    That is a folder's path, `file:///folder`, or `s3://bucket[/prefix]` (endpoint and
    keys from `SONGREEL_S3_...`).

    Raises `InvalidRequest` for another scheme, `FailedPrecondition` when the folder
    or bucket cannot be used.
    """
    parts = urlsplit(url)
    if parts.scheme == "s3":
        from songreel_kit.artifacts.s3.store import S3ArtifactStore, S3Settings

        return S3ArtifactStore(parts.netloc, parts.path.strip("/"), S3Settings())
    if parts.scheme == "file":
        url = unquote(parts.path)
    elif "://" in url:
        raise InvalidRequest(
            f"{url!r} names no artifact store: give a folder, file:///folder or s3://bucket/prefix"
        )
    return LocalArtifactStore(Path(url).expanduser())


def direct_transfers(store: ArtifactStore) -> DirectTransfers | None:
    """The store's direct transfers; None where it cannot presign."""
    if isinstance(store, LocalArtifactStore):
        return None
    from songreel_kit.artifacts.s3.direct import S3DirectTransfers
    from songreel_kit.artifacts.s3.signing import presigns
    from songreel_kit.artifacts.s3.store import S3ArtifactStore

    if not isinstance(store, S3ArtifactStore) or not presigns(store.objects.settings):
        return None
    return S3DirectTransfers(store)
