"""Two gateways on one Postgres and one S3, and the worst that may happen to them."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from songreel_testing.cluster.cluster import Cluster, cluster_of
from songreel_testing.cluster.faults import FAULTS, HELD, ROOM, run
from songreel_testing.servers import (
    NotInstalledError,
    PostgresServer,
    S3Endpoint,
    temporary_postgres,
    temporary_rclone,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

SEED = int(os.environ.get("SONGREEL_CHAOS_SEED", "1"))
MAX_DRAIN_SECONDS = 30.0


@pytest.fixture(scope="module")
def servers(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[PostgresServer, S3Endpoint]]:
    with ExitStack() as stack:
        try:
            postgres = stack.enter_context(temporary_postgres())
            s3 = stack.enter_context(temporary_rclone(tmp_path_factory.mktemp("s3")))
        except NotInstalledError as missing:
            pytest.skip(str(missing))
        yield postgres, s3


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def cluster(
    servers: tuple[PostgresServer, S3Endpoint], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Cluster]:
    folder: Path = tmp_path_factory.mktemp("cluster")
    async with cluster_of(2, folder, *servers, seed=SEED) as cluster:
        yield cluster


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("fault", [name for name in FAULTS if name != "queue full"])
async def test_no_job_is_lost_and_none_done_twice(cluster: Cluster, fault: str) -> None:
    outcome = await run(cluster, fault, list(FAULTS).index(fault), SEED, count=5)
    assert (outcome.lost, outcome.doubled, outcome.problems) == (0, 0, ()), _logs(cluster)
    assert outcome.drain <= MAX_DRAIN_SECONDS
    # What waits in a thread for a server that says nothing cannot be cancelled.
    assert outcome.cut_short == 0 or fault == HELD
    if fault in ("kill -9", "SIGTERM", "SIGSTOP, then SIGCONT", "rolling restart"):
        assert outcome.turns > 0, "nobody had to watch on elsewhere: the fault came to nothing"


@pytest.mark.asyncio(loop_scope="module")
async def test_a_full_queue_refuses_and_loses_nothing(
    servers: tuple[PostgresServer, S3Endpoint], tmp_path: Path
) -> None:
    async with cluster_of(2, tmp_path / "c", *servers, seed=SEED, max_open=ROOM) as cluster:
        outcome = await run(cluster, "queue full", 0, SEED, count=2 * ROOM)
    assert (outcome.lost, outcome.doubled, outcome.problems) == (0, 0, ())
    assert outcome.refusals > 0


def _logs(cluster: Cluster) -> str:
    return "\n".join(replica.log.read_text()[-3000:] for replica in cluster.replicas)
