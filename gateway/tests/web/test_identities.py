"""Identities over HTTP, WebSocket and gRPC, with the identity service behind it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import aiohttp
import cv2
import numpy as np
import pytest
import pytest_asyncio
from songreel.v1 import identity_service_pb2 as pb
from songreel.v1.identity_service_pb2_grpc import (
    IdentityServiceStub,
    add_IdentityServiceServicer_to_server,
)
from songreel_gateway.service import GatewaySettings
from songreel_gateway.servicers.identity_servicer import IdentityServicer
from songreel_gateway.web.enrollment import EnrollmentLimits
from songreel_gateway.web.site import running_site
from songreel_identity.faces.landmarks import FrameMeasurements
from songreel_identity.liveness.thresholds import Thresholds
from songreel_identity.service import create_service
from songreel_identity.settings import IdentitySettings
from songreel_kit import errors
from songreel_kit.server.service import Service
from songreel_testing.serving import expect_error, serving_at, wait_until

pytestmark = pytest.mark.asyncio(loop_scope="module")

ANN = "/v1/projects/local/identities/ann"
LIMITS = EnrollmentLimits(stall_seconds=1.0, per_second=20.0, burst=40)
JSON = {"Content-Type": "application/json"}


class Nobody:
    """A tracker that sees no face; how many are at work is counted."""

    at_work = 0

    def __init__(self) -> None:
        Nobody.at_work += 1

    def read(
        self, image: Any, *, frame: int, at: float, digest: bytes, hands: bool
    ) -> FrameMeasurements:
        return FrameMeasurements(frame, at, 0, None, 120.0, 0.0, 0.0, digest=digest)

    def close(self) -> None:
        Nobody.at_work -= 1


class Doorman(IdentityServicer):
    """Notes who asked."""

    seen: str = ""

    async def GetIdentity(self, request: Any, context: Any) -> Any:
        Doorman.seen = dict(context.invocation_metadata()).get("authorization", "")
        return await super().GetIdentity(request, context)


@dataclass
class Reception:
    """The page's server and a client of it."""

    url: str
    http: aiohttp.ClientSession
    grpc: Any

    async def ask(self, method: str, path: str, **options: Any) -> tuple[int, Any]:
        async with self.http.request(method, self.url + path, **options) as answer:
            return answer.status, await answer.json()

    async def opened(self, path: str = ANN) -> str:
        _, text = await self.ask("GET", "/v1/projects/local/consentText")
        agreed = {"version": text["version"], "textSha256": text["sha256"]}
        assert (await self.ask("POST", path + ":recordConsent", json=agreed))[0] == 200
        status, session = await self.ask("POST", path + ":openEnrollment", json={})
        assert status == 200
        return session["nonce"]

    @asynccontextmanager
    async def socket(self, path: str = ANN, **options: Any) -> AsyncIterator[Any]:
        async with self.http.ws_connect(self.url + path + ":enroll", **options) as socket:
            yield socket

    @asynccontextmanager
    async def begun(self) -> AsyncIterator[Any]:
        nonce = await self.opened()
        async with self.socket() as socket:
            await socket.send_json({"start": {"nonce": nonce, "ways": ["seated"]}})
            first = await socket.receive_json()
            assert first["prompt"]["action"] == "look-straight"
            yield socket


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def reception(tmp_path_factory: Any) -> AsyncIterator[Reception]:
    folder = tmp_path_factory.mktemp("reception")
    settings = GatewaySettings(data=folder, web_hosts="songreel.example, other", web_sessions=2)
    public = Doorman(settings)
    identity = create_service(
        IdentitySettings(
            database=f"sqlite:///{folder / 'vault.db'}",
            keys=folder / "keys",
            liveness=Thresholds(tries=1000),
        ),
        new_tracker=Nobody,
    )
    add = partial(add_IdentityServiceServicer_to_server, public)
    async with (
        serving_at(Service("songreel.v1.IdentityService", add), identity) as (server, channel),
        public.connected(server.address),
        running_site(settings, server.address, limits=LIMITS) as url,
        aiohttp.ClientSession() as http,
    ):
        yield Reception(url.removesuffix("/enroll"), http, IdentityServiceStub(channel))


