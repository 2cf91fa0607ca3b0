"""Where the S3 endpoint is, and a client that speaks with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import urllib3
from minio import Minio
from platformdirs import user_cache_path
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


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

    public_url: str = ""
    """Where clients reach the endpoint, `https://media.example.com[:port]`, if that is another
    host than the services': presigned URLs are signed for it. Empty is the endpoint itself;
    "none" gives no URLs out, for an endpoint that only the services reach."""

    create_bucket: bool = True
    """Whether to make the bucket when it is missing."""

    part_bytes: int = Field(default=16 * 1024**2, ge=5 * 1024**2, le=5 * 1024**3)
    """Larger files go up in parts of this size, several at once; S3 takes 10,000 parts."""

    cache: Path = Field(default_factory=lambda: user_cache_path("songreel", appauthor=False))
    """Folder for local copies; may be emptied while nothing runs."""

    cache_bytes: int = Field(default=8 * 1024**3, ge=0)
    """How large the folder may grow before the longest unused copies go; what was used
    in the last minute stays."""

    @field_validator("public_url")
    @classmethod
    def _is_an_origin(cls, given: str) -> str:
        parts = urlsplit(given)
        origin = f"{parts.scheme}://{parts.netloc}"
        if given in ("", "none") or (
            parts.scheme in ("http", "https") and parts.hostname and given == origin
        ):
            return given
        raise ValueError(
            "public_url must be https://HOST or https://HOST:PORT, with no path and no / at its "
            'end, as the signatures cover the host alone; or "none"'
        )


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
