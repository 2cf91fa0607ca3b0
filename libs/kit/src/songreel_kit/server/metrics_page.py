"""The page that Prometheus reads."""

from __future__ import annotations

from contextlib import AsyncExitStack

from prometheus_client import CollectorRegistry, start_http_server

from songreel_kit.errors import FailedPrecondition
from songreel_kit.server.settings import ServerSettings


def serve_metrics(
    stack: AsyncExitStack, registry: CollectorRegistry, settings: ServerSettings
) -> int:
    """Serves metrics until the stack is left; the port. Raises `FailedPrecondition`."""
    host = settings.bind.rpartition(":")[0].strip("[]")
    try:
        httpd, thread = start_http_server(
            settings.metrics_port or 0,
            addr="127.0.0.1" if settings.bind.startswith("unix:") else host,
            registry=registry,
        )
    except OSError as error:
        raise FailedPrecondition(
            f"cannot serve metrics on port {settings.metrics_port}: {error.strerror}"
        ) from error

    def close() -> None:
        httpd.shutdown()
        httpd.server_close()
        thread.join()

    stack.callback(close)
    return httpd.server_port
