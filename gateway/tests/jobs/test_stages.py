"""A new stage is a module and a row: here one that no release has, with a service of its own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import grpc
from google.longrunning.operations_pb2 import CancelOperationRequest
from songreel.audio.v1.audio_service_pb2 import AnalyzeRequest, AnalyzeResponse, AnalyzeResult
from songreel.type.v1.artifact_pb2 import Progress
from songreel.v1.media_service_pb2 import GetMediaRequest
from songreel.v1.video_pb2 import Video
from songreel_gateway.clients.services import StageService
from songreel_gateway.jobs.job import Job, JobKind
from songreel_gateway.jobs.stages.outcomes import Outcome, parsed, plain
from songreel_gateway.jobs.stages.stage import Stage, StageRun
from songreel_gateway.jobs.stages.storyboard import written_storyboard
from songreel_gateway.jobs.stages.table import STAGES
from songreel_kit.artifacts.store import ArtifactStore
from songreel_kit.server.service import Service
from songreel_testing.gateway.local_gateway import local_gateway, until, video_of
from songreel_testing.gateway.stage_control import StageControl
from songreel_testing.serving import temporary_store

NAME = "songreel.tests.v1.SubtitleService"


@dataclass
class SubtitleServicer:
    """A service that writes subtitles, with the messages of another one."""

    store: ArtifactStore
    control: StageControl

    async def write(self, request: AnalyzeRequest, context: Any):
        await self.control.enter("subtitles")
        yield AnalyzeResponse(progress=Progress(step="lines", fraction=0.5))
        await self.control.held("subtitles")
        lines = b"1\n00:00:00,000 --> 00:00:01,000\nof " + self.store.read_bytes(request.lyrics)
        written = self.store.put_bytes(lines, "application/x-subrip")
        yield AnalyzeResponse(result=AnalyzeResult(plot=written))

    def add_to(self, server: grpc.aio.Server) -> None:
        handler = grpc.unary_stream_rpc_method_handler(
            self.write, AnalyzeRequest.FromString, AnalyzeResponse.SerializeToString
        )
        server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler(NAME, {"Write": handler}),)
        )


class SubtitleStub:
    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.Write = channel.unary_stream(
            f"/{NAME}/Write", AnalyzeRequest.SerializeToString, AnalyzeResponse.FromString
        )


SUBTITLES = StageService("subtitles", SubtitleStub)


async def write_subtitles(run: StageRun) -> dict[str, Any]:
    request = AnalyzeRequest(lyrics=written_storyboard(run.done).storyboard)
    result = await run.clients.follow(SUBTITLES, "Write", request, run.log)
    await run.log.keep_all(result, "song.mp3")
    return plain(result)


def describe(video: Video, outcome: Outcome) -> None:
    size = parsed(outcome, AnalyzeResult).plot.size
    video.fallbacks.append(f"subtitles: {size} bytes")


def needed(job: Job) -> bool:
    return job.kind is JobKind.VIDEO


STAGE = Stage(
    name="subtitles",
    weight=0.5,
    services=(SUBTITLES,),
    needed=needed,
    run=write_subtitles,
    artifacts={"plot": ".srt"},
    describe=describe,
)

_RENDER = [each.name for each in STAGES].index("render")
WITH_SUBTITLES = (*STAGES[:_RENDER], STAGE, *STAGES[_RENDER:])


def with_subtitles(folder):
    """A gateway that has the stage before `render`, and its service."""
    servicer = SubtitleServicer(temporary_store(folder), StageControl(folder / "control"))
    service = Service(NAME, partial(SubtitleServicer.add_to, servicer))
    return local_gateway(folder, also=[service], stages=WITH_SUBTITLES)


async def test_a_job_goes_through_a_new_stage(tmp_path) -> None:
    async with with_subtitles(tmp_path) as local:
        song = await local.client.upload(b"a song with words")
        operation = await local.client.create(song)
        video = video_of(await local.client.wait(operation))
        log = await local.client.watch(operation)
        stages = list(dict.fromkeys(event.metadata.stage for event in log))
        assert stages == ["queued", "analyze", "storyboard", "subtitles", "render", "done"]
        fractions = [event.metadata.fraction for event in log]
        assert fractions == sorted(fractions)
        halfway = next(e.metadata for e in log if e.metadata.step == "lines")
        # Half of its weight, after analyze and storyboard.
        assert abs(halfway.fraction - (0.08 + 0.02 + 0.25) / 1.5) < 1e-9
        subtitles = local.content(video.media.plot)
        assert subtitles.startswith(b"1\n00:00")
        media = await local.client.media.GetMedia(GetMediaRequest(name=video.media.plot))
        assert media.media.display_name == "song.srt"
        assert list(video.fallbacks) == [f"subtitles: {len(subtitles)} bytes"]


async def test_a_new_stage_is_cancelled_with_its_job(tmp_path) -> None:
    async with with_subtitles(tmp_path) as local:
        local.control.hold("subtitles")
        song = await local.client.upload(b"a song with words that are not wanted")
        operation = await local.client.create(song)
        await local.client.reach(operation, "subtitles", "lines")
        await local.client.operations.CancelOperation(CancelOperationRequest(name=operation.name))
        await until(lambda: local.control.calls()["subtitles-cancelled"] == 1)
        ended = await local.client.wait(operation)
        assert ended.error.code == grpc.StatusCode.CANCELLED.value[0]
        assert "render-begun" not in local.control.calls()


async def test_a_new_stage_that_fails_once_is_called_again(tmp_path) -> None:
    async with with_subtitles(tmp_path) as local:
        local.control.fail("subtitles", "ServiceUnavailable", 1)
        song = await local.client.upload(b"a song with words that come late")
        video = video_of(await local.client.wait(await local.client.create(song)))
        assert video.media.plot
        assert local.control.calls()["subtitles-begun"] == 2
