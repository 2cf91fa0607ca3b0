"""Consents, the vault and the audit log, on a real database file."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import given, settings
from hypothesis import strategies as st
from songreel_identity.vault import audit
from songreel_identity.vault.database import MIGRATIONS, open_database
from songreel_identity.vault.keys import FileKeys, seal, unseal
from songreel_identity.vault.records import ADAPTER, EMBEDDING, PICTURE
from songreel_identity.vault.tables import audit as audit_table
from songreel_identity.vault.tables import metadata, objects
from songreel_identity.vault.vault import Vault
from songreel_kit import errors
from songreel_testing.identity.vault_harness import (
    ANN,
    BEN,
)


def test_the_migrations_make_the_tables_that_the_code_knows(harness):
    def differences(connection):
        return compare_metadata(MigrationContext.configure(connection), metadata)

    assert harness.database.run(differences) == []
    assert (
        open_database(f"sqlite:///{harness.file}").run(lambda c: c.execute(sa.text("SELECT 1")))
        is not None
    )


def test_a_consent_has_the_version_and_the_words_that_are_asked_for(harness):
    with pytest.raises(errors.ConsentMissing, match=harness.text.version):
        harness.vault.record_consent(ANN, "2020-01", harness.text.sha256)
    with pytest.raises(errors.ConsentMissing):
        harness.vault.record_consent(ANN, harness.text.version, "0" * 64)
    with pytest.raises(errors.InvalidName):
        harness.vault.record_consent("ann", harness.text.version, harness.text.sha256)
    with pytest.raises(errors.IdentityNotFound):
        harness.enrollment_sessions.open(ANN)
    assert harness.consent().version == harness.text.version


def test_what_withdrawn_people_left_is_gone_after_the_upgrade(harness):
    """Of a database of 0002: pictures of a withdrawn consent, an adapter under the next one."""
    withdrawn, ben = harness.consent(), harness.consent(BEN)
    harness.vault.withdraw(ANN)
    harness.later(1)
    renewed = harness.consent()
    for consent in (withdrawn, ben):
        harness.vault.put(consent, PICTURE, b"a face")
    for consent in (renewed, ben):
        harness.vault.put(consent, ADAPTER, b"weights")
    harness.database.run(lambda c: MIGRATIONS.migrate(c, "0002"))
    harness.database.run(lambda c: MIGRATIONS.migrate(c))
    left = harness.database.run(lambda c: c.execute(sa.select(objects.c.subject)).scalars().all())
    assert left == [ben.subject] * 2


def test_what_is_kept_is_sealed_and_can_be_opened_again(harness):
    harness.consent()
    stills = harness.enroll()
    kept = harness.vault.list_objects(ANN, PICTURE)
    assert {each.sha256 for each in kept} == {still.sha256 for still in stills}
    assert {harness.vault.get(ANN, each) for each in kept} == {still.jpeg for still in stills}
    assert len(harness.vault.list_objects(ANN, EMBEDDING)) == 7
    assert b"picture 3" not in harness.bytes_on_disk()


@pytest.mark.parametrize("column", ["subject", "id", "purpose", "consent_version"])
def test_an_object_is_bound_to_what_it_was_sealed_for(harness, column):
    consent = harness.consent()
    stored = harness.vault.put(consent, PICTURE, b"a face")
    other = harness.consent(BEN)
    values = {"subject": other.subject, "id": "0" * 32, "purpose": ADAPTER, "consent_version": "x"}
    changed = {column: values[column]}
    if column == "subject":
        changed["consent"] = other.id
    harness.database.run(lambda c: c.execute(sa.update(objects).values(changed)))
    owner = BEN if column == "subject" else ANN
    moved = dataclasses.replace(stored, id="0" * 32) if column == "id" else stored
    with pytest.raises(errors.VaultUnusable):
        harness.vault.get(owner, moved)


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


def test_keys_rotate_and_a_lost_key_is_told(harness):
    consent = harness.consent()
    stored = harness.vault.put(consent, PICTURE, b"a face")
    path = harness.folder / "keys" / "vault.json"
    held = json.loads(path.read_text())
    held["keys"]["key-2"] = held["keys"]["key-1"][::-1].replace("=", "A", 0)
    held["keys"]["key-2"] = base64.b64encode(b"2" * 32).decode()
    held["current"] = "key-2"
    path.write_text(json.dumps(held))
    rotated = Vault(harness.database, FileKeys(path), harness.text, now=lambda: harness.at)
    assert rotated.get(ANN, stored) == b"a face"
    assert rotated.get(ANN, rotated.put(consent, PICTURE, b"new")) == b"new"
    del held["keys"]["key-1"]
    path.write_text(json.dumps(held))
    with pytest.raises(errors.VaultUnusable, match="key-1"):
        Vault(harness.database, FileKeys(path), harness.text).get(ANN, stored)
    path.chmod(0o644)
    with pytest.raises(errors.VaultUnusable, match="chmod"):
        FileKeys(path)


def test_erasing_leaves_nothing_but_pseudonymous_log_entries(harness):
    harness.consent()
    harness.enroll()
    harness.consent(BEN)
    harness.enroll(BEN)
    rows = harness.database.run(lambda c: c.execute(sa.select(objects)).all())
    subject = harness.vault.valid_consent(ANN).subject
    mine = [row for row in rows if row.subject == subject]
    assert all(row.wrapped_key in harness.bytes_on_disk() for row in mine)
    erasure = harness.vault.erase(ANN)
    assert erasure.objects == len(mine) == 14
    hashes = sorted(hashlib.sha256(row.wrapped_key).hexdigest() for row in mine)
    assert list(erasure.keys_sha256) == hashes
    left = harness.bytes_on_disk()
    assert not any(row.wrapped_key in left or row.sealed[:64] in left for row in mine)
    assert ANN.encode() not in left
    others = [row for row in rows if row.subject != subject]
    assert all(row.wrapped_key in left for row in others)
    assert harness.database.run(audit.verify)[1] == erasure.audit_head
    with pytest.raises(errors.IdentityNotFound):
        harness.vault.erase(ANN)


@pytest.mark.parametrize("end", ["erase", "withdraw"])
def test_yesterdays_copy_of_the_database_opens_nothing(harness, tmp_path, end):
    harness.consent()
    harness.enroll()
    harness.consent(BEN)
    harness.enroll(BEN)
    pictures = harness.vault.list_objects(ANN, PICTURE)
    copy = tmp_path / "yesterday.db"
    harness.database.forget()
    copy.write_bytes(harness.file.read_bytes())
    getattr(harness.vault, end)(ANN)
    before = Vault(open_database(f"sqlite:///{copy}"), harness.keys, harness.text)
    assert before.list_objects(ANN, PICTURE) == pictures
    for stored in pictures:
        with pytest.raises(errors.VaultUnusable, match="erasure"):
            before.get(ANN, stored)
    assert before.get(BEN, before.list_objects(BEN, PICTURE)[0])
    before.database.close()


def test_objects_from_before_the_people_had_keys_are_wrapped_anew(harness):
    consent = harness.consent()
    stored = harness.vault.put(consent, PICTURE, b"a face")
    row = harness.database.run(lambda c: c.execute(sa.select(objects)).one())
    bound = "|".join((row.subject, row.id, row.purpose, row.consent_version)).encode()
    key = harness.keys.unwrap(row.subject, row.key_id, row.wrapped_key, bound)
    first = base64.b64decode(
        json.loads((harness.folder / "keys" / "vault.json").read_text())["keys"]["key-1"]
    )
    old = {"key_id": "key-1", "wrapped_key": seal(first, key, bound)}
    harness.database.run(lambda c: c.execute(sa.update(objects).values(old)))
    assert harness.vault.get(ANN, stored) == b"a face"
    assert harness.vault.rewrap() == 1
    assert harness.vault.rewrap() == 0
    assert harness.vault.get(ANN, stored) == b"a face"
    harness.keys.forget(consent.subject)
    with pytest.raises(errors.VaultUnusable):
        harness.vault.get(ANN, stored)


def test_the_retention_clock_erases_and_an_enrolment_winds_it_up(harness):
    harness.consent()
    harness.consent(BEN)
    harness.later(200 * 86_400)
    harness.enroll(BEN)
    harness.later(180 * 86_400)
    erased = harness.vault.expire()
    assert len(erased) == 1
    with pytest.raises(errors.IdentityNotFound):
        harness.vault.valid_consent(ANN)
    assert harness.vault.valid_consent(BEN)


@pytest.mark.parametrize("change", ["detail", "time", "drop", "cut"])
def test_any_change_to_the_audit_log_is_found(harness, change):
    harness.consent()
    harness.enroll()
    length, head = harness.database.run(audit.verify)
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

    harness.database.run(tamper)
    with pytest.raises(errors.AuditBroken):
        harness.database.run(lambda connection: audit.verify(connection, head))


def test_the_log_holds_no_names(harness):
    harness.consent()
    harness.enroll()
    harness.vault.erase(ANN)
    assert not any("ann" in detail for _, detail in harness.log())
