"""A bucket on any S3 endpoint, through the `minio` client, with errors of the tree."""

from __future__ import annotations

import io
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import urllib3
from minio.commonconfig import ENABLED, REPLACE, CopySource, Filter
from minio.error import InvalidResponseError, S3Error, ServerError
from minio.lifecycleconfig import (
    AbortIncompleteMultipartUpload,
    Expiration,
    LifecycleConfig,
    Rule,
)

from songreel_kit.artifacts.s3.connection import S3Settings, connect
from songreel_kit.errors import (
    ArtifactNotFound,
    DataLoss,
    FailedPrecondition,
    ServiceUnavailable,
    SongreelError,
    Unimplemented,
)

_ABSENT = ("NoSuchKey", "NoSuchObject", "NotFound", "NoSuchUpload")
_NOT_OFFERED = ("NotImplemented", "MethodNotAllowed")

INCOMING = "incoming/"
"""Below the prefix: what clients put there themselves and nobody has checked yet."""


class Bucket:
    """One bucket; names of objects are relative to the prefix."""

    def __init__(self, name: str, prefix: str, settings: S3Settings) -> None:
        """Connects and finds the bucket.

        Raises `ServiceUnavailable` when the endpoint does not answer,
        `FailedPrecondition` when the bucket cannot be used.
        """
        self.name = name
        self.settings = settings
        self._prefix = f"{prefix}/" if prefix else ""
        self.client = connect(settings)
        """Of the `minio` package; its errors need `typed`."""
        with self.typed():
            if not self.client.bucket_exists(name):
                if not settings.create_bucket:
                    raise FailedPrecondition(
                        f"the bucket {name!r} does not exist at {settings.endpoint}: make it, "
                        "or allow it with SONGREEL_S3_CREATE_BUCKET=true"
                    )
                self.client.make_bucket(name, location=settings.region)

    def stat(self, name: str) -> Any | None:
        """Size, `last_modified` and so on; None when there is no such object."""
        try:
            with self.typed():
                return self.client.stat_object(self.name, self.path(name))
        except ArtifactNotFound:
            return None

    def put(self, name: str, data: bytes, media_type: str) -> None:
        """Writes a small object, over another one."""
        with self.typed():
            self.client.put_object(
                self.name, self.path(name), io.BytesIO(data), len(data), media_type
            )

    def put_file(self, name: str, path: Path, media_type: str) -> None:
        """Writes an object, in parts when it is large."""
        with self.typed():
            self.client.fput_object(
                self.name,
                self.path(name),
                str(path),
                media_type,
                part_size=self.settings.part_bytes,
            )

    def remove(self, name: str) -> None:
        """Removes an object; one that is not there is as good."""
        with suppress(ArtifactNotFound), self.typed():
            self.client.remove_object(self.name, self.path(name))

    def names(self, folder: str) -> Iterator[tuple[str, Any]]:
        """All objects below a folder ("sha256/"), with what `stat` knows of their size and age."""
        with self.typed():
            for found in self.client.list_objects(
                self.name, prefix=self._prefix + folder, recursive=True
            ):
                yield str(found.object_name).removeprefix(self._prefix), found

    @contextmanager
    def download(self, name: str, sha256: str = "") -> Generator[Any]:
        """The object's bytes, to read or `stream`; `sha256` names it in the error."""
        with self.typed(sha256):
            response = self.client.get_object(self.name, self.path(name))
            try:
                yield response
            finally:
                response.close()
                response.release_conn()

    def copy(self, name: str, goal: str, media_type: str) -> None:
        """Copies an object inside the server. Raises `ArtifactNotFound`."""
        with self.typed():
            self.client.copy_object(
                self.name,
                self.path(goal),
                CopySource(self.name, self.path(name)),
                metadata={"Content-Type": media_type},
                metadata_directive=REPLACE,
            )

    def path(self, name: str) -> str:
        """An object's whole name, with the prefix."""
        return self._prefix + name

    def set_lifecycle(self, days: int) -> None:
        """Has the server clear away what uploads left that were never finished.

        Parts of broken uploads, and unchecked files, go after `days`. Replaces the rules
        that the bucket has. Raises `Unimplemented` when the server has none: then
        `songreel_kit.artifacts.garbage` does it.
        """
        rules = [
            Rule(
                ENABLED,
                rule_filter=Filter(prefix=self._prefix),
                rule_id="songreel-broken-uploads",
                abort_incomplete_multipart_upload=AbortIncompleteMultipartUpload(days),
            ),
            Rule(
                ENABLED,
                rule_filter=Filter(prefix=self._prefix + INCOMING),
                rule_id=f"songreel-{INCOMING.rstrip('/')}",
                expiration=Expiration(days=days),
            ),
        ]
        try:
            with self.typed():
                self.client.set_bucket_lifecycle(self.name, LifecycleConfig(rules))
        except FailedPrecondition as error:
            # rclone takes the request for one that makes the bucket.
            cause = error.__cause__
            if isinstance(cause, S3Error) and "BucketAlready" in str(cause.code):
                raise self._not_offered("lifecycle rules") from error
            raise

    @contextmanager
    def typed(self, sha256: str = "") -> Generator[None]:
        """Turns the client's errors into those of the tree."""
        try:
            yield
        except S3Error as error:
            raise self._from_s3(error, sha256) from error
        except (urllib3.exceptions.HTTPError, ServerError, InvalidResponseError) as error:
            raise ServiceUnavailable(
                f"the S3 endpoint {self.settings.endpoint} does not answer as it should "
                f"({type(error).__name__}): check SONGREEL_S3_ENDPOINT and that it runs"
            ) from error

    def _from_s3(self, error: S3Error, sha256: str) -> SongreelError:
        if error.code in _ABSENT:
            what = sha256 or error.object_name
            return ArtifactNotFound(f"the bucket {self.name!r} does not hold {what}")
        if error.code in ("SlowDown", "InternalError", "ServiceUnavailable"):
            return ServiceUnavailable(f"the S3 endpoint cannot answer now: {error.message}")
        if error.code in ("BadDigest", "XAmzContentSHA256Mismatch"):
            return DataLoss(f"the upload was damaged on its way: {error.message}")
        if error.code in _NOT_OFFERED:
            return self._not_offered(error.code)
        return FailedPrecondition(
            f"the S3 endpoint refused {self.name!r} ({error.code}: {error.message}): check "
            "the bucket's name, SONGREEL_S3_ACCESS_KEY and SONGREEL_S3_SECRET_KEY"
        )

    def _not_offered(self, what: str) -> Unimplemented:
        return Unimplemented(f"the S3 endpoint {self.settings.endpoint} does not offer {what}")
