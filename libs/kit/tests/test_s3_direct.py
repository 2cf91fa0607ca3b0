"""Files that clients put and get themselves, by presigned URLs."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
import urllib3
from hypothesis import given, settings
from hypothesis import strategies as st
from songreel_kit.errors import ArtifactNotFound, InvalidRequest, InvalidUpload
from songreel_kit.s3_artifacts import S3ArtifactStore
from songreel_kit.s3_direct import DirectTransfers, Part

SONG = bytes(range(256)) * 10
DIGEST = hashlib.sha256(SONG).hexdigest()
PART = 1000


def put(part: Part, data: bytes) -> int:
    return urllib3.request("PUT", part.url, body=data).status


def send(parts: tuple[Part, ...], data: bytes) -> None:
    for part in parts:
        start = part.number * PART
        assert put(part, data[start : start + part.size]) == 200


@pytest.fixture
def direct(s3_store: S3ArtifactStore) -> DirectTransfers:
    return DirectTransfers(s3_store, PART)


def test_a_file_goes_up_in_parts_and_comes_down(
    s3_store: S3ArtifactStore, direct: DirectTransfers
) -> None:
    upload = direct.begin(len(SONG))
    assert [part.size for part in upload.parts] == [1000, 1000, 560]
    send(upload.parts, SONG)
    artifact = direct.finish(upload.id, len(SONG), DIGEST, "audio/mpeg")
    assert (artifact.sha256, artifact.size) == (DIGEST, len(SONG))
    assert s3_store.read_bytes(artifact) == SONG
    answer = urllib3.request("GET", direct.download_url(artifact, file_name="mein lied.mp3"))
    assert (answer.status, answer.data) == (200, SONG)
    assert list(s3_store.objects.names("incoming/")) == []


def test_a_broken_upload_goes_on_with_the_parts_that_are_missing(direct: DirectTransfers) -> None:
    upload = direct.begin(len(SONG))
    assert put(upload.parts[0], SONG[:1000]) == 200
    assert put(upload.parts[2], b"cut short") == 200
    assert direct.missing(upload.id, len(SONG)) == [1, 2]
    with pytest.raises(InvalidUpload, match="first part 1"):
        direct.finish(upload.id, len(SONG), DIGEST, "audio/mpeg")
    send(direct.parts(upload.id, len(SONG), [1, 2]), SONG)
    assert direct.finish(upload.id, len(SONG), DIGEST, "audio/mpeg").sha256 == DIGEST


def test_other_bytes_than_announced_become_nothing(
    s3_store: S3ArtifactStore, direct: DirectTransfers
) -> None:
    upload = direct.begin(len(SONG))
    send(upload.parts, SONG[::-1])
    with pytest.raises(InvalidUpload, match="SHA-256"):
        direct.finish(upload.id, len(SONG), DIGEST, "audio/mpeg")
    for folder in ("incoming/", "sha256/"):
        assert list(s3_store.objects.names(folder)) == []


def test_a_url_is_good_for_its_method_and_its_object_only(rclone_store: S3ArtifactStore) -> None:
    direct = DirectTransfers(rclone_store, PART)
    first, second = (direct.begin(10).parts[0].url for _ in range(2))
    assert urllib3.request("GET", first).status == 403
    signed = second.partition("?")[2]
    assert urllib3.request("PUT", f"{first.partition('?')[0]}?{signed}", body=b"x").status == 403


def test_what_cannot_be_is_refused(s3_store: S3ArtifactStore, direct: DirectTransfers) -> None:
    for size in (0, -1, PART * 10_001):
        with pytest.raises(InvalidRequest):
            direct.begin(size)
    with pytest.raises(InvalidRequest):
        direct.begin(10, seconds=8 * 24 * 3600)
    for name in ("../../sha256", "", "A" * 32):
        with pytest.raises(InvalidRequest):
            direct.missing(name, 10)
    artifact = s3_store.put_bytes(b"hello", "text/plain")
    artifact.sha256, artifact.uri = "f" * 64, ""
    with pytest.raises(ArtifactNotFound):
        direct.download_url(artifact)


@given(size=st.integers(1, 10**12), part=st.integers(10**8, 10**10))
@settings(deadline=None)
def test_parts_cover_the_file(size: int, part: int) -> None:
    bare: Any = object()
    cut = DirectTransfers(bare, part)
    sizes = [cut._size_of(number, size) for number in cut._numbers(size)]
    assert sum(sizes) == size
    assert all(0 < each <= part for each in sizes)
