"""Redeems grants at the identity service, and stops a render when its grant is revoked."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeVar, cast

import grpc
import grpc.aio
from songreel.identity.v1 import identity_service_pb2 as pb
from songreel.identity.v1.identity_service_pb2_grpc import IdentityServiceStub
from songreel.render.v1.render_plan_pb2 import Lora
from songreel.render.v1.render_service_pb2 import RenderRequest
from songreel_kit.backoff import Backoff
from songreel_kit.channel.channel import Headers, open_channel
from songreel_kit.channel.tls import ChannelTls
from songreel_kit.errors import (
    FailedPrecondition,
    GrantInvalid,
    InvalidRenderSettings,
    LoraUnusable,
    ServiceUnavailable,
    SongreelError,
    from_rpc_error,
)
from songreel_kit.likeness.adapters import MAX_BYTES
from songreel_kit.likeness.grants import job_sha256
from songreel_kit.likeness.sealing import Channel, KeyPair
from songreel_kit.telemetry.logging import get_logger

from songreel_render.checkpoints.identity_adapter import IdentityAdapter

T = TypeVar("T")

_log = get_logger(__name__)
_CALL_SECONDS = 30.0
# Between two tries to watch a use again.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 1.0

METHODS: Final = ("RedeemGrant", "WatchUse", "OpenAdapter", "EndUse")
"""What a renderer asks of the identity service: its certificate may call no more."""

# grpc.aio's types do not know it.
_END = cast("Any", grpc.aio).EOF


@dataclass(frozen=True)
class IdentityGrant:
    """The right to draw one person; good until `revoked` is done."""

    adapter: IdentityAdapter
    revoked: asyncio.Task[None]
    """Ends, with the reason as its error, when the person may no longer be drawn."""


class IdentityGrants:
    """Holds the adapters of people for as long as their grants stand.

    Args:
        target: gives the gRPC target of the identity service; empty is none.
        tls: how it is spoken to; None for plain text.
        patience: for how many seconds a person is still drawn while the identity service (or its
            database) is away and cannot confirm the consent.
        headers: metadata for its calls.
    """

    def __init__(
        self,
        target: Callable[[], str],
        tls: ChannelTls | None = None,
        *,
        patience: float = 60.0,
        headers: Headers = tuple,
    ) -> None:
        self._target = target
        self._headers = headers
        self._patience = patience
        self._tls = tls
        self.adapters = 0
        """Adapters in memory now."""

    @asynccontextmanager
    async def redeemed(self, request: RenderRequest) -> AsyncGenerator[IdentityGrant | None]:
        """Redeem the request's grant for a block; None where the request shows nobody.

        At the end of the block the adapter is overwritten and the identity service told so.

        Raises:
            InvalidRenderSettings: more than one person.
            FailedPrecondition: no identity service is configured.
            GrantInvalid, GrantExpired, GrantSpent, ConsentWithdrawn: see the message; the
                identity service has put the refusal into its audit log.
            AdapterMismatch, LoraUnusable: the adapter cannot be used.
            ServiceUnavailable: the identity service does not answer, and nothing is drawn.
        """
        wanted = [lora for lora in request.settings.loras if lora.adapter_sha256]
        if not wanted:
            yield None
            return
        if len(wanted) > 1:
            raise InvalidRenderSettings(
                "one person at most can be in a video: faces of two would be blended",
                field="loras",
            )
        target = self._target()
        if not target:
            raise FailedPrecondition(
                "people can be drawn only where an identity service is: set "
                "SONGREEL_RENDER_IDENTITY_TARGET"
            )
        async with open_channel(target, tls=self._tls, headers=self._headers) as channel:
            stub: Any = IdentityServiceStub(channel)
            keys = KeyPair()
            use = await _redeem(stub, wanted[0], job_sha256(request), keys)
            async with self._held(stub, use, wanted[0], keys) as grant:
                yield grant

    @asynccontextmanager
    async def _held(
        self, stub: Any, use: pb.RedeemGrantResponse, lora: Lora, keys: KeyPair
    ) -> AsyncGenerator[IdentityGrant]:
        adapter: IdentityAdapter | None = None
        revoked: asyncio.Task[None] | None = None
        mismatch = ""
        watch = stub.WatchUse(pb.WatchUseRequest(use_id=use.use_id))
        self.adapters += 1
        try:
            async with _typed_errors():
                if await watch.read() is _END:
                    raise ServiceUnavailable("the identity service ended the watch at once")
                revoked = asyncio.create_task(self._until_revoked(stub, use.use_id, watch))
                data = await _download_adapter(stub, use.use_id, keys)
            adapter = IdentityAdapter(
                lora.adapter_sha256, use.consent_id, data, tuple(use.enrollment_ways)
            )
            del data
            yield IdentityGrant(adapter, revoked)
        except LoraUnusable as error:
            mismatch = error.reason
            raise
        finally:
            if revoked is not None:
                revoked.cancel()
            watch.cancel()
            if adapter is not None:
                adapter.wipe()
            self.adapters -= 1
            await _end_use(stub, use.use_id, mismatch)

    async def _until_revoked(self, stub: Any, use: str, watch: Any) -> None:
        """Watch the use, again where the watch broke; raises why it may not go on."""
        confirmed, backoff = time.monotonic(), Backoff(_FIRST_PAUSE, _LONGEST_PAUSE)
        try:
            while True:
                try:
                    async with _typed_errors():
                        while await watch.read() is not _END:
                            confirmed = time.monotonic()
                            backoff.reset()
                    raise GrantInvalid("the identity service has ended the use")
                except ServiceUnavailable as error:
                    # An open watch was good until it broke.
                    confirmed = confirmed if backoff.failures else time.monotonic()
                    away = time.monotonic() - confirmed
                    if away >= self._patience:
                        raise ServiceUnavailable(
                            f"for {self._patience:g} seconds the identity service has not "
                            f"confirmed that the person may be drawn: {error.message}"
                        ) from error
                    _log.warning("a use is not confirmed at present", problem=error.message)
                await backoff.wait()
                watch = stub.WatchUse(pb.WatchUseRequest(use_id=use))
        finally:
            watch.cancel()


async def until_revoked(events: AsyncGenerator[T], grant: IdentityGrant) -> AsyncGenerator[T]:
    """Pass events on until the grant is revoked; then end the work and raise the reason."""
    async with contextlib.aclosing(events):
        iterator: AsyncIterator[T] = aiter(events)
        while True:
            coming = asyncio.ensure_future(_next(iterator))
            try:
                await asyncio.wait({coming, grant.revoked}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                if not coming.done() or grant.revoked.done():
                    # Ends the work in its thread before anything is overwritten.
                    coming.cancel()
                    with contextlib.suppress(asyncio.CancelledError, Exception):
                        await coming
            if grant.revoked.done():
                grant.revoked.result()
            event = coming.result()
            if event is None:
                return
            yield event


async def _next(iterator: AsyncIterator[T]) -> T | None:
    # Not StopAsyncIteration, which a future cannot hold.
    return await anext(iterator, None)


async def _redeem(stub: Any, lora: Lora, job: str, keys: KeyPair) -> pb.RedeemGrantResponse:
    """The use and its consent. A request without any grant is sent too, for the audit log."""
    request = pb.RedeemGrantRequest(
        grant=lora.grant,
        adapter_sha256=lora.adapter_sha256,
        job_sha256=job,
        renderer_key=keys.public,
    )
    async with _typed_errors():
        return await stub.RedeemGrant(request, timeout=_CALL_SECONDS)


async def _download_adapter(stub: Any, use: str, keys: KeyPair) -> bytes:
    pieces: list[bytes] = []
    size = 0
    sealed: Channel | None = None
    async for response in stub.OpenAdapter(pb.OpenAdapterRequest(use_id=use)):
        if sealed is None:
            sealed = keys.as_worker(response.service_key, use)
            continue
        pieces.append(sealed.open(response.chunk))
        size += len(pieces[-1])
        if size > MAX_BYTES:
            raise LoraUnusable(f"the adapter is larger than {MAX_BYTES} bytes")
    return b"".join(pieces)


async def _end_use(stub: Any, use: str, refused: str) -> None:
    """Tell the identity service that nothing is held (an erasure waits for it), and any refusal."""
    telling = asyncio.ensure_future(
        stub.EndUse(pb.EndUseRequest(use_id=use, refused=refused), timeout=_CALL_SECONDS)
    )
    try:
        await asyncio.shield(telling)
    except asyncio.CancelledError:
        with contextlib.suppress(grpc.RpcError):
            await telling
        raise
    except grpc.RpcError as error:
        _log.warning("the end of a use was not heard", problem=str(from_rpc_error(error)))


@asynccontextmanager
async def _typed_errors() -> AsyncGenerator[None]:
    try:
        yield
    except SongreelError:
        raise
    except grpc.RpcError as error:
        raise from_rpc_error(error) from error
