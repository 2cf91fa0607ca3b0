"""The service over a real gRPC server: bounds, refusals, grants."""

from __future__ import annotations

import asyncio

import cv2
import numpy as np
import pytest
from songreel.identity.v1 import identity_service_pb2 as pb
from songreel.identity.v1.identity_service_pb2_grpc import IdentityServiceStub
from songreel_identity.enrollment.frame_pipeline import FrameLimits
from songreel_identity.enrollment.frame_queue import MAX_QUEUED, CameraFrame, FrameQueue
from songreel_identity.liveness.thresholds import Thresholds
from songreel_identity.service import create_service, open_vault
from songreel_identity.settings import IdentitySettings
from songreel_identity.vault.records import ADAPTER
from songreel_kit import errors
from songreel_kit.likeness.grants import verify_grant
from songreel_testing.puppet.expressions import Pose
from songreel_testing.puppet.measured_puppet import MeasurementErrors, measurements
from songreel_testing.serving import expect_error, serving, wait_until

ANN = "projects/p/identities/ann"
JOB = "ab" * 32


class StillFace:
    """A tracker that sees the same calm face in every picture, and none in black ones."""

    closed = 0

    def __init__(self):
        self.random = np.random.default_rng(1)

    def read(self, image, *, frame, at, digest, hands):
        import dataclasses

        seen = measurements(Pose(), frame, at, self.random, MeasurementErrors())
        if image.max() < 30:
            return dataclasses.replace(seen, faces=0, face=None, brightness=3.0, digest=digest)
        return dataclasses.replace(seen, digest=digest)

    def close(self):
        StillFace.closed += 1


def jpeg(width=640, height=480, value=120, seed=0):
    picture = np.random.default_rng(seed).integers(0, value, (height, width, 3)).astype(np.uint8)
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 30])[1].tobytes()


FRAME = jpeg()


@pytest.fixture
def settings(tmp_path):
    return IdentitySettings(
        database=f"sqlite:///{tmp_path / 'vault.db'}",
        keys=tmp_path / "keys",
        stall_seconds=2.0,
        watch_seconds=0.05,
        erase_seconds=0.1,
        max_sessions=2,
        liveness=Thresholds(tries=50),
    )


@pytest.fixture
async def stub(settings):
    async with serving(create_service(settings, new_tracker=StillFace)) as channel:
        yield IdentityServiceStub(channel)


async def opened(stub):
    text = await stub.GetConsentText(pb.GetConsentTextRequest())
    await stub.RecordConsent(
        pb.RecordConsentRequest(identity=ANN, version=text.version, text_sha256=text.sha256)
    )
    return (await stub.OpenSession(pb.OpenSessionRequest(identity=ANN))).nonce


async def begun(stub, *ways):
    call = stub.Enroll()
    nonce = await opened(stub)
    await call.write(pb.EnrollRequest(start=pb.EnrollStart(nonce=nonce, ways=ways)))
    first = await call.read()
    assert first.prompt.action == "look-straight"
    assert (first.prompt.step, first.prompt.again) == (1, False)
    return call


def frame(picture, ms):
    return pb.EnrollRequest(frame=pb.CameraFrame(jpeg=picture, capture_ms=ms))


async def rest(call):
    messages = []
    while (message := await call.read()) and message.WhichOneof("event"):
        messages.append(message)
    return messages


