"""The frames of one stream that wait for the tracker, with limits on their number and rate."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass

from songreel_kit.errors import (
    FrameTooLarge,
    InvalidRequest,
    SongreelError,
    StreamStalled,
    TooManyFrames,
)

from songreel_identity.enrollment.frame_pipeline import FrameLimits
from songreel_identity.liveness.protocol import Way

MAX_QUEUED = 4
"""Frames that wait for the tracker; the oldest is dropped for a newer one."""

_BURST = 60
_PER_SECOND = 60.0


@dataclass(frozen=True)
class EnrollmentStart:
    """The client's first message."""

    nonce: str
    ways: frozenset[Way] = frozenset()
    identity: str = ""
    """When set, the nonce must be this identity's."""


@dataclass(frozen=True)
class CameraFrame:
    """Every other message of the client."""

    jpeg: bytes
    capture_ms: int
    """Milliseconds on the camera's clock, rising."""


ClientMessage = EnrollmentStart | CameraFrame


@dataclass(frozen=True)
class QueuedFrame:
    """A frame and its arrival, in seconds on the loop's clock."""

    frame: CameraFrame
    at: float


class FrameQueue:
    """Reads a stream as fast as the client may send; holds `MAX_QUEUED` frames at most.

    Args:
        messages: of the client.
        limits: on frames.
        stall_seconds: how long the client may send nothing.
    """

    def __init__(
        self, messages: AsyncIterator[ClientMessage], limits: FrameLimits, stall_seconds: float
    ) -> None:
        self._messages = messages
        self._limits = limits
        self._stall_seconds = stall_seconds
        self._waiting: deque[QueuedFrame] = deque(maxlen=MAX_QUEUED)
        self._error: SongreelError | None = None
        self._allowance = float(_BURST)
        self._refilled = asyncio.get_running_loop().time()
        self.changed = asyncio.Event()
        self.ended = False
        """Whether the client has closed its side."""
        self.count = 0

    @property
    def held(self) -> int:
        """Number of frames that wait now."""
        return len(self._waiting)

    async def start(self) -> EnrollmentStart:
        """The first message. Raises `InvalidRequest`, `StreamStalled`."""
        first = await self._next()
        if not isinstance(first, EnrollmentStart):
            raise InvalidRequest("the first message must be `start`, with the session's nonce")
        return first

    async def fill(self) -> None:
        """Reads to the end of the stream; run it as a task beside the one that takes."""
        try:
            while (message := await self._next()) is not None:
                self._put(message)
        except SongreelError as error:
            self._error = error
        finally:
            self.ended = True
            self.changed.set()

    def take(self) -> QueuedFrame | None:
        """Returns the oldest frame that waits, if any. Raises the error of the stream."""
        if self._error is not None:
            raise self._error
        return self._waiting.popleft() if self._waiting else None

    def _put(self, message: ClientMessage) -> None:
        if not isinstance(message, CameraFrame):
            raise InvalidRequest("after `start`, send frames only")
        if len(message.jpeg) > self._limits.bytes:
            raise FrameTooLarge(
                f"a frame of {len(message.jpeg)} bytes: send at most {self._limits.bytes}"
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
        self._waiting.append(QueuedFrame(message, now))
        self.changed.set()

    async def _next(self) -> ClientMessage | None:
        """The next message; None at the end of the stream."""
        try:
            async with asyncio.timeout(self._stall_seconds):
                return await anext(self._messages, None)
        except TimeoutError as error:
            raise StreamStalled(
                f"nothing came for {self._stall_seconds:g} seconds: send 10 to 30 frames a second"
            ) from error
