"""The videos of all projects, as the database knows them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import sqlalchemy as sa
from songreel.v1.video_pb2 import Video
from songreel_kit.database.database import Database
from songreel_kit.errors import VideoNotFound

from songreel_gateway.access.retention import FOR_EVER, Retention
from songreel_gateway.api.pagination import Page, Position, paged
from songreel_gateway.api.request_ids import RequestClaim, claim
from songreel_gateway.api.resource_names import parse_video
from songreel_gateway.db.tables import videos
from songreel_gateway.media.deletion import Deleted, delete_video

_MOST_READ = 1000
"""Videos that one call looks through for those of a state."""


@dataclass(frozen=True)
class VideoRepository:
    """Finds and deletes videos; `JobRepository` writes them together with their jobs."""

    database: Database
    retention: Retention = FOR_EVER

    async def get(self, name: str) -> Video:
        """Raises `InvalidName`, `VideoNotFound`."""
        project, video = parse_video(name)

        def transaction(connection: sa.Connection) -> Video:
            stored = connection.execute(
                sa.select(videos.c.video).where(videos.c.project == project, videos.c.id == video)
            ).scalar_one_or_none()
            if stored is None:
                raise VideoNotFound(f"there is no video {name}", name=name)
            found = Video.FromString(stored)
            return _expiring(found, self.retention.microseconds(connection, project))

        return await self.database.read(transaction)

    async def page(
        self, project: str, page: Page, state: Video.State.ValueType | None = None
    ) -> tuple[list[Video], str]:
        """A page of the project's videos, newest first, and the next page's token.

        With `state` only those in this state; such a page may be short, or empty, and
        still not be the last.
        """
        read = page if state is None else replace(page, size=_MOST_READ)

        def transaction(connection: sa.Connection) -> tuple[list[Video], str]:
            chosen = sa.select(videos).where(videos.c.project == project)
            rows = connection.execute(paged(chosen, videos, read)).all()
            found: list[Video] = []
            kept = self.retention.microseconds(connection, project)
            last: Position | None = None
            seen = 0
            for row in rows[: read.size]:
                seen += 1
                last = Position(row.created, row.id)
                video = Video.FromString(row.video)
                if state in (None, video.state):
                    found.append(_expiring(video, kept))
                if len(found) == page.size:
                    break
            return found, page.token(last) if last is not None and seen < len(rows) else ""

        return await self.database.read(transaction)

    async def delete(self, name: str, request: RequestClaim) -> Deleted:
        """Deletes a video with its operation and media; see `deletion.delete_video`.

        A repeated request finds nothing to delete and is content. Raises `InvalidName`,
        `VideoNotFound`, `OperationNotDone`, `RequestIdReused`.
        """
        project, video = parse_video(name)

        def transaction(connection: sa.Connection) -> Deleted:
            if claim(self.database, connection, request, video) is not None:
                return Deleted([], [])
            return delete_video(connection, project, video)

        return await self.database.write(transaction)


def _expiring(video: Video, kept: int) -> Video:
    """The video with the end of its retention; `kept` microseconds, 0 is for ever."""
    if kept:
        video.expire_time.FromMicroseconds(video.create_time.ToMicroseconds() + kept)
    return video
