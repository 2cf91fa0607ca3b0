"""What goes by itself or with its project: the end of a retention, a project erased."""

from __future__ import annotations

from contextlib import suppress

import sqlalchemy as sa
from songreel_kit.database.times import microseconds
from songreel_kit.errors import OperationNotDone

from songreel_gateway.access.retention import Retention
from songreel_gateway.db.access_tables import api_keys, project_use, projects
from songreel_gateway.db.tables import (
    OPEN_STATES,
    answers,
    jobs,
    media,
    requests,
    storyboards,
    turns,
    uploads,
    videos,
)
from songreel_gateway.media.deletion import Deleted, delete_video, delete_with_media, drop_unused


def expire(connection: sa.Connection, retention: Retention) -> Deleted:
    """Deletes videos, operations and media that are older than their project keeps them.

    Media that something younger uses stay.
    """
    gone = Deleted([], [])
    owners = sa.union(sa.select(videos.c.project), sa.select(media.c.project))
    for project in connection.execute(owners).scalars().all():
        kept = retention.microseconds(connection, project)
        if not kept:
            continue
        before = microseconds() - kept
        old = sa.select(videos.c.id).where(videos.c.project == project, videos.c.created < before)
        for video in connection.execute(old).scalars().all():
            with suppress(OperationNotDone):
                deleted = delete_video(connection, project, video)
                gone.jobs.extend(deleted.jobs)
                gone.media.extend(deleted.media)
        # What has made no video: a soundtrack, for example.
        ended = sa.select(jobs.c.id).where(
            jobs.c.project == project,
            jobs.c.created < before,
            jobs.c.video == "",
            jobs.c.state.not_in(OPEN_STATES),
        )
        for job in connection.execute(ended).scalars().all():
            deleted = delete_with_media(connection, project, job)
            gone.jobs.extend(deleted.jobs)
            gone.media.extend(deleted.media)
        files = sa.select(media.c.sha256).where(
            media.c.project == project, media.c.created < before
        )
        gone.media.extend(
            drop_unused(connection, project, set(connection.execute(files).scalars()))
        )
    return gone


def erase_all_of(connection: sa.Connection, project: str) -> Deleted:
    """Deletes everything that the gateway has of a project, and the project; its jobs end.

    Counts of its calls stay in the audit.
    """
    own = sa.select(jobs.c.id).where(jobs.c.project == project)
    files = sa.select(media.c.sha256).where(media.c.project == project)
    gone = Deleted(
        list(connection.execute(own).scalars()), list(connection.execute(files).scalars())
    )
    owned = (jobs, videos, storyboards, media, uploads, requests, answers, turns)
    for table in (*owned, project_use, api_keys):
        connection.execute(sa.delete(table).where(table.c.project == project))
    connection.execute(sa.delete(projects).where(projects.c.id == project))
    return gone
