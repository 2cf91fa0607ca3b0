"""Files that clients put and get themselves, by presigned URLs."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
import urllib3
from hypothesis import given
from hypothesis import strategies as st
from minio.error import S3Error
from pydantic import ValidationError
from songreel_kit.artifacts.direct import DirectUpload, Part
from songreel_kit.artifacts.open import direct_transfers
from songreel_kit.artifacts.s3.direct import S3DirectTransfers, _size_of, _without
from songreel_kit.artifacts.s3.store import S3ArtifactStore, S3Settings
from songreel_kit.errors import (
    ArtifactNotFound,
    InvalidRequest,
    InvalidUpload,
    UploadIncomplete,
)
from songreel_testing.serving import temporary_store

PART = 5 * 1024**2
"""The least that S3 takes as a part that is not the last."""

SONG = bytes(range(256)) * 10
LONG = bytes(range(256)) * (2 * PART // 256) + b"the end"


def hash_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def put(part: Part, data: bytes) -> int:
    return urllib3.request("PUT", part.url, body=data, retries=False).status


def send(parts: tuple[Part, ...], data: bytes) -> None:
    for part in parts:
        assert put(part, data[part.offset : part.offset + part.size]) == 200


def left_over(store: S3ArtifactStore) -> list[str]:
    """What is in the bucket besides artifacts: objects and uploads that go on."""
    objects = [name for name, _ in store.objects.names("incoming/")]
    try:
        going = store.objects.client._list_multipart_uploads(store.bucket)
    except S3Error as error:
        if error.code != "NoSuchUpload":  # so says rclone when there is none
            raise
        return objects
    return objects + [str(each.object_name) for each in going.uploads]


@pytest.fixture
def direct(s3_store: S3ArtifactStore) -> S3DirectTransfers:
    return S3DirectTransfers(s3_store, PART, settles_seconds=1.0)


@pytest.mark.parametrize("data", [SONG, LONG], ids=["at once", "in parts"])
def test_a_file_goes_up_and_comes_down(
    s3_store: S3ArtifactStore, direct: S3DirectTransfers, data: bytes
) -> None:
    upload = direct.begin(len(data), "audio/mpeg")
    parts = direct.parts(upload, 600)
    assert [part.size for part in parts] == ([PART, PART, 7] if data is LONG else [len(data)])
    send(parts, data)
    assert direct.parts(upload, 600) == ()
    artifact = direct.finish(upload, hash_of(data))
    assert (artifact.sha256, artifact.size) == (hash_of(data), len(data))
    assert direct.finish(upload, hash_of(data)) == artifact
    direct.clear(upload)
    direct.clear(upload)
    assert left_over(s3_store) == []
    assert s3_store.read_bytes(artifact) == data
    url = direct.download_url(artifact, seconds=600, file_name="mein lied.mp3")
    answer = urllib3.request("GET", url)
    assert (answer.status, answer.data) == (200, data)
    if upload.store_upload:
        with pytest.raises(ArtifactNotFound):
            direct.finish(upload, hash_of(data))


def test_a_broken_upload_goes_on_with_the_parts_that_are_missing(
    direct: S3DirectTransfers,
) -> None:
    upload = direct.begin(len(LONG), "audio/mpeg")
    first, _, last = direct.parts(upload, 600)
    send((first, last), LONG)
    assert [part.offset for part in direct.parts(upload, 600)] == [PART]
    with pytest.raises(UploadIncomplete, match=f"the first at byte {PART}"):
        direct.finish(upload, hash_of(LONG))
    send(direct.parts(upload, 600), LONG)
    assert direct.finish(upload, hash_of(LONG)).sha256 == hash_of(LONG)


@pytest.mark.parametrize("data", [SONG, LONG], ids=["at once", "in parts"])
def test_other_bytes_than_announced_become_nothing(
    s3_store: S3ArtifactStore, direct: S3DirectTransfers, data: bytes
) -> None:
    upload = direct.begin(len(data), "audio/mpeg")
    send(direct.parts(upload, 600), data[::-1])
    with pytest.raises(InvalidUpload, match="SHA-256"):
        direct.finish(upload, hash_of(data))
    direct.clear(upload)
    assert left_over(s3_store) == []
    assert list(s3_store.objects.names("sha256/")) == []


def test_more_bytes_than_announced_are_not_taken(
    moto_store: S3ArtifactStore, rclone_store: S3ArtifactStore
) -> None:
    checking, careless = (S3DirectTransfers(store) for store in (rclone_store, moto_store))
    upload = checking.begin(len(SONG), "audio/mpeg")
    assert put(checking.parts(upload, 600)[0], SONG + b"!") == 403
    with pytest.raises(UploadIncomplete):
        checking.finish(upload, hash_of(SONG))
    # A server that looks at no signature takes them; then the finish does not.
    upload = careless.begin(len(SONG), "audio/mpeg")
    assert put(careless.parts(upload, 600)[0], SONG + b"!") == 200
    with pytest.raises(InvalidUpload, match="2561 bytes were put instead of the 2560"):
        careless.finish(upload, hash_of(SONG))


def test_what_is_put_again_during_the_check_changes_nothing(
    s3_store: S3ArtifactStore, direct: S3DirectTransfers, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = direct.begin(len(SONG), "audio/mpeg")
    (part,) = direct.parts(upload, 600)
    send((part,), SONG)
    measured = direct._measured

    def and_then_other_bytes(name: str) -> tuple[int, str]:
        found = measured(name)
        assert put(part, SONG[::-1]) == 200
        return found

    monkeypatch.setattr(direct, "_measured", and_then_other_bytes)
    assert s3_store.read_bytes(direct.finish(upload, hash_of(SONG))) == SONG


def test_an_object_may_appear_after_its_upload_is_gone(
    s3_store: S3ArtifactStore, direct: S3DirectTransfers, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = direct.begin(len(LONG), "audio/mpeg")
    send(direct.parts(upload, 600), LONG)
    artifact = direct.finish(upload, hash_of(LONG))
    stat, early = s3_store.objects.stat, iter([None, None])
    monkeypatch.setattr(s3_store.objects, "stat", lambda name: next(early, stat(name)))
    assert direct.finish(upload, hash_of(LONG)) == artifact
    assert next(early, "asked") == "asked"


@pytest.mark.parametrize("data", [SONG, LONG], ids=["at once", "in parts"])
def test_several_may_finish_at_once(
    s3_store: S3ArtifactStore, direct: S3DirectTransfers, data: bytes
) -> None:
    upload = direct.begin(len(data), "audio/mpeg")
    send(direct.parts(upload, 600), data)
    with ThreadPoolExecutor(3) as pool:
        tries = [pool.submit(direct.finish, upload, hash_of(data)) for _ in range(3)]
    assert {each.result().sha256 for each in tries} == {hash_of(data)}


def test_a_url_is_good_for_its_method_its_object_and_its_time(
    rclone_store: S3ArtifactStore,
) -> None:
    direct = S3DirectTransfers(rclone_store)
    first, second = (direct.parts(direct.begin(10, "audio/mpeg"), 600)[0].url for _ in range(2))
    assert urllib3.request("GET", first).status == 403
    signed = second.partition("?")[2]
    body = b"x" * 10
    assert urllib3.request("PUT", f"{first.partition('?')[0]}?{signed}", body=body).status == 403
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    late = S3DirectTransfers(rclone_store, now=lambda: an_hour_ago)
    upload = late.begin(10, "audio/mpeg")
    assert put(late.parts(upload, 3500)[0], body) == 400  # rclone's word for it; AWS says 403
    assert put(late.parts(upload, 3700)[0], body) == 200


def test_urls_are_signed_for_the_host_that_clients_see(rclone: Any, tmp_path: Path) -> None:
    settings = rclone.settings(tmp_path / "cache", public_url="https://media.example.com")
    store = S3ArtifactStore("public-url", "", settings)
    direct = S3DirectTransfers(store)
    upload = direct.begin(len(SONG), "audio/mpeg")
    (part,) = direct.parts(upload, 600)
    url = urlsplit(part.url)
    assert (url.scheme, url.netloc) == ("https", "media.example.com")
    # As a proxy hands it on: to the server, with the host that the client named.
    inside = urlunsplit(url._replace(scheme="http", netloc=rclone.endpoint))
    assert urllib3.request("PUT", inside, body=SONG).status == 403
    outside = {"Host": "media.example.com"}
    assert urllib3.request("PUT", inside, body=SONG, headers=outside).status == 200
    assert store.read_bytes(direct.finish(upload, hash_of(SONG))) == SONG


@pytest.mark.parametrize(
    "url", ["media.example.com", "https://example.com/s3", "https://example.com/", "ftp://a.b"]
)
def test_a_public_url_is_scheme_and_host(url: str) -> None:
    with pytest.raises(ValidationError, match="public_url must be"):
        S3Settings(public_url=url)


def test_not_every_store_gives_urls_out(rclone: Any, tmp_path: Path) -> None:
    assert direct_transfers(temporary_store(tmp_path)) is None
    for public_url in ("none", ""):
        settings = rclone.settings(tmp_path / "cache", public_url=public_url)
        found = direct_transfers(S3ArtifactStore("who-gives-urls", "", settings))
        assert (found is None) == (public_url == "none")


def test_downloads_are_attachments(rclone_store: S3ArtifactStore) -> None:
    direct = S3DirectTransfers(rclone_store)
    page = rclone_store.put_bytes(b"<script>", "text/html")
    answer = urllib3.request("GET", direct.download_url(page, seconds=60, file_name='a".html'))
    assert answer.data == b"<script>"
    assert answer.headers["Content-Type"] == "text/html"
    assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''a%22.html"
    unnamed = urllib3.request("GET", direct.download_url(page, seconds=60))
    assert unnamed.headers["Content-Disposition"] == "attachment"


def test_what_cannot_be_is_refused(s3_store: S3ArtifactStore, direct: S3DirectTransfers) -> None:
    for size in (0, -1, 6 * 1024**4):
        with pytest.raises(InvalidRequest):
            direct.begin(size, "audio/mpeg")
    upload = direct.begin(10, "audio/mpeg")
    for seconds in (0, 8 * 24 * 3600):
        with pytest.raises(InvalidRequest):
            direct.parts(upload, seconds)
    for name in ("../../sha256", "", "A" * 32):
        with pytest.raises(InvalidRequest):
            direct.parts(DirectUpload(name, 10, "audio/mpeg", PART, ""), 60)
    artifact = s3_store.put_bytes(b"hello", "text/plain")
    artifact.sha256, artifact.uri = "f" * 64, ""
    with pytest.raises(ArtifactNotFound):
        direct.download_url(artifact, seconds=60)


@given(size=st.integers(1, 10**12), part=st.integers(10**9, 10**10))
def test_parts_cover_the_file(size: int, part: int) -> None:
    upload = DirectUpload("0" * 32, size, "", part, "")
    numbers = _without(upload, {})
    sizes = [_size_of(upload, number) for number in numbers]
    assert sum(sizes) == size
    assert all(0 < each <= part for each in sizes)
    assert _without(upload, {number + 1: each for number, each in enumerate(sizes)}) == []
