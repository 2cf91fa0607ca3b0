"""Ends the handler when the caller has stopped waiting."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import cast

from songreel_kit.call_scope import enter_call
from songreel_kit.errors import (
    DeadlineExceeded,
)
from songreel_kit.interceptors.chain import Call, Interceptor


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
