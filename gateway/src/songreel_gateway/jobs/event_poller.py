"""Notifies watchers of what other gateways wrote into the database."""

from __future__ import annotations

import asyncio

from songreel_kit.errors import SongreelError
from songreel_kit.telemetry.logging import get_logger

from songreel_gateway.jobs.notifications import Notifications
from songreel_gateway.jobs.repository import JobRepository

_log = get_logger(__name__)


async def poll_events(jobs: JobRepository, notifications: Notifications, seconds: float) -> None:
    """Looks for new events of the watched jobs, for ever: one query for all of them.

    Args:
        jobs: Read from.
        notifications: Told of every job that has other events than the last time.
        seconds: Between two looks.
    """
    known: dict[str, int] = {}
    while True:
        watched = notifications.watched()
        try:
            found = await jobs.counts(watched) if watched else {}
        except SongreelError as error:
            _log.warning("new events cannot be read", problem=error.message)
        else:
            for job in watched:
                # None, for one that is gone, is told once, too.
                if job not in known or known[job] != found.get(job, -1):
                    notifications.notify(job)
            known = {job: found.get(job, -1) for job in watched}
        await asyncio.sleep(seconds)
