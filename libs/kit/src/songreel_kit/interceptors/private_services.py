"""Keeps services for their own process, though they share a port with public ones."""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

from songreel_kit.errors import PermissionDenied
from songreel_kit.interceptors.chain import Call, Interceptor

_KEY = "songreel-process"


class PrivateServices(Interceptor):
    """Refuses calls of all but the public methods, unless they carry this process' token.

    The token is made at the start, is in memory only, and is told to nobody else.
    """

    def __init__(self, public: Sequence[str]) -> None:
        """`public` is how the full names of public methods begin: "/songreel.v1."."""
        self._public = tuple(public)
        self._token = secrets.token_urlsafe(32)

    def headers(self) -> list[tuple[str, str]]:
        """Metadata for the calls of this process; see `open_channel`."""
        return [(_KEY, self._token)]

    @asynccontextmanager
    async def around(self, call: Call) -> AsyncGenerator[None]:
        """Raises `PermissionDenied`."""
        if not call.plumbing and not call.method.startswith(self._public):
            sent = cast("Any", call.context).invocation_metadata() or ()
            shown = next((str(value) for key, value in sent if key == _KEY), "")
            if not secrets.compare_digest(shown.encode(), self._token.encode()):
                raise PermissionDenied(
                    f"{call.method} is for the server's own parts: call songreel.v1 instead"
                )
        yield
