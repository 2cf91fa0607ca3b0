import uuid

from hypothesis import assume, given
from hypothesis import strategies as st
from songreel.v1.video_pb2 import Video
from songreel_client import request_id

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
