"""The WebSocket of an enrolment: frames in, prompts and one outcome out.

The client's first message is text, `{"start": {"nonce", "ways"}, "authorization"}`;
every other one is binary: the capture time (8 bytes, big-endian, milliseconds on the
camera's clock) and a JPEG. Each answer is a text, an `EnrollResponse` in JSON or
`{"error": {...}}`; an outcome or an error is the last one.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast

import grpc
from aiohttp import WSCloseCode, WSMessage, WSMsgType, web
from google.protobuf.json_format import MessageToDict, ParseDict, ParseError
from songreel.identity.v1.identity_service_pb2 import CameraFrame
from songreel.v1 import identity_service_pb2 as pb
from songreel_kit.errors import (
    DeadlineExceeded,
    FrameTooLarge,
    InvalidRequest,
    ServiceUnavailable,
    SongreelError,
    StreamStalled,
    TooManyFrames,
    from_status,
)

from songreel_gateway.web.guard import as_songreel_error, error_body
from songreel_gateway.web.identities import credentials, identity_name
from songreel_gateway.web.places import Place, Places, client_address

_TIME_BYTES = 8
_SLACK_BYTES = 64 * 1024


@dataclass(frozen=True)
class EnrollmentLimits:
    """Limits of what one browser may send."""

    frame_bytes: int = 1_000_000
    """Of one JPEG."""
    per_second: float = 60.0
    """Frames a second, on average."""
    burst: int = 60
    """Frames at once."""
    frames: int = 6000
    """Frames in a session."""
    stall_seconds: float = 10.0
    """Seconds without a message sent or read."""
    session_seconds: float = 240.0
    """From the first message to the end."""
    waiting_per_address: int = 8
    """Connections of one address that have not begun yet: no token and nonce was accepted."""
    sessions_per_address: int = 4
    """Sessions of one address at once."""


class EnrollmentSocket:
    """Connects browsers to the gateway's own `Enroll`.

    A browser takes a place once its token and nonce are accepted; who connects and is silent
    keeps nobody out but their own address.

    Args:
        stub: Of the public API.
        sessions: At once.
        limits: On each browser.
        proxies: Of one's own before the site, each of which appends to X-Forwarded-For.
    """

    def __init__(
        self,
        stub: Any,
        sessions: int,
        limits: EnrollmentLimits | None = None,
        *,
        proxies: int = 0,
    ) -> None:
        self._stub = stub
        self._limits = limits or EnrollmentLimits()
        self._proxies = proxies
        self._places = Places(
            sessions, self._limits.sessions_per_address, self._limits.waiting_per_address
        )
        self._open: set[web.WebSocketResponse] = set()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One WebSocket from its opening to its close."""
        # A larger message is not read: aiohttp closes with 1009.
        largest = self._limits.frame_bytes + _SLACK_BYTES
        socket = web.WebSocketResponse(
            max_msg_size=largest, compress=False, heartbeat=20.0, timeout=2.0
        )
        await socket.prepare(request)
        place = Place(self._places, client_address(request, self._proxies))
        self._open.add(socket)
        try:
            with place:
                async with asyncio.timeout(self._limits.session_seconds):
                    await _EnrollmentBridge(
                        socket, self._stub, self._limits, identity_name(request), place
                    ).run()
        except TimeoutError:
            await _close_with_error(
                socket, DeadlineExceeded("the session took too long: begin another one")
            )
        except (SongreelError, grpc.RpcError) as error:
            await _close_with_error(socket, as_songreel_error(error))
        else:
            await socket.close()
        finally:
            self._open.discard(socket)
        return socket

    async def close(self) -> None:
        """Ends all sessions, because the server stops."""
        stopping = ServiceUnavailable("the server is stopping: begin again in a moment")
        await asyncio.gather(*(_close_with_error(each, stopping) for each in tuple(self._open)))


