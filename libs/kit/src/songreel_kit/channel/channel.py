"""Channels to songreel services: balanced, retried, and aware of the call they serve."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

import grpc
import grpc.aio

from songreel_kit.call_scope import REQUEST_ID_KEY, current_call
from songreel_kit.channel.tls import ChannelTls
from songreel_kit.telemetry.tracing import client_call

MAX_MESSAGE_BYTES = 4 * 1024 * 1024
"""gRPC's own default, kept on purpose: media travels as references or in chunks."""

Headers = Callable[[], Sequence[tuple[str, str]]]
"""Gives metadata for a call that is about to be made."""

IDEMPOTENT: tuple[str, ...] = (
    # Stages are pure functions of their requests.
    "songreel.audio.v1.AudioService",
    "songreel.prompt.v1.PromptService",
    "songreel.render.v1.RenderService",
    "songreel.v1.AccessService",
    "songreel.v1.MediaService/DownloadMedia",
    "songreel.v1.MediaService/GetMedia",
    "songreel.v1.VideoService/GetVideo",
    "songreel.v1.VideoService/ListVideos",
    "songreel.v1.VideoService/GetStoryboard",
    "songreel.v1.VideoService/ListStoryboards",
    "songreel.v1.VideoService/WatchOperation",
    "google.longrunning.Operations/GetOperation",
    "google.longrunning.Operations/ListOperations",
    "google.longrunning.Operations/WaitOperation",
    "grpc.health.v1.Health/Check",
)
"""Services and methods that may be asked twice; the others only with a `request_id`,
which the channel cannot see."""

_KEEPALIVE_SECONDS = 30

_SCHEMES = ("dns:", "ipv4:", "ipv6:", "unix:", "xds:")


def open_channel(
    target: str,
    *,
    timeout: float | None = None,
    idempotent: Sequence[str] = IDEMPOTENT,
    max_message_bytes: int = MAX_MESSAGE_BYTES,
    tls: ChannelTls | None = None,
    headers: Headers = tuple,
) -> grpc.aio.Channel:
    """A channel to `host:port`, all addresses of the name in turn, or to `unix:/path`.

    Every call carries the request id of the call it is made for (else a new one)
    and never outlasts that call's deadline; `timeout` (seconds) limits calls that
    set none. With `tls` the server is held to its certificate; `headers` is asked, at
    every call, for metadata that says who calls. Calls of `idempotent` methods that find
    no server are tried up to four times. Errors are raised as `grpc.aio.AioRpcError`: see
    `songreel_kit.errors.from_rpc_error`. Close it, or use it with `async with`.
    """
    address = target if target.startswith(_SCHEMES) else f"dns:///{target}"
    options: list[tuple[str, Any]] = [
        ("grpc.service_config", json.dumps(_service_config(idempotent))),
        ("grpc.enable_retries", 1),
        ("grpc.max_receive_message_length", max_message_bytes),
        ("grpc.max_send_message_length", max_message_bytes),
        ("grpc.keepalive_time_ms", _KEEPALIVE_SECONDS * 1000),
        ("grpc.keepalive_timeout_ms", 10_000),
        ("grpc.keepalive_permit_without_calls", 0),
        # A server that restarts is found again soon, not after two minutes.
        ("grpc.initial_reconnect_backoff_ms", 200),
        ("grpc.max_reconnect_backoff_ms", 5_000),
        ("grpc.use_local_subchannel_pool", 1),
    ]
    if tls is None:
        channel = grpc.aio.insecure_channel(address, options=options)
    else:
        channel = grpc.aio.secure_channel(address, tls.credentials(), options=options)
    return _CallingChannel(channel, timeout, headers)


def _service_config(idempotent: Sequence[str]) -> dict[str, Any]:
    names = [
        {"service": service, "method": method} if method else {"service": service}
        for service, _, method in (each.partition("/") for each in idempotent)
    ]
    retries: list[dict[str, Any]] = [
        {
            "name": names,
            "retryPolicy": {
                "maxAttempts": 4,
                "initialBackoff": "0.2s",
                "maxBackoff": "2s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
    ]
    return {
        "loadBalancingConfig": [{"round_robin": {}}],
        "methodConfig": retries if names else [],
    }


class _CallingChannel(grpc.aio.Channel):
    """Adds request id, deadline and trace to every call.

    Not client interceptors: grpc.aio wants a class for each of the four kinds, and
    its intercepted calls differ from plain ones in cancelling and in `code()`.
    """

    def __init__(self, channel: grpc.aio.Channel, timeout: float | None, headers: Headers) -> None:
        self._channel = channel
        self._timeout = timeout
        self._headers = headers

    async def __aenter__(self) -> _CallingChannel:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self, grace: float | None = None) -> None:
        await self._channel.close(grace)

    def get_state(self, try_to_connect: bool = False) -> grpc.ChannelConnectivity:
        return self._channel.get_state(try_to_connect)

    async def wait_for_state_change(self, last_observed_state: grpc.ChannelConnectivity) -> None:
        await self._channel.wait_for_state_change(last_observed_state)

    async def channel_ready(self) -> None:
        await self._channel.channel_ready()

    def unary_unary(self, *args: Any, **kwargs: Any) -> Any:
        return self._calling(args[0], self._channel.unary_unary(*args, **kwargs))

    def unary_stream(self, *args: Any, **kwargs: Any) -> Any:
        return self._calling(args[0], self._channel.unary_stream(*args, **kwargs))

    def stream_unary(self, *args: Any, **kwargs: Any) -> Any:
        return self._calling(args[0], self._channel.stream_unary(*args, **kwargs))

    def stream_stream(self, *args: Any, **kwargs: Any) -> Any:
        return self._calling(args[0], self._channel.stream_stream(*args, **kwargs))

    def _calling(self, method: str, start: Callable[..., Any]) -> Callable[..., Any]:
        def call(
            *request: Any,
            timeout: float | None = None,
            metadata: Any = None,
            **rest: Any,
        ) -> Any:
            scope = current_call()
            sent: list[Any] = [*(metadata or ()), *self._headers()]
            if all(key != REQUEST_ID_KEY for key, _ in sent):
                sent.append((REQUEST_ID_KEY, scope.request_id or uuid.uuid4().hex))
            limit = scope.remaining(self._timeout if timeout is None else timeout)
            traced = client_call(method, sent)
            made = start(*request, timeout=limit, metadata=tuple(sent), **rest)
            if traced is not None:
                traced(made)
            return made

        return call


async def wait_ready(channel: grpc.aio.Channel, seconds: float) -> bool:
    """Waits for a server to answer the channel's connection; False if none did in time."""
    try:
        async with asyncio.timeout(seconds):
            await channel.channel_ready()
    except TimeoutError:
        return False
    return True
