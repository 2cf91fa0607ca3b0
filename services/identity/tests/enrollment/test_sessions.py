"""Enrolment sessions in the vault: nonces, lock-out, and what is kept."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from songreel_identity.enrollment.lockout import TryLimits
from songreel_identity.enrollment.sessions import EnrollmentSessions
from songreel_identity.vault.records import PICTURE
from songreel_identity.vault.tables import objects, tries
from songreel_kit import errors
from songreel_testing.identity.vault_harness import (
    ANN,
    BEN,
    FAILED,
    PASSED,
    pictures,
)


def test_a_nonce_is_good_for_one_session_and_for_a_while(harness):
    harness.consent()
    nonce, expires = harness.enrollment_sessions.open(ANN)
    assert expires - harness.at == 150_000_000
    harness.enrollment_sessions.begin(nonce)
    for bad in (nonce, "made-up", ""):
        with pytest.raises(errors.SessionSpent):
            harness.enrollment_sessions.begin(bad)
    late, _ = harness.enrollment_sessions.open(ANN)
    harness.later(151)
    with pytest.raises(errors.SessionSpent):
        harness.enrollment_sessions.begin(late)


def test_one_of_many_that_use_a_nonce_at_once_gets_it(harness):
    harness.consent()
    nonce, _ = harness.enrollment_sessions.open(ANN)

    def begin(_):
        try:
            return harness.enrollment_sessions.begin(nonce)
        except errors.SessionSpent:
            return None

    with ThreadPoolExecutor(8) as pool:
        assert sum(each is not None for each in pool.map(begin, range(8))) == 1


def test_five_tries_lock_out_until_the_time_is_over(harness):
    harness.consent()
    for _ in range(4):
        harness.enroll(outcome=FAILED)
    nonce, _ = harness.enrollment_sessions.open(ANN)
    harness.enrollment_sessions.begin(nonce)  # left in the middle: counts too
    harness.later(1)
    with pytest.raises(errors.LockedOut) as caught:
        harness.enrollment_sessions.open(ANN)
    assert 86_000 < (caught.value.retry_seconds or 0) < 86_400
    harness.consent(BEN)
    harness.enrollment_sessions.open(BEN)
    harness.later(86_400)
    harness.enroll()
    harness.enrollment_sessions.open(ANN)


def test_an_erased_name_does_not_get_new_tries(harness):
    harness.consent()
    for _ in range(5):
        harness.enroll(outcome=FAILED)
    harness.vault.erase(ANN)
    harness.consent()
    with pytest.raises(errors.LockedOut):
        harness.enrollment_sessions.open(ANN)
    assert ANN not in str(harness.database.run(lambda c: c.execute(sa.select(tries)).all()))
    harness.later(86_400)
    harness.enrollment_sessions.open(ANN)
    harness.enrollment_sessions.forget_old_tries()
    assert harness.database.run(lambda c: c.execute(sa.select(tries)).all()) == []


def test_other_names_do_not_give_new_tries_without_end(harness):
    sessions = EnrollmentSessions(harness.vault, limits=TryLimits(of_name=2, of_project=6))
    for n in range(3):
        name = f"projects/p/identities/face-{n}"
        harness.consent(name)
        for _ in range(2):
            session = sessions.begin(sessions.open(name)[0])
            sessions.end(session, FAILED, [])
            harness.later(1)
    fresh = "projects/p/identities/face-9"
    harness.consent(fresh)
    with pytest.raises(errors.LockedOut):
        sessions.open(fresh)
    harness.consent(BEN)  # another project's: nobody else is locked out
    sessions.open(BEN)


def test_a_session_opened_before_is_locked_out_too(harness):
    harness.consent()
    nonce, _ = harness.enrollment_sessions.open(ANN)
    for _ in range(5):
        harness.enroll(outcome=FAILED)
    with pytest.raises(errors.LockedOut):
        harness.enrollment_sessions.begin(nonce)


def test_who_withdraws_or_erases_during_the_session_leaves_no_picture(harness):
    harness.consent()
    session = harness.enrollment_sessions.begin(harness.enrollment_sessions.open(ANN)[0])
    harness.vault.withdraw(ANN)
    with pytest.raises(errors.ConsentWithdrawn):
        harness.enrollment_sessions.end(session, PASSED, pictures())
    assert harness.vault.list_objects(ANN, PICTURE) == []
    harness.later(1)
    harness.consent()
    session = harness.enrollment_sessions.begin(harness.enrollment_sessions.open(ANN)[0])
    harness.vault.erase(ANN)
    with pytest.raises(errors.IdentityNotFound):
        harness.enrollment_sessions.end(session, PASSED, pictures())
    assert harness.database.run(lambda c: c.execute(sa.select(objects)).all()) == []
