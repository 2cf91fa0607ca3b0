"""What may happen to a cluster, and the count of what came of it."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import sqlalchemy as sa
from songreel.v1.video_pb2 import Video
from songreel.v1.video_service_pb2 import JobEvent
from songreel_gateway.db.tables import job_events, jobs, requests, videos

from songreel_testing.cluster.cluster import DRAIN_SECONDS, LEASE_SECONDS, Cluster, Replica
from songreel_testing.cluster.load_clients import Crowd, Order

# Longer than a lease, so that the others take over; shorter would prove less.
CUT_SECONDS = 1.3 * LEASE_SECONDS
RUN_SECONDS = 900.0
"""What has not ended by then counts as lost."""
ARRIVALS = (0.7, 2.0)
"""Seconds between two videos that are asked for while a fault lasts."""
MORE = 20
"""At most so many."""
ROOM = 8
"""Jobs that a cluster of these runs takes at once."""


@dataclass(frozen=True)
class Outcome:
    """What one run came to."""

    fault: str
    jobs: int
    lost: int
    doubled: int
    repeated: int
    """Stages that were made more than once: allowed, their results are the same."""
    recovery: float
    """Seconds from the fault until all jobs that were open then had ended."""
    drain: float
    """Seconds that SIGTERM took at the most; 0 where there was none."""
    cut_short: int
    """Processes that something held until their budget for the stop was used up."""
    turns: int
    """How often watchers went on at another gateway."""
    refusals: int
    problems: tuple[str, ...]


@dataclass(frozen=True)
class Drain:
    """How processes ended that were told to."""

    seconds: float = 0.0
    cut_short: int = 0


async def _nothing(cluster: Cluster, victim: Replica) -> Drain:
    return Drain()


async def _kill(cluster: Cluster, victim: Replica) -> Drain:
    victim.send(signal.SIGKILL)
    await victim.ended(10)
    await victim.start()
    return Drain()


async def _kill_stages(cluster: Cluster, victim: Replica) -> Drain:
    await asyncio.to_thread(cluster.workers.kill)
    await cluster.workers.start()
    return Drain()


async def _drained(victim: Replica) -> Drain:
    began = time.monotonic()
    victim.send(signal.SIGTERM)
    code = await victim.ended(DRAIN_SECONDS)
    # 1: it was held by something and ended itself at its own deadline; nothing is lost then.
    assert code in (0, 1), victim.log.read_text()[-3000:]
    return Drain(time.monotonic() - began, code)


async def _term(cluster: Cluster, victim: Replica) -> Drain:
    drain = await _drained(victim)
    await victim.start()
    return drain


async def _term_held(cluster: Cluster, victim: Replica) -> Drain:
    victim.database.stall()
    victim.store.stall()
    drain = await _drained(victim)
    await victim.database.restore()
    await victim.store.restore()
    await victim.start()
    return drain


async def _stop(cluster: Cluster, victim: Replica) -> Drain:
    victim.send(signal.SIGSTOP)
    await asyncio.sleep(CUT_SECONDS)
    victim.send(signal.SIGCONT)
    return Drain()


async def _cut_database(cluster: Cluster, victim: Replica) -> Drain:
    await victim.database.reset()
    await asyncio.sleep(CUT_SECONDS)
    await victim.database.restore()
    return Drain()


async def _swallow_database(cluster: Cluster, victim: Replica) -> Drain:
    victim.database.stall()
    await asyncio.sleep(CUT_SECONDS)
    await victim.database.restore()
    return Drain()


async def _cut_all_databases(cluster: Cluster, victim: Replica) -> Drain:
    for replica in cluster.replicas:
        await replica.database.reset()
    await asyncio.sleep(CUT_SECONDS)
    for replica in cluster.replicas:
        await replica.database.restore()
    return Drain()


async def _cut_store(cluster: Cluster, victim: Replica) -> Drain:
    lines = [cluster.workers.store, *(replica.store for replica in cluster.replicas)]
    for line in lines:
        await line.reset()
    await asyncio.sleep(CUT_SECONDS)
    for line in lines:
        await line.restore()
    return Drain()


async def _rolling(cluster: Cluster, victim: Replica) -> Drain:
    drains = [await _term(cluster, replica) for replica in cluster.replicas]
    return Drain(max(each.seconds for each in drains), sum(each.cut_short for each in drains))


HELD = "SIGTERM, database and store silent"

FAULTS: dict[str, Callable[[Cluster, Replica], Awaitable[Drain]]] = {
    "none": _nothing,
    "kill -9": _kill,
    "kill -9 of the stages": _kill_stages,
    "SIGTERM": _term,
    HELD: _term_held,
    "SIGSTOP, then SIGCONT": _stop,
    "database cut off (reset)": _cut_database,
    "database cut off (silence)": _swallow_database,
    "database away for all": _cut_all_databases,
    "store away for all": _cut_store,
    "queue full": _nothing,
    "rolling restart": _rolling,
}
"""Name -> what happens."""


async def run(cluster: Cluster, fault: str, number: int, seed: int, count: int) -> Outcome:
    """Asks for `count` videos, lets the fault happen when half of them are under way, counts.

    While the fault lasts more are asked for, so that it never meets an idle cluster. The
    moment and the victim follow from the seed; what the machine makes of it does not.
    """
    chance = random.Random(f"{seed}/{number}/{fault}")
    victim = chance.choice(cluster.replicas)
    pause = chance.uniform(0.0, 1.0)
    enough = asyncio.Event()
    struck, drain = 0.0, Drain()
    before = {stage: cluster.made(stage) for stage in ("analyze", "storyboard", "render")}
    crowd = Crowd(cluster.addresses)
    orders: list[Order] = []
    names: list[str] = []
    work: list[asyncio.Task[None]] = []

    async def one(name: str, delay: float) -> None:
        await asyncio.sleep(delay)
        order = await crowd.order(name)
        orders.append(order)
        if len(orders) >= min(count, ROOM) // 2:
            enough.set()
        await crowd.watch(order)

    def begin(delay: float) -> None:
        names.append(f"{number}-{len(names)}")
        work.append(asyncio.create_task(one(names[-1], delay)))

    for _ in range(count):
        begin(chance.uniform(0, 2))
    happening: asyncio.Task[Drain] | None = None
    try:
        async with asyncio.timeout(RUN_SECONDS):
            await enough.wait()
            await asyncio.sleep(pause)
            struck = time.monotonic()
            happening = asyncio.create_task(FAULTS[fault](cluster, victim))
            await asyncio.wait({happening}, timeout=chance.uniform(*ARRIVALS))
            while not happening.done() and len(names) < count + MORE:
                begin(0)
                await asyncio.wait({happening}, timeout=chance.uniform(*ARRIVALS))
            drain = await happening
            await asyncio.gather(*work)
    except TimeoutError:
        pass
    finally:
        tasks = [*work, *([happening] if happening else [])]
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        await crowd.close()
    hit = [order.ended - struck for order in orders if order.asked < struck and order.ended]
    lost, doubled, problems = await asyncio.to_thread(_audit, cluster, names, orders)
    repeated = sum(cluster.made(stage) - made - len(names) for stage, made in before.items())
    return Outcome(
        fault=fault,
        jobs=len(names),
        lost=lost,
        doubled=doubled,
        repeated=max(0, repeated),
        recovery=max(hit, default=0.0),
        drain=drain.seconds,
        cut_short=drain.cut_short,
        turns=sum(order.turns for order in orders),
        refusals=sum(order.refusals for order in orders),
        problems=problems,
    )


def _audit(
    cluster: Cluster, names: list[str], orders: list[Order]
) -> tuple[int, int, tuple[str, ...]]:
    """(lost, doubled, what was wrong), by what the database holds and the watchers saw."""
    problems = [order.problem for order in orders if order.problem]
    watched = {order.number: order.log for order in orders}
    lost = doubled = 0
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
                problems.append(f"{name}: the watcher saw another log than the one there is")
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
                doubled += 1
                problems.append(f"{name}: endings {endings} of {len(log)}, {same} jobs")
    engine.dispose()
    return lost, doubled, tuple(problems)
