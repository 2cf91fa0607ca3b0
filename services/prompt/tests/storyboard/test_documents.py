from __future__ import annotations

import re

import pytest
from google.protobuf import json_format
from hypothesis import given, settings
from hypothesis import strategies as st
from songreel.audio.v1.analysis_pb2 import SongAnalysis
from songreel.prompt.v1.storyboard_pb2 import Scene, Storyboard
from songreel_kit.errors import InvalidStoryboard
from songreel_prompt.song import read_song
from songreel_prompt.story.offline import write_storyboard
from songreel_prompt.storyboard.checks import check_storyboard
from songreel_prompt.storyboard.documents import format_storyboard, parse_storyboard
from songreel_prompt.storyboard.review import Review
from songreel_prompt.storyteller import StoryboardRequest
from songreel_prompt.styles import load_styles
from songreel_testing.prompt.synthetic_songs import any_analysis, ballad, many_songs

STYLES = load_styles()


def board_of(made: SongAnalysis) -> Storyboard:
    return write_storyboard(StoryboardRequest(read_song(made), STYLES["cartoon"], 3))


def yaml_of_ballad() -> str:
    return format_storyboard(board_of(ballad()))


def complaint(text: str) -> str:
    try:
        document = parse_storyboard(text, "S.yaml")
        check_storyboard(document.storyboard, STYLES, duration=64.0, review=Review(document.locate))
    except InvalidStoryboard as error:
        return error.message
    raise AssertionError("nothing was complained about")


def line_of(text: str, needle: str, nth: int = 0) -> int:
    return [i for i, line in enumerate(text.splitlines(), 1) if needle in line][nth]


@many_songs
@given(any_analysis())
def test_yaml_and_back_is_the_same_storyboard(made: SongAnalysis) -> None:
    board = board_of(made)
    assert parse_storyboard(format_storyboard(board)).storyboard == board


@settings(deadline=None)
@given(st.text(max_size=60), st.floats(0, 1e6), st.integers(0, 2**53 - 1))
def test_any_text_and_number_survives(text: str, time: float, seed: int) -> None:
    text = text.strip()
    board = Storyboard(title=text, notes=[text])
    board.scenes.add(end=time, prompt=text, seed=seed, lyric=text)
    again = parse_storyboard(format_storyboard(board)).storyboard
    assert again == board


def test_json_is_read_too() -> None:
    board = board_of(ballad())
    board.scenes[0].lyric = "smile \U0001f600"
    for indent in (1, None):
        text = json_format.MessageToJson(board, preserving_proto_field_name=True, indent=indent)
        assert parse_storyboard(text).storyboard == board
        assert parse_storyboard(text.replace("\n ", "\n\t")).storyboard == board


def test_fields_come_in_the_order_people_rely_on() -> None:
    text = yaml_of_ballad()
    head = re.findall(r"^([a-z_]+):", text, flags=re.M)
    assert head[:4] == ["title", "style", "look", "finish"]
    assert head[4:] == ["storyteller", "treatment", "scenes", "notes"]
    assert "\nfinish: [grade, vignette, title, end]\n" in text
    scene = text.split("\n- ")[1].split("\n- ")[0]
    names = re.findall(r"^(?:  )?([a-z_]+):", scene, flags=re.M)
    assert names == [field.name for field in Scene.DESCRIPTOR.fields]


def test_minutes_and_left_out_starts_are_understood() -> None:
    board = parse_storyboard(
        "style: cartoon\nscenes:\n"
        "- {end: '0:08.5', prompt: a}\n- {end: 1:04, prompt: b, protagonist: yes}\n"
    ).storyboard
    assert [(s.start, s.end) for s in board.scenes] == [(0.0, 8.5), (8.5, 64.0)]
    assert board.scenes[1].protagonist


@pytest.mark.parametrize(
    ("old", "new", "needle", "said"),
    [
        ("  shot: wide", "  shot: wdie", "shot: wdie", "must be one of close-up, medium, wide"),
        ("  mood: sad", "  mod: sad", "mod: sad", "did you mean 'mood'"),
        ("  seed: ", "  seed: -", "seed: -", "whole number"),
        ("  protagonist: true", "  protagonist: maybe", "maybe", "true or false"),
        ("  end: 8.0", "  end: eight", "end: eight", "must be seconds"),
        ("style: cartoon", "style: kartoon", "style: kartoon", "choose one of cartoon"),
        ("  start: 8.0", "  start: 9.0", "start: 9.0", "must start at the end of scene 1"),
        ("  end: 64.0", "  end: 60.5", "end: 60.5", "the song ends at 64"),
        ("  end: 8.0", "  end: .nan", "end: .nan", "must be seconds"),
        ("  locked: false", "  locked: [no]", "locked: [no]", "single value"),
    ],
)
def test_a_fault_is_told_with_its_line(old: str, new: str, needle: str, said: str) -> None:
    text = yaml_of_ballad().replace("- start", "-\n  start")
    assert old in text
    broken = text.replace(old, new, 1)
    message = complaint(broken)
    assert f"S.yaml:{line_of(broken, needle)}: " in message
    assert said in message


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 1, "empty"),
        ("- 1\n- 2\n", 1, "the document must be a list of 'name: value' lines"),
        ("title: a\ntitle: b\n", 2, "given twice"),
        ("title: a: b\n", 1, "not YAML"),
        ("style: cartoon\nscenes:\n  start: 0\n", 3, "must be a list"),
        ("style: cartoon\nscenes:\n- prompt: x\n", 3, "has no end"),
        ("style: cartoon\nscenes: []\n", 2, "no scenes"),
        ("style: cartoon\nscenes:\n- end: 64\n  prompt: ''\n", 4, "prompt is empty"),
        ("{" * 3000, 1, "not YAML"),
    ],
)
def test_documents_that_are_none_are_refused(text: str, line: int, said: str) -> None:
    message = complaint(text)
    assert message.startswith(f"S.yaml:{line}: ")
    assert said in message


def test_what_looks_like_another_kind_is_text_where_text_is_due() -> None:
    board = parse_storyboard("title: 1999\nstyle: Yes\nnotes: [no, 3.5, 2020-01-01]\n").storyboard
    assert (board.title, board.style) == ("1999", "Yes")
    assert list(board.notes) == ["no", "3.5", "2020-01-01"]
