"""Consents, the vault, grants and the audit log, on a real database file."""

from __future__ import annotations

import dataclasses
import hashlib
from concurrent.futures import ThreadPoolExecutor

import jwt
import numpy as np
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from songreel_identity.enrollment.frame_pipeline import Still
from songreel_identity.enrollment.sessions import EnrollmentSessions
from songreel_identity.grants import Grants
from songreel_identity.liveness.protocol import Outcome, Reason, Verdict
from songreel_identity.vault import audit
from songreel_identity.vault.consent import current_text
from songreel_identity.vault.database import open_database
from songreel_identity.vault.keys import FileKeys, seal, signing_key, unseal
from songreel_identity.vault.tables import audit as audit_table
from songreel_identity.vault.tables import metadata, objects
from songreel_identity.vault.vault import ADAPTER, EMBEDDING, PICTURE, Vault
from songreel_kit import errors
from songreel_kit.database.times import microseconds
from songreel_kit.likeness.grants import verify_grant

ANN = "projects/p/identities/ann"
BEN = "projects/q/identities/ann"
JOB = "ab" * 32
PASSED = Outcome(Verdict.PASS, Reason.OK)
FAILED = Outcome(Verdict.FAIL, Reason.NO_ANSWER)


class VaultFixture:
    """A vault with its parts and a clock that can be moved."""

    def __init__(self, folder):
        self.folder = folder
        self.file = folder / "vault.db"
        self.at = microseconds()
        self.database = open_database(f"sqlite:///{self.file}")
        self.keys = FileKeys(folder / "keys" / "vault.json")
        self.text = current_text()
        self.vault = Vault(self.database, self.keys, self.text, now=lambda: self.at)
        self.enrollment_sessions = EnrollmentSessions(self.vault)
        self.grants = Grants(self.vault, signing_key(folder / "keys" / "grant.pem"))

    def consent(self, name=ANN):
        return self.vault.consent(name, self.text.version, self.text.sha256)

    def later(self, seconds):
        self.at += round(seconds * 1_000_000)

    def enroll(self, name=ANN, outcome=PASSED):
        nonce, _ = self.enrollment_sessions.open(name)
        session = self.enrollment_sessions.begin(nonce)
        self.later(1)
        stills = pictures() if outcome is PASSED else []
        self.enrollment_sessions.end(session, outcome, stills)
        self.later(1)
        return stills

    def log(self):
        return self.database.run(
            lambda c: [
                (row.event, row.detail)
                for row in c.execute(sa.select(audit_table).order_by(audit_table.c.sequence))
            ]
        )

    def bytes_on_disk(self):
        return b"".join(path.read_bytes() for path in self.folder.glob("vault.db*"))


def pictures():
    stills = []
    for n in range(7):
        jpeg = b"\xff\xd8 picture %d" % n + bytes(range(256)) * 20
        stills.append(Still(jpeg, hashlib.sha256(jpeg).hexdigest(), np.full(128, n / 10)))
    return stills


@pytest.fixture
def fixture(tmp_path):
    fixture = VaultFixture(tmp_path)
    yield fixture
    fixture.database.close()


def test_the_migrations_make_the_tables_that_the_code_knows(fixture):
    def differences(connection):
        return compare_metadata(MigrationContext.configure(connection), metadata)

    assert fixture.database.run(differences) == []
    assert (
        open_database(f"sqlite:///{fixture.file}").run(lambda c: c.execute(sa.text("SELECT 1")))
        is not None
    )


def test_a_consent_has_the_version_and_the_words_that_are_asked_for(fixture):
    with pytest.raises(errors.ConsentMissing, match=fixture.text.version):
        fixture.vault.consent(ANN, "2020-01", fixture.text.sha256)
    with pytest.raises(errors.ConsentMissing):
        fixture.vault.consent(ANN, fixture.text.version, "0" * 64)
    with pytest.raises(errors.InvalidName):
        fixture.vault.consent("ann", fixture.text.version, fixture.text.sha256)
    with pytest.raises(errors.IdentityNotFound):
        fixture.enrollment_sessions.open(ANN)
    assert fixture.consent().version == fixture.text.version


