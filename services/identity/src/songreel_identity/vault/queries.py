"""Summaries of identities: state, what is kept, when it ends."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from songreel_kit.errors import IdentityNotFound

from songreel_identity.vault.records import ADAPTER, PICTURE
from songreel_identity.vault.tables import consents, identities, objects
from songreel_identity.vault.validity import usable_objects
from songreel_identity.vault.vault import Vault

MAX_PAGE = 100


@dataclass(frozen=True)
class IdentitySummary:
    """One identity."""

    name: str
    consent_version: str
    """Of the latest consent; empty once it is withdrawn."""
    pictures: int
    adapters: tuple[str, ...]
    """SHA-256 of each."""
    created: int
    """Microseconds since 1970."""
    expires: int
    """When all of it is erased by itself, microseconds since 1970."""


def find_identity(vault: Vault, name: str) -> IdentitySummary:
    """Summarises one identity. Raises `IdentityNotFound`."""
    found = _read(vault, identities.c.name == name, 1)
    if not found:
        raise IdentityNotFound(f"there is no {name}: record a consent and enrol first", name=name)
    return found[0]


def list_identities(
    vault: Vault, project: str, size: int, after: str
) -> tuple[list[IdentitySummary], bool]:
    """A project's identities by name, behind the name `after`; and whether there are more."""
    size = min(max(size, 1), MAX_PAGE)
    prefix = f"projects/{project}/identities/"
    mine = identities.c.name.startswith(prefix, autoescape=True) & (identities.c.name > after)
    found = _read(vault, mine, size + 1)
    return found[:size], len(found) > size


def _read(vault: Vault, which: sa.ColumnElement[bool], limit: int) -> list[IdentitySummary]:
    def transaction(connection: sa.Connection) -> list[IdentitySummary]:
        rows = connection.execute(
            sa.select(identities).where(which).order_by(identities.c.name).limit(limit)
        )
        return [_known(connection, row) for row in rows]

    return vault.database.run(transaction)


def _known(connection: sa.Connection, row: sa.Row[tuple[object, ...]]) -> IdentitySummary:
    consent = connection.execute(
        sa.select(consents.c.version, consents.c.withdrawn)
        .where(consents.c.subject == row.subject)
        .order_by(consents.c.accepted.desc(), consents.c.id)
        .limit(1)
    ).one_or_none()
    kept = connection.execute(
        sa.select(objects.c.purpose, objects.c.sha256)
        .where(usable_objects(str(row.subject)))
        .order_by(objects.c.created, objects.c.id)
    ).all()
    return IdentitySummary(
        name=row.name,
        consent_version="" if consent is None or consent.withdrawn else consent.version,
        pictures=sum(each.purpose == PICTURE for each in kept),
        adapters=tuple(each.sha256 for each in kept if each.purpose == ADAPTER),
        created=row.created,
        expires=row.expires,
    )
