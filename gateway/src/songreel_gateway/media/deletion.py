"""What goes with a video, and who uses a media: within one transaction each."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from songreel.v1.video_pb2 import Video
from songreel_kit.errors import FailedPrecondition, OperationNotDone, VideoNotFound

from songreel_gateway.api.resource_names import (
    media_name,
    operation_name,
    parse_media,
    storyboard_name,
    video_name,
)
from songreel_gateway.db.tables import OPEN_STATES, job_events, jobs, media, storyboards, videos

# In stored messages a hash ends a media's name or an artifact's URI, or is a field of its own,
# behind its length ("@" is 64). What follows is the next field, whose number may look like a digit.
_HASH: Final = re.compile(rb"(?:/media/|cas://|@)([0-9a-f]{64})")


@dataclass(frozen=True)
class Deleted:
    """What went."""

    jobs: list[str]
    media: list[str]
    """SHA-256 of the media that the project no longer has."""


def users_of(
    connection: sa.Connection, project: str, wanted: Iterable[str], *, ended: bool = False
) -> dict[str, list[str]]:
    """SHA-256 of a media -> names of the videos, storyboards and open operations that use it.

    With `ended` also of operations that have ended and made no video: what they answered with.
    """
    asked = set(wanted)
    found: dict[str, list[str]] = defaultdict(list)
    for name, blobs in _resources(connection, project, ended=ended):
        for sha256 in asked & hashes_in(*blobs):
            found[sha256].append(name)
    return found


def delete_media(connection: sa.Connection, project: str, sha256: str, *, force: bool) -> None:
    """Takes a media from the project; see `DeleteMedia`. Raises `FailedPrecondition`."""
    used = [] if force else users_of(connection, project, [sha256]).get(sha256, [])
    if used:
        name = media_name(project, sha256)
        raise FailedPrecondition(
            f"{name} is used by {', '.join(used[:3])}{' and others' if len(used) > 3 else ''}: "
            "delete them first, or give force",
            name=name,
            used_by=used[0],
        )
    _drop_media(connection, project, [sha256])


def delete_video(connection: sa.Connection, project: str, video: str) -> Deleted:
    """Deletes a video with its operation, and the media of its job that nothing else uses.

    Raises `VideoNotFound`; `OperationNotDone` while it is being made.
    """
    name = video_name(project, video)
    mine = sa.and_(videos.c.project == project, videos.c.id == video)
    stored = connection.execute(sa.select(videos.c.video).where(mine)).scalar_one_or_none()
    if stored is None:
        raise VideoNotFound(f"there is no video {name}", name=name)
    made = sa.and_(jobs.c.project == project, jobs.c.video == video)
    rows = connection.execute(sa.select(jobs).where(made)).all()
    if any(row.state in OPEN_STATES for row in rows):
        raise OperationNotDone(
            f"{name} is being made: cancel its operation first, or give force", name=name
        )
    known = hashes_in(stored)
    for row in rows:
        known |= hashes_of_job(connection, row)
    known -= _given(Video.FromString(stored))
    connection.execute(sa.delete(videos).where(mine))
    connection.execute(sa.delete(jobs).where(made))
    return Deleted([row.id for row in rows], drop_unused(connection, project, known))


def delete_job(connection: sa.Connection, project: str, job: str) -> None:
    """Deletes an operation, and the media that only its log named: a first contact sheet."""
    row = connection.execute(sa.select(jobs).where(jobs.c.id == job)).one()
    named = hashes_of_job(connection, row) - hashes_in(row.progress, row.outcome)
    connection.execute(sa.delete(jobs).where(jobs.c.id == job))
    drop_unused(connection, project, named)


def delete_with_media(connection: sa.Connection, project: str, job: str) -> Deleted:
    """Deletes an operation that makes no video, and the media it made that nothing else uses."""
    row = connection.execute(sa.select(jobs).where(jobs.c.id == job)).one_or_none()
    if row is None:
        return Deleted([], [])
    made = hashes_of_job(connection, row) - hashes_in(row.request)
    connection.execute(sa.delete(jobs).where(jobs.c.id == job))
    return Deleted([job], drop_unused(connection, project, made))


def drop_unused(connection: sa.Connection, project: str, hashes: set[str]) -> list[str]:
    """Takes media from the project that nothing uses; those that went."""
    chosen = sa.select(media.c.sha256).where(
        media.c.project == project, media.c.sha256.in_(sorted(hashes))
    )
    there = set(connection.execute(chosen).scalars())
    gone = sorted(there - set(users_of(connection, project, there, ended=True)))
    _drop_media(connection, project, gone)
    return gone


def still_held(connection: sa.Connection, hashes: Iterable[str]) -> set[str]:
    """Those of the hashes that a media of any project has."""
    chosen = sa.select(media.c.sha256).where(media.c.sha256.in_(sorted(hashes))).distinct()
    return set(connection.execute(chosen).scalars())


def hashes_of_job(connection: sa.Connection, row: sa.Row[Any]) -> set[str]:
    """All SHA-256 that a job's log and outcome name."""
    events = sa.select(job_events.c.event).where(job_events.c.job == row.id)
    return hashes_in(row.progress, row.outcome, *connection.execute(events).scalars())


def hashes_in(*blobs: bytes) -> set[str]:
    """All SHA-256 that stored messages name."""
    return {each.decode() for blob in blobs for each in _HASH.findall(blob)}


def _given(video: Video) -> set[str]:
    """What the caller gave, which is not the job's."""
    names = (video.song, video.lyrics, video.analysis, video.storyboard)
    return {parse_media(name)[1] for name in names if name}


def _drop_media(connection: sa.Connection, project: str, hashes: list[str]) -> None:
    connection.execute(
        sa.delete(media).where(media.c.project == project, media.c.sha256.in_(hashes))
    )


def _resources(
    connection: sa.Connection, project: str, *, ended: bool
) -> Iterator[tuple[str, tuple[bytes, ...]]]:
    """Name and messages of everything of the project that may use media."""
    for row in connection.execute(sa.select(videos).where(videos.c.project == project)):
        yield video_name(project, row.id), (row.video,)
    for row in connection.execute(sa.select(storyboards).where(storyboards.c.project == project)):
        yield storyboard_name(project, row.id), (row.storyboard,)
    counts = jobs.c.state.in_(OPEN_STATES)
    if ended:
        counts = sa.or_(counts, jobs.c.video == "")
    going_on = sa.select(jobs).where(jobs.c.project == project, counts)
    for row in connection.execute(going_on):
        yield operation_name(project, row.id), (row.request, row.progress, row.outcome)
