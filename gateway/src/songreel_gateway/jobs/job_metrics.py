"""How many jobs are open, for Prometheus: counted in the database when it asks.

All gateways on one database tell the same numbers, so take their maximum, not their sum.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import contextmanager

import sqlalchemy as sa
from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from songreel_kit.database.database import Database
from songreel_kit.database.times import microseconds
from songreel_kit.errors import SongreelError
from songreel_kit.telemetry.logging import get_logger
from sqlalchemy.exc import SQLAlchemyError

from songreel_gateway.db.tables import OPEN_STATES, jobs

_log = get_logger(__name__)

OPEN_JOBS = "songreel_open_jobs"
OLDEST_JOB = "songreel_oldest_open_job_seconds"
WAITING_JOBS = "songreel_waiting_jobs"
LONGEST_WAIT = "songreel_longest_wait_seconds"


class OpenJobsCollector(Collector):
    """Asks the database in the thread that answers Prometheus."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def describe(self) -> Iterable[Metric]:
        """The names, without asking the database."""
        return self._families()

    def collect(self) -> Iterable[Metric]:
        """Jobs by state, and the age of the oldest; nothing while the database is away."""
        try:
            found, waits = self._database.run(lambda c: (_count(c), _waits(c)), reads=True)
        except (SQLAlchemyError, SongreelError) as error:
            _log.warning("open jobs cannot be counted", problem=str(error))
            return []
        count, oldest, waiting, longest = self._families()
        for state in OPEN_STATES:
            count.add_metric([state], found.get(state, (0, 0))[0])
        begun = min((created for _, created in found.values()), default=None)
        age = 0.0 if begun is None else max(microseconds() - begun, 0) / 1e6
        oldest.add_metric([], age)
        for labels, (number, since) in waits.items():
            waiting.add_metric(labels, number)
            longest.add_metric(labels, max(microseconds() - since, 0) / 1e6)
        return [count, oldest, waiting, longest]

    def _families(self) -> tuple[GaugeMetricFamily, ...]:
        by_service = ["for", "why"]
        return (
            GaugeMetricFamily(OPEN_JOBS, "Jobs that have not ended, by state.", labels=["state"]),
            GaugeMetricFamily(OLDEST_JOB, "Age of the oldest job that has not ended; 0: none."),
            GaugeMetricFamily(
                WAITING_JOBS, "Jobs that wait for a service, away or full.", labels=by_service
            ),
            GaugeMetricFamily(
                LONGEST_WAIT, "How long the first of them has waited.", labels=by_service
            ),
        )


@contextmanager
def counted(database: Database, registry: CollectorRegistry = REGISTRY) -> Generator[None]:
    """Prometheus is told inside the block."""
    collector = OpenJobsCollector(database)
    registry.register(collector)
    try:
        yield
    finally:
        registry.unregister(collector)


def _waits(connection: sa.Connection) -> dict[tuple[str, str], tuple[int, int]]:
    """(Service, why) -> number of jobs, and since when the first one waits."""
    chosen = (
        sa.select(
            jobs.c.waiting_for,
            jobs.c.waiting_why,
            sa.func.count(),
            sa.func.min(jobs.c.waiting_since),
        )
        .where(jobs.c.state.in_(OPEN_STATES), jobs.c.waiting_for != "")
        .group_by(jobs.c.waiting_for, jobs.c.waiting_why)
    )
    return {
        (service, why): (number, since)
        for service, why, number, since in connection.execute(chosen)
    }


def _count(connection: sa.Connection) -> dict[str, tuple[int, int]]:
    """State -> number of jobs and creation of the oldest, microseconds since 1970."""
    chosen = (
        sa.select(jobs.c.state, sa.func.count(), sa.func.min(jobs.c.created))
        .where(jobs.c.state.in_(OPEN_STATES))
        .group_by(jobs.c.state)
    )
    return {state: (number, created) for state, number, created in connection.execute(chosen)}
