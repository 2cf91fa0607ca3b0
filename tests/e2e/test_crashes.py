"""Killed at any moment, the same command gives the video, and nothing is done twice."""

import asyncio
import json
import signal
from pathlib import Path

import pytest
from songreel.v1.video_service_pb2 import JobEvent, WatchOperationRequest
from songreel.v1.video_service_pb2_grpc import VideoServiceStub
from songreel_kit.channel import open_channel

from .conftest import SLOW, Desk
from .film import frames_hash

ORDER = ["queued", "analyze", "storyboard", "render", "done"]
# Which counts are printed depends on the machine's speed; two segments are done by now.
DRAWN = r"(3[2-9]|[4-9]\d)/120 frames"


def events_of(desk: Desk, operation: str) -> list[JobEvent]:
    """The whole log of a job, from a server on the same data folder."""
    server = desk.start("up", "--port", "0", "--json")
    assert server.stdout is not None
    address = json.loads(server.stdout.readline())["address"]

    async def read() -> list[JobEvent]:
        async with open_channel(address) as channel:
            watch = VideoServiceStub(channel).WatchOperation
            return [each.event async for each in watch(WatchOperationRequest(name=operation))]

    events = asyncio.run(read())
    server.send_signal(signal.SIGTERM)
    assert server.wait(timeout=60) == 0
    return events


@pytest.mark.parametrize(
    ("moment", "reused"),
    [
        ("analyze", False),
        ("storyboard", False),
        ("render", False),
        (DRAWN, True),
    ],
)
def test_killed_job_is_taken_up_by_the_same_command(
    desk: Desk, song: Path, moment: str, reused: bool
) -> None:
    video = desk.folder / "video.mp4"
    desk.kill_at(moment, "make", song, "-o", video, *SLOW)
    assert not video.exists()

    result = desk.make(song, video, size=SLOW)

    assert result["frames"] == 120
    if reused:
        assert int(str(result["frames_reused"])) >= 16
    events = events_of(desk, str(result["operation"]))
    assert [event.offset for event in events] == list(range(len(events)))
    stages = [event.metadata.stage for event in events if event.metadata.stage]
    assert stages == sorted(stages, key=ORDER.index), "a finished stage was begun again"
    assert [event.done for event in events].count(True) == 1
    if reused:
        whole = desk.folder / "whole.mp4"
        desk.make(song, whole, "--data", desk.folder / "other-data", size=SLOW)
        assert frames_hash(video) == frames_hash(whole)


def test_killed_server_is_started_again_by_the_command_that_waits(desk: Desk, song: Path) -> None:
    video = desk.folder / "video.mp4"
    process = desk.start_until(DRAWN, "make", song, "-o", video, "--json", *SLOW)
    desk.kill_server()
    out, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    result = json.loads(out)
    assert result["frames"] == 120
    assert result["frames_reused"] >= 16
    assert "attempt 2" in err


def test_ctrl_c_cancels_and_the_next_try_works(desk: Desk, song: Path) -> None:
    video = desk.folder / "video.mp4"
    process = desk.start("make", song, "-o", video, *SLOW)
    assert process.stderr is not None
    assert any("frames" in line for line in process.stderr), "it ended before it drew"
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert not video.exists()
    jobs = desk.run("jobs", "--json")
    assert '"cancelled"' in jobs.stdout, jobs.stdout
    assert desk.make(song, video, size=SLOW)["frames"] == 120
