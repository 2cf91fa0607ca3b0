"""Presigned URLs: how long they live, who has none, and who is told of them."""

from __future__ import annotations

import logging
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from google.protobuf.duration_pb2 import Duration
from songreel.v1.media_service_pb2 import (
    GetDownloadUrlRequest,
)
from songreel_gateway.db.tables import uploads
from songreel_kit.errors import (
    DirectTransferUnavailable,
    InvalidRequest,
    RequestIdReused,
    UploadIncomplete,
)
from songreel_kit.telemetry.tracing import traced
from songreel_testing.collector import trace_collector
from songreel_testing.gateway.direct_client import (
    SONG,
    begin,
    database_of,
    finish,
    front_in,
    send,
    store_at,
)
from songreel_testing.gateway.direct_client import upload as upload_directly
from songreel_testing.servers import S3Endpoint
from songreel_testing.serving import expect_error, temporary_store

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_the_life_of_a_download_url_is_bounded(front) -> None:
    media = await upload_directly(front.client, b"to be fetched", display_name="a b.mp3")

    async def parameters(**lifetime: int) -> dict[str, list[str]]:
        request = GetDownloadUrlRequest(name=media.name, lifetime=Duration(**lifetime))
        found = await front.client.media.GetDownloadUrl(request)
        return parse_qs(urlsplit(found.url).query)

    assert (await parameters())["X-Amz-Expires"] == ["3600"]
    assert (await parameters(seconds=60))["X-Amz-Expires"] == ["60"]
    assert (await parameters(seconds=10**6))["X-Amz-Expires"] == ["3600"]
    found = await parameters(nanos=1)
    assert found["X-Amz-Expires"] == ["1"]
    assert found["response-content-type"] == ["audio/mpeg"]
    assert found["response-content-disposition"] == ["attachment; filename*=UTF-8''a%20b.mp3"]
    with expect_error(InvalidRequest):
        await parameters(seconds=-1)


async def test_a_folder_gives_no_urls_out(tmp_path: Path) -> None:
    async with front_in(tmp_path, temporary_store(tmp_path)) as front:
        media = await front.client.upload(SONG)
        with expect_error(DirectTransferUnavailable) as caught:
            await begin(front.client, SONG)
        assert "use UploadMedia" in caught.message
        with expect_error(DirectTransferUnavailable) as caught:
            await front.client.media.GetDownloadUrl(GetDownloadUrlRequest(name=media.name))
        assert "use DownloadMedia" in caught.message


async def test_urls_are_told_to_nobody_but_who_asked(
    rclone: S3Endpoint,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG)
    said: list[str] = []
    urls: list[str] = []
    with trace_collector() as collector:
        for name, value in collector.environment().items():
            monkeypatch.setenv(name, value)
        async with traced("gateway"), front_in(tmp_path, store_at(rclone, tmp_path)) as front:
            upload = await begin(front.client, b"keep my URL", request_id="secret")
            urls += [part.url for part in upload.parts]
            with expect_error(UploadIncomplete) as caught:
                await finish(front.client, upload)
            said.append(f"{caught.message} {caught.error.metadata}")
            with expect_error(RequestIdReused) as reused:
                await begin(front.client, b"other", request_id="secret")
            said.append(f"{reused.message} {reused.error.metadata}")
            await send(upload.parts, b"keep my URL")
            media = await finish(front.client, upload)
            asks = GetDownloadUrlRequest(name=media.name)
            urls.append((await front.client.media.GetDownloadUrl(asks)).url)
            database = database_of(front)
            rows = database.run(lambda c: c.execute(sa.select(uploads)).all())
            database.close()
    assert collector.named("songreel.v1.MediaService/BeginUpload")
    assert rows
    assert caplog.records
    secrets = [parse_qs(urlsplit(url).query)["X-Amz-Signature"][0] for url in urls]
    for text in (*said, repr(rows), caplog.text, repr(collector.spans)):
        assert "X-Amz" not in text
        assert not [secret for secret in secrets if secret in text]
