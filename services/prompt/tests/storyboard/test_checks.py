from __future__ import annotations

from pathlib import Path

import pytest
from songreel.prompt.v1.storyboard_pb2 import Storyboard
from songreel_kit.errors import InvalidStoryboard, UnknownStyle
from songreel_prompt.song import read_song
from songreel_prompt.story.offline import write_storyboard
from songreel_prompt.storyboard.checks import check_storyboard
from songreel_prompt.storyteller import StoryboardRequest
from songreel_prompt.styles import BrokenStyle, find_style, load_styles
from songreel_prompt.wording.tokens import token_count
from songreel_prompt.wording.vocabulary import LOOKS
from songreel_testing.prompt.synthetic_songs import ballad

STYLES = load_styles()


def board() -> Storyboard:
    return write_storyboard(StoryboardRequest(read_song(ballad()), STYLES["cartoon"], 0))


def test_slips_of_time_are_closed_and_said() -> None:
    edited = board()
    edited.scenes[2].start += 0.1
    edited.scenes[-1].end -= 0.1
    checked = check_storyboard(edited, STYLES, duration=64.0)
    assert checked.scenes[2].start == checked.scenes[1].end
    assert checked.scenes[-1].end == 64.0
    assert [note.split(":")[0] for note in checked.notes] == [
        "scene 3",
        f"scene {len(edited.scenes)}",
    ]


def test_a_rounded_end_is_the_songs_end_without_a_word() -> None:
    checked = check_storyboard(board(), STYLES, duration=64.0004)
    assert checked.scenes[-1].end == 64.0004
    assert not checked.notes


def test_holes_and_backward_scenes_are_refused() -> None:
    edited = board()
    edited.scenes[3].start += 1
    edited.scenes[5].end = edited.scenes[5].start - 1
    with pytest.raises(InvalidStoryboard, match=r"scene 4: starts at .*scene 6: ends at"):
        check_storyboard(edited, STYLES, duration=64.0)


def test_many_faults_are_told_at_once_but_not_all() -> None:
    edited = board()
    for scene in edited.scenes:
        scene.camera = "dolly"
    with pytest.raises(InvalidStoryboard, match=r"and \d+ more") as caught:
        check_storyboard(edited, STYLES)
    assert caught.value.message.count("camera is 'dolly'") == 5


def test_unsafe_phrases_are_left_out_and_said() -> None:
    edited = board()
    edited.scenes[1].prompt = "cartoon of a woman at the beach, totally naked, sunset"
    checked = check_storyboard(edited, STYLES)
    assert checked.scenes[1].prompt == "cartoon of a woman at the beach, sunset"
    assert any("unsafe" in note for note in checked.notes)
    edited.scenes[1].prompt = "gory corpses"
    with pytest.raises(InvalidStoryboard, match="scene 2"):
        check_storyboard(edited, STYLES)


def test_long_prompts_are_cut_at_a_comma() -> None:
    edited = board()
    edited.scenes[0].prompt = ", ".join(["a house by the sea"] * 40)
    checked = check_storyboard(edited, STYLES)
    assert checked.scenes[0].prompt.endswith("a house by the sea")
    assert 60 < token_count(checked.scenes[0].prompt) <= 75
    assert any("cut" in note for note in checked.notes)


def test_what_is_missing_gets_its_default_and_a_note() -> None:
    edited = board()
    edited.storyteller = ""
    edited.scenes[0].shot = ""
    checked = check_storyboard(edited, STYLES)
    assert checked.storyteller == "hand"
    assert checked.scenes[0].shot == "medium"
    assert any("shot was missing" in note for note in checked.notes)


def test_checking_twice_adds_no_note_and_leaves_the_original_alone() -> None:
    edited = board()
    edited.scenes[0].shot = ""
    once = check_storyboard(edited, STYLES)
    assert edited.scenes[0].shot == ""
    assert check_storyboard(once, STYLES) == once


@pytest.mark.parametrize("seed", [-1, 2**53])
def test_seeds_stay_whole_in_json(seed: int) -> None:
    edited = board()
    edited.scenes[0].seed = seed
    with pytest.raises(InvalidStoryboard, match="seed"):
        check_storyboard(edited, STYLES)


def test_a_style_of_ones_own_is_one_small_file(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("medium: sketch\nwords: chalk, blackboard\n")
    (tmp_path / "night.yaml").write_text("medium: sketch\nlook: dusk\n")
    styles = load_styles(tmp_path)
    assert find_style(styles, "mine").look == "pencil"
    assert find_style(styles, "night").look == "dusk"
    assert find_style(styles, "mine").words == ("chalk", "blackboard")
    assert list(styles) == sorted(styles)
    assert {"sketch", "cartoon", "realistic"} < set(styles)
    with pytest.raises(UnknownStyle, match=r"cartoon.*mine.*sketch"):
        find_style(styles, "cubist")


def test_the_styles_use_every_look() -> None:
    assert {style.look for style in STYLES.values()} == set(LOOKS)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("medium: fresco\n", "medium must be one of"),
        ("medium: sketch\nword: chalk\n", "unknown field 'word'"),
        ("medium: sketch\nlook: chalks\n", "did you mean 'chalk'"),
        ("medium: [", "not YAML"),
        ("just words", "must hold the fields"),
        ("medium: sketch\nwords: [" + "a, " * 20 + "b]\n", "more than 12"),
        ("medium: sketch\nwords: {a: b}\n", "must be a list"),
    ],
)
def test_a_broken_style_names_its_file(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "mine.yaml").write_text(text)
    with pytest.raises(BrokenStyle, match=said) as caught:
        load_styles(tmp_path)
    assert "mine.yaml" in caught.value.message


def test_a_missing_style_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BrokenStyle, match="SONGREEL_PROMPT_STYLES"):
        load_styles(tmp_path / "nowhere")
