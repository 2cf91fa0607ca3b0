"""Projects and their API keys, in the database.

A key reads `songreel_{id}_{secret}`. Kept are the id and the SHA-256 of the secret: 256
random bits cannot be guessed, so a slow hash as for passwords would gain nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import sqlalchemy as sa
from songreel_kit.database.database import Database
from songreel_kit.database.times import microseconds
from songreel_kit.errors import Conflict, NotFound, Unauthenticated

from songreel_gateway.access.callers import Role
from songreel_gateway.api.resource_names import project_of
from songreel_gateway.db.access_tables import access_events, api_keys, projects

T = TypeVar("T")

_PREFIX: Final = "songreel"
_REMEMBERED: Final = 4096


@dataclass(frozen=True)
class ApiKey:
    """A key as the database knows it, and whether its project is open."""

    id: str
    project: str
    role: Role
    certificate_sha256: str
    """Of the client certificate that it is good with; empty for any or none."""
    calls_per_minute: int | None
    created: int
    expires: int
    """Microseconds since 1970, as all times here; 0 for never."""
    revoked: int
    closed: int

    @property
    def good(self) -> bool:
        """Whether it may be used now."""
        over = 0 < self.expires <= microseconds()
        return not (self.revoked or self.closed or over)


@dataclass(frozen=True)
class NewKey:
    """Properties of a new key."""

    project: str
    role: Role
    certificate_sha256: str = ""
    calls_per_minute: int | None = None
    days: int = 0
    """Days until it expires; 0 for never."""


class KeyBook:
    """Finds keys and open projects, with a cache."""

    def __init__(self, database: Database, remember_seconds: float = 0.0) -> None:
        self._database = database
        self._keys: _Memory[ApiKey] = _Memory(remember_seconds)
        self._projects: _Memory[bool] = _Memory(remember_seconds)

    async def exchange(self, text: str) -> ApiKey:
        """The key of this text. Raises `Unauthenticated`, always with the same message."""
        prefix, _, rest = text.partition("_")
        key_id, _, secret = rest.partition("_")
        row = await self._database.read(lambda connection: _row(connection, key_id))
        given = hashlib.sha256(secret.encode()).hexdigest()
        # Compared even when there is no such key, so that both take the same time.
        kept = row.secret_sha256 if row is not None else "0" * 64
        same = hmac.compare_digest(given, kept)
        if row is None or not same or prefix != _PREFIX or not (key := _key(row)).good:
            raise Unauthenticated("the key is not valid: ask the operator for another one")
        return key

    async def find(self, key_id: str) -> ApiKey | None:
        """The key of this id; None when there is none."""

        async def look() -> ApiKey | None:
            row = await self._database.read(lambda connection: _row(connection, key_id))
            return None if row is None else _key(row)

        return await self._keys.get(key_id, look)

    async def is_open(self, project: str) -> bool:
        """Whether there is such a project and it is not closed."""

        def closed(connection: sa.Connection) -> int | None:
            chosen = sa.select(projects.c.closed).where(projects.c.id == project)
            return connection.execute(chosen).scalar_one_or_none()

        async def look() -> bool:
            return await self._database.read(closed) == 0

        return bool(await self._projects.get(project, look))


def create_project(connection: sa.Connection, project: str, quotas: dict[str, int]) -> None:
    """Makes a project. Raises `InvalidName`, `Conflict`."""
    project_of(f"projects/{project}")
    there = sa.select(projects.c.id).where(projects.c.id == project)
    if connection.execute(there).one_or_none() is not None:
        raise Conflict(f"the project {project} exists already", project=project)
    connection.execute(
        sa.insert(projects).values(id=project, created=microseconds(), closed=0, **quotas)
    )
    note(connection, "project created", project, detail=_told(quotas))


def change_project(
    connection: sa.Connection, project: str, action: str, **columns: int | None
) -> None:
    """Sets quotas, or closes and opens a project. Raises `NotFound`."""
    changed = connection.execute(
        sa.update(projects).where(projects.c.id == project).values(**columns)
    )
    if not changed.rowcount:
        raise NotFound(f"there is no project {project}: create it first", project=project)
    note(connection, action, project, detail=_told(columns))


def create_key(connection: sa.Connection, new: NewKey) -> tuple[str, str]:
    """Makes a key; returns its id and its text, which is not stored. Raises `NotFound`."""
    there = sa.select(projects.c.id).where(projects.c.id == new.project)
    if connection.execute(there).one_or_none() is None:
        raise NotFound(f"there is no project {new.project}: create it first", project=new.project)
    key_id, secret, now = secrets.token_hex(6), secrets.token_urlsafe(32), microseconds()
    connection.execute(
        sa.insert(api_keys).values(
            id=key_id,
            project=new.project,
            secret_sha256=hashlib.sha256(secret.encode()).hexdigest(),
            role=new.role,
            certificate_sha256=new.certificate_sha256,
            calls_per_minute=new.calls_per_minute,
            created=now,
            expires=now + new.days * 86_400_000_000 if new.days else 0,
            revoked=0,
        )
    )
    note(connection, "key created", new.project, key_id, f"role={new.role}")
    return key_id, f"{_PREFIX}_{key_id}_{secret}"


def revoke_key(connection: sa.Connection, key_id: str) -> None:
    """Ends a key. Raises `NotFound`."""
    row = _row(connection, key_id)
    if row is None:
        raise NotFound(f"there is no key {key_id}", key=key_id)
    if not row.revoked:
        connection.execute(
            sa.update(api_keys).where(api_keys.c.id == key_id).values(revoked=microseconds())
        )
        note(connection, "key revoked", row.project, key_id)


def list_keys(connection: sa.Connection, project: str = "") -> list[ApiKey]:
    """The keys of a project, or all; oldest first."""
    chosen = _joined().order_by(api_keys.c.created, api_keys.c.id)
    if project:
        chosen = chosen.where(api_keys.c.project == project)
    return [_key(row) for row in connection.execute(chosen)]


def note(
    connection: sa.Connection, action: str, project: str, key: str = "", detail: str = ""
) -> None:
    """Records an operator's action."""
    connection.execute(
        sa.insert(access_events).values(
            at=microseconds(), action=action, project=project, key=key, detail=detail[:255]
        )
    )


class _Memory(Generic[T]):
    """A cache with a lifetime and a bounded number of names."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._known: OrderedDict[Hashable, tuple[float, T | None]] = OrderedDict()

    async def get(self, name: Hashable, look: Callable[[], Awaitable[T | None]]) -> T | None:
        until, found = self._known.get(name, (0.0, None))
        if time.monotonic() < until:
            return found
        found = await look()
        if self._seconds:
            self._known[name] = (time.monotonic() + self._seconds, found)
            self._known.move_to_end(name)
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return found


def _joined() -> sa.Select[Any]:
    return sa.select(api_keys, projects.c.closed).join(
        projects, projects.c.id == api_keys.c.project
    )


def _row(connection: sa.Connection, key_id: str) -> sa.Row[Any] | None:
    return connection.execute(_joined().where(api_keys.c.id == key_id)).one_or_none()


def _key(row: sa.Row[Any]) -> ApiKey:
    return ApiKey(
        id=row.id,
        project=row.project,
        role=Role(row.role),
        certificate_sha256=row.certificate_sha256,
        calls_per_minute=row.calls_per_minute,
        created=row.created,
        expires=row.expires,
        revoked=row.revoked,
        closed=row.closed,
    )


def _told(columns: dict[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in sorted(columns.items()))
