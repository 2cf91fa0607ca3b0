"""The storyboards that projects keep and edit, as the database knows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from songreel.prompt.v1 import storyboard_pb2
from songreel.type.v1.artifact_pb2 import Artifact
from songreel.v1.video_pb2 import Storyboard
from songreel.v1.video_service_pb2 import CreateStoryboardRequest
from songreel_kit.artifacts.documents import stage_key
from songreel_kit.database.database import Database
from songreel_kit.database.times import microseconds, timestamp
from songreel_kit.errors import EtagMismatch, StoryboardNotFound

from songreel_gateway.access.quotas import Quotas
from songreel_gateway.api.pagination import Page, Position, paged
from songreel_gateway.api.request_ids import RequestClaim, claim, earlier, forget
from songreel_gateway.api.resource_names import parse_storyboard, storyboard_name
from songreel_gateway.db.tables import storyboards
from songreel_gateway.media.repository import MediaRepository

PAGE_BYTES = 2 * 1024 * 1024
"""Where a page ends at the latest: an answer has at most 4 MiB."""

_TIMELESS = ("name", "etag", "create_time", "update_time", "document")


@dataclass(frozen=True)
class Edit:
    """A changed storyboard that may take the place of the one it was made from."""

    storyboard: Storyboard
    replaces: str
    """Etag of the one it was made from."""

    document: Artifact
    display_name: str
    """Of the document."""


@dataclass(frozen=True)
class StoryboardRepository:
    """Finds, changes and deletes storyboards; `JobRepository` adds them as their jobs end."""

    database: Database
    media: MediaRepository
    quotas: Quotas | None = None
    """What projects may store; None: anything."""

    async def get(self, name: str) -> Storyboard:
        """Raises `InvalidName`, `StoryboardNotFound`."""
        project, storyboard = parse_storyboard(name)
        return await self.database.read(lambda c: _load(c, project, storyboard))

    async def page(self, project: str, page: Page) -> tuple[list[Storyboard], str]:
        """A page of the project's storyboards, newest first, and the next page's token.

        It ends before `PAGE_BYTES`, but with one at the least.
        """

        def transaction(connection: sa.Connection) -> tuple[list[Storyboard], str]:
            size = sa.func.length(storyboards.c.storyboard).label("size")
            chosen = sa.select(storyboards.c.id, storyboards.c.created, size)
            chosen = chosen.where(storyboards.c.project == project)
            rows = connection.execute(paged(chosen, storyboards, page)).all()
            fitting, total = 0, 0
            for row in rows[: page.size]:
                total += row.size
                if fitting and total > PAGE_BYTES:
                    break
                fitting += 1
            ids = [row.id for row in rows[:fitting]]
            found = connection.execute(
                sa.select(storyboards)
                .where(storyboards.c.project == project, storyboards.c.id.in_(ids))
                .order_by(storyboards.c.created.desc(), storyboards.c.id.desc())
            )
            messages = [Storyboard.FromString(row.storyboard) for row in found]
            if fitting == len(rows):
                return messages, ""
            last = rows[fitting - 1]
            return messages, page.token(Position(last.created, last.id))

        return await self.database.read(transaction)

    async def repeated(self, request: RequestClaim) -> Storyboard | None:
        """For a repeated change the storyboard as it is; None for a new one.

        Raises `RequestIdReused`; `StoryboardNotFound` when it is gone by now.
        """

        def transaction(connection: sa.Connection) -> Storyboard | None:
            found = earlier(connection, request)
            return None if found is None else _load(connection, request.project, found)

        return await self.database.read(transaction)

    async def replace(self, edit: Edit, request: RequestClaim) -> Storyboard:
        """Puts an edit in the place of what it was made from; the document becomes a media.

        Returns:
            The storyboard as it is then: for a repeated request nothing is changed.

        Raises:
            EtagMismatch: Another change came between.
            StoryboardNotFound: It is gone.
            RequestIdReused, QuotaExceeded: As they say.
        """
        changed = edit.storyboard
        project, storyboard = parse_storyboard(changed.name)

        def transaction(connection: sa.Connection) -> Storyboard:
            if claim(self.database, connection, request, storyboard) is not None:
                return _load(connection, project, storyboard)
            # One statement compares and sets, so that of two at once the second finds nothing.
            written = connection.execute(
                sa.update(storyboards)
                .where(*_is(project, storyboard), storyboards.c.etag == edit.replaces)
                .values(etag=changed.etag, storyboard=changed.SerializeToString())
                .returning(storyboards.c.id)
            )
            if written.one_or_none() is None:
                raise changed_since(_load(connection, project, storyboard))
            name = edit.display_name
            self.media.put(connection, project, edit.document, name, quotas=self.quotas)
            return changed

        return await self.database.write(transaction)

    async def delete(self, name: str, etag: str, request: RequestClaim) -> None:
        """Forgets a storyboard; a repeated request finds it gone and is content.

        Raises `InvalidName`, `StoryboardNotFound`, `EtagMismatch`, `RequestIdReused`.
        """
        project, storyboard = parse_storyboard(name)

        def transaction(connection: sa.Connection) -> None:
            if earlier(connection, request) is not None:
                return
            chosen = sa.delete(storyboards).where(*_is(project, storyboard))
            if etag:
                chosen = chosen.where(storyboards.c.etag == etag)
            if connection.execute(chosen.returning(storyboards.c.id)).one_or_none() is None:
                # Somebody with the same request may have been first.
                if earlier(connection, request) is not None:
                    return
                raise changed_since(_load(connection, project, storyboard))
            forget(connection, project, storyboard)
            claim(self.database, connection, request, storyboard)

        await self.database.write(transaction)


def new_storyboard(
    project: str,
    job: str,
    asked: CreateStoryboardRequest,
    content: storyboard_pb2.Storyboard,
    document: str,
) -> Storyboard:
    """What a job has made, for the first time; the job gives it its id."""
    now = timestamp(microseconds())
    return sealed(
        Storyboard(
            name=storyboard_name(project, f"s{job}"),
            create_time=now,
            update_time=now,
            content=content,
            analysis=asked.analysis,
            options=asked.options,
            document=document,
        )
    )


def sealed(storyboard: Storyboard) -> Storyboard:
    """The same with the etag of what it holds: equal content, equal etag."""
    content = Storyboard()
    content.CopyFrom(storyboard)
    for field in _TIMELESS:
        content.ClearField(field)
    storyboard.etag = stage_key("storyboard", "1", content)
    return storyboard


def changed_since(present: Storyboard) -> EtagMismatch:
    """What is told to those who come with an etag that is no longer that of `present`."""
    return EtagMismatch(
        f"{present.name} was changed since the etag was read: read it again, make the change "
        "to what it is now, and send it with that etag",
        name=present.name,
        etag=present.etag,
    )


def insert_storyboard(connection: sa.Connection, storyboard: Storyboard) -> None:
    """Adds one within the transaction that ends its job."""
    project, storyboard_id = parse_storyboard(storyboard.name)
    connection.execute(
        sa.insert(storyboards).values(
            project=project,
            id=storyboard_id,
            etag=storyboard.etag,
            storyboard=storyboard.SerializeToString(),
            created=storyboard.create_time.ToMicroseconds(),
        )
    )


def _is(project: str, storyboard: str) -> tuple[Any, ...]:
    return storyboards.c.project == project, storyboards.c.id == storyboard


def _load(connection: sa.Connection, project: str, storyboard: str) -> Storyboard:
    stored = connection.execute(
        sa.select(storyboards.c.storyboard).where(*_is(project, storyboard))
    ).scalar_one_or_none()
    if stored is None:
        name = storyboard_name(project, storyboard)
        raise StoryboardNotFound(f"there is no storyboard {name}", name=name)
    return Storyboard.FromString(stored)
