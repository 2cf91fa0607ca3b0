"""Field masks: what they name is read or changed, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as st
from songreel.prompt.v1 import storyboard_pb2
from songreel.v1.video_pb2 import Storyboard, Video
from songreel_gateway.api.field_masks import checked_read_mask, checked_update_mask, merged, only
from songreel_gateway.storyboards.editing import EDITABLE
from songreel_kit.errors import InvalidRequest

words = st.sampled_from(["", "a kite", "sea", "é"])
lists = st.lists(words, max_size=2)
scenes = st.builds(
    storyboard_pb2.Scene,
    end=st.sampled_from([0.0, 1.5]),
    prompt=words,
    seed=st.integers(0, 2**53 - 1),
    locked=st.booleans(),
)
treatments = st.builds(storyboard_pb2.Treatment, theme=words, world=words, motifs=lists)
contents = st.builds(
    storyboard_pb2.Storyboard,
    title=words,
    style=words,
    storyteller=words,
    notes=lists,
    treatment=st.none() | treatments,
    scenes=st.lists(scenes, max_size=3),
)
storyboards = st.builds(
    Storyboard, name=words, etag=words, document=words, content=st.none() | contents
)


def leaves(message: Message, prefix: str = "") -> dict[str, Any]:
    """Every field by its path; messages are gone through, lists are whole."""
    found: dict[str, Any] = {}
    for field in message.DESCRIPTOR.fields:
        value = getattr(message, field.name)
        if field.is_repeated:
            found[prefix + field.name] = list(value)
        elif field.message_type is not None:
            found |= leaves(value, f"{prefix}{field.name}.")
        else:
            found[prefix + field.name] = value
    return found


def covers(mask: FieldMask, leaf: str) -> bool:
    return any(leaf == path or leaf.startswith(f"{path}.") for path in mask.paths)


PATHS = [
    *EDITABLE.paths,
    "content",
    "content.treatment.theme",
    "content.treatment.motifs",
    "content.treatment.arc",
]


@given(storyboards, storyboards, st.lists(st.sampled_from(PATHS), min_size=1))
def test_what_a_mask_names_becomes_as_given_and_the_rest_stays(
    present: Storyboard, wanted: Storyboard, paths: list[str]
) -> None:
    mask = checked_update_mask(FieldMask(paths=paths), wanted, EDITABLE)
    result = leaves(merged(present, wanted, mask))
    before, asked = leaves(present), leaves(wanted)
    named = FieldMask(paths=paths)
    for leaf, value in result.items():
        changes = covers(named, leaf) and covers(EDITABLE, leaf)
        assert value == (asked if changes else before)[leaf], leaf


@given(storyboards, storyboards)
def test_all_is_all_that_is_editable(present: Storyboard, wanted: Storyboard) -> None:
    for text in ("*", "content"):
        mask = checked_update_mask(FieldMask(paths=[text]), wanted, EDITABLE)
        assert sorted(mask.paths) == sorted(EDITABLE.paths)
    result, before, asked = merged(present, wanted, mask), leaves(present), leaves(wanted)
    for leaf, value in leaves(result).items():
        assert value == (asked if covers(EDITABLE, leaf) else before)[leaf], leaf


@given(storyboards)
def test_no_mask_is_what_is_given(wanted: Storyboard) -> None:
    given_paths = [
        f"content.{field.name}"
        for field, _ in wanted.content.ListFields()
        if f"content.{field.name}" in EDITABLE.paths
    ]
    if not given_paths:
        with pytest.raises(InvalidRequest, match="nothing is to be changed"):
            checked_update_mask(FieldMask(), wanted, EDITABLE)
        return
    mask = checked_update_mask(FieldMask(), wanted, EDITABLE)
    assert sorted(mask.paths) == sorted(given_paths)


@given(storyboards, st.lists(st.sampled_from([*PATHS, "name", "etag", "create_time"]), min_size=1))
def test_what_is_not_wanted_is_not_read(board: Storyboard, paths: list[str]) -> None:
    mask = checked_read_mask(FieldMask(paths=paths), Storyboard)
    read, there, nothing = leaves(only(board, mask)), leaves(board), leaves(Storyboard())
    for leaf, value in read.items():
        assert value == (there if covers(mask, leaf) else nothing)[leaf], leaf
    for everything in (FieldMask(), FieldMask(paths=["*"]), FieldMask(paths=["name", "*"])):
        assert only(board, checked_read_mask(everything, Storyboard)) == board


@pytest.mark.parametrize(
    "path", ["", ".", "nothing", "name.first", "content.scenes.prompt", "content.Title", "con tent"]
)
def test_a_path_that_does_not_exist_is_named(path: str) -> None:
    mask = FieldMask(paths=["content.title", path])
    with pytest.raises(InvalidRequest) as caught:
        checked_read_mask(mask, Storyboard)
    assert (caught.value.metadata["path"], repr(path) in caught.value.message) == (path, True)
    with pytest.raises(InvalidRequest) as caught:
        checked_update_mask(mask, Storyboard(), EDITABLE)
    assert (caught.value.metadata["path"], repr(path) in caught.value.message) == (path, True)


def test_each_kind_has_its_own_paths() -> None:
    mask = FieldMask(paths=["state", "media.video"])
    assert checked_read_mask(mask, Video) == mask
    with pytest.raises(InvalidRequest, match="'state' in read_mask is no field of Storyboard"):
        checked_read_mask(mask, Storyboard)


OUTPUT_ONLY = """
name etag create_time update_time.seconds analysis document options.style
content.storyteller content.notes
"""


@pytest.mark.parametrize("path", OUTPUT_ONLY.split())
def test_what_is_output_only_cannot_be_changed(path: str) -> None:
    with pytest.raises(InvalidRequest, match=f"{path} in update_mask is output only") as caught:
        checked_update_mask(FieldMask(paths=[path]), Storyboard(), EDITABLE)
    assert caught.value.metadata["path"] == path
