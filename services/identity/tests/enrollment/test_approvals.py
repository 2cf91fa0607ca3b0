"""Weaker ways through a session: only with an operator's approval, and on record ever after."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from songreel_identity.enrollment.approvals import approve
from songreel_identity.liveness.protocol import Way
from songreel_identity.vault.records import ADAPTER
from songreel_identity.vault.tables import sessions
from songreel_kit import errors
from songreel_testing.identity.vault_harness import ANN, FAILED, JOB, PASSED, pictures

WEAK = frozenset({Way.NO_LIGHT, Way.SEATED})


def attempt(harness, ways, outcome=PASSED):
    nonce, _ = harness.enrollment_sessions.open(ANN)
    session = harness.enrollment_sessions.begin(nonce, ANN, ways)
    harness.later(1)
    harness.enrollment_sessions.end(session, outcome, pictures() if outcome is PASSED else [])
    harness.later(1)


@pytest.mark.parametrize("way", [Way.NO_LIGHT, Way.SKIP_TWO])
def test_a_client_cannot_choose_a_weaker_way_by_itself(harness, way):
    harness.consent()
    nonce, _ = harness.enrollment_sessions.open(ANN)
    for step in (harness.enrollment_sessions.check, harness.enrollment_sessions.begin):
        with pytest.raises(errors.ApprovalNeeded, match=f"--way {way}"):
            step(nonce, ANN, frozenset({way, Way.SEATED}))
    # It was no try, and the nonce is good for the usual way.
    harness.enrollment_sessions.begin(nonce, ANN, frozenset({Way.SEATED, Way.SPOKEN}))


def test_an_approval_is_for_its_ways_and_one_passed_session(harness):
    harness.consent()
    approve(harness.vault, ANN, [Way.NO_LIGHT])
    with pytest.raises(errors.ApprovalNeeded):
        attempt(harness, WEAK | {Way.SKIP_TWO})
    attempt(harness, WEAK, FAILED)
    attempt(harness, WEAK)
    with pytest.raises(errors.ApprovalNeeded):
        attempt(harness, WEAK)
    approve(harness.vault, ANN, [Way.NO_LIGHT], hours=1)
    harness.later(3601)
    with pytest.raises(errors.ApprovalNeeded):
        attempt(harness, WEAK)
    with pytest.raises(errors.InvalidRequest):
        approve(harness.vault, ANN, [Way.SEATED])
    with pytest.raises(errors.IdentityNotFound):
        approve(harness.vault, "projects/p/identities/nobody", [Way.NO_LIGHT])


def test_the_way_stands_in_the_session_the_audit_log_and_the_grant(harness):
    consent = harness.consent()
    approve(harness.vault, ANN, [Way.NO_LIGHT])
    attempt(harness, WEAK)
    ways = harness.database.run(lambda c: c.execute(sa.select(sessions.c.ways)).scalar_one())
    assert ways == "no-light,seated"
    assert ("begin-session", '{"ways":"no-light,seated"}') in harness.log()
    assert ("approve-ways", '{"ways":"no-light"}') in harness.log()
    adapter = harness.vault.put(consent, ADAPTER, b"weights")
    token, _ = harness.grants.issue(ANN, adapter.sha256, JOB)
    assert harness.grants.redeem(token, adapter.sha256, JOB).ways == ("no-light", "seated")
