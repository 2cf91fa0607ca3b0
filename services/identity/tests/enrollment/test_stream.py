"""Bad input over a real channel, with the real tracker: an end with its reason, nothing kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import cv2
import numpy as np
import pytest
import pytest_asyncio
from songreel.identity.v1 import identity_service_pb2 as pb
from songreel.identity.v1.identity_service_pb2_grpc import IdentityServiceStub
from songreel_identity.liveness.thresholds import Thresholds
from songreel_identity.service import create_service
from songreel_identity.settings import IdentitySettings
from songreel_kit.errors import SongreelError, from_status
from songreel_testing.puppet.puppet import read_picture
from songreel_testing.serving import serving

pytestmark = pytest.mark.asyncio(loop_scope="module")

ANN = "projects/p/identities/ann"
Picture = np.ndarray


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def stub(tmp_path_factory: Any) -> AsyncIterator[Any]:
    folder = tmp_path_factory.mktemp("wire")
    settings = IdentitySettings(
        database=f"sqlite:///{folder / 'vault.db'}",
        keys=folder / "keys",
        stall_seconds=3.0,
        liveness=Thresholds(tries=1000),
    )
    async with serving(create_service(settings)) as channel:
        yield IdentityServiceStub(channel)


@asynccontextmanager
async def begun(stub: Any) -> AsyncIterator[Any]:
    text = await stub.GetConsentText(pb.GetConsentTextRequest())
    await stub.RecordConsent(
        pb.RecordConsentRequest(identity=ANN, version=text.version, text_sha256=text.sha256)
    )
    nonce = (await stub.OpenSession(pb.OpenSessionRequest(identity=ANN))).nonce
    call = stub.Enroll()
    start = pb.EnrollStart(nonce=nonce, identity=ANN)
    await call.write(pb.EnrollRequest(start=start))
    messages = aiter(call)
    assert (await anext(messages)).prompt.action == "look-straight"
    yield call
    call.cancel()
    kept = await stub.GetIdentity(pb.GetIdentityRequest(identity=ANN))
    assert (kept.state, kept.pictures) == (pb.GetIdentityResponse.STATE_CONSENTED, 0)


async def end_of(call: Any) -> pb.EnrollOutcome | SongreelError:
    """The last thing that a session says."""
    async for message in call:
        if message.HasField("outcome"):
            return message.outcome
        if message.HasField("error"):
            return from_status(message.error)
    raise AssertionError("the stream ended without a word")


async def show(call: Any, picture: Callable[[int], Picture], fps: float) -> pb.EnrollOutcome:
    """Films until the session ends."""
    ending = asyncio.create_task(end_of(call))
    loop = asyncio.get_running_loop()
    begun = loop.time()
    for n in range(1, 1000):
        taken = round(1000 * (loop.time() - begun)) + n
        await call.write(frame(encode(picture(n)), taken))
        done, _ = await asyncio.wait({ending}, timeout=1 / fps)  # a camera's pace
        if done:
            break
    end = await ending
    assert isinstance(end, pb.EnrollOutcome), end
    return end


def frame(jpeg: bytes, ms: int) -> pb.EnrollRequest:
    return pb.EnrollRequest(frame=pb.CameraFrame(jpeg=jpeg, capture_ms=ms))


def encode(picture: Picture) -> bytes:
    return cv2.imencode(".jpg", picture[..., ::-1])[1].tobytes()


def wall(n: int) -> Picture:
    """A room without anybody; each picture is another one, as a camera's are."""
    picture = np.full((480, 640, 3), 140, np.uint8)
    picture[:, : n % 640] = 120
    return picture


@pytest.mark.parametrize(
    ("jpegs", "reason"),
    [
        ([b"no jpeg at all"], "BAD_FRAME"),
        ([encode(wall(1))[:900]], "BAD_FRAME"),
        ([encode(np.full((2160, 3840, 3), 90, np.uint8))], "FRAME_TOO_LARGE"),
        ([b"\xff\xd8" + bytes(1_000_001)], "FRAME_TOO_LARGE"),
        ([], "STREAM_STALLED"),
    ],
    ids=["corrupt", "cut", "4k", "megabytes", "stall"],
)
async def test_what_cannot_be_taken_is_said_before_the_stream_ends(stub, jpegs, reason):
    async with begun(stub) as call:
        for ms, jpeg in enumerate(jpegs, 1):
            await call.write(frame(jpeg, ms))
        end = await end_of(call)
        assert isinstance(end, SongreelError)
        assert end.reason == reason
        assert (await call.code()).value == end.code.value


async def test_frames_out_of_order_end_the_session(stub):
    async with begun(stub) as call:
        for ms in (200, 100):
            await call.write(frame(encode(wall(ms)), ms))
        end = await end_of(call)
        assert isinstance(end, SongreelError)
        assert end.reason == "FRAME_OUT_OF_ORDER"


async def test_ten_thousand_frames_at_once_are_cut_off_early_and_named(stub):
    jpeg, sent = encode(wall(1)), 0
    async with begun(stub) as call:

        async def flood() -> None:
            nonlocal sent
            for n in range(1, 10_001):
                await call.write(frame(jpeg, 33 * n))
                sent += 1

        flooding = asyncio.create_task(flood())
        end = await end_of(call)
        # The call's end: an error of grpc's own, or of the call.
        assert isinstance((await asyncio.gather(flooding, return_exceptions=True))[0], Exception)
        assert sent < 5_000
        # A flood's clock runs too fast, whichever is seen first.
        assert end.reason in ("TOO_MANY_FRAMES", "clock", "repeated-frames")


async def test_an_empty_room_is_told_from_a_dark_one_and_a_slow_camera(stub):
    async def ended(picture: Callable[[int], Picture], fps: float) -> str:
        async with begun(stub) as call:
            outcome = await show(call, picture, fps)
            assert outcome.verdict == pb.EnrollOutcome.VERDICT_INCONCLUSIVE
            assert outcome.advice
            return outcome.reason

    reasons = await asyncio.gather(
        ended(wall, 9), ended(lambda n: wall(n) // 12, 9), ended(wall, 1)
    )
    assert reasons[0] in ("no-face", "slow-camera")
    assert reasons[1] in ("too-dark", "slow-camera")
    assert reasons[2] in ("no-face", "slow-camera")
    assert "too-dark" in reasons or "no-face" in reasons


async def test_two_faces_are_told_from_one(stub, faces):
    one = cv2.resize(read_picture(faces / "obama.jpg"), (320, 426))
    other = cv2.resize(read_picture(faces / "biden.jpg"), (320, 426))
    both = np.full((480, 640, 3), 128, np.uint8)
    both[20:446, :320], both[20:446, 320:] = one, other

    def room(n: int) -> Picture:
        picture = both.copy()
        picture[:8, : n % 640] = 255
        return picture

    async with begun(stub) as call:
        outcome = await show(call, room, 8)
        assert outcome.verdict == pb.EnrollOutcome.VERDICT_INCONCLUSIVE
        assert outcome.reason in ("two-faces", "slow-camera")
