"""DBOS as this process runs it: set up, launched, asked and shut down."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dbos import DBOS, DBOSClient, DBOSConfig
from songreel_kit.database.engines import CONNECTION_OPTIONS, compact_sqlite, switch_on_wal
from songreel_kit.errors import FailedPrecondition
from sqlalchemy import make_url

from songreel_gateway.settings import GatewaySettings

WORKFLOW_VERSION = "1"
"""Raise it whenever the order or the outcomes of a workflow's steps change. Jobs begun
under an older version are begun anew then; their stages find what they had made."""

QUEUE = "songreel-jobs"
_QUEUE_POLL_SECONDS = 0.2

_BATCH = 1000

_PENDING = "PENDING"
UNDER_WAY = (_PENDING, "ENQUEUED")
"""What a workflow is in that will come to an end by itself."""


def check_sqlite(python: tuple[int, ...], sqlite: tuple[int, ...]) -> None:
    """Refuses a SQLite that is too old for DBOS on this Python: its times come out as NULL.

    Raises:
        FailedPrecondition: says what to do.
    """
    if python >= (3, 12) and sqlite < (3, 42):
        raise FailedPrecondition(
            "jobs need SQLite 3.42 or later on Python 3.12 and later; this Python has "
            f"{'.'.join(map(str, sqlite))}: use Python 3.11, a Python with a newer SQLite, or "
            "Postgres (SONGREEL_GATEWAY_DATABASE_URL)"
        )


def workflow_id(job: str) -> str:
    """The workflow of a job, in this version."""
    return f"{job}.v{WORKFLOW_VERSION}"


async def launch(settings: GatewaySettings, executor: str) -> None:
    """Starts DBOS on the running loop, which becomes the workflows' own.

    Raises SQLAlchemyError when its database cannot be used, FailedPrecondition when SQLite is
    too old.
    """
    if make_url(settings.workflow_database()).get_backend_name() == "sqlite":
        check_sqlite(sys.version_info[:3], sqlite3.sqlite_version_info)
    await asyncio.to_thread(_configure, settings, executor)
    DBOS.launch()
    await DBOS.register_queue_async(
        QUEUE,
        worker_concurrency=settings.concurrent_jobs,
        polling_interval_sec=_QUEUE_POLL_SECONDS,
    )


async def shut_down(*, within: float | None = None) -> None:
    """Ends DBOS; after `within` seconds, if given, it is left to end by itself.

    Its threads may be waiting for a database that is away; a process that stops need not.
    Before another `launch` it has to be over.
    """
    ending = asyncio.get_running_loop().run_in_executor(ThreadPoolExecutor(1), DBOS.destroy)
    await asyncio.wait({ending}, timeout=within)
    # DBOS made its own threads the loop's default; they are gone now.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor())


async def states_of(jobs: Sequence[str]) -> dict[str, str]:
    """Job -> the state of its workflow; those that DBOS does not know are missing."""
    found: dict[str, str] = {}
    for start in range(0, len(jobs), _BATCH):
        wanted = {workflow_id(job): job for job in jobs[start : start + _BATCH]}
        for status in await DBOS.list_workflows_async(
            workflow_ids=list(wanted), load_input=False, load_output=False
        ):
            found[wanted[status.workflow_id]] = str(status.status)
    return found


async def begun() -> dict[str, set[str]]:
    """Executor -> the workflows that it has begun and not ended."""
    found: dict[str, set[str]] = {}
    for status in await DBOS.list_workflows_async(
        status=_PENDING, app_version=WORKFLOW_VERSION, load_input=False, load_output=False
    ):
        found.setdefault(str(status.executor_id), set()).add(status.workflow_id)
    return found


async def take_over(executors: set[str]) -> None:
    """Puts back into the queue what these have begun; DBOS ensures that it is once."""
    # What DBOS's own administration does for a dead executor; there is no other door yet.
    recover = DBOS._recover_pending_workflows  # pyright: ignore[reportPrivateUsage]
    await asyncio.to_thread(recover, sorted(executors))


async def put_back(workflow: str) -> None:
    """Puts a workflow that nobody works on back into the queue."""
    await DBOS.resume_workflow_async(workflow, queue_name=QUEUE)


def forget(settings: GatewaySettings) -> None:
    """Leaves no deleted bytes behind in SQLite's file or its write-ahead log."""
    url = make_url(settings.workflow_database())
    if url.get_backend_name() == "sqlite" and url.database:
        compact_sqlite(url.database)


def delete_workflows(settings: GatewaySettings, jobs: Sequence[str]) -> None:
    """Removes what DBOS has stored of these jobs; for commands beside a gateway."""
    url = make_url(settings.workflow_database())
    if not jobs or (url.get_backend_name() == "sqlite" and not Path(url.database or "").exists()):
        return
    client = DBOSClient(system_database_url=url.render_as_string(hide_password=False))
    try:
        client.delete_workflows([workflow_id(job) for job in jobs])
    finally:
        client.destroy()


def _configure(settings: GatewaySettings, executor: str) -> None:
    url = make_url(settings.workflow_database())
    # With a handler of its own DBOS would write past our logging.
    logging.getLogger("dbos").addHandler(logging.NullHandler())
    config = DBOSConfig(
        name="songreel",
        system_database_url=url.render_as_string(hide_password=False),
        application_version=WORKFLOW_VERSION,
        executor_id=executor,
        log_level="ERROR",
        notification_listener_polling_interval_sec=0.2,
    )
    if url.get_backend_name() == "sqlite":
        if url.database:
            switch_on_wal(url.database)
    else:
        config["sys_db_pool_size"] = settings.database_connections
        config["db_engine_kwargs"] = {"connect_args": dict(CONNECTION_OPTIONS)}
    DBOS(config=config)
