"""`songreel.identity.v1.IdentityService` over gRPC."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

import grpc.aio
from google.protobuf.timestamp_pb2 import Timestamp
from songreel.identity.v1 import identity_service_pb2 as pb
from songreel.identity.v1 import identity_service_pb2_grpc
from songreel_kit.errors import ConsentWithdrawn

from songreel_identity.enrolling import Enrolling
from songreel_identity.enrolments import Enrolments
from songreel_identity.settings import IdentitySettings
from songreel_identity.uses import Uses
from songreel_identity.vault import ADAPTER, PICTURE, Vault

T = TypeVar("T")
Context = grpc.aio.ServicerContext[Any, Any]

# ruff: noqa: N802 - the names are the contract's


class IdentityServicer(identity_service_pb2_grpc.IdentityServiceServicer):
    """Requests in, messages out; the vault's work is done in threads."""

    def __init__(
        self,
        settings: IdentitySettings,
        vault: Vault,
        enrolments: Enrolments,
        uses: Uses,
        enrolling: Enrolling,
    ) -> None:
        self._settings = settings
        self._vault = vault
        self._enrolments = enrolments
        self._uses = uses
        self._enrolling = enrolling

    async def GetConsentText(
        self, request: pb.GetConsentTextRequest, context: Context
    ) -> pb.GetConsentTextResponse:
        """The text that is asked for now."""
        text = self._vault.text
        return pb.GetConsentTextResponse(version=text.version, text=text.text, sha256=text.sha256)

    async def RecordConsent(
        self, request: pb.RecordConsentRequest, context: Context
    ) -> pb.RecordConsentResponse:
        """Raises `InvalidName`, `ConsentMissing`."""
        consent = await _there(
            lambda: self._vault.consent(request.identity, request.version, request.text_sha256)
        )
        return pb.RecordConsentResponse(consent_id=consent.id)

    async def OpenSession(
        self, request: pb.OpenSessionRequest, context: Context
    ) -> pb.OpenSessionResponse:
        """Raises `IdentityNotFound`, `ConsentWithdrawn`, `LockedOut`."""
        nonce, expires = await _there(lambda: self._enrolments.open(request.identity))
        response = pb.OpenSessionResponse(nonce=nonce)
        response.expire_time.FromMicroseconds(expires)
        return response

    async def Enroll(
        self, request_iterator: AsyncIterator[pb.EnrollRequest], context: Context
    ) -> AsyncIterator[pb.EnrollResponse]:
        """One session; see `enrolling`."""
        async for response in self._enrolling.run(request_iterator):
            yield response

    async def GetIdentity(
        self, request: pb.GetIdentityRequest, context: Context
    ) -> pb.GetIdentityResponse:
        """Raises `IdentityNotFound`."""
        return await _there(lambda: self._describe(request.identity))

    async def WithdrawConsent(
        self, request: pb.WithdrawConsentRequest, context: Context
    ) -> pb.WithdrawConsentResponse:
        """Raises `IdentityNotFound`."""
        head = await _there(lambda: self._vault.withdraw(request.identity))
        return pb.WithdrawConsentResponse(audit_head=head)

    async def EraseIdentity(
        self, request: pb.EraseIdentityRequest, context: Context
    ) -> pb.EraseIdentityResponse:
        """Raises `IdentityNotFound`."""
        erasure = await _there(lambda: self._vault.erase(request.identity))
        return pb.EraseIdentityResponse(
            audit_head=erasure.audit_head,
            objects=erasure.objects,
            keys_sha256=erasure.keys_sha256,
        )

    async def GrantUse(self, request: pb.GrantUseRequest, context: Context) -> pb.GrantUseResponse:
        """Raises `IdentityNotFound`, `ConsentWithdrawn`, `GrantInvalid`."""
        grant, expires = await _there(
            lambda: self._uses.grant(request.identity, request.adapter_sha256, request.job_sha256)
        )
        return pb.GrantUseResponse(grant=grant, expire_time=Timestamp(seconds=expires))

    async def RedeemGrant(
        self, request: pb.RedeemGrantRequest, context: Context
    ) -> pb.RedeemGrantResponse:
        """Raises `GrantInvalid`, `GrantExpired`, `GrantSpent`, `ConsentWithdrawn`."""
        grant = await _there(
            lambda: self._uses.redeem(request.grant, request.adapter_sha256, request.job_sha256)
        )
        return pb.RedeemGrantResponse(use_id=grant.id)

    async def WatchUse(
        self, request: pb.WatchUseRequest, context: Context
    ) -> AsyncIterator[pb.WatchUseResponse]:
        """Raises `ConsentWithdrawn`, `GrantInvalid` once the use may not go on."""
        await _there(lambda: self._uses.check(request.use_id))
        yield pb.WatchUseResponse()
        # The vault is asked, not a signal of this process: another replica may have
        # taken the withdrawal.
        while True:
            await asyncio.sleep(self._settings.watch_seconds)
            await _there(lambda: self._uses.check(request.use_id))

    async def GetGrantKey(
        self, request: pb.GetGrantKeyRequest, context: Context
    ) -> pb.GetGrantKeyResponse:
        """The public key."""
        return pb.GetGrantKeyResponse(public_key=self._uses.public_key)

    def _describe(self, name: str) -> pb.GetIdentityResponse:
        pictures = self._vault.list_objects(name, PICTURE)
        adapters = self._vault.list_objects(name, ADAPTER)
        response = pb.GetIdentityResponse(
            pictures=len(pictures), adapter_sha256=[each.sha256 for each in adapters]
        )
        try:
            response.consent_version = self._vault.standing(name).version
        except ConsentWithdrawn:
            response.state = pb.GetIdentityResponse.STATE_WITHDRAWN
            return response
        response.state = (
            pb.GetIdentityResponse.STATE_ENROLLED
            if pictures
            else pb.GetIdentityResponse.STATE_CONSENTED
        )
        return response


async def _there(work: Callable[[], T]) -> T:
    """Runs a transaction in a thread."""
    return await asyncio.to_thread(work)
