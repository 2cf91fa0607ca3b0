"""Files past the gateway: straight into the store, and straight out of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio
import sqlalchemy as sa
from google.protobuf.duration_pb2 import Duration
from songreel.v1.media_service_pb2 import (
    CancelUploadRequest,
    DirectUpload,
    FinishUploadRequest,
    GetDownloadUrlRequest,
    GetMediaRequest,
)
from songreel_gateway.access.quotas import UPLOADS, Limits, Quotas
from songreel_gateway.db.access_tables import project_use
from songreel_gateway.db.schema import open_database
from songreel_gateway.db.tables import uploads
from songreel_gateway.media.direct_uploads import DirectUploads, clear_expired
from songreel_gateway.media.pending_uploads import PendingUploads
from songreel_gateway.media.repository import MediaRepository
from songreel_gateway.settings import GatewaySettings
from songreel_kit.artifacts.open import direct_transfers
from songreel_kit.database.database import Database
from songreel_kit.errors import (
    DirectTransferUnavailable,
    EmptyFile,
    InvalidName,
    InvalidRequest,
    InvalidUpload,
    MediaNotFound,
    QuotaExceeded,
    RequestIdReused,
    UploadIncomplete,
    UploadNotFound,
    UploadTooLarge,
)
from songreel_kit.telemetry.tracing import traced
from songreel_testing.collector import trace_collector
from songreel_testing.gateway.checked_gateway import checked_gateway
from songreel_testing.gateway.direct_client import (
    LONG,
    PART,
    SONG,
    Front,
    artifacts,
    asked,
    begin,
    finish,
    front_in,
    get,
    goes_on,
    left_over,
    put,
    send,
)
from songreel_testing.gateway.direct_client import store_at as store_of
from songreel_testing.gateway.direct_client import upload as upload_directly
from songreel_testing.gateway.local_gateway import PARENT
from songreel_testing.servers import PostgresServer, S3Endpoint
from songreel_testing.serving import expect_error, temporary_store

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module", params=["moto", "rclone"])
async def front(request, tmp_path_factory) -> AsyncIterator[Front]:
    """A gateway on either S3 server."""
    folder = tmp_path_factory.mktemp(request.param)
    store = store_of(request.getfixturevalue(request.param), folder)
    async with front_in(folder, store) as front:
        yield front


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def checking(rclone: S3Endpoint, tmp_path_factory) -> AsyncIterator[Front]:
    """A gateway on the server that verifies signatures."""
    folder = tmp_path_factory.mktemp("checking")
    async with front_in(folder, store_of(rclone, folder)) as front:
        yield front


def database_of(front: Front) -> Database:
    return open_database(front.settings.database())


def let_expire(front: Front) -> None:
    """As if all that has begun had begun long ago."""
    database = database_of(front)
    database.run(lambda c: c.execute(sa.update(uploads).values(expires=1)))
    database.close()


def store_upload(front: Front, upload: DirectUpload) -> str:
    """The S3 server's id of a multipart upload."""
    database = database_of(front)
    wanted = sa.select(uploads.c.store_upload).where(uploads.c.id == upload.name[-32:])
    found = database.run(lambda c: c.execute(wanted).scalar_one())
    database.close()
    return str(found)


@pytest.mark.parametrize("data", [SONG, LONG], ids=["at once", "in parts"])
async def test_a_file_goes_past_the_gateway(front, data: bytes) -> None:
    upload = await begin(front.client, data, display_name="/home/me/Lied (ä).mp3")
    size = [PART, PART, 7] if data is LONG else [len(data)]
    assert [part.size for part in upload.parts] == size
    assert [part.offset for part in upload.parts] == [PART * n for n in range(len(size))]
    assert upload.name.startswith(f"{PARENT}/uploads/")
    assert all(part.expire_time.seconds <= upload.expire_time.seconds for part in upload.parts)
    await send(upload.parts, data)
    media = await finish(front.client, upload)
    assert media.name == f"{PARENT}/media/{asked(data).sha256}"
    assert (media.display_name, media.artifact.media_type) == ("Lied (ä).mp3", "audio/mpeg")
    assert media.artifact.size == len(data)
    assert await finish(front.client, upload) == media
    assert (await begin(front.client, data)).name != upload.name
    assert await front.client.download(media.name) == data
    found = await front.client.media.GetDownloadUrl(GetDownloadUrlRequest(name=media.name))
    assert await get(found.url) == (200, data)


async def test_only_what_is_unfinished_lies_in_the_store(front) -> None:
    let_expire(front)
    await upload_directly(front.client, b"clears what others left")
    assert left_over(front.store) == []
    upload = await begin(front.client, LONG + b"!")
    await send(upload.parts[:1], LONG)
    kept = store_upload(front, upload)
    assert goes_on(front.store, upload.name, kept)
    await front.client.media.CancelUpload(CancelUploadRequest(name=upload.name))
    assert not goes_on(front.store, upload.name, kept)
    with expect_error(UploadNotFound):
        await finish(front.client, upload)
    with expect_error(UploadNotFound):
        await front.client.media.CancelUpload(CancelUploadRequest(name=upload.name))


