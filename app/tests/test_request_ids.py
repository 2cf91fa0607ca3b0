import uuid
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from songreel.v1.video_pb2 import Video
from songreel_app.checkpoints import VARIABLE, checkpoint_mark, default_checkpoint, local_checkpoint
from songreel_app.failures import InputUnreadable
from songreel_app.request_ids import request_id

parts = st.lists(st.one_of(st.text(), st.binary(), st.integers()))


@given(parts)
def test_equal_parts_give_equal_ids(values: list[str | bytes | int]) -> None:
    assert request_id(*values) == request_id(*values)
    assert uuid.UUID(request_id(*values)).version == 4


@given(st.lists(st.text()), st.lists(st.text()))
def test_other_parts_give_other_ids(first: list[str], second: list[str]) -> None:
    assume(first != second)
    assert request_id(*first) != request_id(*second)


def test_parts_do_not_run_into_each_other() -> None:
    assert request_id("ab", "c") != request_id("a", "bc")


def test_messages_count_by_what_they_hold() -> None:
    assert request_id(Video(song="a")) == request_id(Video(song="a"))
    assert request_id(Video(song="a")) != request_id(Video(song="b"))


def test_a_checkpoint_that_was_trained_on_has_another_mark(tmp_path: Path) -> None:
    weights = tmp_path / "sprout" / "unet" / "weights.safetensors"
    weights.parent.mkdir(parents=True)
    weights.write_bytes(b"one")
    folder = str(tmp_path / "sprout")
    before = checkpoint_mark(folder)
    assert checkpoint_mark(folder) == before
    weights.write_bytes(b"other")
    assert checkpoint_mark(folder) != before
    assert checkpoint_mark(str(tmp_path / "elsewhere")) == ""
    assert checkpoint_mark(str(weights)) != ""


def test_the_setting_names_the_default_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    assert default_checkpoint() == (tmp_path, VARIABLE)


def test_the_default_checkpoint_of_a_checkout_is_the_repositorys(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    path, _ = default_checkpoint()
    assert path.name == "sprout"
    assert path.parent.name == "models"


def test_a_checkpoint_here_is_sent_as_an_absolute_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path)
    assert local_checkpoint("mine", must_exist=True) == str(tmp_path / "mine")
    assert local_checkpoint("/models/theirs", must_exist=False) == "/models/theirs"
    with pytest.raises(InputUnreadable, match="does not exist"):
        local_checkpoint("theirs", must_exist=True)
