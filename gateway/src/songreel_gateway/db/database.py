"""The connection to the gateway's tables."""

from __future__ import annotations

import asyncio
import contextvars
import copy
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from google.protobuf.timestamp_pb2 import Timestamp
from songreel_kit.errors import DiskFull, FailedPrecondition, ServiceUnavailable, SongreelError
from songreel_kit.telemetry.logging import get_logger
from sqlalchemy import event
from sqlalchemy.exc import (
    DBAPIError,
    InterfaceError,
    InvalidatePoolError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as NoConnection

from songreel_gateway.db.schema import migrate

T = TypeVar("T")

_log = get_logger(__name__)

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

_SERIALIZATION = ("40001", "40P01")  # serialization failure, deadlock: nothing was written

_LONGEST_PAUSE = 2.0

# A connection that was used so shortly ago is taken to be whole.
_FRESH_SECONDS = 1.0

# Not the loop's own pool: the workflow engine puts its own there, and takes it away again.
_THREADS = ThreadPoolExecutor(32, thread_name_prefix="songreel-gateway")

Transaction = Callable[[sa.Connection], T]
"""What is read and written at once, or not at all."""


class Database:
    """The gateway's tables, in SQLite or Postgres."""

    def __init__(self, url: str, *, connections: int = 10) -> None:
        """Connects and brings the tables up to date.

        Args:
            url: SQLAlchemy URL; see `postgres_url` for what is understood.
            connections: At most so many to Postgres at once.

        Raises `FailedPrecondition` when the database cannot be used.
        """
        self._patient = False
        try:
            self._engine = create_engine(sa.make_url(postgres_url(url)), connections)
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
        pause = 0.1
        while True:
            try:
                return await settled(lambda: self.run_here(transaction, reads=reads))
            except ServiceUnavailable as error:
                if not self._patient:
                    raise
                _log.warning("the database is away: waiting for it", problem=error.message)
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def run_here(self, transaction: Transaction[T], *, reads: bool = False) -> T:
        """Runs a transaction in this thread."""
        tries = 5
        while True:
            tries -= 1
            try:
                connected = (self._reading if reads else self._engine).connect()
                with connected as connection, connection.begin():
                    return transaction(connection)
            except SQLAlchemyError as error:
                if tries and _state(error) in _SERIALIZATION:
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
    context = contextvars.copy_context()
    future = asyncio.get_running_loop().run_in_executor(
        _THREADS, lambda: context.run(function, *arguments)
    )
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


def postgres_url(url: str) -> str:
    """The URL with the driver that we bring, where it names Postgres and no driver."""
    for scheme in ("postgres://", "postgresql://"):
        if url.startswith(scheme):
            return f"postgresql+psycopg://{url.removeprefix(scheme)}"
    return url


def create_engine(url: sa.URL, connections: int) -> sa.Engine:
    """An engine with all that the gateway's transactions rely on."""
    if url.get_backend_name() == "sqlite":
        engine = sa.create_engine(url)
        event.listen(engine, "connect", _prepare_sqlite)
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
        # As `pool_pre_ping`, but not before every transaction of a busy gateway.
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
    broken = isinstance(error, DBAPIError) and error.connection_invalidated
    if broken or isinstance(error, OperationalError | InterfaceError | NoConnection):
        return ServiceUnavailable("the database does not answer now: ask again in a moment")
    return None
