"""Attacks with real pictures through the real tracker, in simulated time."""

from __future__ import annotations

from random import Random

import pytest
from songreel_identity.liveness.protocol import Outcome, Reason, Verdict
from songreel_testing.puppet.attacks import ATTACKS, PEOPLE, live_puppet_with_light, person
from songreel_testing.puppet.simulation import Camera, simulate
from songreel_testing.puppet.subjects import WillingPerson

QUICK = ("static photo", "prepared puppet", "clip of a real person")


def attack(faces, name, seed):
    record = simulate(ATTACKS[name](faces, seed), Camera(fps=10, seed=seed), seed=seed)
    assert record.outcome is not None
    assert record.outcome.verdict is not Verdict.PASS
    # Nothing is kept of a session that did not pass.
    assert record.pipeline is not None
    assert (record.pipeline.stills, record.pipeline.held_bytes) == ([], 0)
    return record.outcome


@pytest.mark.parametrize("name", QUICK)
def test_attacks_that_end_early_are_not_accepted(faces, name):
    assert attack(faces, name, seed=2).verdict in (Verdict.FAIL, Verdict.INCONCLUSIVE)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(ATTACKS) - set(QUICK)))
def test_attacks_are_not_accepted(faces, name):
    attack(faces, name, seed=2)


@pytest.mark.slow
def test_a_willing_person_passes_and_seven_pictures_remain(faces):
    record = simulate(WillingPerson(person(faces, 2), Random(1)), Camera(), seed=1)
    assert record.outcome == Outcome(Verdict.PASS, Reason.OK)
    assert record.pipeline is not None
    assert len({still.sha256 for still in record.pipeline.stills}) == 7
    assert record.pipeline.held_bytes == 0


@pytest.mark.slow
def test_every_puppet_can_do_all_that_is_asked(faces):
    # One that cannot would make attacks fail for a reason of its own.
    assert all(person(faces, number).hand_is_seen for number in range(len(PEOPLE)))


@pytest.mark.slow
def test_a_replayed_session_is_not_accepted(faces):
    from songreel_testing.puppet.attacks import Playback

    puppet, poses = person(faces, 2), []
    willing = WillingPerson(puppet, Random(1))

    class Remembered:
        on_event = staticmethod(willing.on_event)

        @staticmethod
        def image(now):
            poses.append(puppet.render(willing.pose(now)))
            return poses[-1]

    assert simulate(Remembered(), Camera(fps=10), seed=1).outcome == Outcome(
        Verdict.PASS, Reason.OK
    )
    replay = Playback(lambda now: poses[min(int((now - 0.1) * 10 + 0.5), len(poses) - 1)])
    record = simulate(replay, Camera(fps=10, seed=9), seed=77)
    assert record.outcome is not None
    assert record.outcome.verdict is not Verdict.PASS


@pytest.mark.slow
def test_a_live_puppet_that_relights_itself_in_time_is_accepted(faces):
    # The residual risk: nothing in the pictures tells it from a person, and the
    # documentation says so. When this test fails, the documentation is to be changed.
    record = simulate(live_puppet_with_light(faces, 2), Camera(), seed=1)
    assert record.outcome == Outcome(Verdict.PASS, Reason.OK)
