"""Whose consent stands, and what counts under it."""

from __future__ import annotations

import sqlalchemy as sa
from songreel_kit.errors import ConsentMissing, ConsentWithdrawn, IdentityNotFound, NotEnrolled

from songreel_identity.vault.records import PICTURE, Consent
from songreel_identity.vault.tables import consents, identities, objects, sessions

# As `Verdict.PASS` is kept.
_PASS = "pass"  # noqa: S105 - a verdict


def valid_consent(connection: sa.Connection, name: str) -> Consent:
    """The latest consent of a person.

    Raises `IdentityNotFound`, `ConsentMissing`, `ConsentWithdrawn`.
    """
    subject = subject_of(connection, name)
    row = connection.execute(
        sa.select(consents)
        .where(consents.c.subject == subject)
        .order_by(consents.c.accepted.desc(), consents.c.id)
        .limit(1)
    ).one_or_none()
    if row is None:
        raise ConsentMissing(f"{name} has given no consent: record one first")
    if row.withdrawn:
        raise ConsentWithdrawn(f"{name} has withdrawn the consent: ask for a new one")
    return Consent(row.id, subject, row.version)


def enrolled_consent(connection: sa.Connection, name: str) -> Consent:
    """The consent whose session brought the person's pictures; locks the identity.

    Raises `IdentityNotFound`, `ConsentMissing`, `ConsentWithdrawn`, `NotEnrolled`.
    """
    subject_of(connection, name, lock=True)
    subject = valid_consent(connection, name).subject
    row = connection.execute(
        sa.select(consents.c.id, consents.c.version)
        .join(objects, objects.c.consent == consents.c.id)
        .where(usable_objects(subject), objects.c.purpose == PICTURE)
        .limit(1)
    ).one_or_none()
    if row is None:
        raise NotEnrolled(f"{name} has no pictures: pass an enrolment session first")
    return Consent(row.id, subject, row.version)


def usable_objects(subject: str) -> sa.ColumnElement[bool]:
    """Which objects of a person count: those whose own consent stands."""
    standing = sa.select(consents.c.id).where(
        consents.c.subject == subject, consents.c.withdrawn == 0
    )
    return (objects.c.subject == subject) & objects.c.consent.in_(standing)


def find_subject(connection: sa.Connection, name: str, *, lock: bool = False) -> str | None:
    """The pseudonym of a person, if there is one."""
    query = sa.select(identities.c.subject).where(identities.c.name == name)
    # SQLite has one writer at a time anyway.
    return connection.execute(query.with_for_update() if lock else query).scalar_one_or_none()


def subject_of(connection: sa.Connection, name: str, *, lock: bool = False) -> str:
    """The pseudonym of a person. Raises `IdentityNotFound`.

    With `lock`, nobody else withdraws, erases or keeps anything of them until the
    transaction ends.
    """
    subject = find_subject(connection, name, lock=lock)
    if subject is None:
        raise IdentityNotFound(f"there is no {name}: record a consent and enrol first", name=name)
    return subject


def enrollment_ways(connection: sa.Connection, consent: str) -> list[str]:
    """The accessible ways of the session whose pictures stand under a consent."""
    ways = connection.execute(
        sa.select(sessions.c.ways)
        .where(sessions.c.consent == consent, sessions.c.verdict == _PASS)
        .order_by(sessions.c.begun.desc())
        .limit(1)
    ).scalar_one_or_none()
    return ways.split(",") if ways else []
