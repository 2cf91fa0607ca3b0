"""The artifact store on any S3 endpoint, through the `minio` client.

Objects have the local store's layout: `sha256/ab/abcdef...` and
`refs/<key>.json` below the prefix. What is read or written passes through a
local store that serves as cache, so that hashes are checked before anyone sees
a byte and a file is at hand for libraries that want one.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import urllib3
from google.protobuf import json_format
from minio import Minio
from minio.error import InvalidResponseError, S3Error, ServerError
from platformdirs import user_cache_path
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict
from songreel.type.v1.artifact_pb2 import Artifact

from songreel_kit.artifacts import CHUNK_BYTES, checked_key, digest_of
from songreel_kit.errors import (
    ArtifactCorrupt,
    ArtifactNotFound,
    DataLoss,
    FailedPrecondition,
    ServiceUnavailable,
    SongreelError,
)
from songreel_kit.local_artifacts import LocalArtifactStore, LocalArtifactWriter
from songreel_kit.telemetry import get_logger

_log = get_logger(__name__)

_ABSENT = ("NoSuchKey", "NoSuchObject", "NotFound")


class S3Settings(BaseSettings):
    """Where the S3 endpoint is and who we are there (`SONGREEL_S3_...`)."""

    model_config = SettingsConfigDict(
        env_prefix="SONGREEL_S3_", frozen=True, extra="ignore", use_attribute_docstrings=True
    )

    endpoint: str = "s3.amazonaws.com"
    """`host[:port]`, without a scheme."""

    access_key: str | None = None
    """Access key; anonymous when unset."""

    secret_key: SecretStr | None = None

    region: str = "us-east-1"
    """The bucket's region; the default is also that of MinIO and its kin."""

    secure: bool = True
    """Whether to speak TLS."""

    create_bucket: bool = True
    """Whether to make the bucket when it is missing."""

    cache: Path = Field(default_factory=lambda: user_cache_path("songreel", appauthor=False))
    """Folder for local copies; may be emptied while nothing runs."""

    cache_bytes: int = Field(default=8 * 1024**3, ge=0)
    """How large the folder may grow before the longest unused copies go; what was used
    in the last minute stays."""


class _Pool(urllib3.PoolManager):
    """Calls XML by one name.

    minio reads errors only as `application/xml`, though servers may as well say
    `text/xml` (RFC 7303), and rclone does.
    """

    def urlopen(self, method: str, url: str, redirect: bool = True, **kw: Any) -> Any:
        response = super().urlopen(method, url, redirect, **kw)
        if response.headers.get("content-type", "").startswith("text/xml"):
            response.headers["content-type"] = "application/xml"
        return response


def connect(settings: S3Settings) -> Minio:
    """A client of the endpoint; nothing is sent yet."""
    secret = settings.secret_key.get_secret_value() if settings.secret_key else None
    return Minio(
        settings.endpoint,
        access_key=settings.access_key,
        secret_key=secret,
        secure=settings.secure,
        region=settings.region,
        # minio's own waits five minutes for a server that does not answer.
        http_client=_Pool(
            maxsize=32,  # one for each thread that may be at it
            timeout=urllib3.Timeout(connect=5.0, read=60.0),
            retries=urllib3.Retry(
                total=3, backoff_factor=0.2, status_forcelist=[500, 502, 503, 504]
            ),
        ),
    )


