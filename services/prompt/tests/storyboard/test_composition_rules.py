from __future__ import annotations

import pytest
from songreel.prompt.v1.storyboard_pb2 import Scene, Storyboard
from songreel_kit.errors import InvalidStoryboard
from songreel_prompt.storyboard.checks import check_storyboard
from songreel_prompt.storyboard.documents import format_storyboard, parse_storyboard
from songreel_prompt.storyboard.review import Review
from songreel_prompt.styles import load_styles

STYLES = load_styles()
EDITED = """\
style: noir
scenes:
- end: 4
  prompt: cartoon of a woman at the lake, dawn, snow, wide, sad
  protagonist: true
  composition:
    place: lake
    time: dawn
    weather: snow
    subjects:
    - {kind: boat, x: 0.8, size: 0.2}
    - kind: woman
      action: walk
      x: 0.25
      facing: right
      seed: 12
      protagonist: true
"""


def checked(text: str) -> Storyboard:
    document = parse_storyboard(text, "S.yaml")
    return check_storyboard(document.storyboard, STYLES, review=Review(document.locate))


def the_scene(text: str) -> Scene:
    (scene,) = checked(text).scenes
    return scene


def test_what_a_person_composed_is_kept() -> None:
    board = checked(EDITED)
    boat, woman = board.scenes[0].composition.subjects
    assert (boat.kind, boat.x, boat.size, boat.HasField("size")) == ("boat", 0.8, 0.2, True)
    assert (woman.action, woman.facing, woman.seed, woman.protagonist) == (
        "walk",
        "right",
        12,
        True,
    )
    assert not woman.HasField("size")
    assert not [note for note in board.notes if "composition" in note]
    assert parse_storyboard(format_storyboard(board)).storyboard == board


def test_a_document_without_composition_or_look_gets_no_composition_and_its_styles_look() -> None:
    text = EDITED[: EDITED.index("  composition")]
    assert not the_scene(text).HasField("composition")
    assert checked(text).look == "ink"
    assert checked(f"look: chalk\n{text}").look == "chalk"


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("kind: boat", "kind: boot", 11, "kind is 'boot'; did you mean 'boat'? it must be one of"),
        ("kind: boat, ", "", 11, "kind is missing"),
        ("walk", "wlak", 13, "action is 'wlak'; did you mean 'walk'? it must be one of stand"),
        ("facing: right", "facing: up", 15, "facing is 'up'; it must be one of left, right, front"),
        ("place: lake", "place: kitchen", 7, "place is 'kitchen'; it must be one of beach"),
        ("time: dawn", "time: down", 8, "time is 'down'; did you mean 'dawn'?"),
        ("weather: snow", "weather: hail", 9, "weather is 'hail'"),
        ("x: 0.25", "x: 1.25", 14, "x is 1.25; it must be from 0, the left edge, to 1, the right"),
        ("x: 0.25", "x: .nan", 14, "x is '.nan'; it must be a number, such as 0.5"),
        ("x: 0.25", "x: nan", 14, "x is nan; it must be from 0"),
        ("x: 0.25", "x: middle", 14, "x is 'middle'; it must be a number, such as 0.5"),
        ("size: 0.2", "size: 0", 11, "size is 0; it must be a share of the picture's height"),
        ("seed: 12", f"seed: {2**53}", 16, "seed is 9007199254740992; it must be in"),
        ("style: noir", "style: noir\nlook: inc", 2, "look is 'inc'; did you mean 'ink'?"),
        ("kind: woman", "knd: woman", 12, "there is no field 'knd'; did you mean 'kind'?"),
        ("- {kind: boat, x: 0.8, size: 0.2}", "- a boat", 11, "a subject must be a list of"),
        ("- {kind", "- {}\n    " * 11 + "- {kind", 10, "there are 13 subjects; at most 12"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_line_and_what_is_known(
    old: str, new: str, line: int, said: str
) -> None:
    assert old in EDITED
    with pytest.raises(InvalidStoryboard) as caught:
        checked(EDITED.replace(old, new, 1))
    assert f"S.yaml:{line}: {said}" in caught.value.message


def test_what_is_missing_of_a_place_is_what_the_prompt_says() -> None:
    text = EDITED.replace("place: lake", "place: ''").replace("    weather: snow\n", "")
    composition = the_scene(text).composition
    assert (composition.place, composition.weather) == ("lake", "snow")
    assert any("place of the composition is 'lake' now" in note for note in checked(text).notes)
    mute = text.replace("cartoon of a woman at the lake, dawn, snow, wide, sad", "an old boat")
    assert the_scene(mute).composition.place == "meadow"


def test_a_prompt_that_was_edited_without_its_composition_is_noted() -> None:
    notes = checked(EDITED.replace("woman at the lake", "woman on the road")).notes
    (note,) = [note for note in notes if "composition" in note]
    assert note == (
        "scene 1: the prompt says 'on the road' but the composition's place is 'lake'; kept"
    )


def test_who_is_the_protagonist_is_said_once() -> None:
    alone = EDITED.replace("      protagonist: true\n", "")
    assert any("true but no subject is the protagonist" in note for note in checked(alone).notes)
    twice = EDITED.replace("size: 0.2", "size: 0.2, protagonist: true")
    assert any("2 subjects are the protagonist" in note for note in checked(twice).notes)
