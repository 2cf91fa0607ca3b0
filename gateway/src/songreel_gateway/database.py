"""The connection to the gateway's tables."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from google.protobuf.timestamp_pb2 import Timestamp
from songreel_kit.errors import DiskFull, FailedPrecondition, SongreelError
from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError

from songreel_gateway import tables

T = TypeVar("T")

Transaction = Callable[[sa.Connection], T]
"""What is read and written at once, or not at all."""


class Database:
    """The gateway's tables, in SQLite or Postgres."""

    def __init__(self, url: str) -> None:
        """Connects and makes the tables that are missing.

        Raises `FailedPrecondition` when the database cannot be used.
        """
        try:
            self._engine = sa.create_engine(sa.make_url(url), pool_pre_ping="sqlite" not in url)
            if self._engine.dialect.name == "sqlite":
                event.listen(self._engine, "connect", _prepare_sqlite)
                event.listen(self._engine, "begin", _begin_at_once)
            tables.metadata.create_all(self._engine)
        except SQLAlchemyError as error:
            raise _typed(error) or FailedPrecondition(
                f"the database {sa.make_url(url).render_as_string()} cannot be used: {error}"
            ) from error

    @property
    def shared(self) -> bool:
        """Whether other processes may write into it too."""
        return self._engine.dialect.name != "sqlite"

    async def write(self, transaction: Transaction[T]) -> T:
        """Runs a transaction that writes, in a thread. Raises `DiskFull`.

        It is carried out whole even when the waiting task is cancelled; the cancellation
        is raised after it.
        """
        return await settled(lambda: self.run_here(transaction))

    async def read(self, transaction: Transaction[T]) -> T:
        """Runs a transaction that only reads, in a thread; it waits for no writer."""
        return await settled(lambda: self.run_here(transaction, reads=True))

    def run_here(self, transaction: Transaction[T], *, reads: bool = False) -> T:
        """Runs a transaction in this thread."""
        try:
            connected = self._engine.connect().execution_options(reads=reads)
            with connected as connection, connection.begin():
                return transaction(connection)
        except SQLAlchemyError as error:
            typed = _typed(error)
            if typed is None:
                raise
            raise typed from error

    def insert(self, table: sa.Table) -> Any:
        """An INSERT that knows `on_conflict_do_nothing`, as both dialects do."""
        if self.shared:
            from sqlalchemy.dialects.postgresql import insert
        else:
            from sqlalchemy.dialects.sqlite import insert
        return insert(table)

    def close(self) -> None:
        """Closes all connections."""
        self._engine.dispose()


def switch_on_wal(path: str) -> None:
    """Switches a SQLite file to write-ahead logging, for good.

    Its readers and its writer do not wait for each other then.
    """
    connection = sqlite3.connect(path)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
    finally:
        connection.close()


async def settled(function: Callable[..., T], *arguments: Any) -> T:
    """Runs a function in a thread and returns only after its end, even when cancelled.

    What the function works on must not be let go of while it runs.
    """
    future = asyncio.ensure_future(asyncio.to_thread(function, *arguments))
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        while not future.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait({future})
        if not future.cancelled():
            future.exception()  # seen: the cancellation outranks it
        raise


def microseconds() -> int:
    """Now, in microseconds since 1970."""
    now = datetime.now(UTC)
    return int(now.timestamp()) * 1_000_000 + now.microsecond


def timestamp(at: int) -> Timestamp:
    """Microseconds since 1970 as a message."""
    message = Timestamp()
    message.FromMicroseconds(at)
    return message


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver's own BEGIN comes late (at the first write), and a transaction
    # that read before it may then fail as busy: we begin ourselves, see below.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "busy_timeout=30000", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_at_once(connection: sa.Connection) -> None:
    reads = connection.get_execution_options().get("reads", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _typed(error: SQLAlchemyError) -> SongreelError | None:
    original = getattr(error, "orig", None)
    if getattr(original, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
        return DiskFull("the disk of the data folder is full: free some space and ask again")
    return None
