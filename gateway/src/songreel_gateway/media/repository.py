"""Which media belong to which project."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from songreel.type.v1.artifact_pb2 import Artifact
from songreel.v1.media_pb2 import Media
from songreel_kit.artifacts.store import make_artifact
from songreel_kit.database.database import Database
from songreel_kit.database.times import microseconds, timestamp
from songreel_kit.errors import InvalidName, MediaNotFound

from songreel_gateway.access.quotas import Quotas
from songreel_gateway.access.retention import FOR_EVER, Retention
from songreel_gateway.api.pagination import Page, next_token, paged
from songreel_gateway.api.request_ids import RequestClaim, claim, earlier
from songreel_gateway.api.resource_names import media_name, parse_media
from songreel_gateway.db.tables import media
from songreel_gateway.media.deletion import delete_media


@dataclass(frozen=True)
class MediaRepository:
    """The media of all projects."""

    database: Database
    retention: Retention = FOR_EVER

    async def add(
        self,
        project: str,
        artifact: Artifact,
        display_name: str,
        request: RequestClaim | None = None,
        quotas: Quotas | None = None,
    ) -> Media:
        """Makes an artifact a media of the project; an existing one stays as it is.

        Raises `RequestIdReused` when the request's id was used for other content,
        `QuotaExceeded` when it does not fit into `quotas`.
        """
        return await self.database.write(
            lambda connection: self.put(
                connection, project, artifact, display_name, request, quotas
            )
        )

    def put(
        self,
        connection: sa.Connection,
        project: str,
        artifact: Artifact,
        display_name: str,
        request: RequestClaim | None = None,
        quotas: Quotas | None = None,
    ) -> Media:
        """The same within somebody's transaction."""
        repeated = request is not None and (
            claim(self.database, connection, request, artifact.sha256) is not None
        )
        if quotas is not None and not repeated:
            self.admit_within(connection, quotas, project, artifact, count=True)
        connection.execute(
            self.database.insert(media)
            .values(
                project=project,
                sha256=artifact.sha256,
                media_type=artifact.media_type,
                size=artifact.size,
                display_name=display_name,
                created=microseconds(),
            )
            .on_conflict_do_nothing()
        )
        return self._row(connection, project, artifact.sha256)

    async def check(self, request: RequestClaim) -> bool:
        """Whether the request is a repetition.

        Raises `RequestIdReused` when its id was used for other content.
        """
        found = await self.database.read(lambda connection: earlier(connection, request))
        return found is not None

    async def admit(self, project: str, artifact: Artifact, quotas: Quotas) -> None:
        """Raises `QuotaExceeded` when the upload of this artifact would not fit."""
        await self.database.read(
            lambda connection: self.admit_within(connection, quotas, project, artifact, count=False)
        )

    def admit_within(
        self,
        connection: sa.Connection,
        quotas: Quotas,
        project: str,
        artifact: Artifact,
        *,
        count: bool,
        reserve: bool = False,
    ) -> None:
        """The same within somebody's transaction; see `Quotas.admit_upload`."""
        has = sa.select(media.c.size).where(
            media.c.project == project, media.c.sha256 == artifact.sha256
        )
        there = connection.execute(has).one_or_none() is not None
        size = 0 if there else artifact.size
        quotas.admit_upload(connection, project, size, count=count, reserve=reserve)

    async def get(self, name: str) -> Media:
        """The media of this name. Raises `InvalidName`, `MediaNotFound`."""
        return await self.find(*parse_media(name))

    async def find(self, project: str, sha256: str) -> Media:
        """The project's media with this hash. Raises `MediaNotFound`."""
        return await self.database.read(lambda connection: self._row(connection, project, sha256))

    async def own(self, project: str, name: str, field: str) -> Media:
        """The media that a request of `project` names in `field`.

        Raises `InvalidName`; `MediaNotFound` also for another project's media, so that
        nobody learns from the answer what others have.
        """
        if not name:
            raise InvalidName(
                f"{field} is missing: give the name of an uploaded media", field=field
            )
        owner, _ = parse_media(name)
        if owner != project:
            raise _missing(name)
        return await self.get(name)

    async def page(self, project: str, page: Page) -> tuple[list[Media], str]:
        """A page of the project's media, newest first, and the next page's token."""

        def transaction(connection: sa.Connection) -> tuple[list[Media], str]:
            chosen = sa.select(media).where(media.c.project == project)
            rows = connection.execute(paged(chosen, media, page, key="sha256")).all()
            kept = self.retention.microseconds(connection, project)
            token = next_token(page, [(row.created, row.sha256) for row in rows])
            return [_message(row, kept) for row in rows[: page.size]], token

        return await self.database.read(transaction)

    async def delete(self, name: str, request: RequestClaim, *, force: bool) -> None:
        """Takes a media from its project; a repeated request finds it gone and is content.

        Raises `InvalidName`, `MediaNotFound`, `RequestIdReused`; `FailedPrecondition` when
        something uses it, without `force`.
        """
        project, sha256 = parse_media(name)

        def transaction(connection: sa.Connection) -> None:
            if claim(self.database, connection, request, sha256) is not None:
                return
            self._row(connection, project, sha256)
            delete_media(connection, project, sha256, force=force)

        await self.database.write(transaction)

    def _row(self, connection: sa.Connection, project: str, sha256: str) -> Media:
        found = connection.execute(
            sa.select(media).where(media.c.project == project, media.c.sha256 == sha256)
        ).one_or_none()
        if found is None:
            raise _missing(media_name(project, sha256))
        return _message(found, self.retention.microseconds(connection, project))


def _message(row: sa.Row[Any], kept: int) -> Media:
    """`kept`: microseconds of the project's retention; 0 is for ever."""
    return Media(
        name=media_name(row.project, row.sha256),
        artifact=make_artifact(row.sha256, row.media_type, row.size),
        display_name=row.display_name,
        create_time=timestamp(row.created),
        expire_time=timestamp(row.created + kept) if kept else None,
    )


def _missing(name: str) -> MediaNotFound:
    return MediaNotFound(f"there is no media {name}: upload the file first", name=name)
