"""Every call is counted, by method and by how it ended, and Prometheus can read it."""

from __future__ import annotations

import asyncio
import socket
import urllib.request
from typing import Any

import pytest
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families
from songreel.type.v1.artifact_pb2 import Progress
from songreel_kit.artifacts.s3.store import S3ArtifactStore
from songreel_kit.errors import FailedPrecondition, NotAudio
from songreel_kit.server.server import ServerSettings, running_server
from songreel_kit.telemetry.metrics import loading
from songreel_testing.serving import expect_error, wait_until

SERVICE = "songreel.test.v1.ProbeService"


def value(probe: Any, name: str, **labels: str) -> float | None:
    return probe.server.registry.get_sample_value(name, {"grpc_service": SERVICE} | labels)


async def test_calls_are_counted_by_how_they_ended(probing: Any) -> None:
    async def handler(request: Progress, context: Any) -> Progress:
        if request.step == "bad":
            raise NotAudio("no")
        return request

    async with probing(unary_unary=handler) as probe:
        for step in ("good", "bad", "good"):
            if step == "bad":
                with expect_error(NotAudio):
                    await probe.unary_unary(Progress(step=step))
            else:
                await probe.unary_unary(Progress(step=step))
    method = {"grpc_method": "unary_unary"}
    assert value(probe, "grpc_server_started_total", **method) == 3
    assert value(probe, "grpc_server_handled_total", **method, grpc_code="OK") == 2
    assert value(probe, "grpc_server_handled_total", **method, grpc_code="INVALID_ARGUMENT") == 1
    assert value(probe, "grpc_server_handling_seconds_count", **method) == 3
    assert value(probe, "grpc_server_in_flight", **method) == 0


async def test_calls_in_flight_are_seen(probing: Any) -> None:
    release = asyncio.Event()

    async def handler(request: Progress, context: Any) -> Progress:
        await release.wait()
        return request

    async with probing(unary_unary=handler) as probe:
        call = probe.unary_unary(Progress())
        await wait_until(
            lambda: value(probe, "grpc_server_in_flight", grpc_method="unary_unary") == 1
        )
        release.set()
        await call
        await wait_until(
            lambda: value(probe, "grpc_server_in_flight", grpc_method="unary_unary") == 0
        )


@pytest.mark.parametrize("kind", ["unary_unary", "unary_stream", "stream_unary", "stream_stream"])
async def test_each_kind_is_counted_once(kind: str, probing: Any, raising: Any) -> None:
    async with probing(**raising(lambda: None)) as probe:
        await probe.ask(kind, Progress(), Progress())
        await wait_until(lambda: probe.server.in_flight == 0)
    counted = value(probe, "grpc_server_handled_total", grpc_method=kind, grpc_code="OK")
    assert counted == 1


async def test_prometheus_reads_them_over_http(probing: Any, raising: Any) -> None:
    settings = ServerSettings(metrics_port=0)
    async with probing(**raising(lambda: None), settings=settings) as probe:
        await probe.unary_unary(Progress())
        url = f"http://127.0.0.1:{probe.server.metrics_port}/metrics"
        page = await asyncio.to_thread(lambda: urllib.request.urlopen(url, timeout=10).read())
    families = {family.name: family for family in text_string_to_metric_families(page.decode())}
    started = families["grpc_server_started"].samples
    assert [sample.value for sample in started if sample.name.endswith("_total")] == [1]
    # The port is free again once the server has stopped.
    with socket.socket() as probe_socket:
        probe_socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe_socket.bind(("127.0.0.1", probe.server.metrics_port))


async def test_a_taken_metrics_port_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(FailedPrecondition, match=str(port)):
            async with running_server([], ServerSettings(metrics_port=port)):
                pass


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_a_model_that_cannot_be_loaded_is_counted_twice() -> None:
    loads = counted("songreel_model_load_seconds_count", model="speech")
    failures = counted("songreel_model_load_failures_total", model="speech")
    with loading("speech"):
        pass
    with pytest.raises(OSError, match="broken"), loading("speech"):
        raise OSError("broken")
    assert counted("songreel_model_load_seconds_count", model="speech") == loads + 2
    assert counted("songreel_model_load_failures_total", model="speech") == failures + 1


def test_copies_of_what_is_in_s3_are_counted(rclone_store: S3ArtifactStore) -> None:
    def lookups() -> tuple[float, float]:
        hit, miss = (
            counted("songreel_cache_lookups_total", cache="artifact", outcome=each)
            for each in ("hit", "miss")
        )
        return hit, miss

    artifact = rclone_store.put_bytes(b"fetched once", "text/plain")
    for held in list(rclone_store.cache.held()):
        assert rclone_store.cache.discard(held)
    hits, misses = lookups()
    for _ in range(3):
        rclone_store.read_bytes(artifact)
    assert lookups() == (hits + 2, misses + 1)
