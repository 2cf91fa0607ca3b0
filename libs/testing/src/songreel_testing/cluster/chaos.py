"""Chaos runs: clients ask for videos, a fault strikes, and what came of each job is counted."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass

import sqlalchemy as sa
from songreel.v1.video_pb2 import Video
from songreel.v1.video_service_pb2 import JobEvent
from songreel_gateway.db.tables import job_events, jobs, requests, videos

from songreel_testing.cluster.cluster import Cluster
from songreel_testing.cluster.faults import FAULTS, Drain
from songreel_testing.cluster.load_clients import LoadClients, VideoRequest

RUN_SECONDS = 900.0
"""A job that has not ended by then counts as lost."""
ARRIVAL_SECONDS = (0.7, 2.0)
"""Range of the pause between two videos that are asked for while a fault lasts."""
MAX_EXTRA_JOBS = 20
"""Videos that are asked for while a fault lasts, at most."""
MAX_OPEN_JOBS = 8
"""Jobs that the clusters of these runs accept at once."""


@dataclass(frozen=True)
class Outcome:
    """The result of one run."""

    fault: str
    jobs: int
    lost: int
    """Videos that were asked for and do not exist."""
    duplicated: int
    """Jobs with two endings, or requests with two jobs."""
    stages_repeated: int
    """Stages that ran more than once: allowed, as their results are the same."""
    recovery: float
    """Seconds from the fault until all jobs that were open then had ended."""
    drain: float
    """Longest stop on SIGTERM in seconds; 0 where there was none."""
    cut_short: int
    """Processes that used up the time budget of their stop."""
    failovers: int
    """How often watchers continued at another gateway."""
    refusals: int
    """RESOURCE_EXHAUSTED answers; the client asked again."""
    problems: tuple[str, ...]


async def run_chaos(cluster: Cluster, fault: str, number: int, seed: int, count: int) -> Outcome:
    """Asks for `count` videos and injects the fault when half of them are under way.

    More videos are asked for while the fault lasts, so that the cluster is never idle. The
    moment and the victim follow from the seed; the machine's timing does not.
    """
    rng = random.Random(f"{seed}/{number}/{fault}")
    victim = rng.choice(cluster.gateways)
    pause = rng.uniform(0.0, 1.0)
    half_accepted = asyncio.Event()
    fault_time, drain = 0.0, Drain()
    before = {stage: cluster.times_made(stage) for stage in ("analyze", "storyboard", "render")}
    clients = LoadClients(cluster.addresses)
    accepted: list[VideoRequest] = []
    names: list[str] = []
    work: list[asyncio.Task[None]] = []

    async def request_and_watch(name: str, delay: float) -> None:
        await asyncio.sleep(delay)
        request = await clients.request_video(name)
        accepted.append(request)
        if len(accepted) >= min(count, MAX_OPEN_JOBS) // 2:
            half_accepted.set()
        await clients.watch(request)

    def begin(delay: float) -> None:
        names.append(f"{number}-{len(names)}")
        work.append(asyncio.create_task(request_and_watch(names[-1], delay)))

    for _ in range(count):
        begin(rng.uniform(0, 2))
    injection: asyncio.Task[Drain] | None = None
    try:
        async with asyncio.timeout(RUN_SECONDS):
            await half_accepted.wait()
            await asyncio.sleep(pause)
            fault_time = time.monotonic()
            injection = asyncio.create_task(FAULTS[fault](cluster, victim))
            await asyncio.wait({injection}, timeout=rng.uniform(*ARRIVAL_SECONDS))
            while not injection.done() and len(names) < count + MAX_EXTRA_JOBS:
                begin(0)
                await asyncio.wait({injection}, timeout=rng.uniform(*ARRIVAL_SECONDS))
            drain = await injection
            await asyncio.gather(*work)
    except TimeoutError:
        pass
    finally:
        tasks = [*work, *([injection] if injection else [])]
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        await clients.close()
    hit = [
        request.ended - fault_time
        for request in accepted
        if request.asked < fault_time and request.ended
    ]
    lost, duplicated, problems = await asyncio.to_thread(_audit, cluster, names, accepted)
    stages_repeated = sum(
        cluster.times_made(stage) - made - len(names) for stage, made in before.items()
    )
    return Outcome(
        fault=fault,
        jobs=len(names),
        lost=lost,
        duplicated=duplicated,
        stages_repeated=max(0, stages_repeated),
        recovery=max(hit, default=0.0),
        drain=drain.seconds,
        cut_short=drain.cut_short,
        failovers=sum(request.failovers for request in accepted),
        refusals=sum(request.refusals for request in accepted),
        problems=problems,
    )


def _audit(
    cluster: Cluster, names: list[str], accepted: list[VideoRequest]
) -> tuple[int, int, tuple[str, ...]]:
    """(lost, duplicated, problems), from the database and what the watchers received."""
    problems = [request.problem for request in accepted if request.problem]
    watched = {request.number: request.log for request in accepted}
    lost = duplicated = 0
    engine = sa.create_engine(cluster.database_url)
    with engine.connect() as connection:
        for name in names:
            found = connection.execute(
                sa.select(jobs).where(
                    jobs.c.id.in_(
                        sa.select(requests.c.result).where(requests.c.request_id == f"video-{name}")
                    )
                )
            ).all()
            if len(found) != 1 or found[0].state != "succeeded":
                lost += 1
                problems.append(f"{name}: {[row.state for row in found]}")
                continue
            (row,) = found
            log = [
                JobEvent.FromString(event)
                for event in connection.execute(
                    sa.select(job_events.c.event)
                    .where(job_events.c.job == row.id)
                    .order_by(job_events.c.offset)
                ).scalars()
            ]
            if watched.get(name) != log:
                problems.append(f"{name}: the watcher's events are not those of the log")
            endings = [event.offset for event in log if event.done]
            same = connection.execute(
                sa.select(sa.func.count()).where(jobs.c.request == row.request)
            ).scalar_one()
            video = Video.FromString(
                connection.execute(
                    sa.select(videos.c.video).where(videos.c.id == row.video)
                ).scalar_one()
            )
            if endings != [len(log) - 1] or same != 1 or video.state != Video.STATE_READY:
                duplicated += 1
                problems.append(f"{name}: endings {endings} of {len(log)}, {same} jobs")
    engine.dispose()
    return lost, duplicated, tuple(problems)