def jpeg(value: int = 1) -> bytes:
    return cv2.imencode(".jpg", np.full((240, 320, 3), value, np.uint8))[1].tobytes()


def frame(ms: int, picture: bytes) -> bytes:
    return ms.to_bytes(8, signed=True) + picture


async def last(socket: Any) -> dict[str, Any]:
    """The last thing said before the server closes."""
    said: dict[str, Any] = {}
    async for message in socket:
        said = json.loads(message.data)
    assert socket.closed
    return said


async def test_the_life_of_an_identity_over_http(reception):
    bob = "/v1/projects/local/identities/bob"
    status, answer = await reception.ask("GET", bob)
    assert (status, answer["error"]["reason"]) == (404, "IDENTITY_NOT_FOUND")
    await reception.opened(bob)
    _, answer = await reception.ask("GET", bob, headers={"Authorization": "Bearer abc"})
    assert answer["identity"]["state"] == "STATE_CONSENTED"
    assert Doorman.seen == "Bearer abc"
    assert answer["identity"]["createTime"] < answer["identity"]["expireTime"]
    status, answer = await reception.ask("POST", bob + ":recordConsent", json={"version": "1"})
    assert (status, answer["error"]["reason"]) == (400, "CONSENT_MISSING")
    assert (await reception.ask("POST", bob + ":withdrawConsent", json={}))[0] == 200
    _, answer = await reception.ask("GET", bob)
    assert answer["identity"]["state"] == "STATE_WITHDRAWN"
    status, answer = await reception.ask("POST", bob + ":openEnrollment", json={})
    assert (status, answer["error"]["reason"]) == (403, "CONSENT_WITHDRAWN")
    status, answer = await reception.ask("DELETE", bob)
    assert status == 200
    assert len(answer["auditHead"]) == 64
    assert (await reception.ask("GET", bob))[0] == 404


async def test_identities_are_listed_in_pages_of_one_project(reception):
    for name in ("c1", "c2", "c3"):
        await reception.opened(f"/v1/projects/club/identities/{name}")
    await reception.opened("/v1/projects/club-2/identities/c1")
    names, token = [], ""
    while True:
        path = f"/v1/projects/club/identities?pageSize=2&pageToken={token}"
        _, answer = await reception.ask("GET", path)
        names.append([each["name"].split("/", 2)[2] for each in answer["identities"]])
        token = answer.get("nextPageToken", "")
        if not token:
            break
    assert names == [["identities/c1", "identities/c2"], ["identities/c3"]]
    with expect_error(errors.InvalidPageToken):
        await reception.grpc.ListIdentities(
            pb.ListIdentitiesRequest(parent="projects/club", page_token="x")
        )
    with expect_error(errors.InvalidName):
        await reception.grpc.GetIdentity(pb.GetIdentityRequest(name="projects/club"))


async def test_the_page_is_served_with_a_strict_policy(reception):
    async with reception.http.get(reception.url + "/enroll") as answer:
        page = await answer.text()
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    for part in ("enroll.js", "enroll.css", "icon.svg"):
        assert f"/enroll/{part}" in page
        async with reception.http.get(f"{reception.url}/enroll/{part}") as answer:
            assert answer.status == 200
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
    for path in ("/enroll/../site.py", "/enroll/%2e%2e/site.py", "/enroll/", "/"):
        async with reception.http.get(reception.url + path) as answer:
            assert answer.status in (403, 404)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Host": "evil.example"}, 403),
        ({"Host": "evil.example", "Origin": "http://evil.example"}, 403),
        ({"Host": "songreel.example", "Origin": "https://songreel.example"}, 200),
        ({"Content-Type": "text/plain"}, 400),
    ],
    ids=["origin", "host", "rebinding", "known", "form"],
)
async def test_other_sites_of_the_same_browser_are_refused(reception, headers, status):
    await reception.opened()
    path = ANN + ":withdrawConsent"
    assert (await reception.ask("POST", path, data="{}", headers=JSON | headers))[0] == status
    if "Content-Type" not in headers and status == 403:
        with pytest.raises(aiohttp.WSServerHandshakeError):
            async with reception.socket(headers=headers):
                pass


