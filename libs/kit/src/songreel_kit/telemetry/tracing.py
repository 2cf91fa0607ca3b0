"""Traces: what one job costs where, across all services (OpenTelemetry).

Off unless the environment names a collector (`OTEL_EXPORTER_OTLP_ENDPOINT`), and then it
costs nothing: OpenTelemetry is not even imported. Everything else is told by its standard
`OTEL_...` variables too.

    async with traced("songreel-audio"):   # around the server
        ...
    with span("decode"):                   # anywhere inside
        ...

Spans hold names of methods and stages, codes, ids of jobs and counts. They never hold
what somebody wrote or sang, names of people or of files, or the messages of errors.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from songreel_kit.errors import FailedPrecondition

if TYPE_CHECKING:
    from songreel_kit.interceptors.chain import Interceptor
    from songreel_kit.telemetry.spans import Spans

Attribute = str | int | float | bool

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")

# What a stop waits for the last spans to arrive.
_FLUSH_SECONDS = 2.0

_OFF: AbstractContextManager[None] = nullcontext()

_spans: Spans | None = None


@asynccontextmanager
async def traced(service: str) -> AsyncGenerator[None]:
    """Traces inside the block, if the environment asks for it; sends the rest at its end.

    Args:
        service: What this process is called in traces, unless `OTEL_SERVICE_NAME` says.

    Raises:
        FailedPrecondition: The environment asks for what is not there.
    """
    global _spans
    collector = wanted_collector()
    if not collector or _spans is not None:
        yield
        return
    from songreel_kit.telemetry.spans import open_spans  # loads OpenTelemetry and its exporter

    _spans = spans = open_spans(service)
    try:
        yield
    finally:
        _spans = None
        await asyncio.to_thread(spans.close, _FLUSH_SECONDS)


def wanted_collector() -> str:
    """Where the environment wants traces to go; empty for nowhere.

    Raises `FailedPrecondition` for an exporter or a protocol that is not there.
    """
    endpoint = next((value for name in _ENDPOINTS if (value := os.environ.get(name))), "")
    exporter = os.environ.get("OTEL_TRACES_EXPORTER", "otlp")
    if os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return ""
    if not endpoint or exporter == "none":
        return ""
    protocol = next((value for name in _PROTOCOLS if (value := os.environ.get(name))), "grpc")
    if exporter != "otlp" or protocol != "grpc":
        raise FailedPrecondition(
            f"traces are sent by OTLP over gRPC only, not by {exporter} over {protocol}: unset "
            "OTEL_TRACES_EXPORTER and OTEL_EXPORTER_OTLP_PROTOCOL, and give the collector's "
            "gRPC port (4317) in OTEL_EXPORTER_OTLP_ENDPOINT"
        )
    return endpoint


def span(name: str, *, parent: str = "", **attributes: Attribute) -> AbstractContextManager[object]:
    """A span around the block, and around all that is called in it.

    Args:
        name: One of few: no ids in it.
        parent: W3C `traceparent` of a span elsewhere; the running one by default.
        attributes: Counts and ids; a dot in a name is written as two underscores.
    """
    if _spans is None:
        return _OFF
    return _spans.span(
        name, parent, {key.replace("__", "."): attributes[key] for key in attributes}
    )


def current_traceparent() -> str:
    """The running span as W3C `traceparent`; empty outside of any."""
    return "" if _spans is None else _spans.traceparent()


def log_fields() -> dict[str, str]:
    """`trace_id` and `span_id` in hex, as log lines carry them; nothing outside of a span."""
    return {} if _spans is None else _spans.log_fields()


def call_interceptors() -> Sequence[Interceptor]:
    """What a server puts around its calls."""
    return [] if _spans is None else [_spans.server_calls()]


def client_call(method: str, metadata: list[Any]) -> Callable[[Any], None] | None:
    """Begins the span of a call that is about to be made.

    Args:
        method: "/package.Service/Method".
        metadata: The span's context is added to it.

    Returns:
        To be given the call once it is made; None when nothing is traced.
    """
    return None if _spans is None else _spans.client_call(method, metadata)


class Steps:
    """A span for each step that some work reports, one after the other."""

    def __init__(self) -> None:
        """The steps belong to the span that runs now."""
        self._track = None if _spans is None else _spans.track()

    def begin(self, name: str) -> None:
        """Work on a step begins; naming the same one again goes on with it."""
        if self._track is not None:
            self._track.begin(name)

    def end(self, error: BaseException | None = None) -> None:
        """The last step is over."""
        if self._track is not None:
            self._track.end(error)
