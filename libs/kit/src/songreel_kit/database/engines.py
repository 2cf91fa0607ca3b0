"""Engines of SQLAlchemy for both kinds of database."""

from __future__ import annotations

import sqlite3
import time
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import InvalidatePoolError

CONNECTION_OPTIONS: dict[str, Any] = {
    "connect_timeout": 5,
    # A cut network that swallows packets is noticed after about 10 s, not two hours.
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    # A process that was stopped (SIGSTOP) in a transaction does not keep its locks.
    "options": "-c idle_in_transaction_session_timeout=10000 -c statement_timeout=30000",
}
"""libpq's parameters for every connection to Postgres."""

# A connection that was used so shortly ago is taken to be whole.
_FRESH_SECONDS = 1.0


def switch_on_wal(path: str) -> None:
    """Switches a SQLite file to write-ahead logging, for good.

    Its readers and its writer do not wait for each other then.
    """
    connection = sqlite3.connect(path)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
    finally:
        connection.close()


def compact_sqlite(path: str) -> None:
    """Leaves no deleted bytes behind in a SQLite file or its write-ahead log."""
    connection = sqlite3.connect(path, timeout=30.0)
    try:
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()


def _prepare_sqlite(connection: Any, _record: Any, *, overwrites: bool) -> None:
    # The driver's own BEGIN comes late (at the first write), and a transaction
    # that read before it may then fail as busy: we begin ourselves, see below.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "busy_timeout=30000", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    if overwrites:
        connection.execute("PRAGMA secure_delete=ON")


def _begin_at_once(connection: sa.Connection) -> None:
    reads = connection.get_execution_options().get("reads", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def postgres_url(url: str) -> str:
    """The URL with the driver that we bring, where it names Postgres and no driver."""
    for scheme in ("postgres://", "postgresql://"):
        if url.startswith(scheme):
            return f"postgresql+psycopg://{url.removeprefix(scheme)}"
    return url


def create_engine(url: sa.URL, connections: int, *, overwrites: bool = False) -> sa.Engine:
    """An engine with all that `Database` relies on.

    Args:
        url: of SQLite or Postgres.
        connections: at most so many to Postgres at once.
        overwrites: whether SQLite overwrites with zeros what is deleted.
    """
    if url.get_backend_name() == "sqlite":
        if url.database and url.database != ":memory:":
            Path(url.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        engine = sa.create_engine(url)
        event.listen(engine, "connect", partial(_prepare_sqlite, overwrites=overwrites))
        event.listen(engine, "begin", _begin_at_once)
        return engine
    engine = sa.create_engine(
        url,
        connect_args=CONNECTION_OPTIONS,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=10,
    )

    def used(_connection: Any, record: Any) -> None:
        if record is not None:
            record.info["used"] = time.monotonic()

    def ping_if_idle(connection: Any, record: Any, _borrowed: Any) -> None:
        # As `pool_pre_ping`, but not before every transaction of a busy service.
        if time.monotonic() - record.info.get("used", 0.0) < _FRESH_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError("the database was away") from error

    event.listen(engine, "connect", used)
    event.listen(engine, "checkin", used)
    event.listen(engine, "checkout", ping_if_idle)
    return engine