async def test_what_broke_off_goes_on_with_what_is_missing(front) -> None:
    data = LONG + b" with a coda"
    upload = await begin(front.client, data, request_id="goes-on")
    await send([upload.parts[0], upload.parts[2]], data)
    with expect_error(UploadIncomplete) as caught:
        await finish(front.client, upload)
    assert caught.error.metadata["offset"] == str(PART)
    again = await begin(front.client, data, request_id="goes-on")
    assert again.name == upload.name
    assert [part.offset for part in again.parts] == [PART]
    await send(again.parts, data)
    assert (await finish(front.client, again)).artifact.size == len(data)
    assert not (await begin(front.client, data, request_id="goes-on")).parts


@pytest.mark.parametrize("data", [SONG, LONG], ids=["at once", "in parts"])
async def test_other_bytes_leave_nothing(front, data: bytes) -> None:
    wanted = b"wanted" + data
    before = artifacts(front.store)
    upload = await begin(front.client, wanted, request_id=f"other-{len(data)}")
    await send(upload.parts, wanted[::-1])
    with expect_error(InvalidUpload) as caught:
        await finish(front.client, upload)
    assert "SHA-256" in caught.message
    assert artifacts(front.store) == before
    assert not [name for name in left_over(front.store) if upload.name[-32:] in name]
    with expect_error(UploadNotFound):
        await finish(front.client, upload)
    with expect_error(MediaNotFound):
        name = f"{PARENT}/media/{asked(wanted).sha256}"
        await front.client.media.GetMedia(GetMediaRequest(name=name))
    # The same request may be made again, and is then a new upload.
    again = await begin(front.client, wanted, request_id=f"other-{len(data)}")
    assert again.name != upload.name
    await send(again.parts, wanted)
    assert (await finish(front.client, again)).artifact.size == len(wanted)


async def test_another_size_than_announced_is_refused(front, checking) -> None:
    upload = await begin(checking.client, SONG)
    assert await put(upload.parts[0], SONG + b"!") == 403
    with expect_error(UploadIncomplete):
        await finish(checking.client, upload)
    upload = await begin(front.client, b"!" + SONG)
    if await put(upload.parts[0], b"!" + SONG + b"!") == 200:  # looks at no signature
        with expect_error(InvalidUpload) as caught:
            await finish(front.client, upload)
        assert f"{len(SONG) + 2} bytes were put" in caught.message
        with expect_error(UploadNotFound):
            await finish(front.client, upload)


async def test_request_ids_belong_to_their_content(front) -> None:
    first = await begin(front.client, b"one", request_id="begin-1")
    again = await begin(front.client, b"one", request_id="begin-1")
    assert (again.name, len(again.parts)) == (first.name, 1)
    with expect_error(RequestIdReused):
        await begin(front.client, b"two", request_id="begin-1")
    other = await begin(front.client, b"two", request_id="begin-2")
    await send(first.parts, b"one")
    await send(other.parts, b"two")
    media = await finish(front.client, first, "finish-1")
    assert await finish(front.client, first, "finish-1") == media
    with expect_error(RequestIdReused):
        await finish(front.client, other, "finish-1")
    assert (await finish(front.client, other, "finish-2")).artifact.size == 3
    let_expire(front)
    await begin(front.client, b"three")
    assert await finish(front.client, first, "finish-1") == media


async def test_what_cannot_be_announced_is_refused(front) -> None:
    before = left_over(front.store)
    for changes, error in (
        ({"size": 0}, EmptyFile),
        ({"size": -1}, InvalidUpload),
        ({"size": 2**50}, UploadTooLarge),
        ({"sha256": ""}, InvalidUpload),
        ({"sha256": "xyz"}, InvalidUpload),
        ({"media_type": "music"}, InvalidUpload),
        ({"media_type": "audio/mpeg; " + "x" * 300}, InvalidUpload),
        ({"parent": "projects/../x"}, InvalidName),
        ({"request_id": "a\nb"}, InvalidRequest),
    ):
        with expect_error(error):
            await begin(front.client, SONG, **changes)
    for name in ("", "projects/local/uploads/x", f"{PARENT}/uploads/{'A' * 32}"):
        with expect_error(InvalidName):
            await front.client.media.FinishUpload(FinishUploadRequest(name=name))
    assert left_over(front.store) == before


async def test_uploads_of_other_projects_do_not_exist(front) -> None:
    upload = await begin(front.client, b"mine alone")
    await send(upload.parts, b"mine alone")
    foreign = upload.name.replace(PARENT, "projects/other")
    for method, request in (
        ("FinishUpload", FinishUploadRequest),
        ("CancelUpload", CancelUploadRequest),
    ):
        with expect_error(UploadNotFound):
            await getattr(front.client.media, method)(request(name=foreign))
    media = await finish(front.client, upload)
    with expect_error(MediaNotFound):
        name = media.name.replace(PARENT, "projects/other")
        await front.client.media.GetDownloadUrl(GetDownloadUrlRequest(name=name))
    with expect_error(InvalidRequest):
        await front.client.media.CancelUpload(CancelUploadRequest(name=upload.name))


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


