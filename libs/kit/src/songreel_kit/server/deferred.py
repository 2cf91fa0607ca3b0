"""A servicer that is made at its first call, for processes that do other work first.

What draws, hears and composes takes seconds to import; a command that only asks for jobs need
not wait for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from functools import partial
from typing import Any, Final, Generic, TypeVar

from google.protobuf.descriptor import ServiceDescriptor

S = TypeVar("S")


class DeferredServicer(Generic[S]):
    """Hands calls on to a servicer that is made at the first of them.

    Args:
        service: whose methods it has.
        make: makes the servicer; called once, in a thread.
        close: ends what it has started.
    """

    def __init__(
        self,
        service: ServiceDescriptor,
        make: Callable[[], S],
        close: Callable[[S], Awaitable[None]] | None = None,
    ) -> None:
        self._make: Final = make
        self._close: Final = close
        self._making: asyncio.Task[S] | None = None
        for method in service.methods:
            answer = self._answer_many if method.server_streaming else self._answer_one
            setattr(self, method.name, partial(answer, method.name))

    async def close(self) -> None:
        """Closes the servicer, if it was made."""
        if self._making is not None and self._close is not None:
            await self._close(await self._making)

    async def _answer_one(self, name: str, request: Any, context: Any) -> Any:
        return await getattr(await self._servicer(), name)(request, context)

    async def _answer_many(self, name: str, request: Any, context: Any) -> AsyncIterator[Any]:
        async with aclosing(getattr(await self._servicer(), name)(request, context)) as responses:
            async for response in responses:
                yield response

    async def _servicer(self) -> S:
        if self._making is None:
            self._making = asyncio.create_task(asyncio.to_thread(self._make))
        try:
            # A call that is cancelled takes the servicer from nobody else.
            return await asyncio.shield(self._making)
        except Exception:
            self._making = None  # The next call tries again.
            raise
