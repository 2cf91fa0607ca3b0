"""The vault's database: SQLite by default, Postgres by URL; migrated by Alembic."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from songreel_kit.errors import VaultUnusable
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

T = TypeVar("T")

_RACES = 10


class Database:
    """Runs transactions."""

    def __init__(self, url: str) -> None:
        """Connects and brings the tables up to date. Raises `VaultUnusable`."""
        try:
            self._engine = sa.create_engine(sa.make_url(url))
            if self._engine.dialect.name == "sqlite":
                _make_folder(self._engine.url.database)
                event.listen(self._engine, "connect", _prepare_sqlite)
                event.listen(self._engine, "begin", _begin_at_once)
            with self._engine.begin() as connection:
                if not self.local:
                    # Replicas that start together migrate one after the other.
                    connection.execute(sa.text("SELECT pg_advisory_xact_lock(7276301)"))
                migrate(connection)
        except (SQLAlchemyError, OSError) as error:
            raise VaultUnusable(f"the vault's database cannot be used: {error}") from error

    @property
    def local(self) -> bool:
        """Whether it is SQLite."""
        return self._engine.dialect.name == "sqlite"

    def run(self, transaction: Callable[[sa.Connection], T]) -> T:
        """One transaction, tried again when another writer took its place in the audit log."""
        for _ in range(_RACES):
            with suppress(IntegrityError), self._engine.begin() as connection:
                return transaction(connection)
        with self._engine.begin() as connection:
            return transaction(connection)

    def forget(self) -> None:
        """Leaves no deleted bytes behind in the file or its write-ahead log."""
        if not self.local:
            return
        connection = self._engine.raw_connection()
        try:
            cursor = connection.cursor()
            cursor.execute("VACUUM")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            connection.close()

    def close(self) -> None:
        """Closes all connections."""
        self._engine.dispose()


def migrate(connection: sa.Connection, revision: str = "head") -> None:
    """Alembic's upgrade to a revision, on an open connection."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def microseconds() -> int:
    """Now, in microseconds since 1970."""
    now = datetime.now(UTC)
    return int(now.timestamp()) * 1_000_000 + now.microsecond


def _make_folder(database: str | None) -> None:
    if database and database != ":memory:":
        Path(database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    # secure_delete overwrites what is deleted with zeros.
    for pragma in ("journal_mode=WAL", "busy_timeout=30000", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_at_once(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
