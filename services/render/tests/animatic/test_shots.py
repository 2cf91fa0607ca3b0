from __future__ import annotations

from songreel.prompt.v1.storyboard_pb2 import Composition, Subject
from songreel_animatic.composition import Subject as DrawnSubject
from songreel_render.animatic.shots import shots_of
from songreel_testing.render.storyboards import scene, storyboard_of


def test_a_composition_is_drawn_as_it_says() -> None:
    said = Composition(
        place="stage", time="night", weather="clear",
        subjects=[
            Subject(kind="crowd", action="cheer"),
            Subject(kind="woman", action="sing", x=0.0, size=0.8, facing="left", seed=7),
        ],
    )  # fmt: skip
    board = storyboard_of(
        scene(0, 2, "sketch of a dog at the beach", 5, shot="wide", camera="zoom-in",
              composition=said)
    )  # fmt: skip
    board.look = "ink"
    (shot,), notes = shots_of(board)
    drawn = shot.composition
    assert (shot.start, shot.end) == (0, 2)
    assert (drawn.place, drawn.time, drawn.weather) == ("stage", "night", "clear")
    assert (drawn.framing, drawn.mood, drawn.camera) == ("wide", "joyful", "zoom-in")
    assert (drawn.look, drawn.seed) == ("ink", 5)
    assert drawn.subjects == (
        DrawnSubject("crowd", "cheer"),
        DrawnSubject("woman", "sing", x=0.0, size=0.8, facing="left", seed=7),
    )
    assert notes == []


def test_a_scene_without_one_is_read_from_its_prompt() -> None:
    board = storyboard_of(
        scene(0, 1, "cartoon of a dancer at the lake, sunset, rain, close-up, serene", 3),
        scene(1, 2, "a dog runs over the meadow", 4),
        scene(2, 3, "@#%!", 5, protagonist=True),
        scene(3, 4, "an empty road", 6),
    )
    first, second, third, fourth = (shot.composition for shot in shots_of(board)[0])
    assert (first.place, first.time, first.weather) == ("lake", "sunset", "rain")
    assert first.subjects[0].kind == "dancer"
    assert first.subjects[0].action == "dance"
    assert (second.place, second.subjects[0].kind) == ("meadow", "dog")
    assert second.subjects[0].action == "run"
    assert [each.kind for each in third.subjects] == ["woman"]
    assert (fourth.place, fourth.subjects) == ("road", ())


def test_what_cannot_be_drawn_is_left_out_and_said() -> None:
    said = Composition(place="city", subjects=[Subject(kind="unicorn"), Subject(kind="dog")])
    board = storyboard_of(scene(0, 1, "x", composition=said), scene(1, 2, "x", composition=said))
    shots, notes = shots_of(board)
    assert [[each.kind for each in shot.composition.subjects] for shot in shots] == [["dog"]] * 2
    assert notes == ["the animatic has no drawing of 'unicorn' (scenes 1, 2); it is left out there"]
