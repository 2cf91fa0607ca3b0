"""Requests to the artifact store by presigned URLs.

Over the standard library's HTTP, which logs nothing: whoever has such a URL may do what it
is for. Errors name the store's host and nothing else of it.
"""

from __future__ import annotations

import asyncio
import http.client
import ssl
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from urllib.parse import SplitResult, urlsplit

from songreel_kit.errors import InvalidUpload, ServiceUnavailable

CHUNK_BYTES = 1024 * 1024
SILENCE_SECONDS = 60.0
"""How long the store may say nothing."""


async def put_part(url: str, path: Path, offset: int, size: int) -> None:
    """PUTs a piece of a file.

    Raises:
        ServiceUnavailable: The store did not take it; perhaps the URL has expired.
        InvalidUpload: The file is shorter than it was.
        OSError: It cannot be read.
    """
    parts = urlsplit(url)
    connection = _connection(parts)

    def put() -> None:
        with path.open("rb") as file:
            file.seek(offset)
            with _named(parts):
                length = {"Content-Length": str(size)}
                connection.request("PUT", _target(parts), _piece(file, size, path), length)
                answer = connection.getresponse()
                answer.read()
        _check(parts, answer, 200)

    try:
        await asyncio.to_thread(put)
    finally:
        connection.close()  # which also ends the thread's work when this was cancelled


async def get_from(url: str, offset: int) -> AsyncGenerator[bytes]:
    """GETs a file from a byte on. Raises `ServiceUnavailable`."""
    parts = urlsplit(url)
    connection = _connection(parts)

    def ask() -> http.client.HTTPResponse:
        with _named(parts):
            connection.request("GET", _target(parts), headers={"Range": f"bytes={offset}-"})
            answer = connection.getresponse()
        _check(parts, answer, 200, 206)
        return answer

    def read(answer: http.client.HTTPResponse) -> bytes:
        with _named(parts):
            return answer.read(CHUNK_BYTES)

    try:
        answer = await asyncio.to_thread(ask)
        # By this header and not by 206: rclone says 200 to a range, too.
        ranged = answer.getheader("Content-Range", "").startswith(f"bytes {offset}-")
        skip = 0 if ranged else offset
        while chunk := await asyncio.to_thread(read, answer):
            if len(chunk) > skip:
                yield chunk[skip:]
            skip = max(0, skip - len(chunk))
    finally:
        connection.close()


def _connection(parts: SplitResult) -> http.client.HTTPConnection:
    if parts.scheme == "https":
        tls = ssl.create_default_context()
        return http.client.HTTPSConnection(parts.netloc, timeout=SILENCE_SECONDS, context=tls)
    return http.client.HTTPConnection(parts.netloc, timeout=SILENCE_SECONDS)


def _target(parts: SplitResult) -> str:
    return f"{parts.path}?{parts.query}"


def _piece(file: BinaryIO, size: int, path: Path) -> Generator[bytes]:
    while size:
        chunk = file.read(min(CHUNK_BYTES, size))
        if not chunk:
            raise InvalidUpload(f"{path} is shorter than when it was hashed: upload it again")
        size -= len(chunk)
        yield chunk


@contextmanager
def _named(parts: SplitResult) -> Generator[None]:
    try:
        yield
    except (OSError, http.client.HTTPException) as error:
        raise ServiceUnavailable(
            f"the artifact store at {parts.netloc} does not answer as it should "
            f"({type(error).__name__}): if this machine does not reach it, leave out direct=True"
        ) from None


def _check(parts: SplitResult, answer: http.client.HTTPResponse, *good: int) -> None:
    if answer.status not in good:
        raise ServiceUnavailable(
            f"the artifact store at {parts.netloc} answered with status {answer.status}"
        )
