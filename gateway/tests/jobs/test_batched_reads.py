"""Jobs are read for all who ask at once, and nobody is told what was true before they asked."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from songreel_gateway.api.request_ids import RequestClaim
from songreel_gateway.db.schema import open_database
from songreel_gateway.jobs.batched_reads import BatchedReads
from songreel_gateway.jobs.job import Ending, JobState
from songreel_gateway.jobs.notifications import Notifications
from songreel_gateway.jobs.repository import JobRepository
from songreel_kit.database.database import Database
from songreel_kit.errors import Cancelled, OperationNotFound, ServiceUnavailable, to_status
from songreel_testing.gateway.queued_job import queued_job


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(open_database(f"sqlite:///{tmp_path / 'songreel.db'}")) as database:
        yield database


@pytest.fixture
def questions(database: Database, monkeypatch: pytest.MonkeyPatch) -> list[asyncio.Event]:
    """One event for every question; a question waits for its event."""
    asked: list[asyncio.Event] = []
    read = database.read

    async def held(transaction: Any) -> Any:
        gate = asyncio.Event()
        asked.append(gate)
        await gate.wait()
        return await read(transaction)

    monkeypatch.setattr(database, "read", held)
    return asked


async def open_gates(questions: list[asyncio.Event]) -> None:
    while True:
        for gate in questions:
            gate.set()
        await asyncio.sleep(0.001)


async def some_jobs(database: Database, count: int) -> JobRepository:
    jobs = JobRepository(database, Notifications())
    for number in range(count):
        job = queued_job(f"job{number}")
        await jobs.create(job, RequestClaim("local", "AnalyzeSong", "", "f" * 64), None)
    return jobs


async def test_many_askers_are_few_questions(
    database: Database, questions: list[asyncio.Event]
) -> None:
    await some_jobs(database, 20)
    reads = BatchedReads(database)
    asking = [asyncio.create_task(reads.find(f"job{n % 20}")) for n in range(200)]
    asking.append(asyncio.create_task(reads.find("nobody's")))
    opening = asyncio.create_task(open_gates(questions))
    found = await asyncio.gather(*asking)
    opening.cancel()
    assert [each.id for each in found[:-1]] == [f"job{n % 20}" for n in range(200)]
    assert found[-1] is None
    assert len(questions) <= 4


async def test_who_asks_after_a_change_sees_it(
    database: Database, questions: list[asyncio.Event]
) -> None:
    jobs = await some_jobs(database, 1)
    reads = BatchedReads(database)
    early = [asyncio.create_task(reads.find("job0")) for _ in range(2)]
    while not questions:  # noqa: ASYNC110 - a list tells nobody of its growth
        await asyncio.sleep(0)
    ending = Ending(JobState.CANCELLED, to_status(Cancelled("over")))
    assert await jobs.finish("job0", ending)
    late = asyncio.create_task(reads.find("job0"))
    opening = asyncio.create_task(open_gates(questions))
    found = await late
    assert found is not None
    assert found.state is JobState.CANCELLED
    await asyncio.gather(*early)
    opening.cancel()


async def test_one_who_gives_up_takes_nobody_along_and_a_failure_is_told_to_all(
    database: Database, questions: list[asyncio.Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    await some_jobs(database, 1)
    reads = BatchedReads(database)
    first, second = (asyncio.create_task(reads.find("job0")) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    with suppress(asyncio.CancelledError):
        await first
    opening = asyncio.create_task(open_gates(questions))
    assert (await second) is not None
    opening.cancel()

    async def away(transaction: Any) -> Any:
        raise ServiceUnavailable("away")

    monkeypatch.setattr(database, "read", away)
    for asked in [asyncio.create_task(reads.find(f"job{n}")) for n in range(3)]:
        with pytest.raises(ServiceUnavailable):
            await asked


async def test_another_projects_job_is_not_found(database: Database) -> None:
    jobs = await some_jobs(database, 1)
    assert (await jobs.load("local", "job0")).id == "job0"
    with pytest.raises(OperationNotFound):
        await jobs.load("other", "job0")
