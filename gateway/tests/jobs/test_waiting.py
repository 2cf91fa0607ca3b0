"""Stages that are away or full: jobs wait, say so, and go on."""

from __future__ import annotations

import pytest
from google.longrunning.operations_pb2 import GetOperationRequest
from prometheus_client import REGISTRY
from songreel.v1.video_service_pb2 import JobMetadata
from songreel_gateway.service import Gateway, GatewaySettings, Targets
from songreel_kit.errors import ServiceUnavailable, from_status
from songreel_kit.server.server import ServerSettings, running_server
from songreel_testing.gateway.fake_stages import stage_services
from songreel_testing.gateway.local_gateway import Client, local_gateway, until, video_of
from songreel_testing.gateway.stage_control import StageControl
from songreel_testing.serving import serving, temporary_store

# More than the eight attempts that once were the end of a job.
MANY = 12


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def metadata(client: Client, operation) -> JobMetadata:
    found = await client.operations.GetOperation(GetOperationRequest(name=operation.name))
    told = JobMetadata()
    assert found.metadata.Unpack(told)
    return told


async def test_a_job_waits_for_a_stage_that_is_full(tmp_path) -> None:
    async with local_gateway(tmp_path, retry_seconds=0.001) as local:
        song = await local.client.upload(b"a patient song")
        local.control.fill("render")
        operation = await local.client.create(song)
        await local.client.reach(operation, "render", "waiting for render")
        await until(lambda: local.control.calls()["render-begun"] > MANY)
        assert (await metadata(local.client, operation)).waiting_for == "render"
        assert value("songreel_waiting_jobs", **{"for": "render", "why": "full"}) == 1
        assert value("songreel_longest_wait_seconds", **{"for": "render", "why": "full"}) > 0
        local.control.make_room("render")
        video_of(await local.client.wait(operation))
        log = await local.client.watch(operation)
        assert sum(bool(event.metadata.waiting_for) for event in log) == 1, "one event for a wait"
        assert not (await metadata(local.client, operation)).waiting_for
        assert value("songreel_waiting_jobs", **{"for": "render", "why": "full"}) == 0
        calls = local.control.calls()
        assert (calls["analyze-begun"], calls["render-made"]) == (1, 1)


async def test_a_job_waits_for_stages_that_are_away(tmp_path) -> None:
    store = temporary_store(tmp_path)
    control = StageControl(tmp_path / "control")
    settings = GatewaySettings(data=tmp_path / "data", event_seconds=0.001, retry_seconds=0.001)
    gateway = Gateway(settings, store)
    before = value("songreel_stage_retries_total", service="audio", why="away")
    async with serving(*gateway.services()) as channel:
        client = Client(channel)
        async with running_server(stage_services(store, control)) as stages:
            address = stages.address
        async with gateway.running(Targets.all(address)):
            song = await client.upload(b"a song before its stages")
            operation = await client.create(song)
            await client.reach(operation, "analyze", "waiting for audio")
            assert value("songreel_waiting_jobs", **{"for": "audio", "why": "away"}) == 1
            await until(
                lambda: (
                    value("songreel_stage_retries_total", service="audio", why="away") >= before + 2
                )
            )
            async with running_server(
                stage_services(store, control), ServerSettings(bind=address, grace_seconds=0.0)
            ):
                video_of(await client.wait(operation))


@pytest.mark.parametrize("stage", ["analyze", "render"])
async def test_only_its_age_ends_a_wait(tmp_path, stage: str) -> None:
    # An age that the job has reached when it first finds the stage full.
    async with local_gateway(tmp_path, waiting_age_seconds=1e-6) as local:
        song = await local.client.upload(b"an impatient song")
        local.control.fill(stage)
        ended = await local.client.wait(await local.client.create(song))
        error = from_status(ended.error)
        assert type(error) is ServiceUnavailable
        assert "older than" in error.message
        assert error.metadata["service"] == {"analyze": "audio"}.get(stage, stage)
