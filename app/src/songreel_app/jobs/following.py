"""Starts jobs, joins those already running, and follows them to their end."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from google.longrunning import operations_pb2
from google.protobuf.message import Message
from songreel.v1.video_pb2 import VideoMedia
from songreel.v1.video_service_pb2 import JobMetadata
from songreel_client import metadata_of, request_id
from songreel_client.operations import failed
from songreel_kit.errors import Cancelled, SongreelError, from_status

from songreel_app.jobs.display import Display, JobStatus
from songreel_app.jobs.signals import Interrupts
from songreel_app.server.client import Client
from songreel_app.server.session import Session

Start = Callable[[Client, str], Awaitable[operations_pb2.Operation]]
"""Sends the request with the given request id."""

OnMedia = Callable[[VideoMedia], Awaitable[None]]
"""Called with every event: the media that the job has made so far."""

CANCEL_SECONDS = 10.0
MOST_ATTEMPTS = 1000


async def run_job(
    session: Session,
    start: Start,
    key: tuple[str | Message, ...],
    *,
    display: Display,
    interrupts: Interrupts,
    lost: frozenset[str] = frozenset(),
    on_media: OnMedia | None = None,
) -> operations_pb2.Operation:
    """Runs a job to its successful end, or takes up the one of the same key.

    The request id is made of `key` and the number of the attempt: a job that is
    under way or finished is joined; one that failed or was cancelled is left
    behind and the next attempt is made.

    Args:
        session: Where to run it.
        start: Sends the request.
        key: Identifies the job.
        display: Shows the progress.
        interrupts: Tells Ctrl-C, which cancels the job, from other endings.
        lost: Names of finished operations whose files are gone.
        on_media: Called with the media that the job has made, while it runs.

    Raises:
        SongreelError: the job's own error.
    """
    began = datetime.now(UTC)
    operation = await _started(session, start, request_id(*key, 0), interrupts)
    for attempt in range(1, MOST_ATTEMPTS):
        old = metadata_of(operation).create_time.ToDatetime(UTC) < began
        if not (failed(operation) and old) and operation.name not in lost:
            break
        operation = await _started(session, start, request_id(*key, attempt), interrupts)
    if not operation.done:
        operation = await follow(session, operation.name, display, interrupts, on_media)
    if failed(operation):
        raise from_status(operation.error)
    return operation


async def follow(
    session: Session,
    name: str,
    display: Display,
    interrupts: Interrupts,
    on_media: OnMedia | None = None,
) -> operations_pb2.Operation:
    """Shows a job's progress until it has ended; Ctrl-C cancels it."""
    try:
        async for event in session.watch(name):
            display.show(status_of(event.metadata))
            if on_media is not None:
                await on_media(event.metadata.media)
    except asyncio.CancelledError:
        if interrupts.by_user:
            display.note("cancelling the job")
            await _cancel(session, name)
        raise
    return await session.call(lambda client: client.get_operation(name))


def state_of(operation: operations_pb2.Operation) -> str:
    """One of "waiting", "running", "done", "failed" and "cancelled"."""
    if operation.done:
        if not failed(operation):
            return "done"
        return "cancelled" if isinstance(from_status(operation.error), Cancelled) else "failed"
    metadata = metadata_of(operation)
    waits = metadata.stage in ("", "queued") or metadata.waiting_for
    return "waiting" if waits else "running"


def status_of(metadata: JobMetadata) -> JobStatus:
    """A job's metadata as the display takes it."""
    rest = metadata.estimated_rest.ToTimedelta().total_seconds()
    return JobStatus(
        stage=metadata.stage,
        step=metadata.step,
        fraction=metadata.fraction,
        frames_done=metadata.frames_done,
        frames_total=metadata.frames_total,
        frames_per_second=metadata.frames_per_second,
        rest_seconds=rest if metadata.HasField("estimated_rest") else None,
        attempt=max(1, metadata.attempt),
    )


async def _started(
    session: Session, start: Start, identity: str, interrupts: Interrupts
) -> operations_pb2.Operation:
    """Sends the request; Ctrl-C in this moment cancels the job that comes of it."""
    request = asyncio.ensure_future(session.call(lambda client: start(client, identity)))
    try:
        return await asyncio.shield(request)
    except asyncio.CancelledError:
        if interrupts.by_user:
            with contextlib.suppress(TimeoutError, SongreelError):
                operation = await asyncio.wait_for(request, CANCEL_SECONDS)
                await _cancel(session, operation.name)
        request.cancel()
        raise


async def _cancel(session: Session, name: str) -> None:
    """Cancels a job and waits until it has stopped, so that nothing is taken up later."""
    with contextlib.suppress(TimeoutError, SongreelError):
        async with asyncio.timeout(CANCEL_SECONDS):
            await session.client.cancel_operation(name)
            async for _ in session.client.watch_once(name):
                pass
