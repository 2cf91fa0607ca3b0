"""Rate, errors and duration of every method, for Prometheus."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from songreel_kit.interceptors.chain import Call, Interceptor

# From a health check to a render of many minutes.
_SECONDS = (0.005, 0.02, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600)


class CallMetrics(Interceptor):
    """Rate, errors and duration of every method, for Prometheus."""

    def __init__(self, registry: CollectorRegistry) -> None:
        labels = ["grpc_service", "grpc_method"]
        self._started = Counter("grpc_server_started", "Calls begun.", labels, registry=registry)
        self._handled = Counter(
            "grpc_server_handled",
            "Calls ended, by code.",
            [*labels, "grpc_code"],
            registry=registry,
        )
        self._seconds = Histogram(
            "grpc_server_handling_seconds",
            "How long calls took, streams to their end.",
            labels,
            buckets=_SECONDS,
            registry=registry,
        )
        self._in_flight = Gauge(
            "grpc_server_in_flight", "Calls under way.", labels, registry=registry
        )

    @asynccontextmanager
    async def around(self, call: Call) -> AsyncGenerator[None]:
        """Counts the call in and out."""
        started, in_flight, seconds = self._of(call.method)
        started.inc()
        in_flight.inc()
        try:
            yield
        finally:
            in_flight.dec()
            seconds.observe(time.monotonic() - call.started)
            self._ended(call.method, call.outcome.name).inc()

    # To look one up by its labels takes longer than to count; there are as many as methods.
    @cache  # noqa: B019 - one object a server, for as long as that lives
    def _of(self, full: str) -> tuple[Counter, Gauge, Histogram]:
        labels = _service_and_method(full)
        return (
            self._started.labels(*labels),
            self._in_flight.labels(*labels),
            self._seconds.labels(*labels),
        )

    @cache  # noqa: B019 - as above
    def _ended(self, full: str, code: str) -> Counter:
        return self._handled.labels(*_service_and_method(full), code)


def _service_and_method(full: str) -> tuple[str, str]:
    service, _, method = full.removeprefix("/").rpartition("/")
    return service, method
