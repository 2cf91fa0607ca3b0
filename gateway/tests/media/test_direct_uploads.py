"""Direct uploads: files that go straight into the store, past the gateway."""

from __future__ import annotations

import pytest
from songreel.v1.media_service_pb2 import (
    CancelUploadRequest,
    FinishUploadRequest,
    GetDownloadUrlRequest,
    GetMediaRequest,
)
from songreel_kit.errors import (
    EmptyFile,
    InvalidName,
    InvalidRequest,
    InvalidUpload,
    MediaNotFound,
    RequestIdReused,
    UploadIncomplete,
    UploadNotFound,
    UploadTooLarge,
)
from songreel_testing.gateway.direct_client import (
    LONG,
    PART,
    SONG,
    artifacts,
    asked,
    begin,
    finish,
    get,
    goes_on,
    left_over,
    let_expire,
    put,
    send,
    store_upload,
)
from songreel_testing.gateway.direct_client import upload as upload_directly
from songreel_testing.gateway.local_gateway import PARENT
from songreel_testing.serving import expect_error

pytestmark = pytest.mark.asyncio(loop_scope="module")


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
