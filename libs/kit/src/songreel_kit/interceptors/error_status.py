"""Errors that handlers raise, as gRPC statuses."""

from __future__ import annotations

import asyncio
import time
import traceback
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, NoReturn, cast

import grpc
import grpc.aio
from grpc_status import rpc_status

from songreel_kit.errors import (
    Cancelled,
    InternalError,
    SongreelError,
    from_os_error,
    from_rpc_error,
    to_status,
)
from songreel_kit.interceptors.chain import Call, Interceptor
from songreel_kit.telemetry.logging import get_logger

_log = get_logger(__name__)

# gRPC's core ends a call at its deadline by its own clock, a little before ours.
_DEADLINE_SLACK_SECONDS = 0.1


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
