"""What happens to every call on a songreel server.

Outermost first: in-flight count, tracing, metrics, errors, the server's own guards (who
may call, and how often), admission, deadline, validation.
"""

from __future__ import annotations

import asyncio
import re
import time
import traceback
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import cache
from typing import Any, NoReturn, cast

import grpc
import grpc.aio
import structlog
from grpc_status import rpc_status
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from songreel_kit.channel.calls import REQUEST_ID_KEY, enter_call
from songreel_kit.errors import (
    Busy,
    Cancelled,
    DeadlineExceeded,
    InternalError,
    ServiceUnavailable,
    SongreelError,
    from_os_error,
    from_rpc_error,
    to_status,
)
from songreel_kit.interceptors.chain import Call, Interceptor
from songreel_kit.interceptors.messages import check_message
from songreel_kit.telemetry.logging import bind_context, get_logger
from songreel_kit.work import no_work_left

_log = get_logger(__name__)

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:/-]{1,128}")

# From a health check to a render of many minutes.
_SECONDS = (0.005, 0.02, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600)


# gRPC's core ends a call at its deadline by its own clock, a little before ours.
_DEADLINE_SLACK_SECONDS = 0.1


class Tracing(Interceptor):
    """Gives every call a request id and logs how the call ended.

    The id is the caller's, if it sent one; it stands in all log lines and goes along
    with the calls made on the call's behalf.
    """

    @asynccontextmanager
    async def around(self, call: Call) -> AsyncGenerator[None]:
        """Binds the id for the task that handles the call."""
        sent = dict(call.context.invocation_metadata() or ()).get(REQUEST_ID_KEY, "")
        sent = sent.decode("ascii", "replace") if isinstance(sent, bytes) else sent
        call.request_id = sent if _REQUEST_ID.fullmatch(sent) else uuid.uuid4().hex
        structlog.contextvars.clear_contextvars()
        bind_context(request_id=call.request_id, method=call.method)
        enter_call(request_id=call.request_id)
        try:
            yield
        finally:
            log = _log.debug if call.plumbing else _log.info
            seconds = round(time.monotonic() - call.started, 3)
            log("call ended", code=call.outcome.name, seconds=seconds)


class CallMetrics(Interceptor):
    """Rate, errors and duration of every method, for Prometheus."""

    def __init__(self, registry: CollectorRegistry) -> None:
        labels = ["grpc_service", "grpc_method"]
        self._started = Counter("grpc_server_started", "Calls begun.", labels, registry=registry)
        self._handled = Counter(
            "grpc_server_handled",
            "Calls ended, by code.",
            [*labels, "grpc_code"],
            registry=registry,
        )
        self._seconds = Histogram(
            "grpc_server_handling_seconds",
            "How long calls took, streams to their end.",
            labels,
            buckets=_SECONDS,
            registry=registry,
        )
        self._in_flight = Gauge(
            "grpc_server_in_flight", "Calls under way.", labels, registry=registry
        )

    @asynccontextmanager
    async def around(self, call: Call) -> AsyncGenerator[None]:
        """Counts the call in and out."""
        started, in_flight, seconds = self._of(call.method)
        started.inc()
        in_flight.inc()
        try:
            yield
        finally:
            in_flight.dec()
            seconds.observe(time.monotonic() - call.started)
            self._ended(call.method, call.outcome.name).inc()

    # To look one up by its labels takes longer than to count; there are as many as methods.
    @cache  # noqa: B019 - one object a server, for as long as that lives
    def _of(self, full: str) -> tuple[Counter, Gauge, Histogram]:
        labels = _service_and_method(full)
        return (
            self._started.labels(*labels),
            self._in_flight.labels(*labels),
            self._seconds.labels(*labels),
        )

    @cache  # noqa: B019 - as above
    def _ended(self, full: str, code: str) -> Counter:
        return self._handled.labels(*_service_and_method(full), code)


class Errors(Interceptor):
    """Sends typed errors as rich statuses.

    Anything else becomes an `InternalError` whose id leads to the traceback in the log.
    """

    @asynccontextmanager
    async def around(self, call: Call) -> AsyncGenerator[None]:
        """Turns what the handler raised into the call's status."""
        try:
            yield
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is not None and not task.cancelling():
                # Nobody cancelled the call: something that the handler waited for was.
                # grpc.aio would send no status at all and leave the caller waiting.
                await _abort(call, _own_cancel(error))
            # The caller went away or gave up. Not an error to report to anyone,
            # and never to be replaced by one: grpc.aio has ended the call.
            late = (
                call.deadline is not None
                and time.monotonic() > call.deadline - _DEADLINE_SLACK_SECONDS
            )
            code = grpc.StatusCode.DEADLINE_EXCEEDED if late else grpc.StatusCode.CANCELLED
            call.outcome = code
            raise
        except grpc.aio.AbortError:
            call.outcome = _code_of(call.context)
            raise
        except grpc.aio.InternalError:
            # grpc.aio could not send or receive: the connection is gone.
            call.outcome = grpc.StatusCode.CANCELLED
            raise
        except Exception as error:
            await _abort(call, _typed(error, call))
        else:
            call.outcome = _code_of(call.context)


