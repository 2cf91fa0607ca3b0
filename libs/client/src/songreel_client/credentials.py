"""Short tokens for an API key, renewed before they end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

from songreel.v1.access_service_pb2 import ExchangeKeyResponse
from songreel_kit.errors import ServiceUnavailable

RENEW_AFTER = 0.8
"""Share of a token's life after which it is renewed."""

LEAST_SECONDS = 5.0
"""A token is kept so long, whatever this machine's clock makes of its end."""

Exchange = Callable[[], Awaitable[ExchangeKeyResponse]]
"""Asks the server for a token."""


class Tokens:
    """The token of the moment."""

    def __init__(self) -> None:
        self.project = ""
        """`projects/{project}` of the key, as soon as there is a token."""
        self._exchange: Exchange | None = None
        self._token = ""
        self._renew_at = 0.0  # monotonic, as what follows
        self._ends_at = 0.0
        self._renewing = asyncio.Lock()

    def come_from(self, exchange: Exchange) -> None:
        """Says where tokens come from, which is behind the channel that needs them."""
        self._exchange = exchange

    def headers(self) -> Sequence[tuple[str, str]]:
        """What every call carries."""
        return (("authorization", f"Bearer {self._token}"),) if self._token else ()

    async def ensure(self, *, refused: str = "") -> str:
        """A token that is good for a while, and another one than `refused`.

        Raises `Unauthenticated` when the key is no longer good.
        """
        if self._is_fresh(refused):
            return self._token
        async with self._renewing:
            if not self._is_fresh(refused):  # another call may have done it meanwhile
                await self._renew(refused)
        return self._token

    def _is_fresh(self, refused: str) -> bool:
        return bool(self._token) and self._token != refused and time.monotonic() < self._renew_at

    async def _renew(self, refused: str) -> None:
        if self._exchange is None:
            raise RuntimeError("the tokens come from nowhere: call come_from first")
        try:
            answer = await self._exchange()
        except ServiceUnavailable:
            # Renewing begins while the old one is still good.
            if self._token and self._token != refused and time.monotonic() < self._ends_at:
                return
            raise
        left = answer.expire_time.ToNanoseconds() / 1e9 - time.time()
        now = time.monotonic()
        self._token = answer.token
        self._renew_at = now + max(LEAST_SECONDS, RENEW_AFTER * left)
        self._ends_at = now + max(LEAST_SECONDS, left)
        self.project = answer.project
