"""A request id for every call, and a line in the log when it ends."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import structlog

from songreel_kit.call_scope import REQUEST_ID_KEY, enter_call
from songreel_kit.interceptors.chain import Call, Interceptor
from songreel_kit.telemetry.logging import bind_context, get_logger

_log = get_logger(__name__)

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:/-]{1,128}")


class CallLog(Interceptor):
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
