"""`songreel.identity.v1.IdentityService` over gRPC."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

import grpc.aio
from google.protobuf.timestamp_pb2 import Timestamp
from songreel.identity.v1 import identity_service_pb2 as pb
from songreel.identity.v1 import identity_service_pb2_grpc
from songreel_kit.errors import InvalidRequest, SongreelError, to_status
from songreel_kit.likeness.sealing import KeyPair
from songreel_kit.work import Done, run_in_thread
from songreel_kit.work_slots import WorkSlots

from songreel_identity.enrollment.sessions import EnrollmentSessions
from songreel_identity.enrollment.stream import EnrollmentStream
from songreel_identity.erasure import erase_everywhere
from songreel_identity.grants import Grants
from songreel_identity.likeness_metrics import Impostor, LikenessMetrics
from songreel_identity.messages import (
    client_messages,
    enrollment_message,
    identity_message,
    likeness_message,
    training_message,
)
from songreel_identity.settings import IdentitySettings
from songreel_identity.training.jobs import TrainingJobs
from songreel_identity.vault.queries import (
    MAX_PAGE,
    find_identity,
    list_identities,
)
from songreel_identity.vault.vault import Vault

T = TypeVar("T")
_CHUNK = 256 * 1024
Context = grpc.aio.ServicerContext[Any, Any]


class IdentityServicer(identity_service_pb2_grpc.IdentityServiceServicer):
    """Requests in, messages out; the vault's work is done in threads."""

    def __init__(
        self,
        settings: IdentitySettings,
        vault: Vault,
        sessions: EnrollmentSessions,
        grants: Grants,
        enrollment_stream: EnrollmentStream,
        training_jobs: TrainingJobs,
    ) -> None:
        self._settings = settings
        self._vault = vault
        self._sessions = sessions
        self._grants = grants
        self._enrollment_stream = enrollment_stream
        self._training_jobs = training_jobs
        self._training_slots = WorkSlots(1, "trainings", "start more identity processes")
        self._likeness_metrics = LikenessMetrics(vault)

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
        consent = await _in_thread(
            lambda: self._vault.record_consent(
                request.identity, request.version, request.text_sha256
            )
        )
        return pb.RecordConsentResponse(consent_id=consent.id)

    async def OpenSession(
        self, request: pb.OpenSessionRequest, context: Context
    ) -> pb.OpenSessionResponse:
        """Raises `IdentityNotFound`, `ConsentWithdrawn`, `LockedOut`."""
        nonce, expires = await _in_thread(lambda: self._sessions.open(request.identity))
        response = pb.OpenSessionResponse(nonce=nonce)
        response.expire_time.FromMicroseconds(expires)
        return response

    async def Enroll(
        self, request_iterator: AsyncIterator[pb.EnrollRequest], context: Context
    ) -> AsyncIterator[pb.EnrollResponse]:
        """One session; an error that ends it is sent as a message first."""
        try:
            async for event in self._enrollment_stream.run(client_messages(request_iterator)):
                yield enrollment_message(event)
        except SongreelError as error:
            yield pb.EnrollResponse(error=to_status(error))
            raise

    async def GetIdentity(
        self, request: pb.GetIdentityRequest, context: Context
    ) -> pb.GetIdentityResponse:
        """Raises `IdentityNotFound`."""
        return identity_message(
            await _in_thread(lambda: find_identity(self._vault, request.identity))
        )

    async def ListIdentities(
        self, request: pb.ListIdentitiesRequest, context: Context
    ) -> pb.ListIdentitiesResponse:
        """A page of a project's identities."""
        found, more = await _in_thread(
            lambda: list_identities(
                self._vault, request.project, request.page_size or MAX_PAGE, request.after
            )
        )
        return pb.ListIdentitiesResponse(
            identities=[identity_message(each) for each in found], more=more
        )

    async def WithdrawConsent(
        self, request: pb.WithdrawConsentRequest, context: Context
    ) -> pb.WithdrawConsentResponse:
        """Raises `IdentityNotFound`."""
        withdrawn = await _in_thread(lambda: self._vault.withdraw(request.identity))
        return pb.WithdrawConsentResponse(audit_head=withdrawn.audit_head)

    async def EraseIdentity(
        self, request: pb.EraseIdentityRequest, context: Context
    ) -> pb.EraseIdentityResponse:
        """Raises `IdentityNotFound`."""
        report = await erase_everywhere(
            self._vault,
            self._grants,
            request.identity,
            watch_seconds=self._settings.watch_seconds,
            erase_seconds=self._settings.erase_seconds,
        )
        return pb.EraseIdentityResponse(
            audit_head=report.erasure.audit_head,
            objects=report.erasure.objects,
            keys_sha256=report.erasure.keys_sha256,
            uses_cleared=report.uses_cleared,
            uses_silent=report.uses_silent,
        )

    async def TrainAdapter(
        self, request: pb.TrainAdapterRequest, context: Context
    ) -> AsyncIterator[pb.TrainAdapterResponse]:
        """Sends progress, then the result; see `TrainingJobs.train`."""
        wanted = self._training_jobs.request(
            request.identity,
            request.checkpoint,
            request.checkpoint_sha256,
            noun=request.noun,
            steps=request.steps,
        )
        training = run_in_thread(
            lambda report, token: self._training_jobs.train(wanted, report, token)
        )
        with self._training_slots.hold():
            async with contextlib.aclosing(training):
                async for event in training:
                    if isinstance(event, Done):
                        yield pb.TrainAdapterResponse(result=training_message(event.value))
                    else:
                        yield pb.TrainAdapterResponse(progress=event)

    async def MeasureLikeness(
        self, request_iterator: AsyncIterator[pb.MeasureLikenessRequest], context: Context
    ) -> pb.MeasureLikenessResponse:
        """See `LikenessMetrics.measure`."""
        first = await anext(aiter(request_iterator), None)
        if first is None or first.WhichOneof("event") != "start":
            raise InvalidRequest("the first message must be `start`, with the identity's name")
        impostors = [Impostor(each.name, each.picture) for each in first.start.impostors]
        return likeness_message(
            await self._likeness_metrics.measure(
                first.start.identity, impostors, _pictures(request_iterator)
            )
        )

    async def GrantUse(self, request: pb.GrantUseRequest, context: Context) -> pb.GrantUseResponse:
        """Raises `IdentityNotFound`, `ConsentWithdrawn`, `GrantInvalid`."""
        grant, expires = await _in_thread(
            lambda: self._grants.issue(request.identity, request.adapter_sha256, request.job_sha256)
        )
        return pb.GrantUseResponse(grant=grant, expire_time=Timestamp(seconds=expires))

    async def RedeemGrant(
        self, request: pb.RedeemGrantRequest, context: Context
    ) -> pb.RedeemGrantResponse:
        """Raises `GrantInvalid`, `GrantExpired`, `GrantSpent`, `ConsentWithdrawn`."""
        grant = await _in_thread(
            lambda: self._grants.redeem(
                request.grant, request.adapter_sha256, request.job_sha256, request.renderer_key
            )
        )
        return pb.RedeemGrantResponse(
            use_id=grant.id, consent_id=grant.consent, enrollment_ways=grant.ways
        )

    async def WatchUse(
        self, request: pb.WatchUseRequest, context: Context
    ) -> AsyncIterator[pb.WatchUseResponse]:
        """Raises `ConsentWithdrawn`, `GrantInvalid` once the use may not go on."""
        await _in_thread(lambda: self._grants.check(request.use_id))
        yield pb.WatchUseResponse()
        # The vault is asked, not a signal of this process: another replica may have
        # taken the withdrawal.
        while True:
            await asyncio.sleep(self._settings.watch_seconds)
            await _in_thread(lambda: self._grants.check(request.use_id))

    async def OpenAdapter(
        self, request: pb.OpenAdapterRequest, context: Context
    ) -> AsyncIterator[pb.OpenAdapterResponse]:
        """Raises `Aborted`, `ConsentWithdrawn`, `GrantInvalid`, `VaultUnusable`."""
        data, renderer_key = await _in_thread(lambda: self._grants.open_adapter(request.use_id))
        keys = KeyPair()
        sealed = keys.as_service(renderer_key, request.use_id)
        yield pb.OpenAdapterResponse(service_key=keys.public)
        for start in range(0, len(data), _CHUNK):
            yield pb.OpenAdapterResponse(chunk=sealed.seal(data[start : start + _CHUNK]))

    async def EndUse(self, request: pb.EndUseRequest, context: Context) -> pb.EndUseResponse:
        """The renderer holds nothing any more."""
        await _in_thread(lambda: self._grants.end(request.use_id, request.refused))
        return pb.EndUseResponse()

    async def RecordRefusal(
        self, request: pb.RecordRefusalRequest, context: Context
    ) -> pb.RecordRefusalResponse:
        """Somebody was refused by the gateway."""
        await _in_thread(
            lambda: self._grants.record_refusal(request.identity, request.project, request.reason)
        )
        return pb.RecordRefusalResponse()

    async def GetGrantKey(
        self, request: pb.GetGrantKeyRequest, context: Context
    ) -> pb.GetGrantKeyResponse:
        """The public key."""
        return pb.GetGrantKeyResponse(public_key=self._grants.public_key)


async def _in_thread(work: Callable[[], T]) -> T:
    """Runs a transaction in a thread."""
    return await asyncio.to_thread(work)


async def _pictures(requests: AsyncIterator[pb.MeasureLikenessRequest]) -> AsyncIterator[bytes]:
    async for request in requests:
        if request.WhichOneof("event") != "picture":
            raise InvalidRequest("after `start`, send pictures only")
        yield request.picture