def test_what_is_kept_is_sealed_and_can_be_opened_again(fixture):
    fixture.consent()
    stills = fixture.enroll()
    kept = fixture.vault.list_objects(ANN, PICTURE)
    assert {each.sha256 for each in kept} == {still.sha256 for still in stills}
    assert {fixture.vault.get(ANN, each) for each in kept} == {still.jpeg for still in stills}
    assert len(fixture.vault.list_objects(ANN, EMBEDDING)) == 7
    assert b"picture 3" not in fixture.bytes_on_disk()


@pytest.mark.parametrize("column", ["subject", "id", "purpose", "consent_version"])
def test_an_object_is_bound_to_what_it_was_sealed_for(fixture, column):
    consent = fixture.consent()
    stored = fixture.vault.put(consent, PICTURE, b"a face")
    other = fixture.consent(BEN)
    values = {"subject": other.subject, "id": "0" * 32, "purpose": ADAPTER, "consent_version": "x"}
    fixture.database.run(lambda c: c.execute(sa.update(objects).values({column: values[column]})))
    owner = BEN if column == "subject" else ANN
    moved = dataclasses.replace(stored, id="0" * 32) if column == "id" else stored
    with pytest.raises(errors.VaultUnusable):
        fixture.vault.get(owner, moved)


@given(st.binary(max_size=300), st.binary(max_size=30), st.integers(0, 10_000), st.integers(1, 255))
@settings(max_examples=60, deadline=None)
def test_sealed_bytes_open_whole_or_not_at_all(plain, bound, where, flip):
    key = b"k" * 32
    sealed = seal(key, plain, bound)
    assert unseal(key, sealed, bound) == plain
    broken = bytearray(sealed)
    broken[where % len(broken)] ^= flip
    with pytest.raises(errors.VaultUnusable):
        unseal(key, bytes(broken), bound)
    with pytest.raises(errors.VaultUnusable):
        unseal(key, sealed, bound + b"x")


def test_keys_rotate_and_a_lost_key_is_told(fixture):
    import json

    consent = fixture.consent()
    stored = fixture.vault.put(consent, PICTURE, b"a face")
    path = fixture.folder / "keys" / "vault.json"
    held = json.loads(path.read_text())
    held["keys"]["key-2"] = held["keys"]["key-1"][::-1].replace("=", "A", 0)
    import base64

    held["keys"]["key-2"] = base64.b64encode(b"2" * 32).decode()
    held["current"] = "key-2"
    path.write_text(json.dumps(held))
    rotated = Vault(fixture.database, FileKeys(path), fixture.text, now=lambda: fixture.at)
    assert rotated.get(ANN, stored) == b"a face"
    assert rotated.get(ANN, rotated.put(consent, PICTURE, b"new")) == b"new"
    del held["keys"]["key-1"]
    path.write_text(json.dumps(held))
    with pytest.raises(errors.VaultUnusable, match="key-1"):
        Vault(fixture.database, FileKeys(path), fixture.text).get(ANN, stored)
    path.chmod(0o644)
    with pytest.raises(errors.VaultUnusable, match="chmod"):
        FileKeys(path)


def test_erasing_leaves_nothing_but_pseudonymous_log_entries(fixture):
    fixture.consent()
    fixture.enroll()
    fixture.consent(BEN)
    fixture.enroll(BEN)
    rows = fixture.database.run(lambda c: c.execute(sa.select(objects)).all())
    subject = fixture.vault.valid_consent(ANN).subject
    mine = [row for row in rows if row.subject == subject]
    assert all(row.wrapped_key in fixture.bytes_on_disk() for row in mine)
    erasure = fixture.vault.erase(ANN)
    assert erasure.objects == len(mine) == 14
    hashes = sorted(hashlib.sha256(row.wrapped_key).hexdigest() for row in mine)
    assert list(erasure.keys_sha256) == hashes
    left = fixture.bytes_on_disk()
    assert not any(row.wrapped_key in left or row.sealed[:64] in left for row in mine)
    assert ANN.encode() not in left
    others = [row for row in rows if row.subject != subject]
    assert all(row.wrapped_key in left for row in others)
    assert fixture.database.run(audit.verify)[1] == erasure.audit_head
    with pytest.raises(errors.IdentityNotFound):
        fixture.vault.erase(ANN)


