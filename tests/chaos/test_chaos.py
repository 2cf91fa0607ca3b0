"""Two gateways on one Postgres and one S3: no fault may lose a job or do it twice."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from songreel_testing.cluster.chaos import MAX_OPEN_JOBS, run_chaos
from songreel_testing.cluster.cluster import Cluster, running_cluster
from songreel_testing.cluster.faults import FAULTS, SIGTERM_WHILE_STALLED
from songreel_testing.servers import PostgresServer, S3Endpoint

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

SEED = int(os.environ.get("SONGREEL_CHAOS_SEED", "1"))
MAX_DRAIN_SECONDS = 30.0


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def cluster(
    servers: tuple[PostgresServer, S3Endpoint], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Cluster]:
    folder: Path = tmp_path_factory.mktemp("cluster")
    # The old patience of a stage was about 45 s.
    async with running_cluster(2, folder, *servers, seed=SEED, outage_seconds=75) as cluster:
        yield cluster


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("fault", [name for name in FAULTS if name != "queue full"])
async def test_no_job_is_lost_and_none_done_twice(cluster: Cluster, fault: str) -> None:
    outcome = await run_chaos(cluster, fault, list(FAULTS).index(fault), SEED, count=5)
    assert (outcome.lost, outcome.duplicated, outcome.problems) == (0, 0, ()), _logs(cluster)
    assert outcome.drain <= MAX_DRAIN_SECONDS
    # A thread that waits for a silent server cannot be cancelled.
    assert outcome.cut_short == 0 or fault == SIGTERM_WHILE_STALLED
    if fault in ("kill -9", "SIGTERM", "SIGSTOP, then SIGCONT", "rolling restart"):
        assert outcome.failovers > 0, "no watcher changed gateways: the fault had no effect"


@pytest.mark.asyncio(loop_scope="module")
async def test_a_full_queue_refuses_and_loses_nothing(
    servers: tuple[PostgresServer, S3Endpoint], tmp_path: Path
) -> None:
    async with running_cluster(
        2, tmp_path / "c", *servers, seed=SEED, max_open=MAX_OPEN_JOBS
    ) as cluster:
        outcome = await run_chaos(cluster, "queue full", 0, SEED, count=2 * MAX_OPEN_JOBS)
    assert (outcome.lost, outcome.duplicated, outcome.problems) == (0, 0, ())
    assert outcome.refusals > 0


def _logs(cluster: Cluster) -> str:
    return "\n".join(gateway.log.read_text()[-3000:] for gateway in cluster.gateways)
