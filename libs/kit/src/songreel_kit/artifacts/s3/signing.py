"""Presigned URLs: who has one may do one thing with one object for a while, and no more.

They are secrets. This module makes them and hands them to whoever answers the client;
nothing here, and nothing that is handed one, writes them to logs, traces or errors.

minio's own signs the host only. These also sign the length of what is put, so that nobody
lays terabytes where a song was announced: a server that checks signatures refuses the rest.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote, urlsplit

from minio import Minio

from songreel_kit.artifacts.s3.connection import S3Settings
from songreel_kit.errors import InvalidRequest

MAX_SECONDS = 7 * 24 * 3600.0
"""As long as S3 allows a presigned URL to be good."""

_NO_KEYS: Mapping[str, str] = {}


@dataclass(frozen=True)
class _Keys:
    access: str
    secret: str


class Signer:
    """Signs URLs (AWS signature 4) for the host under which clients reach the bucket."""

    def __init__(self, settings: S3Settings, bucket: str, now: Callable[[], datetime]) -> None:
        """Raises `InvalidRequest` where `presigns(settings)` is false."""
        secret = settings.secret_key
        if not presigns(settings) or settings.access_key is None or secret is None:
            raise InvalidRequest("this store cannot presign: see `presigns`")
        self._keys = _Keys(settings.access_key, secret.get_secret_value())
        self._region = settings.region
        self._bucket = bucket
        self._now = now
        host, secure = settings.endpoint, settings.secure
        if settings.public_url:
            public = urlsplit(settings.public_url)
            host, secure = public.netloc, public.scheme == "https"
        # Without keys it signs nothing and only knows how an object's URL is written.
        self._addresses = Minio(host, secure=secure, region=settings.region)

    def url(
        self,
        method: str,
        name: str,
        seconds: float,
        *,
        query: Mapping[str, str] = _NO_KEYS,
        headers: Mapping[str, str] = _NO_KEYS,
    ) -> str:
        """A URL for one method on one object.

        Args:
            method: "PUT", for example.
            name: The object's whole name.
            seconds: How long it is good.
            query: More parameters.
            headers: What the request must carry, exactly so.

        Raises:
            InvalidRequest: For times over a week.
        """
        if not 1 <= seconds <= MAX_SECONDS:
            raise InvalidRequest(f"a URL is good for 1 to {MAX_SECONDS:.0f} s")
        address = urlsplit(
            self._addresses.get_presigned_url(
                method, self._bucket, name, expires=timedelta(seconds=60)
            )
        )
        now = self._now()
        scope = f"{now:%Y%m%d}/{self._region}/s3/aws4_request"
        signed = {"host": address.netloc} | {key.lower(): text for key, text in headers.items()}
        names = ";".join(sorted(signed))
        asked = dict(query) | {
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Credential": f"{self._keys.access}/{scope}",
            "X-Amz-Date": f"{now:%Y%m%dT%H%M%SZ}",
            "X-Amz-Expires": str(int(seconds)),
            "X-Amz-SignedHeaders": names,
        }
        parameters = "&".join(f"{_quoted(key)}={_quoted(asked[key])}" for key in sorted(asked))
        lines = "".join(f"{key}:{signed[key]}\n" for key in sorted(signed))
        request = f"{method}\n{address.path}\n{parameters}\n{lines}\n{names}\nUNSIGNED-PAYLOAD"
        digest = hashlib.sha256(request.encode()).hexdigest()
        text = f"AWS4-HMAC-SHA256\n{now:%Y%m%dT%H%M%SZ}\n{scope}\n{digest}"
        signature = _hmac(self._signing_key(f"{now:%Y%m%d}"), text).hex()
        return (
            f"{address.scheme}://{address.netloc}{address.path}"
            f"?{parameters}&X-Amz-Signature={signature}"
        )

    def _signing_key(self, day: str) -> bytes:
        key = f"AWS4{self._keys.secret}".encode()
        for text in (day, self._region, "s3", "aws4_request"):
            key = _hmac(key, text)
        return key


def presigns(settings: S3Settings) -> bool:
    """Whether URLs can be given out: there are keys, and clients reach the endpoint."""
    return bool(settings.access_key and settings.secret_key) and settings.public_url != "none"


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def _quoted(text: str) -> str:
    return quote(text, safe="-_.~")