def test_the_retention_clock_erases_and_an_enrolment_winds_it_up(fixture):
    fixture.consent()
    fixture.consent(BEN)
    fixture.later(200 * 86_400)
    fixture.enroll(BEN)
    fixture.later(180 * 86_400)
    erased = fixture.vault.expire()
    assert len(erased) == 1
    with pytest.raises(errors.IdentityNotFound):
        fixture.vault.valid_consent(ANN)
    assert fixture.vault.valid_consent(BEN)


def test_a_nonce_is_good_for_one_session_and_for_a_while(fixture):
    fixture.consent()
    nonce, expires = fixture.enrollment_sessions.open(ANN)
    assert expires - fixture.at == 150_000_000
    fixture.enrollment_sessions.begin(nonce)
    for bad in (nonce, "made-up", ""):
        with pytest.raises(errors.SessionSpent):
            fixture.enrollment_sessions.begin(bad)
    late, _ = fixture.enrollment_sessions.open(ANN)
    fixture.later(151)
    with pytest.raises(errors.SessionSpent):
        fixture.enrollment_sessions.begin(late)


def test_one_of_many_that_use_a_nonce_at_once_gets_it(fixture):
    fixture.consent()
    nonce, _ = fixture.enrollment_sessions.open(ANN)

    def begin(_):
        try:
            return fixture.enrollment_sessions.begin(nonce)
        except errors.SessionSpent:
            return None

    with ThreadPoolExecutor(8) as pool:
        assert sum(each is not None for each in pool.map(begin, range(8))) == 1


def test_five_tries_lock_out_until_the_time_is_over(fixture):
    fixture.consent()
    for _ in range(4):
        fixture.enroll(outcome=FAILED)
    nonce, _ = fixture.enrollment_sessions.open(ANN)
    fixture.enrollment_sessions.begin(nonce)  # left in the middle: counts too
    fixture.later(1)
    with pytest.raises(errors.LockedOut) as caught:
        fixture.enrollment_sessions.open(ANN)
    assert 86_000 < (caught.value.retry_seconds or 0) < 86_400
    fixture.consent(BEN)
    fixture.enrollment_sessions.open(BEN)
    fixture.later(86_400)
    fixture.enroll()
    fixture.enrollment_sessions.open(ANN)


def test_who_withdraws_or_erases_during_the_session_leaves_no_picture(fixture):
    fixture.consent()
    session = fixture.enrollment_sessions.begin(fixture.enrollment_sessions.open(ANN)[0])
    fixture.vault.withdraw(ANN)
    with pytest.raises(errors.ConsentWithdrawn):
        fixture.enrollment_sessions.end(session, PASSED, pictures())
    assert fixture.vault.list_objects(ANN, PICTURE) == []
    fixture.later(1)
    fixture.consent()
    session = fixture.enrollment_sessions.begin(fixture.enrollment_sessions.open(ANN)[0])
    fixture.vault.erase(ANN)
    with pytest.raises(errors.IdentityNotFound):
        fixture.enrollment_sessions.end(session, PASSED, pictures())
    assert fixture.database.run(lambda c: c.execute(sa.select(objects)).all()) == []


def granted(fixture, name=ANN):
    adapter = fixture.vault.put(fixture.consent(name), ADAPTER, b"weights of " + name.encode())
    token, _ = fixture.grants.issue(name, adapter.sha256, JOB)
    return adapter.sha256, token


def test_a_grant_is_good_for_one_use(fixture):
    adapter, token = granted(fixture)
    grant = verify_grant(token, fixture.grants.public_key, adapter_sha256=adapter, job_sha256=JOB)
    assert grant.subject == fixture.vault.valid_consent(ANN).subject
    assert fixture.grants.redeem(token, adapter, JOB) == grant
    fixture.grants.check(grant.id)
    with pytest.raises(errors.GrantSpent):
        fixture.grants.redeem(token, adapter, JOB)
    assert ("refuse-use", f'{{"job":"{JOB}","reason":"GRANT_SPENT"}}') in fixture.log()


