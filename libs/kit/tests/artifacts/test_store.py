"""What holds for every artifact store: a folder, and S3 endpoints of two makes."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from songreel.type.v1.artifact_pb2 import Artifact
from songreel_kit.artifacts.local import LocalArtifactStore
from songreel_kit.artifacts.open import open_store
from songreel_kit.artifacts.store import (
    ArtifactStore,
    ArtifactWriter,
    checked_key,
    digest_of,
    make_artifact,
)
from songreel_kit.errors import ArtifactNotFound, InvalidRequest

SONG = b"la" * 700_000


def test_bytes_come_back(any_store: ArtifactStore) -> None:
    artifact = any_store.put_bytes(SONG, "audio/mpeg")
    digest = hashlib.sha256(SONG).hexdigest()
    assert artifact == Artifact(
        uri=f"cas://{digest}", sha256=digest, media_type="audio/mpeg", size=len(SONG)
    )
    assert any_store.exists(artifact)
    assert any_store.read_bytes(artifact) == SONG
    with any_store.open(artifact) as file:
        file.seek(-3, 2)
        assert file.read() == b"ala"
    with any_store.local_path(artifact) as path:
        assert path.read_bytes() == SONG


def test_files_are_copied_in(any_store: ArtifactStore, tmp_path: Path) -> None:
    path = tmp_path / "song.mp3"
    path.write_bytes(SONG)
    artifact = any_store.put_file(path, "audio/mpeg")
    path.write_bytes(b"changed later")
    assert any_store.read_bytes(artifact) == SONG


def test_nothing_at_all_is_an_artifact_too(any_store: ArtifactStore) -> None:
    artifact = any_store.put_bytes(b"", "text/plain")
    assert artifact.size == 0
    assert any_store.read_bytes(artifact) == b""


def test_the_same_bytes_are_the_same_artifact(any_store: ArtifactStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        artifacts = list(pool.map(lambda _: any_store.put_bytes(SONG, "a/b"), range(8)))
    assert all(artifact == artifacts[0] for artifact in artifacts)
    assert any_store.read_bytes(artifacts[0]) == SONG


def test_a_writer_that_fails_leaves_nothing(any_store: ArtifactStore) -> None:
    writers: list[ArtifactWriter] = []

    def break_off() -> None:
        with any_store.writer("audio/mpeg") as writer:
            writers.append(writer)
            writer.write(b"half a song")
            assert writer.size == 11
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_off()
    with pytest.raises(RuntimeError):
        _ = writers[0].artifact
    digest = hashlib.sha256(b"half a song").hexdigest()
    assert not any_store.exists(Artifact(sha256=digest))


def test_what_is_not_there_is_not_found(any_store: ArtifactStore) -> None:
    missing = make_artifact("0" * 64, "audio/mpeg", 3)
    assert not any_store.exists(missing)
    for read in (
        lambda: any_store.read_bytes(missing),
        lambda: any_store.open(missing),
        lambda: any_store.local_path(missing).__enter__(),
    ):
        with pytest.raises(ArtifactNotFound) as caught:
            read()
        assert "0" * 64 in caught.value.message


def test_a_file_that_is_missing_is_the_callers_error(
    any_store: ArtifactStore, tmp_path: Path
) -> None:
    with pytest.raises(FileNotFoundError):
        any_store.put_file(tmp_path / "nowhere.mp3", "audio/mpeg")


def test_keys_find_artifacts_again(any_store: ArtifactStore) -> None:
    one = any_store.put_bytes(b"one", "text/plain")
    two = any_store.put_bytes(b"two", "text/plain")
    assert any_store.lookup("render/job-1") is None
    any_store.bind("render/job-1", one)
    assert any_store.lookup("render/job-1") == one
    any_store.bind("render/job-1", two)
    assert any_store.lookup("render/job-1") == two
    assert any_store.lookup("render") is None


def test_a_key_whose_bytes_are_gone_finds_nothing(any_store: ArtifactStore) -> None:
    any_store.bind("gone", make_artifact("1" * 64, "text/plain", 1))
    assert any_store.lookup("gone") is None


@pytest.mark.parametrize(
    "artifact",
    [
        Artifact(),
        Artifact(sha256="../../../etc/passwd"),
        Artifact(sha256="ABCD" * 16),
        Artifact(sha256="a" * 63),
        Artifact(sha256="a" * 64 + "\n"),
        Artifact(uri="cas://../x"),
        Artifact(uri="s3://bucket/x", sha256="a" * 64),
    ],
)
def test_a_malformed_reference_is_no_path(store: LocalArtifactStore, artifact: Artifact) -> None:
    for use in (store.exists, store.open, store.read_bytes):
        with pytest.raises(InvalidRequest):
            use(artifact)


def test_uri_or_hash_alone_is_enough() -> None:
    digest = "ab" * 32
    assert digest_of(Artifact(uri=f"cas://{digest}")) == digest
    assert digest_of(Artifact(sha256=digest)) == digest


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    key=st.text(max_size=20)
    | st.from_regex(r"[./A-Za-z\\\x00-]{0,12}", fullmatch=True)
    | st.sampled_from(["..", "../x", "/etc/x", "a//b", "a/../b", "x.json/y", "a/.b", ""])
)
def test_no_key_leads_out_of_its_folder(store: LocalArtifactStore, key: str) -> None:
    refs = store.root / "refs"
    try:
        checked_key(key)
    except InvalidRequest:
        with pytest.raises(InvalidRequest):
            store.bind(key, make_artifact("0" * 64, "a/b", 1))
        return
    place = refs / f"{key}.json"
    assert refs.resolve() in place.resolve().parents
    assert ".." not in key.split("/")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    data=st.binary(max_size=300),
    key=st.from_regex(r"[a-z0-9_-]{1,9}(/[a-z0-9_-]{1,9}){0,3}", fullmatch=True),
    cuts=st.lists(st.integers(0, 300), max_size=4),
)
def test_any_bytes_in_any_pieces(
    store: LocalArtifactStore, data: bytes, key: str, cuts: list[int]
) -> None:
    edges = [0, *sorted(cuts), 300]
    with store.writer("a/b") as writer:
        for start, end in pairwise(edges):
            writer.write(data[start:end])
    assert store.read_bytes(writer.artifact) == data
    store.bind(key, writer.artifact)
    assert store.lookup(key) == writer.artifact


def test_a_setting_names_a_store(tmp_path: Path) -> None:
    spaced = tmp_path / "my songs"
    by_path = open_store(str(spaced))
    by_url = open_store(spaced.as_uri())
    artifact = by_path.put_bytes(b"x", "a/b")
    assert by_url.exists(artifact)
    with pytest.raises(InvalidRequest, match="names no artifact store"):
        open_store("ftp://host/x")
