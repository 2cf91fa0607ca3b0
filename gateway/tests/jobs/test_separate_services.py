"""The gateway and the stages apart, as in a cluster; and two views of one database."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys

from google.longrunning.operations_pb2 import GetOperationRequest, Operation
from songreel_gateway.db.schema import open_database
from songreel_gateway.jobs.job import Ending, JobState
from songreel_gateway.jobs.notifications import Notifications
from songreel_gateway.jobs.repository import JobRepository
from songreel_gateway.service import Gateway, GatewaySettings, Targets
from songreel_kit.artifacts.local import LocalArtifactStore
from songreel_kit.channel.channel import open_channel
from songreel_kit.errors import Cancelled, to_status
from songreel_kit.server.server import ServerSettings, running_server
from songreel_testing.collector import Collector, trace_collector
from songreel_testing.gateway.fake_stages import stage_services
from songreel_testing.gateway.local_gateway import Client, local_gateway, until
from songreel_testing.gateway.stage_control import StageControl
from songreel_testing.serving import serving, temporary_store


async def test_a_stage_that_goes_away_in_the_middle_is_called_again(tmp_path) -> None:
    store = temporary_store(tmp_path)
    control = StageControl(tmp_path / "control")
    control.hold("render")
    gateway = Gateway(GatewaySettings(data=tmp_path / "data", event_seconds=0.001), store)
    at_once = ServerSettings(grace_seconds=0.0)
    async with serving(*gateway.services()) as channel:
        client = Client(channel)
        async with running_server(stage_services(store, control), at_once) as stages:
            address = stages.address
            running = gateway.running(Targets.all(address))
            await running.__aenter__()
            song = await client.upload(b"an interrupted song")
            operation = await client.create(song)
            await client.reach(operation, "render", "frames")
        control.let_go("render")
        again = ServerSettings(bind=address, grace_seconds=0.0)
        async with running_server(stage_services(store, control), again):
            assert (await client.wait(operation)).response.value
        await running.__aexit__(None, None, None)
    calls = control.calls()
    assert (calls["analyze-begun"], calls["render-begun"], calls["render-made"]) == (1, 2, 1)


async def test_a_job_ended_by_another_process_stops_here(tmp_path) -> None:
    async with local_gateway(tmp_path, poll_seconds=0.05) as local:
        local.control.hold("analyze")
        song = await local.client.upload(b"a song cancelled elsewhere")
        operation = await local.client.create(song)
        await local.client.reach(operation, "analyze", "beats")
        watcher = asyncio.create_task(local.client.watch(operation))
        elsewhere = open_database(local.settings.database())
        job = operation.name.rpartition("/")[2]
        status = to_status(Cancelled("cancelled elsewhere"))
        assert await JobRepository(elsewhere, Notifications()).finish(
            job, Ending(JobState.CANCELLED, status)
        )
        assert (await watcher)[-1].error.message == "cancelled elsewhere"
        await until(lambda: local.control.calls()["analyze-cancelled"] == 1)
        found = await local.client.operations.GetOperation(GetOperationRequest(name=operation.name))
        assert found.error.message == "cancelled elsewhere"
        elsewhere.close()


async def test_a_log_holds_no_more_than_it_should(tmp_path) -> None:
    async with local_gateway(tmp_path, event_seconds=3600) as local:
        song = await local.client.upload(b"a song of few words")
        log = await local.client.watch(await local.client.create(song))
        assert log[-1].metadata.fraction == 1.0
        drawing = [event for event in log if event.metadata.step == "frames"]
        # Of 24 reports the first, and the end of the stage.
        assert [event.metadata.frames_done for event in drawing] == [1, 24]


async def test_a_job_written_but_never_enqueued_is_taken_up(tmp_path) -> None:
    # As after a crash between the two: the workflow engine has lost its database.
    async with local_gateway(tmp_path) as local:
        local.control.hold("storyboard")
        song = await local.client.upload(b"an orphaned song")
        operation = await local.client.create(song)
        await local.client.reach(operation, "storyboard", "scenes")
    for path in (tmp_path / "data").glob("jobs.db*"):
        path.unlink()
    async with local_gateway(tmp_path) as local:
        local.control.let_go("storyboard")
        assert (await local.client.wait(operation)).response.value
        calls = local.control.calls()
        assert (calls["analyze-made"], calls["render-made"]) == (1, 1)


async def test_the_module_serves_the_gateway_alone(tmp_path) -> None:
    store = temporary_store(tmp_path)
    stage_set = stage_services(store, StageControl(tmp_path / "control"))
    with trace_collector() as collector:
        async with running_server(stage_set) as stages:
            operation = await _made_alone(tmp_path, store, stages.address, collector)
    log = (tmp_path / "log").read_text()
    assert "Traceback" not in log
    (created,) = collector.named("songreel.v1.VideoService/CreateVideo")
    assert created.service == "songreel-gateway"
    assert collector.ancestors(collector.named("finish")[0]) == [created]
    lines = [json.loads(line) for line in log.splitlines()]
    traces = {line["event"]: line.get("trace_id") for line in lines}
    assert traces["job accepted"] == traces["job succeeded"] == created.trace
    assert traces["serving"] is None
    # Every line of the job's work names the job.
    assert log.count(operation.name.rpartition("/")[2]) >= 5


async def _made_alone(
    tmp_path, store: LocalArtifactStore, stages: str, collector: Collector
) -> Operation:
    """Has a gateway in a process of its own make a video."""
    variables = (
        collector.environment()
        | {
            "SONGREEL_GATEWAY_DATA": str(tmp_path / "data"),
            "SONGREEL_GATEWAY_STORE": str(store.root),
        }
        | {f"SONGREEL_GATEWAY_{stage}_TARGET": stages for stage in ("AUDIO", "PROMPT", "RENDER")}
    )
    gateway = subprocess.Popen(  # noqa: ASYNC220 - starting is quick
        [sys.executable, "-m", "songreel_gateway"],
        stdout=subprocess.PIPE,
        stderr=(tmp_path / "log").open("wb"),
        env=os.environ | variables,
    )
    line = (await asyncio.to_thread(gateway.stdout.readline)).decode()
    assert line.startswith("listening on "), (tmp_path / "log").read_text()
    async with open_channel(line.split()[-1]) as channel:
        client = Client(channel)
        song = await client.upload(b"a far song")
        operation = await client.wait(await client.create(song))
        assert operation.response.value
    gateway.terminate()
    assert await asyncio.to_thread(gateway.wait) == 0
    gateway.stdout.close()
    return operation
