"""The videos of all projects, as the database knows them."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from songreel.v1.video_pb2 import Video
from songreel_kit.errors import VideoNotFound

from songreel_gateway.database import Database
from songreel_gateway.ledger import next_token, paged
from songreel_gateway.names import parse_video
from songreel_gateway.pages import Page
from songreel_gateway.tables import videos


@dataclass(frozen=True)
class Catalog:
    """Finds videos; the ledger writes them together with their jobs."""

    database: Database

    async def get(self, name: str) -> Video:
        """Raises `InvalidName`, `VideoNotFound`."""
        project, video = parse_video(name)

        def transaction(connection: sa.Connection) -> Video:
            stored = connection.execute(
                sa.select(videos.c.video).where(videos.c.project == project, videos.c.id == video)
            ).scalar_one_or_none()
            if stored is None:
                raise VideoNotFound(f"there is no video {name}", name=name)
            return Video.FromString(stored)

        return await self.database.read(transaction)

    async def page(self, project: str, page: Page) -> tuple[list[Video], str]:
        """A page of the project's videos, newest first, and the next page's token."""

        def transaction(connection: sa.Connection) -> tuple[list[Video], str]:
            chosen = sa.select(videos).where(videos.c.project == project)
            rows = connection.execute(paged(chosen, videos, page)).all()
            token = next_token(page, [(row.created, row.id) for row in rows])
            return [Video.FromString(row.video) for row in rows[: page.size]], token

        return await self.database.read(transaction)
