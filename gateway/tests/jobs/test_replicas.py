"""Two gateways on one Postgres, in one process as far as DBOS allows: leases and the fence."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from google.longrunning.operations_pb2 import Operation
from songreel.v1.video_pb2 import Video
from songreel.v1.video_service_pb2 import JobMetadata
from songreel_gateway.api.request_ids import RequestClaim
from songreel_gateway.db.schema import open_database
from songreel_gateway.db.tables import replicas
from songreel_gateway.jobs.event_poller import poll_events
from songreel_gateway.jobs.event_stream import EventStream
from songreel_gateway.jobs.job import JobKind
from songreel_gateway.jobs.leases import Lease, LeaseLost
from songreel_gateway.jobs.notifications import Notifications
from songreel_gateway.jobs.repository import JobRepository
from songreel_kit.database.database import Database
from songreel_kit.errors import Busy, ServiceUnavailable, VideoExists
from songreel_testing.gateway.local_gateway import local_gateway, video_of
from songreel_testing.gateway.queued_job import queued_job
from songreel_testing.servers import PostgresServer

CLAIM = RequestClaim("local", "CreateVideo", "", "f" * 64)


@pytest.fixture(scope="module")
def url(postgres: PostgresServer) -> str:
    return postgres.url(postgres.create_database())


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    database = open_database(url)
    yield database
    database.close()


def run_out(database: Database, lease: Lease) -> None:
    """As if the lease's owner had been silent for an hour."""
    past = sa.func.clock_timestamp() - sa.text("interval '1 hour'")
    database.run(
        lambda c: c.execute(
            sa.update(replicas).where(replicas.c.id == lease.id).values(expires=past)
        )
    )


async def test_who_was_silent_writes_no_more(database: Database) -> None:
    mine, other = (Lease(database, name, 60.0) for name in ("one", "two"))
    await mine.take()
    await other.take()
    jobs = JobRepository(database, Notifications(), lease=mine)
    await jobs.create(queued_job("fenced"), CLAIM, None)
    assert (await jobs.begin_stage("fenced", "analyze")).attempt == 1
    assert await jobs.record("fenced", JobMetadata(stage="analyze"))
    run_out(database, mine)
    # Until somebody says that it is over, a late beat still counts.
    assert mine.renew()
    run_out(database, mine)
    assert await other.living() == {other.id}
    assert not mine.renew()
    for write in (
        lambda: jobs.record("fenced", JobMetadata(stage="analyze")),
        lambda: jobs.begin_stage("fenced", "analyze"),
        lambda: jobs.suspend("fenced", "analyze"),
    ):
        with pytest.raises(LeaseLost):
            await write()
    _, found = await jobs.events("local", "fenced", 0)
    assert (found.events, found.attempt) == (2, 1)
    taker = JobRepository(database, Notifications(), lease=other)
    assert (await taker.begin_stage("fenced", "analyze")).attempt == 2
    await other.release()
    assert await mine.living() == set()


async def test_a_lease_that_beats_lasts_and_one_that_is_lost_says_so(database: Database) -> None:
    lost = asyncio.Event()
    loop = asyncio.get_running_loop()
    lease = Lease(database, "beating", 1.0)
    await lease.take()
    lease.beat(lambda: loop.call_soon_threadsafe(lost.set))
    other = Lease(database, "other", 60.0)
    run_out(database, lease)
    async with asyncio.timeout(30):
        while lease.id in await other.living() and not lost.is_set():
            run_out(database, lease)
        await lost.wait()


async def test_watchers_hear_what_another_gateway_writes(database: Database) -> None:
    here, there = Notifications(), Notifications()
    jobs, elsewhere = JobRepository(database, here), JobRepository(database, there)
    await jobs.create(queued_job("watched"), CLAIM, None)
    news = asyncio.create_task(poll_events(jobs, here, 0.01))
    watching = EventStream(jobs, here)
    seen: list[int] = []

    async def watch() -> None:
        async for event in watching.events("local", "watched", 0):
            seen.append(event.offset)
            if event.offset == 3:
                return

    watchers = [asyncio.create_task(watch()) for _ in range(3)]
    for _ in range(3):
        await elsewhere.record("watched", JobMetadata(stage="analyze"))
    async with asyncio.timeout(30):
        await asyncio.gather(*watchers)
    assert sorted(seen) == sorted([0, 1, 2, 3] * 3)
    news.cancel()


async def test_a_full_queue_refuses_new_jobs_and_finds_old_ones(url: str) -> None:
    database = open_database(url)
    jobs = JobRepository(database, Notifications(), max_open=1)
    claim = RequestClaim("local", "CreateVideo", "once", "f" * 64)
    open_jobs = await jobs.unfinished()
    assert open_jobs, "the tests above leave some open"
    with pytest.raises(Busy, match="1 jobs"):
        await jobs.create(queued_job("too-many"), claim, None)
    roomy = JobRepository(database, Notifications(), max_open=1000)
    await roomy.create(queued_job("first"), claim, None)
    found, new = await jobs.create(queued_job("again"), claim, None)
    assert (found.id, new) == ("first", False)
    database.close()


async def test_a_videos_id_is_given_once(database: Database) -> None:
    jobs = JobRepository(database, Notifications())
    wanted = dataclasses.replace(queued_job("v1"), kind=JobKind.VIDEO, video="mine")
    await jobs.create(wanted, CLAIM, Video())
    with pytest.raises(VideoExists, match="mine"):
        await jobs.create(dataclasses.replace(wanted, id="v2"), CLAIM, Video())


async def test_a_database_that_is_away_is_told_or_waited_for(postgres: PostgresServer) -> None:
    url = postgres.url(postgres.create_database())
    database = open_database(url)
    others = sa.create_engine(postgres.url())

    def allow(connections: str) -> None:
        name = sa.make_url(url).database
        with others.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS {connections}"))
            connection.execute(
                sa.text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :n"
                ),
                {"n": name},
            )

    def one(connection: sa.Connection) -> Any:
        return connection.execute(sa.text("SELECT 1")).scalar()

    allow("false")
    with pytest.raises(ServiceUnavailable):
        await database.read(one)
    waiting = asyncio.create_task(database.patient().read(one))
    await asyncio.wait({waiting}, timeout=0.2)
    assert not waiting.done()
    allow("true")
    assert await asyncio.wait_for(waiting, 30) == 1
    others.dispose()
    database.close()


async def test_a_song_becomes_a_video_on_postgres(tmp_path, postgres: PostgresServer) -> None:
    url = postgres.url(postgres.create_database())
    for attempt in range(2):  # the second finds the tables of the first
        async with local_gateway(tmp_path, database_url=url, executor_id="stage") as local:
            song = await local.client.upload(b"a song on postgres")
            operation = await local.client.create(song, request_id="pg")
            done: Operation = await local.client.wait(operation)
            assert video_of(done).frames == 24
            log = await local.client.watch(operation)
            assert [event.offset for event in log] == list(range(len(log)))
            assert local.control.calls()["render-made"] == 1, attempt
            left = open_database(url)
            assert len(await Lease(left, "looking", 1.0).living()) == 1
            left.close()
