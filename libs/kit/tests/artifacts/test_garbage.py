"""What nobody needs goes, what anybody may need stays; on every kind of store."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta

import pytest
from songreel_kit.artifacts.documents import MEDIA_TYPE as DOCUMENT
from songreel_kit.artifacts.garbage import Collected, collect_garbage
from songreel_kit.artifacts.local import LocalArtifactStore
from songreel_kit.artifacts.s3 import store as s3_artifacts
from songreel_kit.artifacts.s3.store import S3ArtifactStore
from songreel_kit.artifacts.store import ArtifactStore
from songreel_kit.errors import InvalidRequest, Unimplemented

WEEK = timedelta(days=7)


def next_month() -> datetime:
    return datetime.now(UTC) + timedelta(days=30)


def test_only_what_is_old_and_kept_by_nobody_goes(any_store: ArtifactStore) -> None:
    kept = any_store.put_bytes(b"a video that somebody has", "video/mp4")
    loose = any_store.put_bytes(b"a segment", "video/mp4")
    any_store.bind("render/segment", loose)

    def keeps(asked: list[str]) -> set[str]:
        return {kept.sha256} & set(asked)

    assert collect_garbage(any_store, keeps, WEEK) == Collected(2, 0, 0, 0)
    counted = collect_garbage(any_store, keeps, WEEK, dry_run=True, now=next_month)
    assert counted == Collected(2, 1, loose.size, 1)
    assert any_store.lookup("render/segment") == loose
    assert collect_garbage(any_store, keeps, WEEK, now=next_month) == counted
    assert any_store.exists(kept)
    assert not any_store.exists(loose)
    assert any_store.lookup("render/segment") is None


def test_what_a_young_result_names_stays(store: LocalArtifactStore) -> None:
    video = store.put_bytes(b"a video that its project gave up", "video/mp4")
    os.utime(store.path_of(video), (1_000_000_000, 1_000_000_000))
    result = store.put_bytes(b'{"video": {"sha256": "%b"}}' % video.sha256.encode(), DOCUMENT)
    store.bind("render/result", result)
    assert collect_garbage(store, lambda _: set(), WEEK).removed == 0
    store.unbind("render/result")
    assert collect_garbage(store, lambda _: set(), WEEK).removed == 1


def test_what_is_used_between_the_look_and_the_removal_stays(any_store: ArtifactStore) -> None:
    artifact = any_store.put_bytes(b"found again", "text/plain")
    (seen,) = any_store.held()
    earlier = type(seen)(seen.sha256, seen.size, seen.modified - timedelta(days=3))
    assert not any_store.discard(earlier)
    assert any_store.exists(artifact)
    assert any_store.discard(seen)


def test_a_used_artifact_is_young_again(store: LocalArtifactStore) -> None:
    artifact = store.put_bytes(b"an old result", "text/plain")
    store.bind("old", artifact)
    for use in (
        lambda: store.lookup("old"),
        lambda: store.put_bytes(b"an old result", "text/plain"),
    ):
        os.utime(store.path_of(artifact), (1_000_000_000, 1_000_000_000))
        use()
        collected = collect_garbage(store, lambda _: set(), WEEK)
        assert collected.removed == 0


def test_a_used_object_is_young_again(
    s3_store: S3ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    artifact = s3_store.put_bytes(b"an old result", "text/plain")
    s3_store.bind("old", artifact)
    (seen,) = s3_store.held()
    assert s3_store.lookup("old") == artifact
    (unchanged,) = s3_store.held()
    assert unchanged == seen
    monkeypatch.setattr(s3_artifacts, "YOUNG", timedelta(days=-1))  # all is old now
    second = timedelta(seconds=1)  # some servers tell whole seconds only
    renewed, end = seen, time.monotonic() + 30
    while renewed.modified < seen.modified + second:
        assert time.monotonic() < end
        assert s3_store.lookup("old") == artifact
        (renewed,) = s3_store.held()
    assert not s3_store.discard(seen)
    assert s3_store.read_bytes(artifact) == b"an old result"


def test_a_short_age_is_refused(store: LocalArtifactStore) -> None:
    with pytest.raises(InvalidRequest, match="2 days"):
        collect_garbage(store, lambda _: set(), timedelta(hours=1))


def test_broken_uploads_are_cleared_by_the_server_where_it_can(
    moto_store: S3ArtifactStore, rclone_store: S3ArtifactStore
) -> None:
    moto_store.objects.set_lifecycle(days=2)
    with pytest.raises(Unimplemented):
        rclone_store.objects.set_lifecycle(days=2)