class S3ArtifactStore:
    """Artifacts in a bucket."""

    def __init__(self, bucket: str, prefix: str, settings: S3Settings) -> None:
        """Connects and finds the bucket.

        Raises `ServiceUnavailable` when the endpoint does not answer,
        `FailedPrecondition` when the bucket cannot be used.
        """
        self.bucket = bucket
        """Name of the bucket."""
        self._prefix = f"{prefix}/" if prefix else ""
        self._settings = settings
        self._cache = LocalArtifactStore(settings.cache / "artifacts")
        self._turns = [threading.Lock() for _ in range(64)]
        self._client = connect(settings)
        with self._typed():
            if not self._client.bucket_exists(bucket):
                if not settings.create_bucket:
                    raise FailedPrecondition(
                        f"the bucket {bucket!r} does not exist at {settings.endpoint}: make it, "
                        "or allow it with SONGREEL_S3_CREATE_BUCKET=true"
                    )
                self._client.make_bucket(bucket, location=settings.region)

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
        with self._cache.writer(media_type) as writer:
            yield writer
        self._upload(writer.artifact)

    def open(self, artifact: Artifact) -> BinaryIO:
        """See `ArtifactStore.open`."""
        self._fetch(artifact)
        return self._cache.open(artifact)

    def read_bytes(self, artifact: Artifact, *, verify: bool = True) -> bytes:
        """See `ArtifactStore.read_bytes`."""
        self._fetch(artifact)
        return self._cache.read_bytes(artifact, verify=verify)

    def local_path(self, artifact: Artifact) -> AbstractContextManager[Path]:
        """See `ArtifactStore.local_path`; a copy in the cache folder."""
        self._fetch(artifact)
        return self._cache.local_path(artifact)

    def exists(self, artifact: Artifact) -> bool:
        """See `ArtifactStore.exists`; asks the bucket, not the cache."""
        return self._stat(self._object(artifact)) is not None

    def bind(self, key: str, artifact: Artifact) -> None:
        """See `ArtifactStore.bind`."""
        text = json_format.MessageToJson(artifact, preserving_proto_field_name=True)
        data = text.encode("utf-8")
        with self._typed():
            self._client.put_object(
                self.bucket, self._ref(key), io.BytesIO(data), len(data), "application/json"
            )

    def lookup(self, key: str) -> Artifact | None:
        """See `ArtifactStore.lookup`."""
        try:
            with self._typed(), self._download(self._ref(key)) as response:
                artifact = json_format.Parse(response.read(), Artifact())
        except ArtifactNotFound:
            return None
        except (json_format.ParseError, UnicodeDecodeError) as error:
            _log.warning("a reference is damaged and is not used", key=key, problem=str(error))
            return None
        return artifact if self.exists(artifact) else None

    def _object(self, artifact: Artifact) -> str:
        digest = digest_of(artifact)
        return f"{self._prefix}sha256/{digest[:2]}/{digest}"

    def _ref(self, key: str) -> str:
        return f"{self._prefix}refs/{checked_key(key)}.json"

    def _upload(self, artifact: Artifact) -> None:
        self._cache.touch(artifact)
        name = self._object(artifact)
        with self._turn(artifact), self._typed(), self._cache.local_path(artifact) as path:
            present = self._stat(name)
            if present is None or present.size != artifact.size:
                self._client.fput_object(self.bucket, name, str(path), artifact.media_type)
        self._cache.trim(self._settings.cache_bytes)

    def _fetch(self, artifact: Artifact) -> None:
        """Brings the bytes into the cache, whole and with the right hash, or raises."""
        with self._turn(artifact):
            if self._cache.exists(artifact):
                self._cache.touch(artifact)
                return
            self._fetch_anew(artifact)
        self._cache.trim(self._settings.cache_bytes)

    def _fetch_anew(self, artifact: Artifact) -> None:
        digest = digest_of(artifact)
        with (
            self._typed(artifact),
            self._download(self._object(artifact)) as response,
            self._cache.writer(artifact.media_type) as writer,
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

    @contextmanager
    def _download(self, name: str) -> Generator[Any]:
        response = self._client.get_object(self.bucket, name)
        try:
            yield response
        finally:
            response.close()
            response.release_conn()

    def _stat(self, name: str) -> Any | None:
        try:
            with self._typed():
                return self._client.stat_object(self.bucket, name)
        except ArtifactNotFound:
            return None

    @contextmanager
    def _typed(self, artifact: Artifact | None = None) -> Generator[None]:
        """Turns the client's errors into those of the tree."""
        try:
            yield
        except S3Error as error:
            raise self._from_s3(error, artifact) from error
        except (urllib3.exceptions.HTTPError, ServerError, InvalidResponseError) as error:
            raise ServiceUnavailable(
                f"the S3 endpoint {self._settings.endpoint} does not answer as it should "
                f"({type(error).__name__}): check SONGREEL_S3_ENDPOINT and that it runs"
            ) from error

    def _from_s3(self, error: S3Error, artifact: Artifact | None) -> SongreelError:
        if error.code in _ABSENT:
            what = digest_of(artifact) if artifact is not None else error.object_name
            return ArtifactNotFound(f"the bucket {self.bucket!r} does not hold {what}")
        if error.code in ("SlowDown", "InternalError", "ServiceUnavailable"):
            return ServiceUnavailable(f"the S3 endpoint cannot answer now: {error.message}")
        if error.code in ("BadDigest", "XAmzContentSHA256Mismatch"):
            return DataLoss(f"the upload was damaged on its way: {error.message}")
        return FailedPrecondition(
            f"the S3 endpoint refused {self.bucket!r} ({error.code}: {error.message}): check "
            "the bucket's name, SONGREEL_S3_ACCESS_KEY and SONGREEL_S3_SECRET_KEY"
        )
