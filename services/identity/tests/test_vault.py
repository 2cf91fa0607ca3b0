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
from songreel_identity.enrollment.sessions import Enrolments
from songreel_identity.grants import Uses
from songreel_identity.liveness.protocol import Outcome, Reason, Verdict
from songreel_identity.vault import audit
from songreel_identity.vault.consent import current_text
from songreel_identity.vault.database import Database, microseconds
from songreel_identity.vault.keys import FileKeys, seal, signing_key, unseal
from songreel_identity.vault.tables import audit as audit_table
from songreel_identity.vault.tables import metadata, objects
from songreel_identity.vault.vault import ADAPTER, EMBEDDING, PICTURE, Vault
from songreel_kit import errors
from songreel_kit.likeness.grants import verify_grant

ANN = "projects/p/identities/ann"
BEN = "projects/q/identities/ann"
JOB = "ab" * 32
PASSED = Outcome(Verdict.PASS, Reason.OK)
FAILED = Outcome(Verdict.FAIL, Reason.NO_ANSWER)


class House:
    """A vault with its parts and a clock that can be moved."""

    def __init__(self, folder):
        self.folder = folder
        self.file = folder / "vault.db"
        self.at = microseconds()
        self.database = Database(f"sqlite:///{self.file}")
        self.keys = FileKeys(folder / "keys" / "vault.json")
        self.text = current_text()
        self.vault = Vault(self.database, self.keys, self.text, now=lambda: self.at)
        self.enrolments = Enrolments(self.vault)
        self.uses = Uses(self.vault, signing_key(folder / "keys" / "grant.pem"))

    def consent(self, name=ANN):
        return self.vault.consent(name, self.text.version, self.text.sha256)

    def later(self, seconds):
        self.at += round(seconds * 1_000_000)

    def enrol(self, name=ANN, outcome=PASSED):
        nonce, _ = self.enrolments.open(name)
        ticket = self.enrolments.begin(nonce)
        self.later(1)
        stills = pictures() if outcome is PASSED else []
        self.enrolments.end(ticket, outcome, stills)
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
def house(tmp_path):
    house = House(tmp_path)
    yield house
    house.database.close()


def test_the_migrations_make_the_tables_that_the_code_knows(house):
    def differences(connection):
        return compare_metadata(MigrationContext.configure(connection), metadata)

    assert house.database.run(differences) == []
    assert (
        Database(f"sqlite:///{house.file}").run(lambda c: c.execute(sa.text("SELECT 1")))
        is not None
    )


def test_a_consent_has_the_version_and_the_words_that_are_asked_for(house):
    with pytest.raises(errors.ConsentMissing, match=house.text.version):
        house.vault.consent(ANN, "2020-01", house.text.sha256)
    with pytest.raises(errors.ConsentMissing):
        house.vault.consent(ANN, house.text.version, "0" * 64)
    with pytest.raises(errors.InvalidName):
        house.vault.consent("ann", house.text.version, house.text.sha256)
    with pytest.raises(errors.IdentityNotFound):
        house.enrolments.open(ANN)
    assert house.consent().version == house.text.version


def test_what_is_kept_is_sealed_and_can_be_opened_again(house):
    house.consent()
    stills = house.enrol()
    kept = house.vault.list_objects(ANN, PICTURE)
    assert {each.sha256 for each in kept} == {still.sha256 for still in stills}
    assert {house.vault.get(ANN, each) for each in kept} == {still.jpeg for still in stills}
    assert len(house.vault.list_objects(ANN, EMBEDDING)) == 7
    assert b"picture 3" not in house.bytes_on_disk()


@pytest.mark.parametrize("column", ["subject", "id", "purpose", "consent_version"])
def test_an_object_is_bound_to_what_it_was_sealed_for(house, column):
    consent = house.consent()
    stored = house.vault.put(consent, PICTURE, b"a face")
    other = house.consent(BEN)
    values = {"subject": other.subject, "id": "0" * 32, "purpose": ADAPTER, "consent_version": "x"}
    house.database.run(lambda c: c.execute(sa.update(objects).values({column: values[column]})))
    owner = BEN if column == "subject" else ANN
    moved = dataclasses.replace(stored, id="0" * 32) if column == "id" else stored
    with pytest.raises(errors.VaultUnusable):
        house.vault.get(owner, moved)


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


