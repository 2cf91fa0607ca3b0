"""One gRPC service as a server takes it in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import grpc.aio


async def nothing() -> None:
    """Closes a service that holds nothing."""


@dataclass(frozen=True)
class Service:
    """What a server needs to know of a service."""

    name: str
    """Full gRPC name, for health and reflection: "songreel.audio.v1.AudioService"."""

    add_to_server: Callable[[grpc.aio.Server], None]
    """Registers the servicer."""

    close: Callable[[], Awaitable[None]] = nothing
    """Lets go of what the servicer holds; called once, after its last call ended."""
