"""Request ids (AIP-155): the same id with the same content gives the same result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

import sqlalchemy as sa
from google.protobuf.message import Message
from songreel_kit.artifacts.documents import stage_key
from songreel_kit.database.database import Database
from songreel_kit.database.times import microseconds
from songreel_kit.errors import RequestIdReused

from songreel_gateway.api.resource_names import checked_request_id
from songreel_gateway.db.tables import requests

M = TypeVar("M", bound=Message)

KEPT_DAYS = 30
"""How long a request id is good, whatever becomes of what it led to."""


@dataclass(frozen=True)
class RequestClaim:
    """A request that may be a repetition."""

    project: str
    method: str
    request_id: str
    fingerprint: str
    """SHA-256 in hex over everything the request asks for."""


def without_request_id(asked: M) -> M:
    """A copy to compare with, and to keep: the same request under any id."""
    request = type(asked)()
    request.CopyFrom(asked)
    request.ClearField("request_id")
    return request


def claim_of(project: str, asked: Any, request_id: str) -> RequestClaim:
    """The claim of a request, a message. Raises `InvalidRequest` for an id that is none."""
    return RequestClaim(
        project,
        type(asked).__name__.removesuffix("Request"),
        checked_request_id(request_id),
        stage_key("request", "1", without_request_id(asked)),
    )


def claim(
    database: Database, connection: sa.Connection, request: RequestClaim, result: str
) -> str | None:
    """Notes that the request leads to `result`, an id; None if it is the first.

    Returns:
        The id of the earlier result when the request is a repetition.

    Raises:
        RequestIdReused: The id was used for something else.
    """
    if not request.request_id or note(database, connection, requests, request, result=result):
        return None
    return earlier(connection, request)


def earlier(connection: sa.Connection, request: RequestClaim) -> str | None:
    """The id that the request led to before; None if it is new. Raises `RequestIdReused`."""
    found = noted(connection, requests, request)
    return None if found is None else str(found.result)


def note(
    database: Database,
    connection: sa.Connection,
    table: sa.Table,
    request: RequestClaim,
    **columns: Any,
) -> bool:
    """Adds a request to a table of them, with what it led to; False if its id is there."""
    inserted = connection.execute(
        database.insert(table)
        .values(**vars(request), created=microseconds(), **columns)
        .on_conflict_do_nothing()
        # Not `rowcount`: for an INSERT in Postgres SQLAlchemy does not know it.
        .returning(table.c.request_id)
    )
    return inserted.one_or_none() is not None


def noted(connection: sa.Connection, table: sa.Table, request: RequestClaim) -> sa.Row[Any] | None:
    """The row of the request in a table of them. Raises `RequestIdReused`."""
    found = connection.execute(
        sa.select(table).where(
            table.c.project == request.project,
            table.c.method == request.method,
            table.c.request_id == request.request_id,
        )
    ).one_or_none()
    if found is not None and found.fingerprint != request.fingerprint:
        raise RequestIdReused(
            f"the request_id {request.request_id!r} was used before for another "
            f"{request.method} request: take a new one",
            request_id=request.request_id,
        )
    return found


def forget(connection: sa.Connection, project: str, result: str) -> None:
    """Frees the request ids that led to `result`, which is gone."""
    connection.execute(
        sa.delete(requests).where(requests.c.project == project, requests.c.result == result)
    )


def forget_old(connection: sa.Connection) -> int:
    """Frees the request ids that nobody repeats any more; how many."""
    before = microseconds() - KEPT_DAYS * 24 * 3600 * 1_000_000
    return connection.execute(sa.delete(requests).where(requests.c.created < before)).rowcount
