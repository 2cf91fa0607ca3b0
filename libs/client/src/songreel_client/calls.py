"""What every call has in common: it is tried again until it works."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar, cast

import grpc
from google.protobuf.message import Message
from songreel_kit.errors import from_rpc_error

from songreel_client.attempts import Attempts, Retrying
from songreel_client.credentials import Tokens

A = TypeVar("A")

UNARY_SECONDS = 30.0
PAGE_SIZE = 100


class Calls:
    """A channel's calls, of one project."""

    def __init__(
        self, channel: grpc.aio.Channel, project: str, tokens: Tokens | None, retrying: Retrying
    ) -> None:
        """`tokens` are those that the channel's calls carry."""
        self.parent = f"projects/{project}"
        self.channel = channel
        """For calls that have no method here."""
        self._tokens = tokens
        self._retrying = retrying

    async def _ask(
        self, method: Callable[..., Awaitable[A]], request: Message, seconds: float = UNARY_SECONDS
    ) -> A:
        return await self._tried(lambda: method(request, timeout=seconds))

    async def _pages(self, method: Callable[..., Awaitable[A]], request: Any) -> AsyncIterator[A]:
        """What a list method answers, page after page; `request` is turned to the next one."""
        while True:
            page = await self._ask(method, request)
            yield page
            request.page_token = cast("Any", page).next_page_token
            if not request.page_token:
                return

    async def _tried(self, send: Callable[[], Awaitable[A]]) -> A:
        attempts = self._attempts()
        while True:
            await attempts.begin()
            try:
                return await send()
            except grpc.RpcError as error:
                await attempts.failed(from_rpc_error(error))

    def _attempts(self) -> Attempts:
        return Attempts(self._retrying, self._tokens)