async def test_what_is_never_finished_goes_with_its_parts(front) -> None:
    database = database_of(front)
    let_expire(front)
    clear_expired(database, lambda: direct_transfers(front.store), dry_run=False)
    upload = await begin(front.client, LONG + b"never finished", request_id="never")
    await send(upload.parts[:1], LONG)
    kept = store_upload(front, upload)
    small = await begin(front.client, b"put and not finished")
    await send(small.parts, b"put and not finished")
    let_expire(front)
    with expect_error(UploadNotFound):
        await finish(front.client, upload)

    def transfers() -> Any:
        return direct_transfers(front.store)

    assert clear_expired(database, transfers, dry_run=True) == 2
    assert goes_on(front.store, upload.name, kept)
    assert clear_expired(database, transfers, dry_run=False) == 2
    assert left_over(front.store) == []
    assert not goes_on(front.store, upload.name, kept)
    assert clear_expired(database, transfers, dry_run=False) == 0
    database.close()
    again = await begin(front.client, LONG + b"never finished", request_id="never")
    assert (again.name == upload.name, len(again.parts)) == (False, 3)


async def test_a_folder_gives_no_urls_out(tmp_path: Path) -> None:
    async with front_in(tmp_path, temporary_store(tmp_path)) as front:
        media = await front.client.upload(SONG)
        with expect_error(DirectTransferUnavailable) as caught:
            await begin(front.client, SONG)
        assert "use UploadMedia" in caught.message
        with expect_error(DirectTransferUnavailable) as caught:
            await front.client.media.GetDownloadUrl(GetDownloadUrlRequest(name=media.name))
        assert "use DownloadMedia" in caught.message


async def test_what_has_begun_counts_against_the_quotas(moto: S3Endpoint, tmp_path: Path) -> None:
    tight = "projects/tight"  # 64 bytes, 3 uploads
    async with checked_gateway(tmp_path, store_of(moto, tmp_path)) as gateway:
        client = gateway.as_("tight")
        with expect_error(QuotaExceeded):
            await begin(client, b"x" * 65, parent=tight)
        one = await begin(client, b"1" * 40, parent=tight)
        with expect_error(QuotaExceeded):
            await begin(client, b"2" * 25, parent=tight)
        with expect_error(QuotaExceeded):
            await client.upload(b"2" * 25, parent=tight)
        await client.media.CancelUpload(CancelUploadRequest(name=one.name))
        two = await begin(client, b"2" * 25, parent=tight)
        three = await begin(client, b"3" * 25, parent=tight)
        await begin(client, b"4", parent=tight)
        with expect_error(QuotaExceeded) as caught:
            await begin(client, b"5", parent=tight)
        assert caught.error.metadata["quota"] == UPLOADS
        await send(two.parts, b"2" * 25)
        assert (await finish(client, two)).artifact.size == 25
        # Those of nobody's time give their share back.
        gone = sa.update(uploads).where(uploads.c.finished == 0).values(expires=1)
        gateway.write(lambda c: c.execute(gone))
        assert (await upload_directly(client, b"6" * 39, parent=tight)).artifact.size == 39
        with expect_error(UploadNotFound):
            await finish(client, three)
        used = sa.select(project_use.c.amount).where(project_use.c.kind == UPLOADS)
        found = gateway.write(
            lambda c: c.execute(used.where(project_use.c.project == "tight")).scalar_one()
        )
        assert found == 2


@pytest.mark.parametrize("data", [SONG, LONG], ids=["at once", "in parts"])
async def test_of_replicas_that_finish_at_once_one_wins(
    postgres: PostgresServer, rclone: S3Endpoint, tmp_path: Path, data: bytes
) -> None:
    url = postgres.url(postgres.create_database())
    store = store_of(rclone, tmp_path)
    limits = Limits(10, 10, 10**9, 10)
    databases = [open_database(url) for _ in range(3)]
    settings = GatewaySettings(data=tmp_path)
    replicas = [
        DirectUploads(
            settings,
            direct_transfers(store),
            PendingUploads(MediaRepository(database), Quotas(database, limits)),
        )
        for database in databases
    ]
    upload = await replicas[0].begin(asked(data))
    await send(upload.parts, data)
    request = FinishUploadRequest(name=upload.name)
    found = await asyncio.gather(*(each.finish(request) for each in replicas * 2))
    assert {each.name for each in found} == {f"{PARENT}/media/{asked(data).sha256}"}
    used = sa.select(project_use.c.amount).where(project_use.c.kind == UPLOADS)
    assert databases[0].run(lambda c: c.execute(used).scalar_one()) == 1
    assert store.read_bytes(found[0].artifact) == data
    assert left_over(store) == []
    # Who begins the same request at the same moment gets one upload.
    one = asked(data, request_id="at the same moment")
    begun = await asyncio.gather(*(each.begin(one) for each in replicas))
    assert len({each.name for each in begun}) == 1
    for database in databases:
        database.close()


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
        async with traced("gateway"), front_in(tmp_path, store_of(rclone, tmp_path)) as front:
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
