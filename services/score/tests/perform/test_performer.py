"""A performance is in time where it matters, louder at hits, and softer just before them."""

import numpy as np
import pytest
from songreel_score.compose.arranger import Arranger
from songreel_score.perform.performance import CHANNELS, DRUM_CHANNEL
from songreel_score.perform.performer import perform
from songreel_score.styles import STYLES
from songreel_testing.score.plans import plan_of

CUTS = (4.0, 8.1, 12.0, 17.5)


def performed(**asked):
    plan = plan_of(**asked)
    return plan, perform(plan, Arranger().compose(plan, lambda part: None))


@pytest.mark.parametrize("style", STYLES)
def test_every_hit_is_struck_in_time_and_louder_than_what_comes_before(style):
    plan, performance = performed(cuts=CUTS, style=style, moods=((0.3, 0.4),))
    for hit in plan.hits:
        at = [n.velocity for n in performance.notes if abs(n.start - hit.time) < 1e-6]
        before = [n.velocity for n in performance.notes if 0.05 < hit.time - n.start < 0.4]
        assert len(at) >= 4
        assert not before or np.mean(at) > 1.4 * np.mean(before)


@pytest.mark.parametrize("style", STYLES)
def test_notes_are_playable(style):
    plan, performance = performed(cuts=CUTS, style=style, moods=((-0.7, 0.9), (0.9, -0.9)))
    assert all(0 <= n.start < n.end <= plan.duration for n in performance.notes)
    assert all(1 <= n.velocity <= 127 for n in performance.notes)
    sounding = {}
    for note in sorted(performance.notes, key=lambda n: n.start):
        key = (note.role, note.pitch)
        assert sounding.get(key, -1.0) < note.start
        sounding[key] = note.end


def test_players_are_not_machines_but_good():
    plan, performance = performed(moods=((0.3, 0.4),))
    step = plan.duration / plan.beats / 4
    off = [abs(n.start / step - round(n.start / step)) * step for n in performance.notes]
    assert 0.002 < np.mean(off) < 0.02


def test_excited_music_is_louder():
    def loudness(arousal):
        return np.mean([n.velocity for n in performed(moods=((0.2, arousal),))[1].notes])

    assert loudness(0.8) > loudness(-0.8) + 10


def test_instruments_change_with_the_mood():
    _, performance = performed(duration=60.0, moods=((0.8, 0.8), (-0.8, -0.8)))
    assert len({c.program for c in performance.programs if c.role == "melody"}) >= 2


def test_every_role_has_a_channel_of_its_own():
    assert len(set(CHANNELS.values())) == len(CHANNELS)
    assert CHANNELS["drums"] == DRUM_CHANNEL


def test_the_same_plan_is_played_the_same():
    assert performed(cuts=CUTS, seed=3)[1] == performed(cuts=CUTS, seed=3)[1]
