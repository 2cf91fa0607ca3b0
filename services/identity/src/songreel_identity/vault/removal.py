"""What an erasure and a withdrawal delete from the tables."""

from __future__ import annotations

import hashlib

import sqlalchemy as sa

from songreel_identity.vault.tables import (
    approvals,
    consents,
    grants,
    identities,
    objects,
    sessions,
)


def destroy_objects(connection: sa.Connection, subject: str) -> tuple[str, ...]:
    """Deletes all objects; returns the hashes of their wrapped keys."""
    mine = objects.c.subject == subject
    held = connection.execute(sa.select(objects.c.wrapped_key).where(mine)).scalars().all()
    connection.execute(sa.delete(objects).where(mine))
    return tuple(sorted(hashlib.sha256(key).hexdigest() for key in held))


def remains(connection: sa.Connection, subject: str) -> list[str]:
    """Names of the tables that still hold something of a person."""
    return [
        table.name
        for table in (objects, approvals, grants, sessions, consents, identities)
        if connection.execute(
            sa.select(sa.func.count()).select_from(table).where(table.c.subject == subject)
        ).scalar_one()
    ]