@pytest.mark.parametrize(
    ("picture", "error"),
    [
        (b"", errors.BadFrame),
        (b"\xff\xd8 no picture", errors.BadFrame),
        (FRAME[: len(FRAME) // 2], errors.BadFrame),
        (b"GIF89a" + bytes(500), errors.BadFrame),
        (jpeg(64, 48), errors.BadFrame),
        (jpeg(3840, 2160, value=1), errors.FrameTooLarge),
        (b"\xff\xd8" + bytes(1_200_000), errors.FrameTooLarge),
    ],
    ids=["empty", "garbage", "cut", "gif", "tiny", "4k", "megabytes"],
)
async def test_frames_that_cannot_be_taken_are_typed_errors(stub, picture, error):
    call = await begun(stub)
    with expect_error(error):
        await call.write(frame(picture, 1))
        await rest(call)


async def test_frames_out_of_order_are_refused(stub):
    call = await begun(stub)
    with expect_error(errors.FrameOutOfOrder):
        await call.write(frame(jpeg(seed=1), 100))
        await call.write(frame(jpeg(seed=2), 60))
        await rest(call)


async def test_ten_thousand_frames_are_never_held():
    # Not over a channel: grpc.aio reports a write that meets the call's end as an internal
    # error of its own, in place of the status.
    sent = 0

    async def requests():
        nonlocal sent
        for n in range(10_000):
            sent += 1
            yield CameraFrame(FRAME, n + 1)

    queue = FrameQueue(requests(), FrameLimits(), stall_seconds=5.0)
    await queue.fill()
    with pytest.raises(errors.TooManyFrames):
        queue.take()
    assert sent < 200
    assert queue.held <= MAX_QUEUED


async def test_a_frame_that_waits_too_long_gives_way_to_newer_ones():
    async def requests():
        for n in range(20):
            yield CameraFrame(FRAME, n + 1)

    queue = FrameQueue(requests(), FrameLimits(), stall_seconds=5.0)
    await queue.fill()
    kept = []
    while (queued := queue.take()) is not None:
        kept.append(queued.frame.capture_ms)
    assert kept == [17, 18, 19, 20]


async def test_a_client_that_stalls_is_cut_off(stub):
    call = await begun(stub)
    with expect_error(errors.StreamStalled):
        await rest(call)


async def test_a_session_without_a_face_is_inconclusive_with_advice(stub):
    call = await begun(stub)
    black = np.zeros((480, 640, 3), np.uint8)
    picture = cv2.imencode(".jpg", black)[1].tobytes()

    async def send():
        for n in range(200):
            if call.done():
                return
            await call.write(frame(picture + n.to_bytes(2) + b"\xff\xd9", 1 + 66 * n))
            await asyncio.sleep(0.066)  # a camera's pace, not a wait

    sending = asyncio.create_task(send())
    last = (await rest(call))[-1].outcome
    sending.cancel()
    assert last.verdict == pb.EnrollOutcome.VERDICT_INCONCLUSIVE
    assert last.reason in ("no-face", "too-dark", "slow-camera")
    assert last.advice
    assert last.pictures_sha256 == ""


async def test_the_first_message_is_a_start_with_a_good_nonce(stub):
    for first, error in (
        (frame(FRAME, 1), errors.InvalidRequest),
        (pb.EnrollRequest(start=pb.EnrollStart(nonce="made-up")), errors.SessionSpent),
        (pb.EnrollRequest(start=pb.EnrollStart(nonce="x", ways=["fly"])), errors.InvalidRequest),
    ):
        call = stub.Enroll()
        with expect_error(error):
            await call.write(first)
            await rest(call)


async def test_a_nonce_is_not_taken_twice_and_leaving_uses_it_up(stub, settings):
    nonce = await opened(stub)
    start = pb.EnrollRequest(start=pb.EnrollStart(nonce=nonce))
    call = stub.Enroll()
    await call.write(start)
    await call.read()
    closed = StillFace.closed
    call.cancel()
    await wait_until(lambda: StillFace.closed > closed)
    again = stub.Enroll()
    with expect_error(errors.SessionSpent):
        await again.write(start)
        await rest(again)
    who = await stub.GetIdentity(pb.GetIdentityRequest(identity=ANN))
    assert (who.state, who.pictures) == (pb.GetIdentityResponse.STATE_CONSENTED, 0)


async def test_more_people_than_the_server_takes_are_busy(stub):
    first, second = await begun(stub), await begun(stub)
    start = pb.EnrollRequest(start=pb.EnrollStart(nonce=await opened(stub)))
    third = stub.Enroll()
    with expect_error(errors.Busy):
        await third.write(start)
        await rest(third)
    closed = StillFace.closed
    first.cancel()
    await wait_until(lambda: StillFace.closed > closed)
    again = stub.Enroll()  # the nonce was not used up
    await again.write(start)
    assert (await again.read()).prompt.action == "look-straight"
    for call in (second, again):
        call.cancel()


async def test_silent_streams_and_made_up_nonces_take_no_place(stub):
    silent = [stub.Enroll() for _ in range(6)]
    for call in silent[3:]:
        await call.write(pb.EnrollRequest(start=pb.EnrollStart(nonce="made-up")))
    (await begun(stub)).cancel()
    for call in silent:
        call.cancel()


async def test_a_grant_goes_through_the_api_and_withdrawal_stops_the_use(stub, settings):
    await opened(stub)
    vault = open_vault(settings)
    consent = vault.valid_consent(ANN).id
    adapter = vault.put(vault.valid_consent(ANN), ADAPTER, b"weights").sha256
    vault.database.close()
    asked = pb.GrantUseRequest(identity=ANN, adapter_sha256=adapter, job_sha256=JOB)
    token = (await stub.GrantUse(asked)).grant
    key = (await stub.GetGrantKey(pb.GetGrantKeyRequest())).public_key
    verify_grant(token, key, adapter_sha256=adapter, job_sha256=JOB)
    redeem = pb.RedeemGrantRequest(grant=token, adapter_sha256=adapter, job_sha256=JOB)
    redeemed = await stub.RedeemGrant(redeem)
    use = redeemed.use_id
    assert redeemed.consent_id == consent
    with expect_error(errors.GrantSpent):
        await stub.RedeemGrant(redeem)
    watch = stub.WatchUse(pb.WatchUseRequest(use_id=use))
    await watch.read()
    await stub.WithdrawConsent(pb.WithdrawConsentRequest(identity=ANN))
    with expect_error(errors.ConsentWithdrawn):
        await rest(watch)
    with expect_error(errors.ConsentWithdrawn):
        await stub.GrantUse(asked)
    who = await stub.GetIdentity(pb.GetIdentityRequest(identity=ANN))
    assert who.state == pb.GetIdentityResponse.STATE_WITHDRAWN
    erased = await stub.EraseIdentity(pb.EraseIdentityRequest(identity=ANN))
    assert erased.objects == 0  # the withdrawal has destroyed the adapter
    with expect_error(errors.IdentityNotFound):
        await stub.GetIdentity(pb.GetIdentityRequest(identity=ANN))


async def test_there_is_no_way_to_hand_in_pictures_of_ones_own():
    # Stills come from a session's stream and are chosen by the server: no other message
    # of the service takes bytes, but for pictures that are measured and not kept.
    taking = [
        f"{message.name}.{field.name}"
        for message in pb.DESCRIPTOR.message_types_by_name.values()
        for field in message.fields
        if field.type == field.TYPE_BYTES
    ]
    assert taking == [
        "CameraFrame.jpeg",
        "MeasureLikenessRequest.picture",
        "Impostor.picture",
        "RedeemGrantRequest.renderer_key",
        "OpenAdapterResponse.chunk",
        "OpenAdapterResponse.service_key",
        "GetGrantKeyResponse.public_key",
    ]
