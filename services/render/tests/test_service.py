"""The service on a real server, and in a process that is killed."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import grpc
import pytest
from songreel.render.v1.render_plan_pb2 import RenderPlan
from songreel.render.v1.render_service_pb2 import GetRendererRequest, RenderRequest
from songreel.render.v1.render_service_pb2_grpc import RenderServiceStub
from songreel_kit.artifacts.documents import load_document
from songreel_kit.channel.channel import open_channel
from songreel_kit.errors import (
    ArtifactNotFound,
    Busy,
    CheckpointNotFound,
    InvalidRenderSettings,
    InvalidStoryboard,
    UnknownSchedule,
)
from songreel_render.plan.plan import plan_key, segment_key
from songreel_render.service import create_service
from songreel_testing.render.click_track import analysis_of, write_song
from songreel_testing.render.harness import RenderHarness
from songreel_testing.render.storyboards import scene, storyboard_of
from songreel_testing.serving import collect, expect_error, serving, wait_until


async def test_a_render_sends_its_plan_then_progress_then_one_result(
    harness: RenderHarness, song: Path
) -> None:
    request = harness.simple_request(song)
    async with serving(create_service(harness.settings, harness.store)) as channel:
        stub = RenderServiceStub(channel)
        events = await collect(stub.Render(request))
        kinds = [event.WhichOneof("event") for event in events]
        assert kinds.count("plan") == kinds.count("result") == 1
        assert kinds[-1] == "result"
        fractions = [event.progress.fraction for event in events if event.HasField("progress")]
        assert fractions == sorted(fractions)
        plan = next(event.plan for event in events if event.HasField("plan"))
        result = events[-1].result
        assert result.plan == plan
        written = load_document(harness.store, plan, RenderPlan)
        assert written.frames == result.frames == 24
        assert [each.end_frame for each in written.segments] == [6, 12, 18, 24]
        assert written.scenes[1].first_frame == 12
        assert written.song_sha256 == request.song.sha256

        again = (await collect(stub.Render(request)))[-1].result
        assert again.reused
        assert again.video == result.video


async def test_it_tells_what_it_can_render_with(harness: RenderHarness, tmp_path: Path) -> None:
    async with serving(create_service(harness.settings, harness.store)) as channel:
        answer = await RenderServiceStub(channel).GetRenderer(GetRendererRequest())
        assert answer.device == "cpu float32"
        assert answer.default_checkpoint == str(harness.checkpoint)
        assert answer.checkpoint_problem == ""
        assert answer.native_size == 64
        assert list(answer.schedules) == ["linear", "onset", "paper", "percussive", "sine"]
    broken = RenderHarness(tmp_path, tmp_path / "nowhere")
    async with serving(create_service(broken.settings, broken.store)) as channel:
        answer = await RenderServiceStub(channel).GetRenderer(GetRendererRequest())
        assert "nowhere" in answer.checkpoint_problem


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"schedule": "waltz"}, UnknownSchedule),
        ({"size": 65}, InvalidRenderSettings),
        ({"checkpoint": "nowhere"}, CheckpointNotFound),
    ],
)
async def test_wrong_settings_are_refused(
    harness: RenderHarness, song: Path, settings: dict[str, object], error: type
) -> None:
    async with serving(create_service(harness.settings, harness.store)) as channel:
        with expect_error(error):
            await collect(
                RenderServiceStub(channel).Render(harness.simple_request(song, **settings))
            )


async def test_wrong_documents_are_refused(harness: RenderHarness, song: Path) -> None:
    async with serving(create_service(harness.settings, harness.store)) as channel:
        stub = RenderServiceStub(channel)
        short = harness.request(song, analysis_of(2.0), storyboard_of(scene(0, 1)))
        with expect_error(InvalidStoryboard) as caught:
            await collect(stub.Render(short))
        assert "1.000 s" in caught.message
        lost = RenderRequest()
        lost.CopyFrom(harness.simple_request(song))
        lost.song.uri = "cas://" + "0" * 64
        lost.song.sha256 = "0" * 64
        with expect_error(ArtifactNotFound):
            await collect(stub.Render(lost))


async def test_a_second_render_is_refused_and_a_cancel_makes_room(
    tmp_path: Path, checkpoint: Path
) -> None:
    harness = RenderHarness(tmp_path, checkpoint)
    song = write_song(tmp_path / "long.mp3", 20.0)
    async with serving(create_service(harness.settings, harness.store)) as channel:
        stub = RenderServiceStub(channel)
        long = stub.Render(harness.simple_request(song, 20.0, steps=20))
        async for event in long:
            if event.progress.step == "frames":
                break
        with expect_error(Busy) as caught:
            await collect(stub.Render(harness.simple_request(song, 20.0, seed=2)))
        assert "SONGREEL_RENDER_MAX_RENDERS" in caught.message
        long.cancel()
        short = write_song(tmp_path / "short.mp3", 0.5)

        async def has_room() -> bool:
            try:
                return (await collect(stub.Render(harness.simple_request(short, 0.5))))[
                    -1
                ].HasField("result")
            except grpc.aio.AioRpcError as error:
                if error.code() != grpc.StatusCode.RESOURCE_EXHAUSTED:
                    raise
                return False

        async with asyncio.timeout(20):
            while not await has_room():
                pass


@pytest.mark.slow
async def test_a_killed_process_loses_no_finished_segment(tmp_path: Path, checkpoint: Path) -> None:
    harness = RenderHarness(tmp_path / "killed", checkpoint)
    song = write_song(tmp_path / "long.mp3", 4.0)
    request = harness.simple_request(song, 4.0)
    options = {
        name: str(getattr(harness.settings, name))
        for name in ("checkpoint", "store", "scratch", "device", "dtype", "batch_frames",
                     "segment_frames", "threads", "signing_folder")
    }  # fmt: skip
    process = subprocess.Popen(  # noqa: ASYNC220 - starting is quick
        [sys.executable, "-m", "songreel_render"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ
        | {f"SONGREEL_RENDER_{name.upper()}": value for name, value in options.items()},
    )
    try:
        line = (await asyncio.to_thread(process.stdout.readline)).decode()
        async with open_channel(line.removeprefix("listening on ").strip()) as channel:
            call = RenderServiceStub(channel).Render(request)
            async for event in call:
                if event.HasField("plan"):
                    plan = load_document(harness.store, event.plan, RenderPlan)
                    break
            second = segment_key(plan_key(plan), 1)
            await wait_until(lambda: harness.store.lookup(second), seconds=60)
            process.kill()
            call.cancel()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    result = harness.render(request)
    assert 12 <= result.frames_reused < result.frames == 48
    unbroken = RenderHarness(tmp_path / "unbroken", checkpoint)
    whole = unbroken.render(unbroken.simple_request(song, 4.0))
    assert harness.decode(result.video).sha256 == unbroken.decode(whole.video).sha256