class InFlight(Interceptor):
    """Counts the calls under way, so that a stop can wait for them.

    grpc.aio itself does not wait for handlers whose status was sent already. A call
    is over when its threads are, too.
    """

    def __init__(self) -> None:
        self._idle = asyncio.Event()
        self._idle.set()
        self.count = 0
        """Calls under way, health and reflection not counted."""

    @asynccontextmanager
    async def around(self, call: Call) -> AsyncGenerator[None]:
        """Counts the call."""
        if call.plumbing:
            yield
            return
        self.count += 1
        self._idle.clear()
        try:
            async with no_work_left():
                yield
        finally:
            self.count -= 1
            if self.count == 0:
                self._idle.set()

    async def wait_idle(self) -> None:
        """Returns when no call is under way."""
        await self._idle.wait()


class Admission(Interceptor):
    """Turns calls away beyond a limit, and health watchers when the server stops."""

    def __init__(self, in_flight: InFlight, limit: int | None = None) -> None:
        self._in_flight = in_flight
        self._limit = limit
        self._plumbing: set[asyncio.Timeout] = set()

    @asynccontextmanager
    async def around(self, call: Call) -> AsyncGenerator[None]:
        """Raises `Busy` over the limit, `ServiceUnavailable` in a watch at the stop."""
        if not call.plumbing:
            self._admit()
            yield
            return
        watch = asyncio.timeout(None)
        self._plumbing.add(watch)
        try:
            async with watch:
                yield
        except TimeoutError as error:
            if not watch.expired():
                raise
            raise ServiceUnavailable("the server is stopping") from error
        finally:
            self._plumbing.discard(watch)

    def end_plumbing(self) -> None:
        """Ends health watches and reflection, which would never end by themselves."""
        now = asyncio.get_running_loop().time()
        for watch in tuple(self._plumbing):
            watch.reschedule(now)

    def _admit(self) -> None:
        if self._limit is not None and self._in_flight.count > self._limit:
            raise Busy(
                f"{self._limit} calls are under way, as many as this server takes: "
                "ask again a little later",
                limit=str(self._limit),
            )


class Deadline(Interceptor):
    """Ends the handler when the caller has stopped waiting.

    Also hands the deadline on to the calls made on the call's behalf.
    """

    @asynccontextmanager
    async def around(self, call: Call) -> AsyncGenerator[None]:
        """Raises `DeadlineExceeded` when the time is over."""
        # None for a call without a deadline, whatever the annotation says.
        remaining = cast("float | None", call.context.time_remaining())
        if remaining is None:
            yield
            return
        call.deadline = time.monotonic() + remaining
        enter_call(deadline=call.deadline)
        limit = asyncio.timeout(remaining)
        try:
            async with limit:
                yield
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise DeadlineExceeded(
                "the call took longer than its deadline allows: allow more time"
            ) from error


class Validation(Interceptor):
    """Checks what holds for every songreel request.

    Artifact references are well formed, numbers are finite.
    """

    def check(self, call: Call, request: Any) -> None:
        """Raises `InvalidRequest`."""
        check_message(request)


def _service_and_method(full: str) -> tuple[str, str]:
    service, _, method = full.removeprefix("/").rpartition("/")
    return service, method


def _typed(error: Exception, call: Call) -> SongreelError:
    if isinstance(error, SongreelError):
        return error
    if isinstance(error, grpc.RpcError):
        return from_rpc_error(error)
    if isinstance(error, OSError) and (typed := from_os_error(error)) is not None:
        return typed
    incident = uuid.uuid4().hex[:12]
    _log.error(
        "a handler failed",
        incident=incident,
        error=repr(error),
        traceback="".join(traceback.format_exception(error)),
    )
    return InternalError(
        f"something went wrong inside the server; its log tells more under {incident}",
        incident=incident,
    )


def _own_cancel(error: asyncio.CancelledError) -> SongreelError:
    where = "".join(traceback.format_exception(error))
    _log.warning("a handler ended with a cancel of its own", traceback=where)
    return Cancelled("the server gave up work that this call waited for: ask again")


async def _abort(call: Call, error: SongreelError) -> NoReturn:
    call.outcome = error.code
    status = rpc_status.to_status(to_status(error, call.request_id))
    # Missing in the types of grpc.aio, not in its context.
    await cast("Any", call.context).abort_with_status(status)
    raise AssertionError("abort_with_status returned")


_STATUS_CODES = {cast("tuple[int, str]", code.value)[0]: code for code in grpc.StatusCode}


def _code_of(context: grpc.aio.ServicerContext[Any, Any]) -> grpc.StatusCode:
    # grpc.aio gives the code as an int, an enum or (never set) None.
    code = cast("Any", context.code())
    if isinstance(code, grpc.StatusCode):
        return code
    return _STATUS_CODES.get(code or 0, grpc.StatusCode.UNKNOWN)
