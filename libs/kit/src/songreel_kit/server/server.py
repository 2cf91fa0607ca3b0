"""A gRPC server for one service or for all of them.

With health, reflection, metrics, interceptors, and a stop that lets calls finish.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, cast

import grpc.aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from prometheus_client import REGISTRY, CollectorRegistry

from songreel_kit.channel.tls import is_loopback
from songreel_kit.errors import FailedPrecondition
from songreel_kit.interceptors.admission import Admission, InFlight
from songreel_kit.interceptors.call_log import CallLog
from songreel_kit.interceptors.chain import Chain, Interceptor
from songreel_kit.interceptors.deadline import Deadline
from songreel_kit.interceptors.error_status import Errors
from songreel_kit.interceptors.metrics import CallMetrics
from songreel_kit.interceptors.named_clients import NamedClients
from songreel_kit.interceptors.validation import Validation
from songreel_kit.server.metrics_page import serve_metrics
from songreel_kit.server.service import Service
from songreel_kit.server.settings import ServerSettings
from songreel_kit.stopping import StopBudget, StopSignals
from songreel_kit.telemetry.logging import get_logger
from songreel_kit.telemetry.tracing import call_interceptors, traced

__all__ = ["RunningServer", "ServerSettings", "running_server", "serve"]

_log = get_logger(__name__)


class RunningServer:
    """A server that accepts calls."""

    def __init__(
        self,
        settings: ServerSettings,
        registry: CollectorRegistry,
        guards: Sequence[Interceptor],
        signals: StopSignals,
    ) -> None:
        """`guards` decide who may call, before anything is done for the call."""
        self.registry = registry
        """Prometheus registry with the server's metrics."""
        self.port = 0
        """The port it listens on; 0 for a Unix socket."""
        self.mutual_port = 0
        """The port for clients with certificates, where it is another one."""
        self.probe_port = 0
        """The port of `probe_bind`."""
        self.metrics_port: int | None = None
        self._inner_port = 0
        self.budget = StopBudget(
            settings.linger_seconds + settings.grace_seconds + settings.tidy_seconds
        )
        """The seconds that the stop has: for the server's own steps and for those of others
        that belong to it."""
        self._settings = settings
        self._signals = signals
        self._in_flight = InFlight()
        self._admission = Admission(self._in_flight, settings.max_concurrent_calls)
        self._refusing = False
        self._stop_wanted = asyncio.Event()
        self._hurry = asyncio.Event()
        self._health: Any = cast("Any", health).aio.HealthServicer()
        chain = Chain(
            [
                self._in_flight,
                *call_interceptors(),
                CallLog(),
                CallMetrics(registry),
                Errors(),
                *([NamedClients(settings.clients)] if settings.clients else []),
                *guards,
                self._admission,
                Deadline(),
                Validation(),
            ]
        )
        self._server = grpc.aio.server(interceptors=[chain], options=settings.options())
        self._probes = grpc.aio.server(options=settings.options()) if settings.probe_bind else None

    @property
    def address(self) -> str:
        """Where a client on this machine reaches it."""
        host, separator, _ = self._settings.bind.rpartition(":")
        if not separator or self._settings.bind.startswith("unix:"):
            return self._settings.bind
        loopback = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}  # noqa: S104 - a name, not a bind
        return f"{loopback.get(host, host)}:{self.port}"

    @property
    def inner_address(self) -> str:
        """Where a client in this process reaches it without TLS."""
        return f"127.0.0.1:{self._inner_port}" if self._inner_port else self.address

    @property
    def in_flight(self) -> int:
        """Calls under way, health and reflection not counted."""
        return self._in_flight.count

    @property
    def stopping(self) -> bool:
        """Whether new calls are refused."""
        return self._refusing

    def request_stop(self) -> None:
        """Asks for a graceful stop; asked twice, it no longer waits for calls."""
        self.budget.begin()
        if self._stop_wanted.is_set():
            self._hurry.set()
        self._stop_wanted.set()

    def stop_on_signals(self) -> None:
        """Has SIGTERM and SIGINT ask for a stop, the second one for a quick one.

        The process ends with the stop's budget then, also while its event loop is held up.
        """
        self._signals.take(self.budget, self.request_stop)

    async def wait_stopped(self) -> None:
        """Returns when a stop was asked for; leave the `with` block then, which stops.

        From then on health says NOT_SERVING.
        """
        await self._stop_wanted.wait()
        await self._health.enter_graceful_shutdown()

    async def start(self, services: Sequence[Service]) -> None:
        """Registers the services and listens; raises `FailedPrecondition` if it cannot."""
        for service in services:
            service.add_to_server(self._server)
            await self._health.set(service.name, health_pb2.HealthCheckResponse.SERVING)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        names = [service.name for service in services]
        reflection.enable_server_reflection(
            [*names, health.SERVICE_NAME, reflection.SERVICE_NAME], self._server
        )
        self._listen()
        if self._probes is not None:
            health_pb2_grpc.add_HealthServicer_to_server(self._health, self._probes)
            self.probe_port = _port(self._probes, self._settings.probe_bind, None)
            await self._probes.start()
        await self._server.start()

    def _listen(self) -> None:
        """Opens the ports, with TLS where there is any. Raises `FailedPrecondition`."""
        settings, tls = self._settings, self._settings.tls
        if tls is None:
            if settings.mutual_bind or settings.clients:
                raise FailedPrecondition(
                    "clients' certificates need TLS: give tls_certificate, tls_key and "
                    "tls_client_authority"
                )
            if not is_loopback(settings.bind):
                _log.warning(
                    "serving in plain text: whoever can reach the address can listen in; keep "
                    "it inside a closed network, or give tls_certificate and tls_key",
                    address=settings.bind,
                )
            self.port = _port(self._server, settings.bind, None)
            return
        mutual = tls.client_authority is not None and not settings.mutual_bind
        if settings.clients and not mutual:
            raise FailedPrecondition(
                "tls_clients names certificates, but not every client has to show one: give "
                "tls_client_authority, and no mutual_bind"
            )
        self.port = _port(self._server, settings.bind, tls.credentials(mutual=mutual))
        if settings.inner:
            self._inner_port = _port(self._server, "127.0.0.1:0", None)
        if settings.mutual_bind:
            both = tls.credentials(mutual=True)
            self.mutual_port = _port(self._server, settings.mutual_bind, both)

    async def stop(self) -> None:
        """Stops: health first, then no new calls, then the calls in flight.

        Takes no longer than what is left of the budget.
        """
        self._stop_wanted.set()
        self.budget.begin()
        tidying = self._settings.tidy_seconds
        await self._health.enter_graceful_shutdown()
        lingering = asyncio.create_task(asyncio.sleep(self._settings.linger_seconds))
        await self._or_hurried(lingering, self.budget.left(keep=tidying))
        lingering.cancel()
        # From here on new calls are refused; calls in flight go on.
        grace = self.budget.left(keep=tidying, most=self._settings.grace_seconds)
        draining = asyncio.create_task(self._server.stop(grace))
        await asyncio.sleep(0)  # lets it begin
        self._refusing = True
        self._admission.end_plumbing()
        # Ends when the last answer is out; after the grace period it cancels the calls.
        await self._or_hurried(draining, self.budget.left(keep=tidying / 2))
        if not draining.done():
            closing = asyncio.gather(draining, self._server.stop(None))
            await asyncio.wait({closing}, timeout=self.budget.left(keep=tidying / 2))
        if self._probes is not None:
            await self._probes.stop(None)
        # Handlers that were cancelled, or that aborted by themselves, may be cleaning up.
        cleaning = asyncio.create_task(self._in_flight.wait_idle())
        await self._or_hurried(cleaning, self.budget.left(keep=tidying / 4))
        if not cleaning.done():
            cleaning.cancel()
            _log.error("stopping although handlers are still at work", calls=self.in_flight)

    async def _or_hurried(self, task: asyncio.Task[Any], timeout: float) -> None:
        hurried = asyncio.create_task(self._hurry.wait())
        await asyncio.wait({task, hurried}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        hurried.cancel()


def _port(server: grpc.aio.Server, bind: str, tls: grpc.ServerCredentials | None) -> int:
    try:
        if tls is None:
            return server.add_insecure_port(bind)
        return server.add_secure_port(bind, tls)
    except RuntimeError as error:
        raise FailedPrecondition(
            f"cannot listen on {bind}: is another server using it? "
            "Choose another address with the bind setting"
            + ("" if tls is None else "; or certificate and key do not belong together"),
            bind=bind,
        ) from error


@asynccontextmanager
async def running_server(
    services: Sequence[Service],
    settings: ServerSettings | None = None,
    *,
    registry: CollectorRegistry | None = None,
    guards: Sequence[Interceptor] = (),
) -> AsyncGenerator[RunningServer]:
    """Serves inside the `with` block; leaving it stops gracefully and closes the services.

    Metrics go to `registry`, by default one of the server's own; `guards` decide who may
    call.
    """
    settings = settings or ServerSettings()
    async with AsyncExitStack() as stack:
        signals = StopSignals()
        stack.callback(signals.give_back)
        for service in services:
            stack.push_async_callback(service.close)
        server = RunningServer(settings, registry or CollectorRegistry(), guards, signals)
        await server.start(services)
        stack.push_async_callback(server.stop)
        if settings.metrics_port is not None:
            server.metrics_port = serve_metrics(stack, server.registry, settings)
        _log.info("serving", address=server.address, services=[each.name for each in services])
        yield server


async def serve(services: Sequence[Service], settings: ServerSettings | None = None) -> None:
    """Serves until SIGTERM or SIGINT, then stops gracefully; a second signal hurries.

    For `songreel_kit.server.main.main`.
    """
    async with (
        traced(_process_name(services)),
        running_server(services, settings, registry=REGISTRY) as server,
    ):
        server.stop_on_signals()
        # For whoever started it with port 0 and waits to learn the port.
        sys.stdout.write(f"listening on {server.address}\n")
        sys.stdout.flush()
        await server.wait_stopped()
    _log.info("stopped")


def _process_name(services: Sequence[Service]) -> str:
    """What a process is called in traces: songreel-audio for songreel.audio.v1.AudioService."""
    return "-".join(services[0].name.split(".")[:2])
