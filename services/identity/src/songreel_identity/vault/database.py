"""The vault's database: SQLite by default, Postgres by URL."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from songreel_kit.database.database import Database
from songreel_kit.database.migrate import Migrations
from songreel_kit.errors import FailedPrecondition, VaultUnusable

from songreel_identity.vault.tables import metadata

MIGRATIONS: Final = Migrations(
    "the vault's", Path(__file__).parent / "migrations/versions", metadata, lock=7276301
)

# Writers at the same moment take each other's place in the audit log's chain.
_RACES: Final = 10


def open_database(url: str) -> Database:
    """The vault's database, its tables up to date. Raises `VaultUnusable`."""
    try:
        return Database(url, MIGRATIONS.migrate, races=_RACES, overwrites=True)
    except (FailedPrecondition, OSError) as error:
        raise VaultUnusable(f"the vault's database cannot be used: {error}") from error
