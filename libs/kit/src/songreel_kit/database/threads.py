"""Blocking work beside the event loop that is never let go of half-way."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")

# Not the loop's own pool: the workflow engine puts its own there, and takes it away again.
_THREADS = ThreadPoolExecutor(32, thread_name_prefix="songreel-database")


async def finish_in_thread(function: Callable[..., T], *arguments: Any) -> T:
    """Runs a function in a thread and returns only after its end, even when cancelled.

    What the function works on must not be let go of while it runs.
    """
    context = contextvars.copy_context()
    future = asyncio.get_running_loop().run_in_executor(
        _THREADS, lambda: context.run(function, *arguments)
    )
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        while not future.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait({future})
        if not future.cancelled():
            future.exception()  # seen: the cancellation outranks it
        raise
