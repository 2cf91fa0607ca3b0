"""Transactions on tables in SQLite or Postgres, with typed errors and time limits."""

from __future__ import annotations

import copy
import sqlite3
from collections.abc import Callable
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import (
    DBAPIError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as NoConnection

from songreel_kit.backoff import Backoff
from songreel_kit.database.engines import create_engine, postgres_url
from songreel_kit.database.threads import finish_in_thread
from songreel_kit.errors import DiskFull, FailedPrecondition, ServiceUnavailable, SongreelError
from songreel_kit.telemetry.logging import get_logger

T = TypeVar("T")

_log = get_logger(__name__)

_SERIALIZATION = ("40001", "40P01")  # serialization failure, deadlock: nothing was written

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0

Transaction = Callable[[sa.Connection], T]
"""What is read and written at once, or not at all."""


class Database:
    """The tables of one service, in SQLite or Postgres."""

    def __init__(
        self,
        url: str,
        migrate: Callable[[sa.Connection], None],
        *,
        connections: int = 10,
        races: int = 0,
        overwrites: bool = False,
    ) -> None:
        """Connects and brings the tables up to date.

        Args:
            url: SQLAlchemy URL; see `postgres_url` for what is understood.
            migrate: Brings the tables up to date; see `songreel_kit.database.migrate`.
            connections: At most so many to Postgres at once.
            races: How often a transaction is tried again that another writer forestalled
                (`IntegrityError`); 0 raises.
            overwrites: Whether SQLite overwrites with zeros what is deleted.

        Raises `FailedPrecondition` when the database cannot be used.
        """
        self._patient = False
        self._races = races
        try:
            self._engine = create_engine(
                sa.make_url(postgres_url(url)), connections, overwrites=overwrites
            )
            # Statement by statement, which is all that READ COMMITTED gives a reader anyway,
            # and which spares two round trips. (SQLite's readers keep one snapshot.)
            statements = {"isolation_level": "AUTOCOMMIT"} if self.shared else {"reads": True}
            self._reading = self._engine.execution_options(**statements)
            with self._engine.begin() as connection:
                migrate(connection)
        except SQLAlchemyError as error:
            full = _typed(error)
            if isinstance(full, DiskFull):
                raise full from error
            raise FailedPrecondition(
                f"the database {sa.make_url(url).render_as_string()} cannot be used: {error}"
            ) from error

    @property
    def shared(self) -> bool:
        """Whether other processes may write into it too."""
        return self._engine.dialect.name != "sqlite"

    def patient(self) -> Database:
        """The same database for those who can wait for as long as it is away."""
        other = copy.copy(self)
        other._patient = True
        return other

    async def write(self, transaction: Transaction[T]) -> T:
        """Runs a transaction that writes, in a thread.

        It is carried out whole even when the waiting task is cancelled; the cancellation
        is raised after it. Where the connection broke at its end it may have been carried
        out, too: a patient caller's transaction has to bear being run twice.

        Raises `DiskFull`; `ServiceUnavailable` when the database is away, unless patient.
        """
        return await self._run(transaction, reads=False)

    async def read(self, transaction: Transaction[T]) -> T:
        """Runs a transaction that only reads, in a thread; it waits for no writer."""
        return await self._run(transaction, reads=True)

    async def _run(self, transaction: Transaction[T], *, reads: bool) -> T:
        backoff = Backoff(_FIRST_PAUSE, _LONGEST_PAUSE)
        while True:
            try:
                return await finish_in_thread(lambda: self.run(transaction, reads=reads))
            except ServiceUnavailable as error:
                if not self._patient:
                    raise
                _log.warning("the database is away: waiting for it", problem=error.message)
            await backoff.wait()

    def run(self, transaction: Transaction[T], *, reads: bool = False) -> T:
        """Runs a transaction in this thread."""
        tries, races = 5, self._races
        while True:
            tries -= 1
            try:
                connected = (self._reading if reads else self._engine).connect()
                with connected as connection, connection.begin():
                    return transaction(connection)
            except SQLAlchemyError as error:
                if tries and _state(error) in _SERIALIZATION:
                    continue
                if races and isinstance(error, IntegrityError):
                    races -= 1
                    continue
                if tries and reads and _is_broken(error):
                    continue
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

    def forget(self) -> None:
        """Leaves no deleted bytes behind in SQLite's file or its write-ahead log."""
        if self.shared:
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


def _is_broken(error: SQLAlchemyError) -> bool:
    """Whether the connection was lost on the way."""
    return isinstance(error, DBAPIError) and error.connection_invalidated


def _state(error: SQLAlchemyError) -> str:
    """Postgres' code for what happened, or an empty string."""
    return getattr(getattr(error, "orig", None), "sqlstate", None) or ""


def _typed(error: SQLAlchemyError) -> SongreelError | None:
    original = getattr(error, "orig", None)
    if getattr(original, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
        return DiskFull("the disk of the data folder is full: free some space and ask again")
    if _state(error) == "53100":
        return DiskFull("the database's disk is full: free some space there and ask again")
    if getattr(original, "sqlite_errorcode", None) is not None:
        return None
    if _is_broken(error) or isinstance(error, OperationalError | InterfaceError | NoConnection):
        return ServiceUnavailable("the database does not answer now: ask again in a moment")
    return None