async def test_large_and_broken_bodies_are_refused(reception):
    path = ANN + ":recordConsent"
    async with reception.http.post(
        reception.url + path, data=b"[" * 100_000, headers=JSON
    ) as answer:
        assert answer.status == 413
    for body in ("[" * 30_000, "{", '{"version": 7}', '{"names": ""}', "[]"):
        status, answer = await reception.ask("POST", path, data=body, headers=JSON)
        assert (status, answer["error"]["reason"]) == (400, "INVALID_REQUEST"), body[:10]


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
async def test_what_a_client_does_wrong_it_is_told_and_closed(reception, sent, reason):
    async with reception.begun() as socket:
        for each in sent:
            try:
                await (socket.send_str if isinstance(each, str) else socket.send_bytes)(each)
            except ConnectionError:
                break  # it was closed while we were still sending
        said = await last(socket)
    assert said["error"]["reason"] == reason, said
    await wait_until(lambda: Nobody.at_work == 0)
    _, answer = await reception.ask("GET", ANN)
    assert "pictures" not in answer["identity"]


async def test_a_message_beyond_all_measure_is_not_read_in(reception):
    async with reception.begun() as socket:
        await socket.send_bytes(bytes(3_000_000))
        await last(socket)
        assert socket.close_code == aiohttp.WSCloseCode.MESSAGE_TOO_BIG
    await wait_until(lambda: Nobody.at_work == 0)


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
async def test_a_session_begins_with_a_good_start(reception, first, reason):
    async with reception.socket() as socket:
        await (socket.send_str if isinstance(first, str) else socket.send_bytes)(first)
        assert (await last(socket))["error"]["reason"] == reason


async def test_a_nonce_serves_its_own_identity_once(reception):
    nonce = await reception.opened("/v1/projects/local/identities/cat")
    start = {"start": {"nonce": nonce}}
    async with reception.socket() as socket:
        await socket.send_json(start)
        assert (await last(socket))["error"]["reason"] == "SESSION_SPENT"
    for first in (True, False):
        async with reception.socket("/v1/projects/local/identities/cat") as socket:
            await socket.send_json(start)
            said = await socket.receive_json()
            assert ("prompt" in said) == first


async def test_more_browsers_than_the_server_takes_are_told_to_wait(reception):
    async with reception.socket(), reception.socket(), reception.socket() as third:
        assert (await last(third))["error"]["reason"] == "BUSY"
        assert third.close_code == aiohttp.WSCloseCode.TRY_AGAIN_LATER


async def test_who_leaves_leaves_nothing_at_work(reception):
    async with reception.begun() as socket:
        await socket.send_bytes(frame(1, jpeg()))
        assert Nobody.at_work == 1
    await wait_until(lambda: Nobody.at_work == 0)


async def test_a_session_without_a_face_ends_with_advice(reception):
    async with reception.begun() as socket:

        async def send() -> None:
            for n in range(1, 100):
                await socket.send_bytes(frame(66 * n, jpeg(n)))
                await asyncio.sleep(0.066)  # a camera's pace, not a wait

        sending = asyncio.create_task(send())
        said = await last(socket)
        sending.cancel()
    assert said["outcome"]["verdict"] == "VERDICT_INCONCLUSIVE"
    assert said["outcome"]["reason"] == "no-face"
    assert said["outcome"]["picturesSha256"] == ""
    assert socket.close_code == aiohttp.WSCloseCode.OK


async def test_an_empty_address_serves_no_page(tmp_path):
    async with running_site(GatewaySettings(data=tmp_path, web_bind=""), "localhost:1") as url:
        assert url == ""
    with pytest.raises(errors.FailedPrecondition):
        async with running_site(GatewaySettings(data=tmp_path, web_bind="no:where"), "localhost:1"):
            pass
