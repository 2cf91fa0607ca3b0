"""`songreel.v1.IdentityService`: the public face of the identity service."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

import grpc
from google.protobuf.message import Message
from songreel.identity.v1 import identity_service_pb2 as service
from songreel.identity.v1.identity_service_pb2_grpc import IdentityServiceStub
from songreel.v1 import identity_service_pb2 as public
from songreel.v1.identity_service_pb2_grpc import IdentityServiceServicer
from songreel_kit.channel.channel import open_channel
from songreel_kit.database.database import Database
from songreel_kit.errors import (
    FailedPrecondition,
    ServiceUnavailable,
    SongreelError,
    to_status,
)
from songreel_kit.telemetry.logging import get_logger

from songreel_gateway.api.pagination import Position, requested_page
from songreel_gateway.api.resource_names import parse_consent_text, parse_identity, project_of
from songreel_gateway.api.response_cache import ResponseCache
from songreel_gateway.clients.services import IDENTITY, Targets
from songreel_gateway.servicers.identity_streams import measure, relay
from songreel_gateway.settings import GatewaySettings

M = TypeVar("M", bound=Message)

_CALL_SECONDS = 30.0
_CONNECT_SECONDS = 10.0
# Of refusals that are being told at once; each takes milliseconds.
_MOST_NOTES = 100

_log = get_logger(__name__)


class IdentityServicer(IdentityServiceServicer):
    """Checks names and hands on; nothing of a person is kept here."""

    def __init__(self, settings: GatewaySettings, database: Database | None = None) -> None:
        """`database` keeps answers for repeated requests; without it they are asked again."""
        self._settings = settings
        self._responses = None if database is None else ResponseCache(database)
        self.erase_videos: Callable[[str, str], Awaitable[int]] | None = None
        """Erases the videos of a project that show a person."""
        self._stub: Any = None
        self._connected = asyncio.Event()
        self._telling: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def connected(self, targets: Targets) -> AsyncGenerator[None]:
        """The identity service is reached at its target inside the block."""
        tls = self._settings.stage_tls()
        async with open_channel(targets.of(IDENTITY), tls=tls, headers=targets.headers) as channel:
            self._stub = IdentityServiceStub(channel)
            self._connected.set()
            try:
                yield
            finally:
                self._connected.clear()
                await asyncio.gather(*self._telling, return_exceptions=True)

    async def GetConsentText(
        self, request: public.GetConsentTextRequest, context: Any
    ) -> public.GetConsentTextResponse:
        """Raises `InvalidName`."""
        parse_consent_text(request.name)
        answer = await self._ask("GetConsentText", service.GetConsentTextRequest())
        return public.GetConsentTextResponse(
            version=answer.version, text=answer.text, sha256=answer.sha256
        )

    async def RecordConsent(
        self, request: public.RecordConsentRequest, context: Any
    ) -> public.RecordConsentResponse:
        """Raises `InvalidName`, `ConsentMissing`."""

        async def ask() -> public.RecordConsentResponse:
            answer = await self._ask(
                "RecordConsent",
                service.RecordConsentRequest(
                    identity=request.name, version=request.version, text_sha256=request.text_sha256
                ),
            )
            return public.RecordConsentResponse(consent_id=answer.consent_id)

        return await self._once(request, public.RecordConsentResponse, ask)

    async def OpenEnrollment(
        self, request: public.OpenEnrollmentRequest, context: Any
    ) -> public.OpenEnrollmentResponse:
        """Raises `IdentityNotFound`, `ConsentMissing`, `ConsentWithdrawn`, `LockedOut`."""

        async def ask() -> public.OpenEnrollmentResponse:
            answer = await self._ask(
                "OpenSession", service.OpenSessionRequest(identity=request.name)
            )
            return public.OpenEnrollmentResponse(nonce=answer.nonce, expire_time=answer.expire_time)

        return await self._once(request, public.OpenEnrollmentResponse, ask)

    async def Enroll(
        self, request_iterator: AsyncIterator[public.EnrollRequest], context: Any
    ) -> AsyncIterator[public.EnrollResponse]:
        """One session; see `identity_relay`. What ends it is said as a message first."""
        try:
            async for response in relay(request_iterator, await self._service()):
                yield response
        except SongreelError as error:
            yield public.EnrollResponse(error=to_status(error))
            raise

    async def GetIdentity(
        self, request: public.GetIdentityRequest, context: Any
    ) -> public.GetIdentityResponse:
        """Raises `IdentityNotFound`."""
        parse_identity(request.name)
        answer = await self._ask("GetIdentity", service.GetIdentityRequest(identity=request.name))
        return public.GetIdentityResponse(identity=_identity(answer))

    async def ListIdentities(
        self, request: public.ListIdentitiesRequest, context: Any
    ) -> public.ListIdentitiesResponse:
        """Raises `InvalidName`, `InvalidRequest`, `InvalidPageToken`."""
        project = project_of(request.parent)
        page = requested_page(
            ("identities", project),
            request.page_size,
            request.page_token,
            self._settings.page_size,
        )
        answer = await self._ask(
            "ListIdentities",
            service.ListIdentitiesRequest(
                project=project, page_size=page.size, after=page.after.id if page.after else ""
            ),
        )
        identities = [_identity(each) for each in answer.identities]
        last = identities[-1].name if answer.more and identities else ""
        return public.ListIdentitiesResponse(
            identities=identities, next_page_token=page.token(Position(0, last)) if last else ""
        )

    async def WithdrawConsent(
        self, request: public.WithdrawConsentRequest, context: Any
    ) -> public.WithdrawConsentResponse:
        """Raises `IdentityNotFound`."""

        async def ask() -> public.WithdrawConsentResponse:
            answer = await self._ask(
                "WithdrawConsent", service.WithdrawConsentRequest(identity=request.name)
            )
            return public.WithdrawConsentResponse(audit_head=answer.audit_head)

        return await self._once(request, public.WithdrawConsentResponse, ask)

    async def EraseIdentity(
        self, request: public.EraseIdentityRequest, context: Any
    ) -> public.EraseIdentityResponse:
        """Raises `IdentityNotFound`."""

        async def ask() -> public.EraseIdentityResponse:
            answer = await self._ask(
                "EraseIdentity", service.EraseIdentityRequest(identity=request.name)
            )
            erased = await self._erase_videos(request) if request.videos else 0
            return public.EraseIdentityResponse(
                videos=erased,
                audit_head=answer.audit_head,
                objects=answer.objects,
                keys_sha256=answer.keys_sha256,
                uses_cleared=answer.uses_cleared,
                uses_silent=answer.uses_silent,
            )

        return await self._once(request, public.EraseIdentityResponse, ask)

    async def MeasureLikeness(
        self, request_iterator: AsyncIterator[public.MeasureLikenessRequest], context: Any
    ) -> public.MeasureLikenessResponse:
        """Raises `InvalidRequest`, `InvalidName`, and what the service does."""
        return await measure(request_iterator, await self._service())

    def note_refusal(self, name: str, project: str, reason: str) -> None:
        """Has the identity service put on record that a project asked for another's person.

        Returns at once, so that the answer takes as long whether or not there is such a
        person; what cannot be told is in the log.
        """
        if len(self._telling) >= _MOST_NOTES:
            _log.warning("a refusal is not on record: too many at once", project=project)
            return
        asked = service.RecordRefusalRequest(identity=name, project=project, reason=reason)
        task = asyncio.create_task(self._tell(asked))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _erase_videos(self, request: public.EraseIdentityRequest) -> int:
        if self.erase_videos is None:
            raise FailedPrecondition("this server keeps no videos: leave `videos` out")
        return await self.erase_videos(parse_identity(request.name)[0], request.name)

    async def _tell(self, asked: service.RecordRefusalRequest) -> None:
        try:
            await self._ask("RecordRefusal", asked)
        except (grpc.RpcError, SongreelError) as error:
            _log.warning("a refusal is not on record", project=asked.project, problem=str(error))

    async def _once(self, request: Any, kind: type[M], ask: Callable[[], Awaitable[M]]) -> M:
        """Asks, but for a repeated request. Raises `InvalidName`, `RequestIdReused`."""
        project, _ = parse_identity(request.name)
        if self._responses is None:
            return await ask()
        return await self._responses.once(project, request, kind, ask)

    async def _ask(self, method: str, request: Message) -> Any:
        # A failed call's error is sent on with its type by the server's interceptors.
        stub = await self._service()
        return await getattr(stub, method)(request, timeout=_CALL_SECONDS)

    async def _service(self) -> Any:
        with suppress(TimeoutError):
            async with asyncio.timeout(_CONNECT_SECONDS):
                await self._connected.wait()
        if not self._connected.is_set():
            raise ServiceUnavailable("this server is starting or stopping: ask again in a moment")
        return self._stub


def _identity(answer: service.GetIdentityResponse) -> public.Identity:
    return public.Identity(
        name=answer.identity,
        state=service.GetIdentityResponse.State.Name(answer.state),
        consent_version=answer.consent_version,
        pictures=answer.pictures,
        adapter_sha256=answer.adapter_sha256,
        create_time=answer.create_time,
        expire_time=answer.expire_time,
    )