def test_keys_rotate_and_a_lost_key_is_told(house):
    import json

    consent = house.consent()
    stored = house.vault.put(consent, PICTURE, b"a face")
    path = house.folder / "keys" / "vault.json"
    held = json.loads(path.read_text())
    held["keys"]["key-2"] = held["keys"]["key-1"][::-1].replace("=", "A", 0)
    import base64

    held["keys"]["key-2"] = base64.b64encode(b"2" * 32).decode()
    held["current"] = "key-2"
    path.write_text(json.dumps(held))
    rotated = Vault(house.database, FileKeys(path), house.text, now=lambda: house.at)
    assert rotated.get(ANN, stored) == b"a face"
    assert rotated.get(ANN, rotated.put(consent, PICTURE, b"new")) == b"new"
    del held["keys"]["key-1"]
    path.write_text(json.dumps(held))
    with pytest.raises(errors.VaultUnusable, match="key-1"):
        Vault(house.database, FileKeys(path), house.text).get(ANN, stored)
    path.chmod(0o644)
    with pytest.raises(errors.VaultUnusable, match="chmod"):
        FileKeys(path)


def test_erasing_leaves_nothing_but_pseudonymous_log_entries(house):
    house.consent()
    house.enrol()
    house.consent(BEN)
    house.enrol(BEN)
    rows = house.database.run(lambda c: c.execute(sa.select(objects)).all())
    subject = house.vault.standing(ANN).subject
    mine = [row for row in rows if row.subject == subject]
    assert all(row.wrapped_key in house.bytes_on_disk() for row in mine)
    erasure = house.vault.erase(ANN)
    assert erasure.objects == len(mine) == 14
    hashes = sorted(hashlib.sha256(row.wrapped_key).hexdigest() for row in mine)
    assert list(erasure.keys_sha256) == hashes
    left = house.bytes_on_disk()
    assert not any(row.wrapped_key in left or row.sealed[:64] in left for row in mine)
    assert ANN.encode() not in left
    others = [row for row in rows if row.subject != subject]
    assert all(row.wrapped_key in left for row in others)
    assert house.database.run(audit.verify)[1] == erasure.audit_head
    with pytest.raises(errors.IdentityNotFound):
        house.vault.erase(ANN)


def test_the_retention_clock_erases_and_an_enrolment_winds_it_up(house):
    house.consent()
    house.consent(BEN)
    house.later(200 * 86_400)
    house.enrol(BEN)
    house.later(180 * 86_400)
    erased = house.vault.expire()
    assert len(erased) == 1
    with pytest.raises(errors.IdentityNotFound):
        house.vault.standing(ANN)
    assert house.vault.standing(BEN)


def test_a_nonce_is_good_for_one_session_and_for_a_while(house):
    house.consent()
    nonce, expires = house.enrolments.open(ANN)
    assert expires - house.at == 150_000_000
    house.enrolments.begin(nonce)
    for bad in (nonce, "made-up", ""):
        with pytest.raises(errors.SessionSpent):
            house.enrolments.begin(bad)
    late, _ = house.enrolments.open(ANN)
    house.later(151)
    with pytest.raises(errors.SessionSpent):
        house.enrolments.begin(late)


def test_one_of_many_that_use_a_nonce_at_once_gets_it(house):
    house.consent()
    nonce, _ = house.enrolments.open(ANN)

    def begin(_):
        try:
            return house.enrolments.begin(nonce)
        except errors.SessionSpent:
            return None

    with ThreadPoolExecutor(8) as pool:
        assert sum(each is not None for each in pool.map(begin, range(8))) == 1


def test_five_tries_lock_out_until_the_time_is_over(house):
    house.consent()
    for _ in range(4):
        house.enrol(outcome=FAILED)
    nonce, _ = house.enrolments.open(ANN)
    house.enrolments.begin(nonce)  # left in the middle: counts too
    house.later(1)
    with pytest.raises(errors.LockedOut) as caught:
        house.enrolments.open(ANN)
    assert 86_000 < (caught.value.retry_seconds or 0) < 86_400
    house.consent(BEN)
    house.enrolments.open(BEN)
    house.later(86_400)
    house.enrol()
    house.enrolments.open(ANN)


def test_who_withdraws_or_erases_during_the_session_leaves_no_picture(house):
    house.consent()
    ticket = house.enrolments.begin(house.enrolments.open(ANN)[0])
    house.vault.withdraw(ANN)
    with pytest.raises(errors.ConsentWithdrawn):
        house.enrolments.end(ticket, PASSED, pictures())
    assert house.vault.list_objects(ANN, PICTURE) == []
    house.later(1)
    house.consent()
    ticket = house.enrolments.begin(house.enrolments.open(ANN)[0])
    house.vault.erase(ANN)
    with pytest.raises(errors.IdentityNotFound):
        house.enrolments.end(ticket, PASSED, pictures())
    assert house.database.run(lambda c: c.execute(sa.select(objects)).all()) == []


