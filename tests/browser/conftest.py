"""A real Chromium before the real page, gateway and identity service."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, Protocol

import pytest
from songreel.v1.identity_service_pb2_grpc import add_IdentityServiceServicer_to_server
from songreel_gateway.clients.services import Targets
from songreel_gateway.servicers.identity_servicer import IdentityServicer
from songreel_gateway.settings import GatewaySettings
from songreel_gateway.web.site import running_site
from songreel_identity.enrollment.approvals import WEAKER, approve
from songreel_identity.service import create_service, open_vault
from songreel_identity.settings import IdentitySettings
from songreel_kit.server.service import Service
from songreel_testing.serving import serving_at

REPOSITORY = Path(__file__).resolve().parents[2]

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
FAKE_CAMERA = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")


class Site(Protocol):
    """Serves the page; `draw` seeds what is asked for, `identity` are the service's settings."""

    def __call__(self, draw: int = 1, **identity: Any) -> AbstractAsyncContextManager[str]: ...


@pytest.fixture
def faces() -> Path:
    folder = REPOSITORY.parent / "shared" / "data" / "faces"
    if not folder.exists():
        pytest.skip("the pictures of faces are not on this machine")
    return folder


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """The page with the real tracker behind it; gives its URL."""

    @asynccontextmanager
    async def serve(draw: int = 1, **changes: Any) -> AsyncIterator[str]:
        settings = GatewaySettings(data=tmp_path / "data")
        public = IdentityServicer(settings)
        identity = create_service(
            IdentitySettings(
                database=f"sqlite:///{tmp_path / 'vault.db'}", keys=tmp_path / "keys", **changes
            ),
            random=lambda: Random(draw),
        )
        add = partial(add_IdentityServiceServicer_to_server, public)
        face = Service("songreel.v1.IdentityService", add)
        async with (
            serving_at(face, identity) as (server, _),
            public.connected(Targets.all(server.address)),
            running_site(settings, server.address) as url,
        ):
            yield url

    return serve


def approve_weaker(folder: Path, name: str = "projects/local/identities/ann") -> None:
    """What an operator does for a person on a `site` in that folder."""
    settings = IdentitySettings(database=f"sqlite:///{folder / 'vault.db'}", keys=folder / "keys")
    vault = open_vault(settings)
    approve(vault, name, WEAKER)
    vault.database.close()


@asynccontextmanager
async def chromium(*arguments: str) -> AsyncIterator[Any]:
    """The browser; the test is skipped where there is none."""
    playwright = pytest.importorskip("playwright.async_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("there is no Chromium: apt-get install chromium")
    async with playwright.async_playwright() as player:
        # Without a sandbox, which containers do not allow; the pages are our own.
        browser = await player.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--mute-audio", *arguments],
        )
        try:
            yield browser
        finally:
            await browser.close()
