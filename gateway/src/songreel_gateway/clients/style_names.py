"""Which styles a service has, asked now and then."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

from songreel.prompt.v1 import prompt_service_pb2 as prompt
from songreel.score.v1 import score_service_pb2 as score
from songreel_kit.errors import InvalidRequest, SongreelError, UnknownStyle

from songreel_gateway.clients.services import PROMPT, SCORE
from songreel_gateway.clients.stage_clients import StageClients

_KEPT_SECONDS: Final = 60.0
_PATIENCE_SECONDS: Final = 3.0


class StyleNames:
    """Names of styles, kept for a minute."""

    def __init__(
        self,
        clients: Callable[[], Awaitable[StageClients]],
        ask: Callable[[StageClients], Awaitable[frozenset[str]]],
    ) -> None:
        """`clients` gives the services' clients as soon as there are any; `ask` asks one."""
        self._clients = clients
        self._ask = ask
        self._names: frozenset[str] = frozenset()
        self._asked = -_KEPT_SECONDS

    async def faults(self, style: str, path: str) -> list[InvalidRequest]:
        """The error for a style that there is not, in options that are at `path` of a request.

        None for one that there is, or while the service does not say: the stage judges it then.
        """
        if not style or style in self._names:
            return []
        if time.monotonic() - self._asked >= _KEPT_SECONDS:
            try:
                async with asyncio.timeout(_PATIENCE_SECONDS):
                    self._names = await self._ask(await self._clients())
            except (SongreelError, TimeoutError):
                return []
            self._asked = time.monotonic()
        if style in self._names:
            return []
        known = ", ".join(sorted(self._names))
        fault = UnknownStyle(
            f"there is no style {style[:40]!r}; choose one of {known}",
            style=style[:40],
            field="style",
        )
        return [fault.within(path)]


async def storyboard_styles(clients: StageClients) -> frozenset[str]:
    """Of the prompt service."""
    found: set[str] = set()
    request = prompt.ListStylesRequest()
    while True:
        page: Any = await clients.ask_once(PROMPT, "ListStyles", request)
        found |= {each.name for each in page.styles}
        if not page.next_page_token:
            return frozenset(found)
        request.page_token = page.next_page_token


async def music_styles(clients: StageClients) -> frozenset[str]:
    """Of the score service."""
    answer = await clients.ask_once(SCORE, "ListStyles", score.ListStylesRequest())
    return frozenset(each.name for each in answer.styles)
