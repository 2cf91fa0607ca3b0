"""The gateway's tables, made and changed by migrations, and the database that they are in.

A database from before Alembic has the tables of revision 0001 and no version: it is
taken for 0001 and goes on from there, in place.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from songreel_kit.database.database import Database
from songreel_kit.database.migrate import Migrations

from songreel_gateway.db.access_tables import metadata  # with the gateway's own

MIGRATIONS: Final = Migrations(
    "the gateway's",
    Path(__file__).parent / "migrations/versions",
    metadata,
    # Any number that nobody else takes for a lock in the same database.
    lock=7276302,
    # Not Alembic's own name: the identity service may live in the same database.
    version_table="songreel_gateway_version",
    before="jobs",
)


def open_database(url: str, *, connections: int = 10) -> Database:
    """The gateway's database, its tables up to date. Raises `FailedPrecondition`."""
    return Database(url, MIGRATIONS.migrate, connections=connections)
