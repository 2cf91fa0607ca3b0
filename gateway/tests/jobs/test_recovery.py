"""A process that dies at any moment: the job goes on when it starts again."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys

import pytest
from google.longrunning.operations_pb2 import CancelOperationRequest
from songreel.v1.video_pb2 import Video
from songreel.v1.video_service_pb2 import ListVideosRequest
from songreel_kit.errors import InternalError, ServiceUnavailable, from_status
from songreel_testing.gateway.mortal_process import Process, process_in, whole
from songreel_testing.serving import expect_error

MADE_ONCE = {"analyze-made": 1, "storyboard-made": 1, "render-made": 1}


async def one_video(process: Process) -> Video:
    answer = await process.client.videos.ListVideos(ListVideosRequest(parent="projects/local"))
    (video,) = answer.videos
    assert video.state == Video.STATE_READY
    assert await process.client.download(video.media.video)
    return video


@pytest.mark.parametrize(
    ("stage", "step", "begun"),
    [
        ("analyze", "beats", {"analyze-begun": 2, "storyboard-begun": 1, "render-begun": 1}),
        ("storyboard", "scenes", {"analyze-begun": 1, "storyboard-begun": 2, "render-begun": 1}),
        ("render", "frames", {"analyze-begun": 1, "storyboard-begun": 1, "render-begun": 2}),
    ],
)
async def test_kill_9_in_a_stage_repeats_only_that_stage(tmp_path, stage, step, begun) -> None:
    async with process_in(tmp_path) as process:
        process.control.hold(stage)
        song = await process.client.upload(b"a mortal song")
        operation = await process.client.create(song, request_id="mortal")
        seen = await process.client.reach(operation, stage, step)
        assert seen.metadata.attempt == 1
        assert await process.die() == -signal.SIGKILL
        process.control.let_go(stage)
    async with process_in(tmp_path) as process:
        # Nobody asks for it again: it goes on by itself.
        assert (await process.client.wait(operation)).response.value
        assert process.control.calls() == begun | MADE_ONCE
        log = await process.client.watch(operation)
        assert whole(log)
        assert log[seen.offset] == seen
        attempts = {event.metadata.attempt for event in log if event.metadata.stage == stage}
        assert attempts == {1, 2}
        await one_video(process)
        # The same wish finds the same job.
        again = await process.client.create(song, request_id="mortal")
        assert (again.name, again.done) == (operation.name, True)


@pytest.mark.slow
async def test_kill_9_at_many_moments_of_one_job(tmp_path) -> None:
    operation = None
    for deaths, moment in enumerate((1, 2, 4, 6, 8)):
        async with process_in(tmp_path) as process:
            for stage in ("analyze", "storyboard", "render"):
                process.control.hold(stage)
            if operation is None:
                song = await process.client.upload(b"a song of nine lives")
                operation = await process.client.create(song)
            # Let the job come as far as its n-th event, then kill it there.
            async for event in process.client.events(operation):
                if event.offset >= moment:
                    break
                process.control.let_go(event.metadata.stage)
            assert await process.die() == -signal.SIGKILL, deaths
    async with process_in(tmp_path) as process:
        for stage in ("analyze", "storyboard", "render"):
            process.control.let_go(stage)
        assert (await process.client.wait(operation)).response.value
        assert whole(await process.client.watch(operation))
        calls = process.control.calls()
        # Noted after it was kept: a death between the two leaves no note, never two.
        assert all(calls[name] <= count for name, count in MADE_ONCE.items()), calls
        await one_video(process)


async def test_kill_9_right_after_the_answer_loses_no_job(tmp_path) -> None:
    async with process_in(tmp_path) as process:
        song = await process.client.upload(b"a song in the queue")
        operations = [await process.client.create(song, request_id=f"r{n}") for n in range(4)]
        assert await process.die() == -signal.SIGKILL
    async with process_in(tmp_path) as process:
        for operation in operations:
            assert (await process.client.wait(operation)).response.value
        calls = process.control.calls()
        # Four jobs with the same content share what the stages made.
        assert calls["render-made"] <= 2
        names = {operation.name for operation in operations}
        assert len(names) == 4


async def test_a_job_that_kills_its_process_is_given_up(tmp_path) -> None:
    for _death in range(2):
        async with process_in(tmp_path, max_attempts=2) as process:
            process.control.hold("render")
            song = await process.client.upload(b"a deadly song")
            operation = await process.client.create(song, request_id="deadly")
            await process.client.reach(operation, "render", "frames", attempt=_death + 1)
            assert await process.die() == -signal.SIGKILL
    async with process_in(tmp_path, max_attempts=2) as process:
        error = from_status((await process.client.wait(operation)).error)
        assert type(error) is InternalError
        assert "died 2 times in stage 'render'" in error.message


async def test_a_job_cancelled_before_the_crash_stays_cancelled(tmp_path) -> None:
    async with process_in(tmp_path) as process:
        process.control.hold("analyze")
        song = await process.client.upload(b"a song that is not wanted")
        operation = await process.client.create(song)
        await process.client.reach(operation, "analyze", "beats")
        await process.client.operations.CancelOperation(CancelOperationRequest(name=operation.name))
        assert await process.die() == -signal.SIGKILL
        process.control.let_go("analyze")
    async with process_in(tmp_path) as process:
        assert (await process.client.wait(operation)).error.code == 1
        # A later job shows that the earlier one is not worked on beside it.
        other = await process.client.upload(b"a song that is wanted")
        await process.client.wait(await process.client.create(other))
        assert process.control.calls()["analyze-begun"] == 2


async def test_a_graceful_stop_is_quick_and_lays_the_job_down(tmp_path) -> None:
    async with process_in(tmp_path) as process:
        process.control.hold("render")
        song = await process.client.upload(b"a song for tomorrow")
        operation = await process.client.create(song)
        await process.client.reach(operation, "render", "frames")
        watcher = asyncio.create_task(process.client.watch(operation))
        await process.client.reach(operation, "render", "frames")
        process.popen.send_signal(signal.SIGTERM)
        async with asyncio.timeout(10):
            with expect_error(ServiceUnavailable) as caught:
                await watcher
            assert await asyncio.to_thread(process.popen.wait) == 0
        assert int(caught.error.metadata["offset"]) > 0
        process.control.let_go("render")
    assert "Traceback" not in (tmp_path / "log").read_text()
    async with process_in(tmp_path) as process:
        assert (await process.client.wait(operation)).response.value
        calls = process.control.calls()
        assert (calls["analyze-begun"], calls["render-made"]) == (1, 1)
        log = await process.client.watch(operation)
        assert whole(log)
        # An orderly stop does not count as a failed attempt.
        assert {event.metadata.attempt for event in log} == {1}


async def test_a_second_process_on_the_folder_is_refused(tmp_path) -> None:
    async with process_in(tmp_path) as process:
        second = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "songreel_testing.gateway.fake_stages", str(tmp_path)],
            capture_output=True,
            text=True,
        )
        assert second.returncode == 1
        assert second.stderr.startswith("FAILED_PRECONDITION: another songreel process works in")
        assert "Traceback" not in second.stderr
        assert (await process.client.upload(b"undisturbed")).artifact.size == 11
