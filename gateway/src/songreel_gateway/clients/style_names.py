"""Which styles the prompt service has, asked now and then."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

from songreel.prompt.v1.prompt_service_pb2 import ListStylesRequest
from songreel_kit.errors import InvalidRequest, SongreelError, UnknownStyle

from songreel_gateway.clients.services import PROMPT
from songreel_gateway.clients.stage_clients import StageClients

_KEPT_SECONDS: Final = 60.0
_PATIENCE_SECONDS: Final = 3.0


class StyleNames:
    """Names of styles, kept for a minute."""

    def __init__(self, clients: Callable[[], Awaitable[StageClients]]) -> None:
        """`clients` gives the services' clients as soon as there are any."""
        self._clients = clients
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
                    self._names = await _names(await self._clients())
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


async def _names(clients: StageClients) -> frozenset[str]:
    found: set[str] = set()
    request = ListStylesRequest()
    while True:
        page: Any = await clients.ask_once(PROMPT, "ListStyles", request)
        found |= {each.name for each in page.styles}
        if not page.next_page_token:
            return frozenset(found)
        request.page_token = page.next_page_token
