"""Soundtracks as jobs: durable, resumed at the stage that was cut off, refused with all faults."""

from __future__ import annotations

import signal

import pytest
from google.longrunning.operations_pb2 import CancelOperationRequest, Operation
from songreel.v1.media_pb2 import Media
from songreel.v1.media_service_pb2 import DeleteMediaRequest
from songreel.v1.video_service_pb2 import CreateScoreRequest, CreateScoreResult
from songreel_kit.errors import (
    Cancelled,
    FailedPrecondition,
    InvalidRequest,
    MediaNotFound,
    RequestIdReused,
    from_status,
)
from songreel_testing.gateway.local_gateway import PARENT, Client, LocalGateway, local_gateway
from songreel_testing.gateway.mortal_process import process_in, whole
from songreel_testing.serving import expect_error


async def upload(client: Client, content: bytes = b"pictures") -> Media:
    return await client.upload(content, media_type="video/mp4", display_name="clip.mp4")


async def begin(client: Client, video: str, request_id: str = "", **more: object) -> Operation:
    return await client.videos.CreateScore(
        CreateScoreRequest(parent=PARENT, video=video, request_id=request_id, **more)
    )


def result_of(operation: Operation) -> CreateScoreResult:
    assert operation.done
    assert not operation.HasField("error"), operation.error
    result = CreateScoreResult()
    assert operation.response.Unpack(result)
    return result


@pytest.fixture
async def local(tmp_path):
    async with local_gateway(tmp_path, poll_seconds=0.05) as started:
        yield started


async def test_a_film_gets_its_music_and_all_that_belongs_to_it(local: LocalGateway) -> None:
    client = local.client
    video = await upload(client)
    plan = await client.upload(b"my plan", media_type="application/yaml")
    operation = await begin(
        client, video.name, plan=plan.name, options={"style": "piano", "stems": True}
    )
    result = result_of(await client.wait(operation))
    assert local.content(result.film.name) == b"pictures with piano music my plan"
    assert result.film.display_name == "clip.score.mp4"
    assert result.analysis.display_name == "clip.watch.json"
    assert result.midi.display_name == "clip.mid"
    assert result.stems["melody"].display_name == "clip.melody.wav"
    assert not result.HasField("sound")
    assert result.lufs == -14.0
    log = await client.watch(operation)
    assert whole(log)
    stages = list(dict.fromkeys(event.metadata.stage for event in log))
    assert stages == ["queued", "watch", "score", "done"]
    assert log[-1].metadata.media.video == result.film.name
    # The film is a media like any other: it can be scored again.
    again = await begin(client, result.film.name)
    film = result_of(await client.wait(again)).film
    assert local.content(film.name).count(b"music") == 2


async def test_the_same_wish_finds_the_same_job(local: LocalGateway) -> None:
    video = await upload(local.client)
    first = await begin(local.client, video.name, "once")
    await local.client.wait(first)
    assert (await begin(local.client, video.name, "once")).name == first.name
    with expect_error(RequestIdReused):
        await begin(local.client, video.name, "once", options={"seed": 2})


async def test_all_faults_are_told_at_once_and_nothing_begins(local: LocalGateway) -> None:
    wrong = {"sync": "loose", "bpm": 9.0, "style": "polka", "key": "H", "hits": [-1.0]}
    with expect_error(InvalidRequest) as caught:
        await local.client.videos.CreateScore(CreateScoreRequest(parent=PARENT, options=wrong))
    fields = {field for field, _ in caught.error.violations}
    assert fields == {"video", *(f"options.{name}" for name in wrong)}
    video = await upload(local.client)
    checked = await begin(local.client, video.name, validate_only=True)
    assert (checked.done, checked.name) == (True, "")
    with expect_error(MediaNotFound):
        await begin(local.client, video.name[:-4] + "0000")
    assert local.control.calls() == {}


async def test_a_cancel_ends_it_and_its_video_is_free_again(local: LocalGateway) -> None:
    client = local.client
    local.control.hold("score")
    video = await upload(client)
    operation = await begin(client, video.name)
    await client.reach(operation, "score", "compose")
    delete = DeleteMediaRequest(name=video.name)
    with expect_error(FailedPrecondition):
        await client.media.DeleteMedia(delete)
    await client.operations.CancelOperation(CancelOperationRequest(name=operation.name))
    ended = await client.wait(operation)
    assert isinstance(from_status(ended.error), Cancelled)
    await client.media.DeleteMedia(delete)


async def test_a_stage_that_is_full_is_waited_for(local: LocalGateway) -> None:
    client = local.client
    local.control.fill("score")
    operation = await begin(client, (await upload(client)).name)
    async for event in client.events(operation):
        if event.metadata.waiting_for:
            assert (event.metadata.stage, event.metadata.waiting_for) == ("score", "score")
            local.control.make_room("score")
            break
    assert result_of(await client.wait(operation)).film.name


@pytest.mark.parametrize(
    ("stage", "step", "begun"),
    [
        ("watch", "watch", {"watch-begun": 2, "score-begun": 1}),
        ("score", "compose", {"watch-begun": 1, "score-begun": 2}),
    ],
)
async def test_kill_9_in_a_stage_repeats_only_that_stage(tmp_path, stage, step, begun) -> None:
    async with process_in(tmp_path) as process:
        process.control.hold(stage)
        operation = await begin(process.client, (await upload(process.client)).name)
        await process.client.reach(operation, stage, step)
        assert await process.die() == -signal.SIGKILL
        process.control.let_go(stage)
    async with process_in(tmp_path) as process:
        result = result_of(await process.client.wait(operation))
        assert process.control.calls() == begun | {"watch-made": 1, "score-made": 1}
        assert whole(await process.client.watch(operation))
        assert b"music" in await process.client.download(result.film.name)
