"""The words of a composition: storyboards know exactly those that the animatic draws."""

from __future__ import annotations

from songreel_animatic import composition
from songreel_animatic.looks import LOOKS
from songreel_animatic.places import PLACES
from songreel_animatic.rigs import RIGS
from songreel_prompt.wording import vocabulary
from songreel_render.finish.chain import STEPS


def test_every_kind_of_subject_has_a_rig() -> None:
    assert set(vocabulary.KINDS) == RIGS.keys()


def test_every_place_has_a_drawing() -> None:
    assert vocabulary.PLACES.keys() == PLACES.keys()


def test_the_other_words_are_the_same() -> None:
    assert vocabulary.ACTIONS == composition.ACTIONS
    assert vocabulary.FACINGS == composition.FACINGS
    assert set(vocabulary.PLACES) == set(composition.PLACES)
    assert set(vocabulary.TIMES) == set(composition.TIMES)
    assert set(vocabulary.WEATHERS) == set(composition.WEATHERS)
    assert set(vocabulary.SHOTS) == set(composition.FRAMINGS)
    assert set(vocabulary.MOODS) == set(composition.MOODS)
    assert set(vocabulary.CAMERAS) == set(composition.CAMERAS)


def test_every_look_of_the_animatic_can_be_named() -> None:
    assert LOOKS.keys() == set(vocabulary.LOOKS)


def test_every_step_of_the_finish_can_be_named() -> None:
    assert {*STEPS, "none"} == set(vocabulary.FINISHES)
