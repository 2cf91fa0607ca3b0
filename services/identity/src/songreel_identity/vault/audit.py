"""The audit log: a chain of hashes over pseudonymous entries."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import sqlalchemy as sa
from songreel_kit.errors import AuditBroken

from songreel_identity.vault.tables import audit

GENESIS = "0" * 64


def append(
    connection: sa.Connection, time: int, event: str, subject: str = "", **detail: str
) -> str:
    """Writes an entry in the caller's transaction; returns its hash.

    Two writers that take the same place conflict on the primary key: one of the
    transactions fails, the chain never forks.
    """
    last = connection.execute(
        sa.select(audit.c.sequence, audit.c.hash).order_by(audit.c.sequence.desc()).limit(1)
    ).one_or_none()
    sequence, before = (last.sequence + 1, last.hash) if last else (1, GENESIS)
    text = json.dumps(detail, sort_keys=True, separators=(",", ":"))
    digest = entry_hash(sequence, time, event, subject, text, before)
    connection.execute(
        sa.insert(audit).values(
            sequence=sequence,
            time=time,
            event=event,
            subject=subject,
            detail=text,
            before=before,
            hash=digest,
        )
    )
    return digest


def verify(connection: sa.Connection, head: str = "") -> tuple[int, str]:
    """Walks the whole chain; the number of entries and the last one's hash.

    `head`, a hash that somebody kept, must be part of it. Raises `AuditBroken`.
    """
    expected, sequence, found = GENESIS, 0, not head
    for row in connection.execute(sa.select(audit).order_by(audit.c.sequence)):
        sequence += 1
        digest = entry_hash(row.sequence, row.time, row.event, row.subject, row.detail, row.before)
        if row.sequence != sequence or row.before != expected or row.hash != digest:
            raise AuditBroken(
                f"the audit log is broken at entry {sequence}: restore the database from a backup "
                "and find out who changed it",
                entry=str(sequence),
            )
        expected = row.hash
        found = found or expected == head
    if not found:
        raise AuditBroken("the audit log no longer holds an entry that it held: it was cut")
    return sequence, expected


def entry_hash(*parts: Any) -> str:
    """SHA-256 over the entry as JSON, which cannot be read in two ways."""
    return hashlib.sha256(json.dumps(parts, separators=(",", ":")).encode()).hexdigest()
