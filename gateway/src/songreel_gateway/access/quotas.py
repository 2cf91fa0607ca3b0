"""Quotas of projects, counted in the database.

The count and what is counted are one transaction, under the project's row lock, so concurrent
replicas do not exceed a quota together.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final

import sqlalchemy as sa
from songreel_kit.database.database import Database
from songreel_kit.database.times import microseconds
from songreel_kit.errors import QuotaExceeded

from songreel_gateway.access.settings import AccessSettings
from songreel_gateway.db.access_tables import project_use, projects
from songreel_gateway.db.tables import OPEN_STATES, jobs, media, uploads

DAY_MICROSECONDS: Final = 86_400_000_000

RENDERED: Final = "rendered_seconds"
UPLOADS: Final = "uploads"

_JOB_PAUSE_SECONDS = 15.0


@dataclass(frozen=True)
class Limits:
    """Limits of a project; field names are the quotas' names."""

    running_jobs: int
    rendered_seconds: int
    """A day, in UTC."""
    stored_bytes: int
    uploads: int
    """A day, in UTC."""


@dataclass(frozen=True)
class Quotas:
    """The quotas of all projects."""

    database: Database
    defaults: Limits

    @classmethod
    def configured(cls, database: Database, settings: AccessSettings) -> Quotas:
        """Takes the limits of projects that have none of their own."""
        return cls(
            database,
            Limits(
                settings.quota_running_jobs,
                settings.quota_rendered_seconds,
                settings.quota_stored_bytes,
                settings.quota_uploads,
            ),
        )

    def admit_job(self, connection: sa.Connection, project: str) -> None:
        """Raises `QuotaExceeded` when the project may begin no job now.

        Seconds are counted when a video is done: the jobs under way at that moment may
        go beyond the quota.
        """
        limits = self.limits(connection, project, lock=True)
        used = self.used(connection, project)
        for quota in ("running_jobs", RENDERED):
            if getattr(used, quota) >= getattr(limits, quota):
                raise self._refusal(project, quota, limits)
        if used.stored_bytes > limits.stored_bytes:
            raise self._refusal(project, "stored_bytes", limits)

    def admit_upload(
        self,
        connection: sa.Connection,
        project: str,
        size: int,
        *,
        count: bool,
        reserve: bool = False,
    ) -> None:
        """Raises `QuotaExceeded` when the project may not store `size` bytes more.

        Args:
            connection: Its transaction.
            project: Its id.
            size: In bytes; 0 for a file that the project has already.
            count: Whether the upload is done and counts from now on.
            reserve: Whether the same transaction will record it as begun.
        """
        limits = self.limits(connection, project, lock=count or reserve)
        used = self.used(connection, project)
        if used.uploads >= limits.uploads:
            raise self._refusal(project, UPLOADS, limits)
        if size and used.stored_bytes + size > limits.stored_bytes:
            raise self._refusal(project, "stored_bytes", limits)
        if count:
            add_use(self.database, connection, project, UPLOADS, 1)

    def limits(self, connection: sa.Connection, project: str, *, lock: bool = False) -> Limits:
        """The project's own quotas, or the settings'."""
        chosen = sa.select(projects).where(projects.c.id == project)
        row = connection.execute(chosen.with_for_update() if lock else chosen).one_or_none()
        kept = {name: getattr(row, name, None) for name in asdict(self.defaults)}
        own = {name: value for name, value in kept.items() if value is not None}
        return Limits(**asdict(self.defaults) | own)

    def used(self, connection: sa.Connection, project: str) -> Limits:
        """The project's use of each quota; today's where the quota is per day.

        Uploads that have begun and not expired count as finished.
        """
        count = sa.select(sa.func.count()).where(
            jobs.c.project == project, jobs.c.state.in_(OPEN_STATES)
        )
        size = sa.select(sa.func.sum(media.c.size)).where(media.c.project == project)
        begun = sa.select(sa.func.count(), sa.func.sum(uploads.c.size)).where(
            uploads.c.project == project,
            uploads.c.finished == 0,
            uploads.c.expires > microseconds(),
        )
        today = sa.select(project_use.c.kind, project_use.c.amount).where(
            project_use.c.project == project, project_use.c.day == day()
        )
        amounts = {row.kind: row.amount for row in connection.execute(today)}
        coming, coming_bytes = connection.execute(begun).one()
        return Limits(
            running_jobs=int(connection.execute(count).scalar_one()),
            rendered_seconds=int(amounts.get(RENDERED, 0.0)),
            stored_bytes=int(connection.execute(size).scalar_one() or 0) + int(coming_bytes or 0),
            uploads=int(amounts.get(UPLOADS, 0)) + int(coming),
        )

    def _refusal(self, project: str, quota: str, limits: Limits) -> QuotaExceeded:
        limit = getattr(limits, quota)
        text, seconds = {
            "running_jobs": ("jobs at once: wait for the end of one", _JOB_PAUSE_SECONDS),
            RENDERED: ("seconds of video a day (UTC): ask again tomorrow", seconds_to_midnight()),
            UPLOADS: ("uploads a day (UTC): ask again tomorrow", seconds_to_midnight()),
            "stored_bytes": ("bytes of media: ask the operator for more", None),
        }[quota]
        error = QuotaExceeded(
            f"the project may have {limit} {text}", project=project, quota=quota, limit=str(limit)
        )
        error.retry_seconds = seconds
        return error


def add_use(
    database: Database, connection: sa.Connection, project: str, kind: str, amount: float
) -> None:
    """Adds to the project's use of today."""
    given = database.insert(project_use).values(
        project=project, day=day(), kind=kind, amount=amount
    )
    connection.execute(
        given.on_conflict_do_update(
            index_elements=["project", "day", "kind"],
            set_={"amount": project_use.c.amount + given.excluded.amount},
        )
    )


def day() -> int:
    """Today, in days since 1970 (UTC)."""
    return microseconds() // DAY_MICROSECONDS


def seconds_to_midnight() -> float:
    """Until the day ends in UTC."""
    return (DAY_MICROSECONDS - microseconds() % DAY_MICROSECONDS) / 1e6
