"""The frames of one stream, between a client that may flood and a tracker that takes its time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass

from songreel.identity.v1 import identity_service_pb2 as pb
from songreel_kit.errors import (
    FrameTooLarge,
    InvalidRequest,
    SongreelError,
    StreamStalled,
    TooManyFrames,
)

from songreel_identity.enrollment.frame_pipeline import FrameLimits

QUEUE = 4
"""Frames that wait for the tracker; the oldest gives way."""

_BURST = 60
_PER_SECOND = 60.0


@dataclass(frozen=True)
class QueuedFrame:
    """A frame and when it came, seconds on the loop's clock."""

    frame: pb.CameraFrame
    at: float


class FrameQueue:
    """Reads a stream as fast as the client may send; holds `QUEUE` frames at most."""

    def __init__(
        self, requests: AsyncIterator[pb.EnrollRequest], limits: FrameLimits, stall: float
    ) -> None:
        self._requests = requests
        self._limits = limits
        self._stall = stall
        self._waiting: deque[QueuedFrame] = deque(maxlen=QUEUE)
        self._error: SongreelError | None = None
        self._allowance = float(_BURST)
        self._refilled = asyncio.get_running_loop().time()
        self.changed = asyncio.Event()
        self.ended = False
        """Whether the client has closed its side."""
        self.count = 0

    @property
    def held(self) -> int:
        """Frames that wait now."""
        return len(self._waiting)

    async def start(self) -> pb.EnrollStart:
        """The first message. Raises `InvalidRequest`, `StreamStalled`."""
        first = await self._next()
        if first is None or first.WhichOneof("event") != "start":
            raise InvalidRequest("the first message must be `start`, with the session's nonce")
        return first.start

    async def fill(self) -> None:
        """Reads until the end; run it as a task beside the one that takes."""
        try:
            while (message := await self._next()) is not None:
                self._put(message)
        except SongreelError as error:
            self._error = error
        finally:
            self.ended = True
            self.changed.set()

    def take(self) -> QueuedFrame | None:
        """The oldest frame that waits, if any. Raises what the stream did wrong."""
        if self._error is not None:
            raise self._error
        return self._waiting.popleft() if self._waiting else None

    def _put(self, message: pb.EnrollRequest) -> None:
        if message.WhichOneof("event") != "frame":
            raise InvalidRequest("after `start`, send frames only")
        if len(message.frame.jpeg) > self._limits.bytes:
            raise FrameTooLarge(
                f"a frame of {len(message.frame.jpeg)} bytes: send at most {self._limits.bytes}"
            )
        self.count += 1
        now = asyncio.get_running_loop().time()
        refill = (now - self._refilled) * _PER_SECOND
        self._allowance = min(_BURST, self._allowance + refill) - 1
        self._refilled = now
        if self._allowance < 0 or self.count > self._limits.frames:
            raise TooManyFrames(
                f"too many frames: send 10 to 30 a second, at most {self._limits.frames} in all"
            )
        self._waiting.append(QueuedFrame(message.frame, now))
        self.changed.set()

    async def _next(self) -> pb.EnrollRequest | None:
        try:
            async with asyncio.timeout(self._stall):
                return await anext(self._requests, None)
        except TimeoutError as error:
            raise StreamStalled(
                f"nothing came for {self._stall:g} seconds: send 10 to 30 frames a second"
            ) from error
