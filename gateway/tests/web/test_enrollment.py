"""Enrolment over a WebSocket: what is accepted, what is refused, and how it ends."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import aiohttp
import pytest
from songreel_testing.gateway.identity_site import (
    ANN,
    LIMITS,
    FacelessTracker,
    frame,
    jpeg,
    last_message,
)
from songreel_testing.serving import wait_until

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        ([frame(1, b"\xff\xd8 no picture")], "BAD_FRAME"),
        ([frame(1, b"")], "BAD_FRAME"),
        ([b""], "BAD_FRAME"),
        ([frame(1, b"\xff\xd8" + bytes(1_000_001))], "FRAME_TOO_LARGE"),
        ([frame(2, jpeg()), frame(1, jpeg(2))], "FRAME_OUT_OF_ORDER"),
        ([frame(n, jpeg()) for n in range(1, 200)], "TOO_MANY_FRAMES"),
        ([], "STREAM_STALLED"),
        (["text"], "INVALID_REQUEST"),
    ],
    ids=["garbage", "empty", "nothing", "megabytes", "order", "flood", "stall", "text"],
)
async def test_what_a_client_does_wrong_it_is_told_and_closed(site, sent, reason):
    async with site.begun() as socket:
        for each in sent:
            try:
                await (socket.send_str if isinstance(each, str) else socket.send_bytes)(each)
            except ConnectionError:
                break  # it was closed while we were still sending
        said = await last_message(socket)
    assert said["error"]["reason"] == reason, said
    await wait_until(lambda: FacelessTracker.open == 0)
    _, answer = await site.ask("GET", ANN)
    assert "pictures" not in answer["identity"]


async def test_a_message_beyond_all_measure_is_not_read_in(site):
    async with site.begun() as socket:
        await socket.send_bytes(bytes(3_000_000))
        await last_message(socket)
        assert socket.close_code == aiohttp.WSCloseCode.MESSAGE_TOO_BIG
    await wait_until(lambda: FacelessTracker.open == 0)


@pytest.mark.parametrize(
    ("first", "reason"),
    [
        ("no json", "INVALID_REQUEST"),
        ("[]", "INVALID_REQUEST"),
        ('{"start": {"nonce": "made-up"}}', "SESSION_SPENT"),
        ('{"start": {"nonce": "x", "ways": ["fly"]}}', "INVALID_REQUEST"),
        ('{"start": {"nonce": "x"}, "authorization": "a\\nb"}', "INVALID_REQUEST"),
        (b"frame", "INVALID_REQUEST"),
    ],
)
async def test_a_session_begins_with_a_good_start(site, first, reason):
    async with site.socket() as socket:
        await (socket.send_str if isinstance(first, str) else socket.send_bytes)(first)
        assert (await last_message(socket))["error"]["reason"] == reason


async def test_a_nonce_serves_its_own_identity_once(site):
    nonce = await site.opened("/v1/projects/local/identities/cat")
    start = {"start": {"nonce": nonce}}
    async with site.socket() as socket:
        await socket.send_json(start)
        assert (await last_message(socket))["error"]["reason"] == "SESSION_SPENT"
    for first in (True, False):
        async with site.socket("/v1/projects/local/identities/cat") as socket:
            await socket.send_json(start)
            said = await socket.receive_json()
            assert ("prompt" in said) == first


async def test_more_browsers_than_the_server_takes_are_told_to_wait(site):
    start = {"start": {"nonce": await site.opened()}}
    async with site.begun(), site.begun(), site.socket() as third:
        await third.send_json(start)
        assert (await last_message(third))["error"]["reason"] == "BUSY"
        assert third.close_code == aiohttp.WSCloseCode.TRY_AGAIN_LATER
    await wait_until(lambda: FacelessTracker.open == 0)
    async with site.socket() as third:  # who found no place has not used the nonce up
        await third.send_json(start)
        assert (await third.receive_json())["prompt"]["action"] == "look-straight"


async def test_silent_browsers_keep_out_nobody_but_their_own_address(site):
    async with AsyncExitStack() as silent:
        for n in range(LIMITS.waiting_per_address):
            headers = {"X-Forwarded-For": f"9.9.9.{n}, 203.0.113.7"}
            await silent.enter_async_context(site.socket(headers=headers))
        async with site.socket(headers={"X-Forwarded-For": "203.0.113.7"}) as another:
            assert (await last_message(another))["error"]["reason"] == "BUSY"
        async with site.begun():
            pass


async def test_who_leaves_leaves_nothing_at_work(site):
    async with site.begun() as socket:
        await socket.send_bytes(frame(1, jpeg()))
        assert FacelessTracker.open == 1
    await wait_until(lambda: FacelessTracker.open == 0)


async def test_a_session_without_a_face_ends_with_advice(site):
    async with site.begun() as socket:

        async def send() -> None:
            for n in range(1, 100):
                await socket.send_bytes(frame(66 * n, jpeg(n)))
                await asyncio.sleep(0.066)  # a camera's pace, not a wait

        sending = asyncio.create_task(send())
        said = await last_message(socket)
        sending.cancel()
    assert said["outcome"]["verdict"] == "VERDICT_INCONCLUSIVE"
    assert said["outcome"]["reason"] == "no-face"
    assert said["outcome"]["picturesSha256"] == ""
    assert socket.close_code == aiohttp.WSCloseCode.OK