class _EnrollmentBridge:
    """One session."""

    def __init__(
        self,
        socket: web.WebSocketResponse,
        stub: Any,
        limits: EnrollmentLimits,
        name: str,
        place: Place,
    ) -> None:
        self._place = place
        self._socket = socket
        self._stub = stub
        self._limits = limits
        self._name = name
        self._count = 0
        self._allowance = float(limits.burst)
        self._refilled = asyncio.get_running_loop().time()

    async def run(self) -> None:
        """Returns after the outcome or when the client leaves; any other end is raised."""
        first = await self._receive()
        if first is None:
            return
        start, metadata = self._start(first)
        self._place.check()
        call = self._stub.Enroll(metadata=metadata)
        to_gateway = asyncio.create_task(self._forward_to_gateway(call, start))
        to_browser = asyncio.create_task(self._forward_to_browser(call))
        try:
            await asyncio.wait({to_gateway, to_browser}, return_when=asyncio.FIRST_COMPLETED)
            # The client's side first: its error is the cause, the other one the consequence.
            if to_gateway.done():
                await to_gateway
            if to_browser.done():
                await to_browser
        finally:
            call.cancel()
            for task in (to_gateway, to_browser):
                task.cancel()
            await asyncio.gather(to_gateway, to_browser, return_exceptions=True)

    async def _forward_to_gateway(self, call: Any, start: pb.EnrollRequest) -> None:
        """Ends when the client leaves."""
        await self._write(call, start)
        while (message := await self._receive()) is not None:
            await self._write(call, pb.EnrollRequest(frame=self._frame(message)))

    async def _write(self, call: Any, request: pb.EnrollRequest) -> None:
        try:
            await call.write(request)
        except (grpc.RpcError, asyncio.InvalidStateError):
            # The call has ended; the other direction knows why.
            await asyncio.Event().wait()

    async def _forward_to_browser(self, call: Any) -> None:
        # Not `call.read()`: that one drops what has come once a write has failed.
        async for answer in call:
            if answer.WhichOneof("event") == "error":
                raise from_status(answer.error)
            self._place.take()
            await self._send(MessageToDict(answer, always_print_fields_with_no_presence=True))
            if answer.HasField("outcome"):
                return

    async def _receive(self) -> WSMessage | None:
        """The next message; None when the client has gone."""
        try:
            async with asyncio.timeout(self._limits.stall_seconds):
                message = await self._socket.receive()
        except TimeoutError as error:
            raise StreamStalled(
                f"nothing was received for {self._limits.stall_seconds:g} seconds: check the "
                "camera and the connection"
            ) from error
        if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
            return message
        return None

    async def _send(self, answer: dict[str, Any]) -> None:
        try:
            async with asyncio.timeout(self._limits.stall_seconds):
                await self._socket.send_str(json.dumps(answer))
        except TimeoutError as error:
            raise StreamStalled("the page no longer reads its prompts: reload it") from error
        except ConnectionError:
            # The client has gone; the other direction sees it too.
            await asyncio.Event().wait()

    def _start(self, first: WSMessage) -> tuple[pb.EnrollRequest, tuple[tuple[str, str], ...]]:
        try:
            if first.type is not WSMsgType.TEXT:
                raise ValueError("it is binary")
            fields = cast("dict[str, Any]", json.loads(first.data))
            start = ParseDict({"start": fields["start"]}, pb.EnrollRequest())
            authorization = str(fields.get("authorization", ""))
        except (ValueError, KeyError, TypeError, AttributeError, ParseError, RecursionError) as e:
            raise InvalidRequest(
                'the first message must be {"start": {"nonce": ..., "ways": [...]}}'
            ) from e
        start.start.name = self._name
        return start, credentials(authorization)

    def _frame(self, message: WSMessage) -> CameraFrame:
        if message.type is not WSMsgType.BINARY:
            raise InvalidRequest("after the first message, send frames only")
        data = cast("bytes", message.data)
        if len(data) - _TIME_BYTES > self._limits.frame_bytes:
            raise FrameTooLarge(
                f"a frame of {len(data) - _TIME_BYTES} bytes: send at most "
                f"{self._limits.frame_bytes}, 640x480 is enough"
            )
        self._count += 1
        now = asyncio.get_running_loop().time()
        refill = (now - self._refilled) * self._limits.per_second
        self._allowance = min(self._limits.burst, self._allowance + refill) - 1
        self._refilled = now
        if self._allowance < 0 or self._count > self._limits.frames:
            raise TooManyFrames(
                f"too many frames: send 10 to 30 a second, at most {self._limits.frames} in all"
            )
        taken = int.from_bytes(data[:_TIME_BYTES], signed=True)
        return CameraFrame(capture_ms=taken, jpeg=data[_TIME_BYTES:])


async def _close_with_error(socket: web.WebSocketResponse, error: SongreelError) -> None:
    """Sends the error, then closes, also when the client does not read."""
    code = WSCloseCode.POLICY_VIOLATION
    if error.code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED):
        code = WSCloseCode.TRY_AGAIN_LATER
    elif error.code in (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN):
        code = WSCloseCode.INTERNAL_ERROR
    with suppress(TimeoutError, ConnectionError, RuntimeError):
        async with asyncio.timeout(5.0):
            await socket.send_str(json.dumps(error_body(error)))
            await socket.close(code=code, message=error.reason.encode()[:120])