def test_grants_that_do_not_fit_are_refused_and_logged(fixture):
    adapter, token = granted(fixture)
    with pytest.raises(errors.GrantInvalid, match="another job"):
        fixture.grants.redeem(token, adapter, "cd" * 32)
    with pytest.raises(errors.GrantInvalid, match="another adapter"):
        fixture.grants.redeem(token, "cd" * 32, JOB)
    claims = jwt.decode(token, options={"verify_signature": False})
    forged = jwt.encode(claims, Ed25519PrivateKey.generate(), algorithm="EdDSA")
    unsigned = jwt.encode(claims, "", algorithm="none")
    for bad in (forged, unsigned, "", "a.b.c", token[:-4]):
        with pytest.raises(errors.GrantInvalid):
            fixture.grants.redeem(bad, adapter, JOB)
    assert [event for event, _ in fixture.log()].count("refuse-use") == 7
    fixture.consent(BEN)
    with pytest.raises(errors.GrantInvalid, match="no such adapter"):
        fixture.grants.issue(BEN, adapter, JOB)  # another tenant's
    with pytest.raises(errors.IdentityNotFound):
        fixture.grants.issue("projects/p/identities/nobody", adapter, JOB)
    fixture.grants.redeem(token, adapter, JOB)


def test_an_old_grant_is_refused(fixture):
    adapter = fixture.vault.put(fixture.consent(), ADAPTER, b"weights")
    fixture.later(-400)
    token, _ = fixture.grants.issue(ANN, adapter.sha256, JOB)
    with pytest.raises(errors.GrantExpired):
        fixture.grants.redeem(token, adapter.sha256, JOB)


def test_withdrawal_stops_grants_and_uses_at_once(fixture):
    adapter, token = granted(fixture)
    running = fixture.grants.redeem(token, adapter, JOB)
    second, _ = fixture.grants.issue(ANN, adapter, JOB)
    fixture.vault.withdraw(ANN)
    with pytest.raises(errors.ConsentWithdrawn):
        fixture.grants.check(running.id)
    with pytest.raises(errors.ConsentWithdrawn):
        fixture.grants.redeem(second, adapter, JOB)
    with pytest.raises(errors.ConsentWithdrawn):
        fixture.grants.issue(ANN, adapter, JOB)
    with pytest.raises(errors.ConsentWithdrawn):
        fixture.vault.get(ANN, fixture.vault.list_objects(ANN, ADAPTER)[0])
    fixture.later(1)
    fixture.consent()
    # A new consent does not wake what the old one had granted.
    with pytest.raises(errors.ConsentWithdrawn):
        fixture.grants.redeem(second, adapter, JOB)


def test_erasure_ends_grants_and_uses(fixture):
    adapter, token = granted(fixture)
    other, _ = fixture.grants.issue(ANN, adapter, JOB)
    running = fixture.grants.redeem(token, adapter, JOB)
    fixture.vault.erase(ANN)
    with pytest.raises(errors.GrantInvalid):
        fixture.grants.check(running.id)
    with pytest.raises(errors.GrantInvalid):
        fixture.grants.redeem(other, adapter, JOB)


@pytest.mark.parametrize("change", ["detail", "time", "drop", "cut"])
def test_any_change_to_the_audit_log_is_found(fixture, change):
    fixture.consent()
    fixture.enroll()
    length, head = fixture.database.run(audit.verify)
    assert length >= 4

    def tamper(connection):
        table = audit_table
        if change == "drop":
            connection.execute(sa.delete(table).where(table.c.sequence == 2))
        elif change == "cut":
            connection.execute(sa.delete(table).where(table.c.sequence == length))
        else:
            value = {"detail": "{}", "time": 5}[change]
            connection.execute(
                sa.update(table).where(table.c.sequence == 2).values({change: value})
            )

    fixture.database.run(tamper)
    with pytest.raises(errors.AuditBroken):
        fixture.database.run(lambda connection: audit.verify(connection, head))


def test_the_log_holds_no_names(fixture):
    fixture.consent()
    fixture.enroll()
    fixture.vault.erase(ANN)
    assert not any("ann" in detail for _, detail in fixture.log())
