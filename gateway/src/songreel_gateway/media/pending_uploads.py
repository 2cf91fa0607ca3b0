"""Direct uploads in the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from songreel.v1.media_pb2 import Media
from songreel_kit.artifacts.direct import DirectUpload
from songreel_kit.artifacts.store import make_artifact
from songreel_kit.database.database import Database
from songreel_kit.database.times import microseconds
from songreel_kit.errors import UploadNotFound

from songreel_gateway.access.quotas import Quotas
from songreel_gateway.api.request_ids import RequestClaim, claim, earlier, forget
from songreel_gateway.api.resource_names import upload_name
from songreel_gateway.db.tables import uploads
from songreel_gateway.media.repository import MediaRepository


@dataclass(frozen=True)
class PendingUpload:
    """An upload that has begun; finished ones are kept for a while, for repeated requests."""

    project: str
    sha256: str
    """As announced."""
    display_name: str
    file: DirectUpload
    created: int
    expires: int
    """Microseconds since 1970, as `created`."""
    finished: int = 0
    """When it became media; 0 for not yet."""

    @property
    def name(self) -> str:
        """Its resource name."""
        return upload_name(self.project, self.file.id)


@dataclass(frozen=True)
class PendingUploads:
    """The uploads that have begun."""

    media: MediaRepository
    quotas: Quotas | None

    @property
    def _database(self) -> Database:
        return self.media.database

    async def earlier(self, request: RequestClaim) -> PendingUpload | None:
        """The upload that the same request began before. Raises `RequestIdReused`."""

        def transaction(connection: sa.Connection) -> PendingUpload | None:
            found = earlier(connection, request)
            return None if found is None else _row(connection, request.project, found)

        return await self._database.read(transaction)

    async def admit(self, project: str, sha256: str, size: int) -> None:
        """Raises `QuotaExceeded`, before the store is asked for anything."""
        if self.quotas is not None:
            await self.media.admit(project, make_artifact(sha256, "", size), self.quotas)

    async def begin(self, pending: PendingUpload, request: RequestClaim) -> PendingUpload:
        """Inserts it, or returns what a request with the same id has begun meanwhile.

        Raises `RequestIdReused`, `QuotaExceeded`.
        """

        def transaction(connection: sa.Connection) -> PendingUpload:
            found = claim(self._database, connection, request, pending.file.id)
            if found is not None:
                row = _row(connection, pending.project, found)
                if row is not None:
                    return row
                forget(connection, pending.project, found)
                claim(self._database, connection, request, pending.file.id)
            file = pending.file
            if self.quotas is not None:
                artifact = make_artifact(pending.sha256, file.media_type, file.size)
                self.media.admit_within(
                    connection, self.quotas, pending.project, artifact, count=False, reserve=True
                )
            connection.execute(sa.insert(uploads).values(**_columns(pending)))
            return pending

        return await self._database.write(transaction)

    async def find(self, project: str, upload: str) -> PendingUpload | None:
        """The upload, finished or not; None when there is none."""
        return await self._database.read(lambda connection: _row(connection, project, upload))

    async def answered(self, request: RequestClaim) -> str | None:
        """The media that an earlier request with this id led to. Raises `RequestIdReused`."""
        return await self._database.read(lambda connection: earlier(connection, request))

    async def finish(self, pending: PendingUpload, request: RequestClaim) -> tuple[Media, bool]:
        """Makes media of it; of several concurrent calls, one does.

        Returns:
            The media, and whether it was this call that finished the upload.

        Raises:
            UploadNotFound: It was cancelled meanwhile.
            RequestIdReused, QuotaExceeded: It stays unfinished.
        """
        file = pending.file
        artifact = make_artifact(pending.sha256, file.media_type, file.size)

        def transaction(connection: sa.Connection) -> tuple[Media, bool]:
            mine = connection.execute(
                sa.update(uploads)
                .where(uploads.c.id == file.id, uploads.c.finished == 0)
                .values(finished=microseconds())
                .returning(uploads.c.id)
            ).one_or_none()
            if mine is None and _row(connection, pending.project, file.id) is None:
                raise missing(pending.name)
            claim(self._database, connection, request, pending.sha256)
            quotas = self.quotas if mine is not None else None
            media = self.media.put(
                connection, pending.project, artifact, pending.display_name, None, quotas
            )
            return media, mine is not None

        return await self._database.write(transaction)

    async def give_up(self, pending: PendingUpload, request: RequestClaim | None = None) -> bool:
        """Forgets an upload, and the request that began it; False when it is finished or gone."""

        def transaction(connection: sa.Connection) -> bool:
            gone = connection.execute(
                sa.delete(uploads)
                .where(uploads.c.id == pending.file.id, uploads.c.finished == pending.finished)
                .returning(uploads.c.id)
            ).one_or_none()
            if gone is None:
                return False
            forget(connection, pending.project, pending.file.id)
            if request is not None:
                claim(self._database, connection, request, "cancelled")
            return True

        return await self._database.write(transaction)

    async def expired(self, project: str, most: int) -> list[PendingUpload]:
        """Some expired uploads of the project."""
        return await self._database.read(
            lambda connection: expired_uploads(connection, most, project)
        )


def expired_uploads(connection: sa.Connection, most: int, project: str = "") -> list[PendingUpload]:
    """Some expired uploads, of one project or of all."""
    chosen = sa.select(uploads).where(uploads.c.expires <= microseconds()).limit(most)
    if project:
        chosen = chosen.where(uploads.c.project == project)
    return [_pending(row) for row in connection.execute(chosen)]


def forget_upload(connection: sa.Connection, pending: PendingUpload) -> None:
    """Deletes its row and the request id that began it."""
    connection.execute(sa.delete(uploads).where(uploads.c.id == pending.file.id))
    forget(connection, pending.project, pending.file.id)


def missing(name: str) -> UploadNotFound:
    """The error for an upload that does not exist."""
    return UploadNotFound(
        f"there is no upload {name}: it may have expired; begin it again", name=name
    )


def _row(connection: sa.Connection, project: str, upload: str) -> PendingUpload | None:
    found = connection.execute(
        sa.select(uploads).where(uploads.c.id == upload, uploads.c.project == project)
    ).one_or_none()
    return None if found is None else _pending(found)


def _pending(row: sa.Row[Any]) -> PendingUpload:
    file = DirectUpload(row.id, row.size, row.media_type, row.part_bytes, row.store_upload)
    return PendingUpload(
        row.project, row.sha256, row.display_name, file, row.created, row.expires, row.finished
    )


def _columns(pending: PendingUpload) -> dict[str, Any]:
    file = pending.file
    return {
        "id": file.id,
        "project": pending.project,
        "sha256": pending.sha256,
        "media_type": file.media_type,
        "size": file.size,
        "display_name": pending.display_name,
        "part_bytes": file.part_bytes,
        "store_upload": file.store_upload,
        "created": pending.created,
        "expires": pending.expires,
        "finished": pending.finished,
    }
