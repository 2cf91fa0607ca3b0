"""How prompts name a person whose likeness was learnt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from songreel.prompt.v1.storyboard_pb2 import Composition, Scene, Storyboard, Subject
from songreel_kit.errors import InvalidRequest
from songreel_prompt.wording.naming import NEAR, checked_phrase, name_protagonist, with_phrase


@pytest.mark.parametrize(
    ("prompt", "named"),
    [
        ("sketch of a woman at the beach, dawn", "sketch of a sks man at the beach, dawn"),
        ("realistic of a young woman on the road", "realistic of a sks man on the road"),
        ("The dancer, and a woman", "a sks man, and a woman"),
        ("cartoon of a couple in the city", "a sks man, cartoon of a couple in the city"),
        ("a manor in the mountains", "a sks man, a manor in the mountains"),
        ("a sks man by the lake", "a sks man by the lake"),
    ],
)
def test_the_person_takes_the_figures_place(prompt, named):
    assert with_phrase(prompt, "sks man") == named


@given(st.text(max_size=80))
def test_the_phrase_is_there_once_it_was_put_there(prompt):
    once = with_phrase(prompt, "sks person")
    assert "sks person" in once
    assert with_phrase(once, "sks person") == once


def test_only_the_protagonists_scenes_are_changed():
    board = Storyboard(
        scenes=[Scene(prompt="a woman", protagonist=True), Scene(prompt="a woman, alone")]
    )
    named = name_protagonist(board, "sks woman")
    assert [scene.prompt for scene in named.scenes] == ["a sks woman", "a woman, alone"]
    assert name_protagonist(board, "") == board


def test_a_storytellers_scenes_of_the_protagonist_are_near_and_others_are_left():
    far = "cartoon of a man at the lake, day, wide, sad, widest hat"
    board = Storyboard(
        scenes=[
            Scene(prompt=far, shot="wide", protagonist=True),
            Scene(prompt=far, shot="wide", protagonist=True, locked=True),
            Scene(prompt=far, shot="wide"),
        ]
    )
    named = name_protagonist(board, "sks man", near=True)
    near = "cartoon of a sks man at the lake, day, close-up, sad, widest hat"
    assert named.scenes[0].prompt == near
    assert [scene.shot for scene in named.scenes] == ["close-up", "wide", "wide"]
    assert ", wide, sad" in named.scenes[1].prompt
    assert list(named.notes) == [NEAR]
    assert name_protagonist(board, "sks man").scenes[0].shot == "wide"


@pytest.mark.parametrize("phrase", ["sks", "sks man, nude", "Sks Man", "sks man man"])
def test_a_phrase_is_a_trigger_and_a_noun(phrase):
    with pytest.raises(InvalidRequest):
        checked_phrase(phrase)


def test_the_person_is_drawn_as_what_the_noun_says_and_near():
    subjects = [
        Subject(kind="boat", action="move", size=0.2, seed=3),
        Subject(kind="woman", action="walk", facing="right", seed=7, protagonist=True),
        Subject(kind="man", action="walk", seed=8),
    ]
    scene = Scene(prompt="a woman", protagonist=True, composition=Composition(subjects=subjects))
    other = Scene(prompt="a man, alone", composition=Composition(subjects=subjects[2:]))
    board = Storyboard(scenes=[scene, other])
    (named, alone) = name_protagonist(board, "sks man", near=True).scenes
    assert [(s.kind, s.action, s.seed) for s in named.composition.subjects] == [
        ("man", "stand", 7),
        ("man", "stand", 8),
    ]
    assert alone == other
    (kept, _) = name_protagonist(board, "sks person").scenes
    assert list(kept.composition.subjects) == subjects
