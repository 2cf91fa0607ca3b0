"""Killed at any moment, the same command gives the video, and nothing is done twice."""

import json
import signal
from pathlib import Path

import pytest
from songreel.v1.video_service_pb2 import JobEvent, WatchOperationRequest
from songreel.v1.video_service_pb2_grpc import VideoServiceStub
from songreel_kit.channel.channel import open_channel

from .conftest import SLOW, Workspace
from .songs import LYRICS, band, write_song
from .video_contents import frames_hash

SECONDS = 4.0
FRAMES = 48
SEGMENT_FRAMES = 8
ORDER = ["queued", "analyze", "storyboard", "render", "done"]
# Which counts are printed depends on the machine's speed; two segments are done by now.
DRAWN = r"(1[6-9]|[23]\d)/48 frames"
MOMENTS = ("analyze", "storyboard", "render", DRAWN)

# Five servers start one after another.
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A song of four seconds: drawing as slowly as here takes its time."""
    path = tmp_path_factory.mktemp("songs") / "short.mp3"
    write_song(path, band(SECONDS), "mp3")
    path.with_suffix(".lrc").write_text(LYRICS)
    return path


@pytest.fixture(scope="module")
def undisturbed(studio: Workspace, song: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Hash of the frames of the song's video, made in another data folder without any fault."""
    video = tmp_path_factory.mktemp("undisturbed") / "video.mp4"
    studio.make(song, video, size=SLOW)
    return frames_hash(video)


async def events_of(address: str, operation: str) -> list[JobEvent]:
    """The whole log of a job."""
    async with open_channel(address) as channel:
        watch = VideoServiceStub(channel).WatchOperation
        return [each.event async for each in watch(WatchOperationRequest(name=operation))]


@pytest.mark.parametrize(
    "moments",
    [
        pytest.param(MOMENTS, id="at every stage in turn", marks=pytest.mark.slow),
        *(pytest.param((each,), id=each, marks=pytest.mark.slow) for each in MOMENTS),
    ],
)
async def test_killed_job_is_taken_up_by_the_same_command(
    workspace: Workspace, song: Path, moments: tuple[str, ...], undisturbed: str
) -> None:
    video = workspace.folder / "video.mp4"
    for moment in moments:
        workspace.kill_at(moment, "make", song, "-o", video, *SLOW)
        assert not video.exists()

    with workspace.serving() as address:
        result = workspace.make(song, video, size=SLOW)
        events = await events_of(address, result["operation"])

    assert result["frames"] == FRAMES
    if DRAWN in moments:
        assert result["frames_reused"] >= SEGMENT_FRAMES
    assert frames_hash(video) == undisturbed
    assert [event.offset for event in events] == list(range(len(events)))
    stages = [event.metadata.stage for event in events if event.metadata.stage]
    assert stages == sorted(stages, key=ORDER.index), "a finished stage was begun again"
    assert set(stages) >= {"analyze", "storyboard", "render"}
    assert [event.done for event in events].count(True) == 1


@pytest.mark.slow
def test_killed_server_is_started_again_by_the_command_that_waits(
    workspace: Workspace, song: Path, undisturbed: str
) -> None:
    video = workspace.folder / "video.mp4"
    process = workspace.start_until(DRAWN, "make", song, "-o", video, "--json", *SLOW)
    workspace.kill_server()
    out, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    result = json.loads(out)
    assert result["frames"] == FRAMES
    assert result["frames_reused"] >= SEGMENT_FRAMES
    assert "attempt 2" in err
    assert frames_hash(video) == undisturbed


@pytest.mark.slow
def test_ctrl_c_cancels_and_the_next_try_works(workspace: Workspace, song: Path) -> None:
    video = workspace.folder / "video.mp4"
    process = workspace.start("make", song, "-o", video, *SLOW)
    assert process.stderr is not None
    assert any("frames" in line for line in process.stderr), "it ended before it drew"
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert not video.exists()
    with workspace.serving():
        jobs = workspace.run("jobs", "--json")
        assert '"cancelled"' in jobs.stdout, jobs.stdout
        assert workspace.make(song, video, size=SLOW)["frames"] == FRAMES
