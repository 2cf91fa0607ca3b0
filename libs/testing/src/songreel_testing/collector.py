"""A collector of traces for tests: a real OTLP server on loopback that keeps what it gets."""

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
class KeptSpan:
    """A span as it arrived."""

    service: str
    name: str
    kind: int
    """1 inside a process, 2 of a server, 3 of a client."""
    trace: str
    id: str
    parent: str
    """Id of the span above it, empty for none; ids are in hex."""
    failed: bool
    attributes: dict[str, Any]
    seconds: float


@dataclass
class Collector:
    """What has arrived so far."""

    address: str = ""
    """host:port"""
    spans: list[KeptSpan] = field(default_factory=list[KeptSpan])
    changed: threading.Condition = field(default_factory=threading.Condition)

    def environment(self) -> dict[str, str]:
        """The variables that have a process send its spans here, soon."""
        return {
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{self.address}",
            "OTEL_BSP_SCHEDULE_DELAY": "50",
        }

    def named(self, name: str) -> list[KeptSpan]:
        """The spans of a name, in the order of their arrival."""
        with self.changed:
            return [each for each in self.spans if each.name == name]

    def above(self, span: KeptSpan) -> list[KeptSpan]:
        """The spans above one, the nearest first."""
        with self.changed:
            known = {each.id: each for each in self.spans}
        chain: list[KeptSpan] = []
        while span.parent in known:
            span = known[span.parent]
            chain.append(span)
        return chain

    def wait(self, enough: Callable[[], object]) -> None:
        """Waits until enough has arrived. Raises AssertionError if it does not."""
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
            _kept(part.resource, span)
            for part in request.resource_spans
            for scope in part.scope_spans
            for span in scope.spans
        ]
        with self._collector.changed:
            self._collector.spans += found
            self._collector.changed.notify_all()
        return pb.ExportTraceServiceResponse()


@contextmanager
def temporary_collector() -> Generator[Collector]:
    """Takes spans inside the block."""
    collector = Collector(changed=threading.Condition(threading.RLock()))
    server = grpc.server(ThreadPoolExecutor(4))
    add_TraceServiceServicer_to_server(_Servicer(collector), server)
    collector.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        yield collector
    finally:
        server.stop(None).wait()


def _kept(resource: Any, span: Any) -> KeptSpan:
    return KeptSpan(
        service=_plain(resource.attributes).get("service.name", ""),
        name=span.name,
        kind=span.kind,
        trace=span.trace_id.hex(),
        id=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        failed=span.status.code == span.status.STATUS_CODE_ERROR,
        attributes=_plain(span.attributes),
        seconds=(span.end_time_unix_nano - span.start_time_unix_nano) / 1e9,
    )


def _plain(attributes: Any) -> dict[str, Any]:
    return {
        each.key: getattr(each.value, each.value.WhichOneof("value") or "string_value")
        for each in attributes
    }
