from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from songreel.audio.v1.analysis_pb2 import SongAnalysis
from songreel.prompt.v1.storyboard_pb2 import Storyboard, Subject
from songreel_prompt.song import read_song
from songreel_prompt.story.offline import write_storyboard
from songreel_prompt.storyteller import StoryboardRequest
from songreel_prompt.styles import load_styles
from songreel_prompt.wording.vocabulary import PLACES, TIMES, WEATHERS, fits
from songreel_testing.prompt.synthetic_songs import (
    analysis,
    any_analysis,
    instrumental,
    many_songs,
)

STYLES = load_styles()


def told(made: SongAnalysis, seed: int = 0, previous: Storyboard | None = None) -> Storyboard:
    request = StoryboardRequest(read_song(made), STYLES["cartoon"], seed, previous=previous)
    return write_storyboard(request)


def heroes(board: Storyboard) -> list[Subject]:
    return [s for scene in board.scenes for s in scene.composition.subjects if s.protagonist]


def actions(board: Storyboard) -> set[str]:
    return {subject.action for subject in heroes(board)}


@many_songs
@given(any_analysis())
def test_every_scene_is_composed_as_its_prompt_says(made: SongAnalysis) -> None:
    for scene in told(made).scenes:
        composition = scene.composition
        assert PLACES[composition.place] in scene.prompt
        assert TIMES[composition.time] in scene.prompt
        assert WEATHERS[composition.weather] in scene.prompt
        assert sum(s.protagonist for s in composition.subjects) == scene.protagonist
        assert all(fits(s.kind, composition.place) for s in composition.subjects)


@many_songs
@given(any_analysis())
def test_nobody_stands_in_anybodys_place(made: SongAnalysis) -> None:
    for scene in told(made).scenes:
        placed = [s for s in scene.composition.subjects if s.kind != "crowd"]
        assert len(placed) <= 3
        for one, other in combinations(placed, 2):
            assert abs(one.x - other.x) >= 0.17, scene
        assert all(0.05 <= s.x <= 0.95 for s in placed)


@many_songs
@given(any_analysis())
def test_walkers_go_where_the_camera_goes(made: SongAnalysis) -> None:
    for scene in told(made).scenes:
        for subject in scene.composition.subjects:
            if subject.action in {"walk", "run"}:
                assert scene.shot != "close-up"
                assert subject.facing in {"left", "right"}
                if scene.camera.startswith("pan-"):
                    assert scene.camera == f"pan-{subject.facing}"


def test_the_same_person_looks_the_same_in_every_scene() -> None:
    board = told(instrumental())
    assert len({subject.seed for subject in heroes(board)}) == 1
    kinds = {s.kind for s in heroes(board)}
    assert kinds - {"musician"} == {board.treatment.protagonist.split()[1].strip(",")}
    by_kind: dict[str, set[int]] = {}
    for scene in board.scenes:
        for subject in scene.composition.subjects:
            if not subject.protagonist:
                by_kind.setdefault(subject.kind, set()).add(subject.seed)
    assert all(len(seeds) == 1 for seeds in by_kind.values())
    assert heroes(told(instrumental(), seed=1))[0].seed != heroes(board)[0].seed


def test_a_rewritten_story_keeps_its_people_and_its_locked_compositions() -> None:
    before = told(instrumental())
    for scene in before.scenes:
        for subject in scene.composition.subjects:
            if subject.protagonist:
                subject.seed = 77
    locked = before.scenes[4]
    locked.locked = True
    locked.composition.subjects.add(kind="dog", x=0.1, seed=5)
    after = told(instrumental(), seed=9, previous=before)
    assert after.scenes[4] == locked
    assert {subject.seed for subject in heroes(after)} == {77}
    dogs = [s for scene in after.scenes for s in scene.composition.subjects if s.kind == "dog"]
    assert {dog.seed for dog in dogs} == {5}


def test_a_couple_is_two_people_who_turn_to_each_other() -> None:
    scenes = [
        scene
        for seed in range(4)
        for scene in told(instrumental(), seed).scenes
        if " a couple " in scene.prompt and scene.composition.subjects[-1].action == "stand"
    ]
    assert scenes
    for scene in scenes:
        right, left = [s for s in scene.composition.subjects if not s.HasField("size")]
        assert (left.facing, right.facing) == ("right", "left")
        assert left.x < 0.5 < right.x
        assert left.protagonist
        assert not right.protagonist


@pytest.mark.parametrize(
    ("line", "language", "action"),
    [
        ("I keep on walking and walking", "en", "walk"),
        ("Ich renne durch die Nacht", "de", "run"),
        ("Bailamos hasta el final", "es", "dance"),
    ],
)
def test_the_words_say_what_is_done(line: str, language: str, action: str) -> None:
    lines = [(t, line) for t in range(0, 60, 4)]
    made = analysis(60, bpm=100, lines=lines, language=language, curve=[(0, 0.5, 0.5)])
    seen = [
        scene.composition.subjects[-1].action
        for scene in told(made).scenes
        if scene.lyric
        and scene.shot != "close-up"
        and scene.composition.place not in {"room", "stage"}
        and scene.composition.subjects[-1].kind in {"woman", "man"}
        and " dancer " not in scene.prompt
    ]
    assert len(seen) >= 4
    assert set(seen) == {action}


def test_who_sings_has_a_voice() -> None:
    silent, voiced = instrumental(), instrumental()
    voiced.vocals.add(start=20, end=120)
    assert "sing" not in actions(told(silent))
    scenes = [
        scene
        for scene in told(voiced).scenes
        if any(s.action == "sing" for s in scene.composition.subjects)
    ]
    assert scenes
    assert all(15 <= scene.start < 120 for scene in scenes)


def test_before_a_stage_there_is_an_audience() -> None:
    boards = [told(instrumental(), seed) for seed in range(12)]
    scenes = [
        scene
        for board in boards
        for scene in board.scenes
        if scene.composition.place == "stage" and scene.prompt.count("a crowd") == 1
    ]
    assert scenes
    for scene in scenes:
        assert scene.composition.subjects[-1].kind == "crowd"
        assert scene.composition.subjects[-1].action in {"cheer", "stand"}
