"""How prompts name a person whose likeness was learnt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from songreel.prompt.v1.prompt_service_pb2 import StoryboardOptions
from songreel.prompt.v1.storyboard_pb2 import Scene, Storyboard
from songreel_kit.errors import InvalidRequest
from songreel_prompt.naming import checked_phrase, name_protagonist, with_phrase


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


@pytest.mark.parametrize("phrase", ["sks", "sks man, nude", "Sks Man", "sks man man"])
def test_a_phrase_is_a_trigger_and_a_noun(phrase):
    with pytest.raises(InvalidRequest):
        checked_phrase(StoryboardOptions(protagonist_phrase=phrase))
