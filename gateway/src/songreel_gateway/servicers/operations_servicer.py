"""`google.longrunning.Operations` (AIP-151) over the jobs."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

from google.longrunning.operations_pb2 import (
    CancelOperationRequest,
    DeleteOperationRequest,
    GetOperationRequest,
    ListOperationsRequest,
    ListOperationsResponse,
    Operation,
    WaitOperationRequest,
)
from google.longrunning.operations_pb2_grpc import OperationsServicer as OperationsBase
from google.protobuf.empty_pb2 import Empty
from songreel_kit.errors import InvalidRequest

from songreel_gateway.api.pagination import requested_page
from songreel_gateway.api.resource_names import parse_operation, project_of
from songreel_gateway.jobs.event_stream import EventStream
from songreel_gateway.jobs.repository import JobRepository
from songreel_gateway.jobs.runner import JobRunner
from songreel_gateway.settings import GatewaySettings


class OperationsServicer(OperationsBase):
    """Shows and steers jobs."""

    def __init__(
        self,
        settings: GatewaySettings,
        jobs: JobRepository,
        stream: EventStream,
        runner: Callable[[], Awaitable[JobRunner]],
    ) -> None:
        """`runner` gives the runner as soon as it is at work."""
        self._settings = settings
        self._jobs = jobs
        self._stream = stream
        self._runner = runner

    async def GetOperation(self, request: GetOperationRequest, context: Any) -> Operation:
        """The job as it is now."""
        return (await self._jobs.load(*parse_operation(request.name))).operation()

    async def ListOperations(
        self, request: ListOperationsRequest, context: Any
    ) -> ListOperationsResponse:
        """The jobs of `projects/{project}`, newest first; filter: `done = true|false`."""
        project = project_of(request.name.removesuffix("/operations"))
        done = _done_filter(request.filter)
        page = requested_page(
            ("operations", project, str(done)),
            request.page_size,
            request.page_token,
            self._settings.page_size,
        )
        jobs, token = await self._jobs.page(project, page, done)
        return ListOperationsResponse(
            operations=[job.operation() for job in jobs], next_page_token=token
        )

    async def CancelOperation(self, request: CancelOperationRequest, context: Any) -> Empty:
        """Ends a job; one that has ended stays as it is."""
        job = await self._jobs.load(*parse_operation(request.name))
        await (await self._runner()).cancel(job)
        return Empty()

    async def DeleteOperation(self, request: DeleteOperationRequest, context: Any) -> Empty:
        """Forgets a job that has ended; its video and media stay."""
        project, job = parse_operation(request.name)
        runner = await self._runner()
        await self._jobs.delete(project, job)
        await runner.forget(job)
        return Empty()

    async def WaitOperation(self, request: WaitOperationRequest, context: Any) -> Operation:
        """The job when it has ended, or as it is when the timeout is over."""
        project, job = parse_operation(request.name)
        seconds = None
        if request.HasField("timeout"):
            seconds = request.timeout.ToNanoseconds() / 1e9
            if seconds < 0:
                raise InvalidRequest("the timeout must not be negative", field="timeout")
        return (await self._stream.ending(project, job, seconds)).operation()


def _done_filter(text: str) -> bool | None:
    if not text.strip():
        return None
    match = re.fullmatch(r"\s*done\s*[=:]\s*(true|false)\s*", text)
    if match is None:
        raise InvalidRequest(
            f"the filter {text[:80]!r} is not known: give done = true, done = false, or none",
            field="filter",
        )
    return match[1] == "true"
