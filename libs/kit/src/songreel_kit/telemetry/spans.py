"""Spans as OpenTelemetry makes them. Loaded only where `tracing` is on."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import grpc
from opentelemetry import context as contexts
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from songreel_kit.interceptors.chain import PLUMBING, Call, Interceptor
from songreel_kit.telemetry.tracing import Attribute

_W3C = TraceContextTextMapPropagator()
_TRACEPARENT = "traceparent"

# Those by which a server says that it is at fault (OpenTelemetry's rules for gRPC).
_SERVER_FAULTS = frozenset(
    (
        grpc.StatusCode.UNKNOWN,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.UNIMPLEMENTED,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DATA_LOSS,
    )
)


def open_spans(service: str) -> Spans:
    """Spans of this process, on their way to the collector that the environment names."""
    named = "service.name=" in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    own = {} if named or os.environ.get("OTEL_SERVICE_NAME") else {"service.name": service}
    provider = TracerProvider(resource=Resource.create(own), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Spans(provider)


class Spans:
    """Begins spans and reads and writes their contexts."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("songreel")
        self._ending: set[asyncio.Task[None]] = set()

    @contextmanager
    def span(
        self, name: str, parent: str = "", attributes: Mapping[str, Attribute] | None = None
    ) -> Generator[None]:
        """See `tracing.span`."""
        context = _W3C.extract({_TRACEPARENT: parent}) if parent else None
        with self._running(name, context, SpanKind.INTERNAL, attributes) as span:
            try:
                yield
            except BaseException as error:
                _fail(span, error)
                raise

    def traceparent(self) -> str:
        """See `tracing.current_traceparent`."""
        carrier: dict[str, str] = {}
        _W3C.inject(carrier)
        return carrier.get(_TRACEPARENT, "")

    def log_fields(self) -> dict[str, str]:
        """See `tracing.log_fields`."""
        found = trace.get_current_span().get_span_context()
        if not found.is_valid:
            return {}
        return {
            "trace_id": trace.format_trace_id(found.trace_id),
            "span_id": trace.format_span_id(found.span_id),
        }

    def server_calls(self) -> Interceptor:
        """See `tracing.call_interceptors`."""
        return _ServerCalls(self)

    @contextmanager
    def serving(self, call: Call) -> Generator[None]:
        """The span of a call on its server, a child of the caller's."""
        sent: Any = call.context.invocation_metadata() or ()
        parent = _W3C.extract({key: str(value) for key, value in sent}, context=Context())
        method = call.method.removeprefix("/")
        with self._running(method, parent, SpanKind.SERVER, _rpc(method)) as span:
            try:
                yield
            finally:
                _answered(span, call.outcome, faulty=call.outcome in _SERVER_FAULTS)

    def client_call(self, method: str, metadata: list[Any]) -> Callable[[Any], None] | None:
        """See `tracing.client_call`."""
        if method.startswith(PLUMBING):
            return None
        name = method.removeprefix("/")
        span = self._tracer.start_span(name, kind=SpanKind.CLIENT, attributes=_rpc(name))
        carrier: dict[str, str] = {}
        _W3C.inject(carrier, context=trace.set_span_in_context(span))
        metadata.extend(carrier.items())

        async def end(call: Any) -> None:
            code = await call.code()  # known: the call is over
            _answered(span, code, faulty=code is not grpc.StatusCode.OK)
            span.end()

        def over(call: Any) -> None:
            task = asyncio.ensure_future(end(call))
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

        return lambda call: call.add_done_callback(over)

    def track(self) -> Track:
        """See `tracing.Steps`."""
        return Track(self._tracer, contexts.get_current())

    def close(self, seconds: float) -> None:
        """Sends what is left, for so long at the most."""
        # Its own time-outs add up to more than a stopping process has.
        sending = threading.Thread(target=self._provider.shutdown, daemon=True)
        sending.start()
        sending.join(seconds)

    @contextmanager
    def _running(
        self,
        name: str,
        context: Context | None,
        kind: SpanKind,
        attributes: Mapping[str, Attribute] | None,
    ) -> Generator[Span]:
        # Messages of exceptions may hold lyrics and names: they are not recorded.
        with self._tracer.start_as_current_span(
            name,
            context=context,
            kind=kind,
            attributes=attributes,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            yield span


class Track:
    """Steps one after the other, all children of one span."""

    def __init__(self, tracer: trace.Tracer, parent: Context) -> None:
        self._tracer = tracer
        self._parent = parent
        self._name = ""
        self._span: Span | None = None

    def begin(self, name: str) -> None:
        """See `tracing.Steps.begin`."""
        if name == self._name or not name:
            return
        self.end()
        self._name = name
        # Not made the running one: progress may be reported by any thread.
        self._span = self._tracer.start_span(name, context=self._parent)

    def end(self, error: BaseException | None = None) -> None:
        """See `tracing.Steps.end`."""
        if self._span is not None:
            if error is not None:
                _fail(self._span, error)
            self._span.end()
        self._span, self._name = None, ""


class _ServerCalls(Interceptor):
    def __init__(self, spans: Spans) -> None:
        self._spans = spans

    @asynccontextmanager
    async def around(self, call: Call) -> AsyncGenerator[None]:
        if call.plumbing:
            yield
            return
        with self._spans.serving(call):
            yield


def _rpc(method: str) -> dict[str, str]:
    return {"rpc.system.name": "grpc", "rpc.method": method}


def _answered(span: Span, code: grpc.StatusCode, *, faulty: bool) -> None:
    span.set_attribute("rpc.response.status_code", code.name)
    if faulty:
        span.set_attribute("error.type", code.name)
        span.set_status(Status(StatusCode.ERROR))


def _fail(span: Span, error: BaseException) -> None:
    span.set_attribute("error.type", type(error).__name__)
    if isinstance(error, Exception):  # what is cancelled has not failed
        span.set_status(Status(StatusCode.ERROR))
