"""Documents are readable, stable and checked; keys tell apart what differs."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from songreel.audio.v1.analysis_pb2 import LyricLine, SongAnalysis
from songreel.prompt.v1.storyboard_pb2 import Scene, Storyboard
from songreel.type.v1.artifact_pb2 import Artifact
from songreel_kit.artifacts.documents import (
    document_text,
    load_document,
    parse_document,
    stage_key,
    store_document,
)
from songreel_kit.artifacts.local import LocalArtifactStore
from songreel_kit.errors import (
    ArtifactCorrupt,
    ArtifactNotFound,
    InvalidAnalysis,
    InvalidRequest,
    InvalidStoryboard,
)

scenes = st.builds(
    Scene,
    start=st.floats(0, 1e4),
    end=st.floats(0, 1e4),
    prompt=st.text(max_size=50),
    seed=st.integers(0, 2**53 - 1),
    protagonist=st.booleans(),
)
storyboards = st.builds(Storyboard, title=st.text(max_size=50), scenes=st.lists(scenes, max_size=5))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(storyboard=storyboards)
def test_what_is_stored_is_loaded(store: LocalArtifactStore, storyboard: Storyboard) -> None:
    artifact = store_document(store, storyboard)
    assert artifact.media_type == "application/json"
    assert load_document(store, artifact, Storyboard) == storyboard
    assert store_document(store, storyboard) == artifact


@given(strengths=st.lists(st.floats(-1e6, 1e6, width=32), max_size=30))
def test_single_precision_numbers_survive_the_text(strengths: list[float]) -> None:
    analysis = SongAnalysis(onset_strength=strengths)
    text = document_text(analysis).encode()
    assert parse_document(text, SongAnalysis) == analysis


def test_documents_are_for_people() -> None:
    analysis = SongAnalysis(
        tempo_bpm=120,
        lyrics_source="lrc",
        lyrics=[LyricLine(start=1, end=2, text="Rosen, \u8594 h\u00fclle")],
    )
    text = document_text(analysis)
    assert "tempo_bpm" in text  # not tempoBpm
    assert "Rosen, \u8594 h\u00fclle" in text  # not \\u escapes
    assert "duration" not in text  # defaults left out
    assert list(json.loads(text)) == ["tempo_bpm", "lyrics", "lyrics_source"]  # proto order


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"scenes: []",
        b"[]",
        b'{"scene": []}',
        b'{"scenes": 3}',
        b'{"title": "a", "title": "b"}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"scenes": ' + b"[" * 5000,
    ],
    ids=["empty", "yaml", "list", "typo", "type", "twice", "bytes", "deep", "deep-field"],
)
def test_anything_else_is_refused_as_what_it_should_have_been(
    store: LocalArtifactStore, data: bytes
) -> None:
    artifact = store.put_bytes(data, "application/json")
    with pytest.raises(InvalidStoryboard, match="not a Storyboard document"):
        load_document(store, artifact, Storyboard, error=InvalidStoryboard)


@given(data=st.binary(max_size=200))
def test_no_bytes_break_the_parser(data: bytes) -> None:
    # Only one error may come out; any other fails the test.
    with suppress(InvalidAnalysis):
        parsed = parse_document(data, SongAnalysis, error=InvalidAnalysis)
        assert isinstance(parsed, SongAnalysis)


def test_a_missing_document_is_not_found(store: LocalArtifactStore) -> None:
    with pytest.raises(ArtifactNotFound):
        load_document(store, Artifact(sha256="0" * 64), Storyboard, error=InvalidStoryboard)


def test_a_damaged_document_is_not_believed(store: LocalArtifactStore) -> None:
    artifact = store_document(store, Storyboard(title="ab"))
    path = store.path_of(artifact)
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b"ab", b"ac"))
    with pytest.raises(ArtifactCorrupt):
        load_document(store, artifact, Storyboard)


parts = st.lists(st.text(max_size=8) | st.binary(max_size=8) | storyboards, max_size=4)


@given(one=parts, other=parts)
def test_different_parts_have_different_keys(one: list[object], other: list[object]) -> None:
    keys = {stage_key("audio.Analyze", "1", *part) for part in (one, other)}  # type: ignore[arg-type]
    same = [type(a) for a in one] == [type(b) for b in other] and one == other
    assert len(keys) == (1 if same else 2)


def test_keys_know_where_a_part_ends_and_of_what_type_it_is() -> None:
    keys = {
        stage_key("a", "1", "bc", ""),
        stage_key("a", "1", "b", "c"),
        stage_key("a", "1b", "c"),
        stage_key("a", "1", b"b", "c"),
        stage_key("a", "1", Storyboard(title="b")),
        stage_key("a", "1", Scene(prompt="b")),
    }
    assert len(keys) == 6
    assert all(len(key) == 64 and set(key) <= set("0123456789abcdef") for key in keys)


def test_a_document_too_large_is_refused_before_it_is_parsed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("songreel_kit.artifacts.documents.MAX_DOCUMENT_BYTES", 10)
    with pytest.raises(InvalidRequest, match="at most 10"):
        parse_document(b'{"title": "long enough"}', Storyboard)
