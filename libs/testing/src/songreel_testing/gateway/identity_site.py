"""The web site of a gateway with the identity service behind it, and a client of both."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import cv2
import numpy as np
from songreel.v1.identity_service_pb2_grpc import (
    IdentityServiceStub,
    add_IdentityServiceServicer_to_server,
)
from songreel_gateway.service import GatewaySettings, Targets
from songreel_gateway.servicers.identity_servicer import IdentityServicer
from songreel_gateway.web.enrollment import EnrollmentLimits
from songreel_gateway.web.site import running_site
from songreel_identity.faces.landmarks import FrameMeasurements
from songreel_identity.liveness.thresholds import Thresholds
from songreel_identity.service import create_service
from songreel_identity.settings import IdentitySettings
from songreel_kit.server.service import Service

from songreel_testing.serving import serving_at

ANN = "/v1/projects/local/identities/ann"
LIMITS = EnrollmentLimits(stall_seconds=1.0, per_second=20.0, burst=40)
JSON = {"Content-Type": "application/json"}


class FacelessTracker:
    """A tracker that sees no face; `open` counts those that are not closed."""

    open = 0

    def __init__(self) -> None:
        FacelessTracker.open += 1

    def read(
        self, image: Any, *, frame: int, at: float, digest: bytes, hands: bool
    ) -> FrameMeasurements:
        return FrameMeasurements(frame, at, 0, None, 120.0, 0.0, 0.0, digest=digest)

    def close(self) -> None:
        FacelessTracker.open -= 1


class RecordingServicer(IdentityServicer):
    """Keeps the authorization header of the last GetIdentity."""

    authorization: str = ""

    async def GetIdentity(self, request: Any, context: Any) -> Any:
        RecordingServicer.authorization = dict(context.invocation_metadata()).get(
            "authorization", ""
        )
        return await super().GetIdentity(request, context)


@dataclass
class IdentitySite:
    """The site's address, and clients of its HTTP and gRPC."""

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


@asynccontextmanager
async def identity_site(folder: Path) -> AsyncIterator[IdentitySite]:
    """The site on a vault of this folder; the tracker of its enrolments sees no face."""
    settings = GatewaySettings(
        data=folder, web_hosts="songreel.example, other", web_sessions=2, web_proxies=1
    )
    public = RecordingServicer(settings)
    identity = create_service(
        IdentitySettings(
            database=f"sqlite:///{folder / 'vault.db'}",
            keys=folder / "keys",
            liveness=Thresholds(tries=1000),
        ),
        new_tracker=FacelessTracker,
    )
    add = partial(add_IdentityServiceServicer_to_server, public)
    async with (
        serving_at(Service("songreel.v1.IdentityService", add), identity) as (server, channel),
        public.connected(Targets.all(server.address)),
        running_site(settings, server.address, limits=LIMITS) as url,
        aiohttp.ClientSession() as http,
    ):
        yield IdentitySite(url.removesuffix("/enroll"), http, IdentityServiceStub(channel))


def jpeg(value: int = 1) -> bytes:
    return cv2.imencode(".jpg", np.full((240, 320, 3), value, np.uint8))[1].tobytes()


def frame(ms: int, picture: bytes) -> bytes:
    return ms.to_bytes(8, signed=True) + picture


async def last_message(socket: Any) -> dict[str, Any]:
    """The last thing said before the server closes."""
    said: dict[str, Any] = {}
    async for message in socket:
        said = json.loads(message.data)
    assert socket.closed
    return said
