"""A trace collector for tests: a real OTLP server on loopback that keeps every span."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as pb
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import (
    TraceServiceServicer,
    add_TraceServiceServicer_to_server,
)

_WAIT_SECONDS = 30.0


@dataclass(frozen=True)
class ReceivedSpan:
    """A span as the collector received it."""

    service: str
    name: str
    kind: int
    """OTLP span kind: 1 internal, 2 server, 3 client."""
    trace: str
    id: str
    parent: str
    """Id of the parent span in hex; empty for a root."""
    failed: bool
    attributes: dict[str, Any]
    seconds: float


@dataclass
class Collector:
    """The spans received so far."""

    address: str = ""
    """host:port"""
    spans: list[ReceivedSpan] = field(default_factory=list[ReceivedSpan])
    changed: threading.Condition = field(default_factory=threading.Condition)

    def environment(self) -> dict[str, str]:
        """Environment variables that make a process send its spans here within 50 ms."""
        return {
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{self.address}",
            "OTEL_BSP_SCHEDULE_DELAY": "50",
        }

    def named(self, name: str) -> list[ReceivedSpan]:
        """The spans with this name, in order of arrival."""
        with self.changed:
            return [each for each in self.spans if each.name == name]

    def ancestors(self, span: ReceivedSpan) -> list[ReceivedSpan]:
        """The ancestors of a span, its parent first."""
        with self.changed:
            known = {each.id: each for each in self.spans}
        chain: list[ReceivedSpan] = []
        while span.parent in known:
            span = known[span.parent]
            chain.append(span)
        return chain

    def wait(self, enough: Callable[[], object]) -> None:
        """Waits until `enough()` is true. Raises AssertionError after 30 s."""
        end = time.monotonic() + _WAIT_SECONDS
        with self.changed:
            while not enough():
                left = end - time.monotonic()
                names = [each.name for each in self.spans]
                assert left > 0, f"only these spans arrived: {names}"
                self.changed.wait(left)


class _Servicer(TraceServiceServicer):
    def __init__(self, collector: Collector) -> None:
        self._collector = collector

    def Export(self, request: Any, context: Any) -> Any:
        found = [
            _received(part.resource, span)
            for part in request.resource_spans
            for scope in part.scope_spans
            for span in scope.spans
        ]
        with self._collector.changed:
            self._collector.spans += found
            self._collector.changed.notify_all()
        return pb.ExportTraceServiceResponse()


@contextmanager
def trace_collector() -> Generator[Collector]:
    """Runs a collector inside the block."""
    collector = Collector(changed=threading.Condition(threading.RLock()))
    server = grpc.server(ThreadPoolExecutor(4))
    add_TraceServiceServicer_to_server(_Servicer(collector), server)
    collector.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        yield collector
    finally:
        server.stop(None).wait()


def _received(resource: Any, span: Any) -> ReceivedSpan:
    return ReceivedSpan(
        service=_attributes(resource.attributes).get("service.name", ""),
        name=span.name,
        kind=span.kind,
        trace=span.trace_id.hex(),
        id=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        failed=span.status.code == span.status.STATUS_CODE_ERROR,
        attributes=_attributes(span.attributes),
        seconds=(span.end_time_unix_nano - span.start_time_unix_nano) / 1e9,
    )


def _attributes(attributes: Any) -> dict[str, Any]:
    return {
        each.key: getattr(each.value, each.value.WhichOneof("value") or "string_value")
        for each in attributes
    }
