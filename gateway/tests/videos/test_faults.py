"""A video that cannot be made is refused at once, for all that is wrong; and says why it failed."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
import pytest
from google.longrunning.operations_pb2 import CancelOperationRequest, DeleteOperationRequest
from google.rpc import error_details_pb2, status_pb2
from songreel.audio.v1.audio_service_pb2 import AnalyzeOptions
from songreel.prompt.v1.prompt_service_pb2 import ListStylesResponse, StoryboardOptions, Style
from songreel.render.v1.render_plan_pb2 import RenderSettings
from songreel.v1.video_pb2 import Video
from songreel.v1.video_service_pb2 import (
    AnalyzeSongRequest,
    CreateStoryboardRequest,
    CreateVideoRequest,
    GetVideoRequest,
)
from songreel_kit.errors import (
    InvalidRenderSettings,
    OperationNotFound,
    UnknownStyle,
    VideoExists,
    from_status,
)
from songreel_testing.gateway import fake_stages
from songreel_testing.gateway.local_gateway import PARENT, video_of
from songreel_testing.serving import expect_error

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(autouse=True, scope="module")
def styles() -> Iterator[None]:
    """A prompt service that knows one style."""

    async def list_styles(self, request, context):
        return ListStylesResponse(styles=[Style(name="sketch")])

    fake_stages.Prompt.ListStyles = list_styles
    yield
    del fake_stages.Prompt.ListStyles


def violations(error: grpc.aio.AioRpcError) -> dict[str, str]:
    bad = error_details_pb2.BadRequest()
    for key, value in error.trailing_metadata():
        if key == "grpc-status-details-bin":
            for detail in status_pb2.Status.FromString(value).details:
                detail.Unpack(bad)
    return {each.field: each.description for each in bad.field_violations}


@pytest.mark.parametrize("validate_only", [True, False])
async def test_all_faults_come_together(local, validate_only: bool) -> None:
    video = Video(
        render_settings=RenderSettings(size=100, steps=999, fps="0", mark="x" * 99),
        analyze_options=AnalyzeOptions(tempo_bpm=1.0),
        storyboard_options=StoryboardOptions(style="cubism"),
    )
    before = local.control.calls()
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await local.client.videos.CreateVideo(
            CreateVideoRequest(parent=PARENT, video=video, validate_only=validate_only)
        )
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    found = violations(refused.value)
    assert set(found) == {
        "video.song",
        "video.analyze_options.tempo_bpm",
        "video.storyboard_options.style",
        *(f"video.render_settings.{field}" for field in ("size", "steps", "fps", "mark")),
    }
    assert "64 to 2048" in found["video.render_settings.size"]
    assert local.control.calls() == before, "no stage has begun"


async def test_a_single_fault_is_of_its_own_class(local) -> None:
    song = await local.client.upload(b"a song that could be drawn")
    with expect_error(InvalidRenderSettings):
        await local.client.create(song, render_settings=RenderSettings(steps=999))
    with expect_error(UnknownStyle) as caught:
        await local.client.create(song, storyboard_options=StoryboardOptions(style="cubism"))
    assert "sketch" in caught.message
    wanted = StoryboardOptions(style="sketch")
    video_of(await local.client.wait(await local.client.create(song, storyboard_options=wanted)))


async def test_the_other_stages_refuse_at_once_too(local) -> None:
    song = await local.client.upload(b"a song for the other stages")
    for call, request, field in (
        (
            local.client.videos.AnalyzeSong,
            AnalyzeSongRequest(parent=PARENT, song=song.name, options={"tempo_octave": "third"}),
            "options.tempo_octave",
        ),
        (
            local.client.videos.CreateStoryboard,
            CreateStoryboardRequest(parent=PARENT, analysis=song.name, options={"style": "cubism"}),
            "options.style",
        ),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await call(request)
        assert set(violations(refused.value)) == {field}


async def create_as(local, song, video_id: str, request_id: str = ""):
    asked = CreateVideoRequest(
        parent=PARENT, video=Video(song=song.name), video_id=video_id, request_id=request_id
    )
    return await local.client.videos.CreateVideo(asked)


async def test_a_failed_video_says_why_and_its_id_can_be_given_again(local) -> None:
    song = await local.client.upload(b"a song that fails once")
    local.control.fail("render", "CheckpointIncomplete", 1)
    failed = await local.client.wait(await create_as(local, song, "second-try", "one"))
    name = f"{PARENT}/videos/second-try"
    found = (await local.client.videos.GetVideo(GetVideoRequest(name=name))).video
    assert found.state == Video.STATE_FAILED
    assert found.error == failed.error
    assert type(from_status(found.error)).__name__ == "CheckpointIncomplete"
    # The same request gives the same operation, another one begins anew.
    assert (await create_as(local, song, "second-try", "one")).name == failed.name
    again = await create_as(local, song, "second-try", "two")
    assert again.name != failed.name
    made = video_of(await local.client.wait(again))
    found = (await local.client.videos.GetVideo(GetVideoRequest(name=name))).video
    assert (found.state, found.operation) == (Video.STATE_READY, again.name)
    assert not found.HasField("error")
    assert found == made
    with expect_error(VideoExists):
        await create_as(local, song, "second-try", "three")


async def test_a_cancelled_videos_id_too(local) -> None:
    song = await local.client.upload(b"a song that is cancelled once")
    local.control.hold("render")
    operation = await create_as(local, song, "cancelled-once")
    await local.client.reach(operation, "render", "frames")
    with expect_error(VideoExists):
        await create_as(local, song, "cancelled-once")
    await local.client.operations.CancelOperation(CancelOperationRequest(name=operation.name))
    local.control.let_go("render")
    video_of(await local.client.wait(await create_as(local, song, "cancelled-once")))


async def test_a_request_id_outlives_its_operation(local) -> None:
    song = await local.client.upload(b"a song asked for once")
    operation = await local.client.create(song, request_id="once")
    await local.client.wait(operation)
    before = local.control.calls()["analyze-begun"]
    await local.client.operations.DeleteOperation(DeleteOperationRequest(name=operation.name))
    with expect_error(OperationNotFound):
        await local.client.create(song, request_id="once")
    assert local.control.calls()["analyze-begun"] == before
