"""The names that the kit bounds requests by are those that the renderer knows."""

from __future__ import annotations

from songreel_kit.bounds.render import IN_BETWEENS, SCHEDULES, STEPS_OF
from songreel_render.checkpoints import schedulers
from songreel_render.motion import keyframes, schedules


def test_the_tables_have_the_same_names() -> None:
    assert set(SCHEDULES) == set(schedules.SCHEDULES)
    assert set(STEPS_OF) == set(schedulers.SCHEDULERS)
    assert set(IN_BETWEENS) == {keyframes.LATENT, keyframes.FLOW}
