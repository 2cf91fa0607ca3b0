"""Serves the page `/enroll` and its API over HTTP.

    async with running_site(settings, server.address) as url: ...

The site calls the gateway's own public API through a channel, with the browser's
credentials: rights are the same as over gRPC.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web
from songreel.v1.identity_service_pb2_grpc import IdentityServiceStub
from songreel_kit.channel.channel import open_channel
from songreel_kit.channel.tls import ChannelTls
from songreel_kit.errors import FailedPrecondition
from songreel_kit.telemetry.logging import get_logger

from songreel_gateway.settings import GatewaySettings
from songreel_gateway.web.enrollment import EnrollmentLimits, EnrollmentSocket
from songreel_gateway.web.guard import guard_requests
from songreel_gateway.web.identities import NAME, IdentityRoutes

PAGE = Path(__file__).parent / "page"
PATH = "/enroll"

_BODY_BYTES = 64 * 1024

# Seconds for the browsers' requests at a stop, before the jobs are stopped.
_STOP_SECONDS = 2.0

_log = get_logger(__name__)


def create_site(
    stub: Any,
    *,
    hosts: str = "",
    sessions: int = 16,
    proxies: int = 0,
    limits: EnrollmentLimits | None = None,
) -> web.Application:
    """The site; `stub` is of `songreel.v1.IdentityService`."""
    site = web.Application(middlewares=[guard_requests(hosts)], client_max_size=_BODY_BYTES)
    socket = EnrollmentSocket(stub, sessions, limits, proxies=proxies)
    site.add_routes(IdentityRoutes(stub).routes())
    site.router.add_get(NAME + ":enroll", socket.handle)
    site.router.add_get(PATH, _page)
    site.router.add_static(PATH + "/", PAGE)

    async def stop(_: web.Application) -> None:
        await socket.close()

    site.on_shutdown.append(stop)
    return site


@asynccontextmanager
async def running_site(
    settings: GatewaySettings,
    address: str,
    *,
    tls: ChannelTls | None = None,
    limits: EnrollmentLimits | None = None,
) -> AsyncGenerator[str]:
    """Serves inside the `with` block; yields the page's URL, empty where none is served.

    Args:
        settings: Address, host names, number of sessions.
        address: gRPC target of the gateway's public API.
        tls: Of that API; None for plain text, as on this machine.
        limits: Of what one browser may send.

    Raises `FailedPrecondition` when the address cannot be used.
    """
    if not settings.web_bind:
        yield ""
        return
    host, _, port = settings.web_bind.rpartition(":")
    async with open_channel(address, tls=tls) as channel:
        site = create_site(
            IdentityServiceStub(channel),
            hosts=settings.web_hosts,
            sessions=settings.web_sessions,
            proxies=settings.web_proxies,
            limits=limits,
        )
        runner = web.AppRunner(
            site, access_log=None, handle_signals=False, shutdown_timeout=_STOP_SECONDS
        )
        await runner.setup()
        try:
            url = await _listen(runner, host.strip("[]"), port)
            _log.info("serving the page", url=url)
            yield url
        finally:
            await runner.cleanup()


async def _listen(runner: web.AppRunner, host: str, port: str) -> str:
    try:
        await web.TCPSite(runner, host, int(port)).start()
    except (OSError, ValueError) as error:
        raise FailedPrecondition(
            f"the page cannot be served on {host}:{port}: is another server using it? "
            "Choose another address with the web_bind setting"
        ) from error
    # Browsers give the camera to pages of https, and to any of the loopback address.
    return f"http://127.0.0.1:{runner.addresses[0][1]}{PATH}"


async def _page(_: web.Request) -> web.FileResponse:
    return web.FileResponse(PAGE / "index.html")
