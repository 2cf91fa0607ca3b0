"""Traces over real servers, to a real collector of the test's own."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from songreel.type.v1.artifact_pb2 import Progress
from songreel_kit.channel.channel import open_channel
from songreel_kit.errors import FailedPrecondition, InternalError, NotFound
from songreel_kit.telemetry.logging import configure_logging, get_logger
from songreel_kit.telemetry.tracing import current_traceparent, span, traced
from songreel_kit.work import Done, run_in_thread
from songreel_testing.collector import Collector, ReceivedSpan, trace_collector

SERVER, CLIENT = 2, 3
NAME = "songreel.test.v1.ProbeService"
KINDS = ("unary_unary", "unary_stream", "stream_unary", "stream_stream")

Probing = Callable[..., Any]


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with trace_collector() as collector:
        for name, value in collector.environment().items():
            monkeypatch.setenv(name, value)
        yield collector


def of_kind(collector: Collector, kind: int) -> list[ReceivedSpan]:
    return [each for each in collector.spans if each.kind == kind]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_call_is_a_span_on_both_sides(
    collector: Collector, probing: Probing, raising: Any, kind: str
) -> None:
    async with traced("kit"), probing(**raising(lambda: None)) as probe:
        with span("above"):
            await probe.ask(kind, Progress(step="one"))
    (above,) = collector.named("above")
    (client,) = of_kind(collector, CLIENT)
    (server,) = of_kind(collector, SERVER)
    assert [each.name for each in collector.ancestors(server)] == [client.name, "above"]
    assert {each.trace for each in collector.spans} == {above.trace}
    for each in (client, server):
        assert each.name == f"{NAME}/{kind}"
        assert each.attributes["rpc.response.status_code"] == "OK"
        assert each.service == "kit"
        assert not each.failed


@pytest.mark.parametrize(("error", "at_fault"), [(InternalError, True), (NotFound, False)])
async def test_an_error_is_its_code_and_never_its_message(
    collector: Collector, probing: Probing, raising: Any, error: Any, at_fault: bool
) -> None:
    def fail() -> None:
        raise error("nobody is called Annabel here")

    async with traced("kit"), probing(**raising(fail)) as probe:
        with pytest.raises(Exception, match="Annabel"):
            await probe.ask("unary_stream", Progress())
    (server,) = of_kind(collector, SERVER)
    assert server.failed is at_fault
    assert server.attributes["rpc.response.status_code"] == error.code.name
    assert "Annabel" not in repr(collector.spans)


async def test_steps_of_work_in_a_thread_are_spans_of_the_call(
    collector: Collector, probing: Probing
) -> None:
    async def unary_stream(request: Progress, context: Any) -> AsyncIterator[Progress]:
        def work(report: Any, token: Any) -> int:
            for step in ("decode", "beats", "beats"):
                report(Progress(step=step))
            with span("inner", songreel__segment=3):
                return 7

        async for event in run_in_thread(work):
            if isinstance(event, Done):
                yield Progress(frames_done=event.value)

    async with traced("kit"), probing(unary_stream=unary_stream) as probe:
        await probe.ask("unary_stream", Progress())
    (server,) = of_kind(collector, SERVER)
    steps = [each for each in collector.spans if each.parent == server.id]
    assert sorted(each.name for each in steps) == ["beats", "decode", "inner"]
    assert collector.named("inner")[0].attributes == {"songreel.segment": 3}


async def test_a_trace_that_began_elsewhere_goes_on(
    collector: Collector, probing: Probing, raising: Any
) -> None:
    trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    async with traced("kit"):
        with span("taken over", parent=f"00-{trace}-{parent}-01"):
            assert current_traceparent().split("-")[1] == trace
        async with probing(**raising(lambda: None)) as probe:
            metadata = (("traceparent", "no such thing"),)
            await probe.call("unary_unary", Progress(), metadata=metadata)
    (taken,) = collector.named("taken over")
    assert (taken.trace, taken.parent) == (trace, parent)


async def test_log_lines_name_the_span(
    collector: Collector, probing: Probing, capsys: pytest.CaptureFixture[str]
) -> None:
    async def unary_unary(request: Progress, context: Any) -> Progress:
        get_logger("songreel_kit.test").info("handling")
        logging.getLogger("someone.elses").warning("handling too")
        return request

    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    configure_logging(json=True)
    try:
        async with traced("kit"), probing(unary_unary=unary_unary) as probe:
            await probe.ask("unary_unary", Progress())
    finally:
        root.handlers[:], root.level = before, level
    (server,) = of_kind(collector, SERVER)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    for event in ("handling", "handling too", "call ended"):
        (line,) = [each for each in lines if each["event"] == event]
        assert (line["trace_id"], line["span_id"]) == (server.trace, server.id)
    (serving,) = [each for each in lines if each["event"] == "serving"]
    assert "trace_id" not in serving


async def test_health_is_not_traced(collector: Collector, probing: Probing, raising: Any) -> None:
    async with traced("kit"), probing(**raising(lambda: None)) as probe:
        stub: Any = health_pb2_grpc.HealthStub(probe.channel)
        await stub.Check(health_pb2.HealthCheckRequest())
    assert collector.spans == []


def test_without_a_collector_nothing_is_loaded_and_nothing_sent() -> None:
    program = (
        "import asyncio, sys\n"
        "from songreel_kit.channel import channel\n"
        "from songreel_kit.server import server\n"
        "from songreel_kit.telemetry import tracing\n"
        "async def main():\n"
        "    async with tracing.traced('x'):\n"
        "        with tracing.span('y', songreel__n=1): assert not tracing.log_fields()\n"
        "asyncio.run(main())\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True
    )
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


async def test_a_collector_that_is_away_holds_up_nobody(
    monkeypatch: pytest.MonkeyPatch, probing: Probing, raising: Any
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    async with asyncio.timeout(8):
        async with traced("kit"), probing(**raising(lambda: None)) as probe:
            assert await probe.ask("unary_unary", Progress(step="one"))


@pytest.mark.parametrize(
    ("variable", "value"),
    [("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"), ("OTEL_TRACES_EXPORTER", "zipkin")],
)
async def test_what_is_not_there_is_refused(
    collector: Collector, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(FailedPrecondition, match="OTLP over gRPC only"):
        async with traced("kit"):
            pass


@pytest.mark.parametrize(
    ("variable", "value"), [("OTEL_SDK_DISABLED", "true"), ("OTEL_TRACES_EXPORTER", "none")]
)
async def test_the_standard_switches_turn_it_off(
    collector: Collector, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    async with traced("kit"):
        with span("unseen"):
            assert current_traceparent() == ""
        async with open_channel("127.0.0.1:1"):
            pass
    assert collector.spans == []
