"""Names, ids and page tokens: what is given comes back, and nothing else gets in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from songreel_gateway.api import resource_names
from songreel_gateway.api.pagination import Position, requested_page
from songreel_kit.errors import InvalidName, InvalidPageToken

ids = st.from_regex(r"[a-z]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
digests = st.from_regex(r"[0-9a-f]{64}", fullmatch=True)


@given(ids, ids, digests)
def test_names_are_read_as_they_are_written(project, id_, digest) -> None:
    assert resource_names.project_of(f"projects/{project}") == project
    assert resource_names.parse_media(resource_names.media_name(project, digest)) == (
        project,
        digest,
    )
    assert resource_names.parse_video(resource_names.video_name(project, id_)) == (project, id_)
    assert resource_names.parse_operation(resource_names.operation_name(project, id_)) == (
        project,
        id_,
    )


@given(
    st.text(),
    st.sampled_from(
        [resource_names.parse_media, resource_names.parse_video, resource_names.parse_operation]
    ),
)
def test_other_texts_are_no_names(text, parse) -> None:
    for name in (
        text,
        f"projects/{text}",
        f"projects/local/videos/{text}/",
        f"projects/{text}/x/y",
    ):
        with pytest.raises(InvalidName):
            parse(name)


@given(st.text())
def test_a_display_name_is_one_harmless_line(text) -> None:
    name = resource_names.checked_display_name(text)
    assert len(name) <= 255
    assert not set(name) & set("/\\\n\r\0")
    assert name not in (".", "..")
    assert resource_names.checked_display_name(f"folder/{name}") == name


@given(st.integers(0, 2**60), ids, st.lists(ids, min_size=1, max_size=3))
def test_a_page_token_serves_its_own_list_only(created, id_, scope) -> None:
    token = requested_page(scope, 0, "", 50).token(Position(created, id_))
    assert requested_page(scope, 0, token, 50).after == Position(created, id_)
    with pytest.raises(InvalidPageToken):
        requested_page([*scope, "other"], 0, token, 50)


@given(st.text(min_size=1))
def test_other_texts_are_no_page_tokens(text) -> None:
    with pytest.raises(InvalidPageToken):
        requested_page(["videos", "local"], 0, text, 50)
