"""One call, tried until it works or there is no sense in trying on."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from songreel_kit.backoff import Backoff
from songreel_kit.errors import (
    Cancelled,
    DeadlineExceeded,
    ServiceUnavailable,
    SongreelError,
    Unauthenticated,
)

from songreel_client.credentials import Tokens

_PASSING = (ServiceUnavailable, DeadlineExceeded, Cancelled)
"""Gone with the broken line, or with the replica; one that stops cancels what it streams."""


@dataclass(frozen=True)
class Retrying:
    """How long a call is tried again."""

    seconds: float = 60.0
    """From the first attempt, or from the last progress of a stream; 0 tries once."""

    first_wait: float = 0.2
    """Seconds before the second attempt at most; doubled each time."""

    longest_wait: float = 8.0


ONCE = Retrying(seconds=0.0)
"""For callers with their own idea of trying again."""


class Attempts:
    """The attempts at one call; only for calls that may be made twice."""

    def __init__(self, retrying: Retrying, tokens: Tokens | None) -> None:
        self._retrying = retrying
        self._tokens = tokens
        self._used = ""
        self._refused = False
        self._backoff = Backoff(retrying.first_wait, retrying.longest_wait, jitter=True)
        self._began = time.monotonic()

    async def begin(self) -> None:
        """Comes before every attempt: sees to a token that is good for it."""
        if self._tokens is not None:
            self._used = await self._tokens.ensure()

    def advanced(self) -> None:
        """A stream has come further: patience begins anew."""
        self._backoff.reset()
        self._refused = False
        self._began = time.monotonic()

    async def failed(self, error: SongreelError) -> None:
        """Comes after an attempt that failed: returns when it is time for the next.

        Raises the error itself when the call would fail again, or patience is at its end.
        """
        if isinstance(error, Unauthenticated) and self._tokens is not None and not self._refused:
            # The token ended early: its signing key was changed, or a clock is wrong.
            self._refused = True
            await self._tokens.ensure(refused=self._used)
            return
        wait = error.retry_seconds
        if wait is None:
            if not isinstance(error, _PASSING):
                raise error
            wait = self._backoff.next_pause()
        if time.monotonic() + wait - self._began > self._retrying.seconds:
            raise error
        await asyncio.sleep(wait)
