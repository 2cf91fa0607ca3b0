"""What is special about the store on S3."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import pytest
from minio import Minio
from songreel_kit.artifacts.open import open_store
from songreel_kit.artifacts.s3.store import S3ArtifactStore, S3Settings
from songreel_kit.errors import (
    ArtifactCorrupt,
    ArtifactNotFound,
    FailedPrecondition,
    ServiceUnavailable,
)


def client(server: Any) -> Minio:
    return Minio(
        server.endpoint,
        access_key=server.access_key,
        secret_key=server.secret_key,
        secure=server.secure,
        region="us-east-1",
    )


def names(server: Any, store: S3ArtifactStore) -> list[str]:
    objects = client(server).list_objects(store.bucket, recursive=True)
    return sorted(str(each.object_name) for each in objects)


def overwrite(server: Any, store: S3ArtifactStore, name: str, data: bytes) -> None:
    client(server).put_object(store.bucket, name, io.BytesIO(data), len(data))


def elsewhere(server: Any, store: S3ArtifactStore, tmp_path: Path) -> S3ArtifactStore:
    """The same bucket seen from another machine, with an empty cache."""
    return S3ArtifactStore(store.bucket, "team/one", server.settings(tmp_path / "other"))


def test_objects_have_the_local_layout(s3_server: Any, s3_store: S3ArtifactStore) -> None:
    artifact = s3_store.put_bytes(b"hello", "text/plain")
    s3_store.bind("greet/one", artifact)
    assert names(s3_server, s3_store) == [
        "team/one/refs/greet/one.json",
        f"team/one/sha256/{artifact.sha256[:2]}/{artifact.sha256}",
    ]


def test_another_machine_reads_it(
    s3_server: Any, s3_store: S3ArtifactStore, tmp_path: Path
) -> None:
    song = b"la" * 4_000_000  # more than one part of a multipart upload
    artifact = s3_store.put_bytes(song, "audio/mpeg")
    s3_store.bind("song", artifact)
    other = elsewhere(s3_server, s3_store, tmp_path)
    assert other.lookup("song") == artifact
    with other.local_path(artifact) as path:
        assert path.read_bytes() == song
    with other.open(artifact) as file:
        assert file.read(2) == b"la"


def test_damage_in_the_bucket_is_noticed_and_not_cached(
    s3_server: Any, s3_store: S3ArtifactStore, tmp_path: Path
) -> None:
    artifact = s3_store.put_bytes(b"hello", "text/plain")
    name = f"team/one/sha256/{artifact.sha256[:2]}/{artifact.sha256}"
    overwrite(s3_server, s3_store, name, b"hullo")
    other = elsewhere(s3_server, s3_store, tmp_path)
    for _ in range(2):
        with pytest.raises(ArtifactCorrupt):
            other.read_bytes(artifact)
        with pytest.raises(ArtifactCorrupt), other.local_path(artifact):
            pass
    # Not even for those who would not look.
    with pytest.raises(ArtifactCorrupt):
        other.read_bytes(artifact, verify=False)


def test_a_damaged_reference_is_not_used(s3_server: Any, s3_store: S3ArtifactStore) -> None:
    s3_store.bind("key", s3_store.put_bytes(b"hello", "text/plain"))
    overwrite(s3_server, s3_store, "team/one/refs/key.json", b'{"uri": "cas')
    assert s3_store.lookup("key") is None


def test_what_the_bucket_lost_does_not_exist(s3_server: Any, s3_store: S3ArtifactStore) -> None:
    artifact = s3_store.put_bytes(b"hello", "text/plain")
    s3_store.bind("key", artifact)
    name = f"team/one/sha256/{artifact.sha256[:2]}/{artifact.sha256}"
    client(s3_server).remove_object(s3_store.bucket, name)
    assert not s3_store.exists(artifact)
    assert s3_store.lookup("key") is None


def test_the_cache_does_not_grow_for_ever(s3_server: Any, tmp_path: Path) -> None:
    settings = s3_server.settings(tmp_path / "small", cache_bytes=2500)
    store = S3ArtifactStore("songreel-small", "", settings)
    folder = tmp_path / "small" / "artifacts" / "sha256"
    artifacts = []
    for index in range(5):
        artifacts.append(store.put_bytes(bytes([index]) * 1000, "a/b"))
        for path in folder.glob("*/*"):
            os.utime(path, (1_000_000 + index, 1_000_000 + index))
    assert len(list(folder.glob("*/*"))) == 2
    # All are still in the bucket, and even one too large for the cache can be read.
    assert [store.read_bytes(artifact)[0] for artifact in artifacts] == [0, 1, 2, 3, 4]
    large = store.put_bytes(b"x" * 5000, "a/b")
    with store.local_path(large) as path:
        assert path.read_bytes() == b"x" * 5000


def test_a_bucket_may_have_to_be_there(s3_server: Any, tmp_path: Path) -> None:
    settings = s3_server.settings(tmp_path / "cache", create_bucket=False)
    with pytest.raises(FailedPrecondition, match="SONGREEL_S3_CREATE_BUCKET"):
        S3ArtifactStore("songreel-not-there", "", settings)


def test_a_wrong_key_is_refused_and_named(rclone: Any, tmp_path: Path) -> None:
    settings = rclone.settings(tmp_path / "cache", secret_key="wrong-guess")
    with pytest.raises(FailedPrecondition, match="SONGREEL_S3_SECRET_KEY") as caught:
        S3ArtifactStore("songreel-secret", "", settings)
    assert "wrong-guess" not in caught.value.message


def test_an_endpoint_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    settings = S3Settings(endpoint="127.0.0.1:9", secure=False, cache=tmp_path)
    with pytest.raises(ServiceUnavailable, match="SONGREEL_S3_ENDPOINT"):
        S3ArtifactStore("songreel-nowhere", "", settings)


def test_settings_come_from_the_environment(
    moto: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SONGREEL_S3_ENDPOINT", moto.endpoint)
    monkeypatch.setenv("SONGREEL_S3_ACCESS_KEY", moto.access_key)
    monkeypatch.setenv("SONGREEL_S3_SECRET_KEY", moto.secret_key)
    monkeypatch.setenv("SONGREEL_S3_SECURE", "false")
    monkeypatch.setenv("SONGREEL_S3_CACHE", str(tmp_path / "cache"))
    store = open_store("s3://songreel-env/deep/prefix")
    artifact = store.put_bytes(b"hello", "text/plain")
    objects = client(moto).list_objects("songreel-env", recursive=True)
    assert [each.object_name for each in objects] == [
        f"deep/prefix/sha256/{artifact.sha256[:2]}/{artifact.sha256}"
    ]
    assert moto.secret_key not in repr(S3Settings())


def test_not_found_names_what_was_asked_for(s3_store: S3ArtifactStore) -> None:
    artifact = s3_store.put_bytes(b"hello", "text/plain")
    artifact.sha256 = "f" * 64
    artifact.uri = ""
    with pytest.raises(ArtifactNotFound, match="f" * 64):
        s3_store.read_bytes(artifact)
