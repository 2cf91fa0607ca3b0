"""What Prometheus reads of the jobs."""

from __future__ import annotations

from prometheus_client import REGISTRY
from songreel_gateway.db.schema import open_database
from songreel_gateway.jobs.job_metrics import OpenJobsCollector
from songreel_testing.gateway.local_gateway import local_gateway


def value(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(name, labels)


async def test_open_jobs_are_counted_and_aged(tmp_path) -> None:
    async with local_gateway(tmp_path) as local:
        assert value("songreel_oldest_open_job_seconds") == 0
        local.control.hold("analyze")
        song = await local.client.upload(b"a song in the queue")
        operation = await local.client.create(song)
        await local.client.reach(operation, "analyze", "beats")
        assert value("songreel_open_jobs", state="running") == 1
        assert value("songreel_open_jobs", state="queued") == 0
        assert value("songreel_oldest_open_job_seconds") > 0
        local.control.let_go("analyze")
        assert (await local.client.wait(operation)).response.value
        assert value("songreel_open_jobs", state="running") == 0
        assert value("songreel_oldest_open_job_seconds") == 0
    # A gateway that has stopped tells nothing.
    assert value("songreel_open_jobs", state="running") is None


def test_a_broken_database_takes_no_other_metric_away(tmp_path) -> None:
    path = tmp_path / "gone.db"
    database = open_database(f"sqlite:///{path}")
    database.run(lambda connection: connection.exec_driver_sql("DROP TABLE jobs"))
    assert list(OpenJobsCollector(database).collect()) == []
    database.close()