def granted(house, name=ANN):
    adapter = house.vault.put(house.consent(name), ADAPTER, b"weights of " + name.encode())
    token, _ = house.uses.grant(name, adapter.sha256, JOB)
    return adapter.sha256, token


def test_a_grant_is_good_for_one_use(house):
    adapter, token = granted(house)
    grant = verify_grant(token, house.uses.public_key, adapter_sha256=adapter, job_sha256=JOB)
    assert grant.subject == house.vault.standing(ANN).subject
    assert house.uses.redeem(token, adapter, JOB) == grant
    house.uses.check(grant.id)
    with pytest.raises(errors.GrantSpent):
        house.uses.redeem(token, adapter, JOB)
    assert ("refuse-use", f'{{"job":"{JOB}","reason":"GRANT_SPENT"}}') in house.log()


def test_grants_that_do_not_fit_are_refused_and_logged(house):
    adapter, token = granted(house)
    with pytest.raises(errors.GrantInvalid, match="another job"):
        house.uses.redeem(token, adapter, "cd" * 32)
    with pytest.raises(errors.GrantInvalid, match="another adapter"):
        house.uses.redeem(token, "cd" * 32, JOB)
    claims = jwt.decode(token, options={"verify_signature": False})
    forged = jwt.encode(claims, Ed25519PrivateKey.generate(), algorithm="EdDSA")
    unsigned = jwt.encode(claims, "", algorithm="none")
    for bad in (forged, unsigned, "", "a.b.c", token[:-4]):
        with pytest.raises(errors.GrantInvalid):
            house.uses.redeem(bad, adapter, JOB)
    assert [event for event, _ in house.log()].count("refuse-use") == 7
    house.consent(BEN)
    with pytest.raises(errors.GrantInvalid, match="no such adapter"):
        house.uses.grant(BEN, adapter, JOB)  # another tenant's
    with pytest.raises(errors.IdentityNotFound):
        house.uses.grant("projects/p/identities/nobody", adapter, JOB)
    house.uses.redeem(token, adapter, JOB)


def test_an_old_grant_is_refused(house):
    adapter = house.vault.put(house.consent(), ADAPTER, b"weights")
    house.later(-400)
    token, _ = house.uses.grant(ANN, adapter.sha256, JOB)
    with pytest.raises(errors.GrantExpired):
        house.uses.redeem(token, adapter.sha256, JOB)


def test_withdrawal_stops_grants_and_uses_at_once(house):
    adapter, token = granted(house)
    running = house.uses.redeem(token, adapter, JOB)
    second, _ = house.uses.grant(ANN, adapter, JOB)
    house.vault.withdraw(ANN)
    with pytest.raises(errors.ConsentWithdrawn):
        house.uses.check(running.id)
    with pytest.raises(errors.ConsentWithdrawn):
        house.uses.redeem(second, adapter, JOB)
    with pytest.raises(errors.ConsentWithdrawn):
        house.uses.grant(ANN, adapter, JOB)
    with pytest.raises(errors.ConsentWithdrawn):
        house.vault.get(ANN, house.vault.list_objects(ANN, ADAPTER)[0])
    house.later(1)
    house.consent()
    # A new consent does not wake what the old one had granted.
    with pytest.raises(errors.ConsentWithdrawn):
        house.uses.redeem(second, adapter, JOB)


def test_erasure_ends_grants_and_uses(house):
    adapter, token = granted(house)
    other, _ = house.uses.grant(ANN, adapter, JOB)
    running = house.uses.redeem(token, adapter, JOB)
    house.vault.erase(ANN)
    with pytest.raises(errors.GrantInvalid):
        house.uses.check(running.id)
    with pytest.raises(errors.GrantInvalid):
        house.uses.redeem(other, adapter, JOB)


@pytest.mark.parametrize("change", ["detail", "time", "drop", "cut"])
def test_any_change_to_the_audit_log_is_found(house, change):
    house.consent()
    house.enrol()
    length, head = house.database.run(audit.verify)
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

    house.database.run(tamper)
    with pytest.raises(errors.AuditBroken):
        house.database.run(lambda connection: audit.verify(connection, head))


def test_the_log_holds_no_names(house):
    house.consent()
    house.enrol()
    house.vault.erase(ANN)
    assert not any("ann" in detail for _, detail in house.log())
