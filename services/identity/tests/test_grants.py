"""Grants: each for one use, void without the consent."""

from __future__ import annotations

import jwt
import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from songreel_identity.vault.queries import find_identity
from songreel_identity.vault.records import ADAPTER, PICTURE
from songreel_identity.vault.tables import objects
from songreel_kit import errors
from songreel_kit.likeness.grants import verify_grant
from songreel_testing.identity.vault_harness import (
    ANN,
    BEN,
    JOB,
)


def granted(harness, name=ANN):
    adapter = harness.vault.put(harness.consent(name), ADAPTER, b"weights of " + name.encode())
    token, _ = harness.grants.issue(name, adapter.sha256, JOB)
    return adapter.sha256, token


def test_a_grant_is_good_for_one_use(harness):
    adapter, token = granted(harness)
    grant = verify_grant(token, harness.grants.public_key, adapter_sha256=adapter, job_sha256=JOB)
    assert grant.subject == harness.vault.valid_consent(ANN).subject
    assert harness.grants.redeem(token, adapter, JOB) == grant
    harness.grants.check(grant.id)
    with pytest.raises(errors.GrantSpent):
        harness.grants.redeem(token, adapter, JOB)
    assert ("refuse-use", f'{{"job":"{JOB}","reason":"GRANT_SPENT"}}') in harness.log()


def test_grants_that_do_not_fit_are_refused_and_logged(harness):
    adapter, token = granted(harness)
    with pytest.raises(errors.GrantInvalid, match="another job"):
        harness.grants.redeem(token, adapter, "cd" * 32)
    with pytest.raises(errors.GrantInvalid, match="another adapter"):
        harness.grants.redeem(token, "cd" * 32, JOB)
    claims = jwt.decode(token, options={"verify_signature": False})
    forged = jwt.encode(claims, Ed25519PrivateKey.generate(), algorithm="EdDSA")
    unsigned = jwt.encode(claims, "", algorithm="none")
    for bad in (forged, unsigned, "", "a.b.c", token[:-4]):
        with pytest.raises(errors.GrantInvalid):
            harness.grants.redeem(bad, adapter, JOB)
    assert [event for event, _ in harness.log()].count("refuse-use") == 7
    harness.consent(BEN)
    with pytest.raises(errors.GrantInvalid, match="no such adapter"):
        harness.grants.issue(BEN, adapter, JOB)  # another tenant's
    with pytest.raises(errors.IdentityNotFound):
        harness.grants.issue("projects/p/identities/nobody", adapter, JOB)
    harness.grants.redeem(token, adapter, JOB)


def test_an_old_grant_is_refused(harness):
    adapter = harness.vault.put(harness.consent(), ADAPTER, b"weights")
    harness.later(-400)
    token, _ = harness.grants.issue(ANN, adapter.sha256, JOB)
    with pytest.raises(errors.GrantExpired):
        harness.grants.redeem(token, adapter.sha256, JOB)


def test_withdrawal_stops_grants_and_uses_at_once(harness):
    adapter, token = granted(harness)
    running = harness.grants.redeem(token, adapter, JOB)
    second, _ = harness.grants.issue(ANN, adapter, JOB)
    harness.vault.withdraw(ANN)
    with pytest.raises(errors.ConsentWithdrawn):
        harness.grants.check(running.id)
    with pytest.raises(errors.ConsentWithdrawn):
        harness.grants.redeem(second, adapter, JOB)
    with pytest.raises(errors.ConsentWithdrawn):
        harness.grants.issue(ANN, adapter, JOB)
    with pytest.raises(errors.ConsentWithdrawn):
        harness.grants.open_adapter(running.id)
    harness.later(1)
    harness.consent()
    # A new consent does not wake what the old one had granted.
    with pytest.raises(errors.ConsentWithdrawn):
        harness.grants.redeem(second, adapter, JOB)


def test_a_new_consent_does_not_revive_what_was_withdrawn(harness):
    harness.consent()
    harness.enroll()
    [picture, *_] = harness.vault.list_objects(ANN, PICTURE)
    adapter, _ = granted(harness)
    sealed = harness.database.run(lambda c: c.execute(sa.select(objects.c.sealed)).scalars().all())
    harness.vault.withdraw(ANN)
    harness.later(1)
    harness.consent()  # by anybody of the project, without a camera
    assert harness.vault.list_objects(ANN, PICTURE) == []
    with pytest.raises(errors.IdentityNotFound):
        harness.vault.get(ANN, picture)
    with pytest.raises(errors.GrantInvalid, match="no such adapter"):
        harness.grants.issue(ANN, adapter, JOB)
    left = harness.bytes_on_disk()
    assert not any(each[:64] in left for each in sealed)


def test_an_object_counts_only_under_the_consent_that_it_was_made_under(harness):
    """Even where the vault was copied back from before the withdrawal."""
    consent = harness.consent()
    stored = harness.vault.put(consent, PICTURE, b"a face")
    adapter, _ = granted(harness)
    rows = harness.database.run(lambda c: c.execute(sa.select(objects)).mappings().all())
    harness.vault.withdraw(ANN)
    harness.later(1)
    harness.consent()
    harness.database.run(lambda c: c.execute(sa.insert(objects), [dict(row) for row in rows]))
    assert harness.vault.list_objects(ANN, PICTURE) == []
    assert find_identity(harness.vault, ANN).pictures == 0
    with pytest.raises(errors.IdentityNotFound):
        harness.vault.get(ANN, stored)
    with pytest.raises(errors.GrantInvalid, match="no such adapter"):
        harness.grants.issue(ANN, adapter, JOB)


def test_a_grant_rests_on_the_consent_of_the_adapter(harness):
    adapter, _ = granted(harness)
    first = harness.vault.valid_consent(ANN).id
    harness.later(1)
    assert harness.consent().id != first  # a second one, with no session behind it
    token, _ = harness.grants.issue(ANN, adapter, JOB)
    assert harness.grants.redeem(token, adapter, JOB).consent == first


def test_erasure_ends_grants_and_uses(harness):
    adapter, token = granted(harness)
    other, _ = harness.grants.issue(ANN, adapter, JOB)
    running = harness.grants.redeem(token, adapter, JOB)
    harness.vault.erase(ANN)
    with pytest.raises(errors.GrantInvalid):
        harness.grants.check(running.id)
    with pytest.raises(errors.GrantInvalid):
        harness.grants.redeem(other, adapter, JOB)
