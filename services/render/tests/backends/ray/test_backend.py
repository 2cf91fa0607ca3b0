"""Drawing on a real Ray of this machine, with two replicas that are killed."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import psutil
import pytest
from songreel.render.v1.render_service_pb2 import RenderRequest
from songreel.render.v1.render_service_pb2_grpc import RenderServiceStub
from songreel.type.v1.artifact_pb2 import Progress
from songreel_kit.errors import Busy, Cancelled, LoraUnusable, from_rpc_error
from songreel_kit.work import CancelToken
from songreel_render.service import create_service
from songreel_testing.render.click_track import analysis_of, write_song
from songreel_testing.render.harness import RenderHarness
from songreel_testing.render.storyboards import equal_scenes, storyboard_of
from songreel_testing.render.tiny_checkpoint import write_checkpoint
from songreel_testing.serving import collect, serving

pytest.importorskip("songreel_render.backends.ray.cluster", reason="no songreel-render[ray] here")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    # Ray about itself and about pydantic.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

SECONDS = 4.0


def request_of(
    harness: RenderHarness, song: Path, seconds: float = SECONDS, **settings: object
) -> RenderRequest:
    return harness.request(
        song, analysis_of(seconds), storyboard_of(*equal_scenes(seconds)),
        **{"steps": 2, "cadence": 0.0} | settings,
    )  # fmt: skip


def replicas() -> dict[int, psutil.Process]:
    """Processes of this one's Ray that draw."""
    found = {}
    for each in psutil.Process().children(recursive=True):
        try:
            if each.cmdline() and "ServeReplica:render:Renderer" in each.cmdline()[0]:
                found[each.pid] = each
        except psutil.Error:
            continue
    return found


def rays() -> set[psutil.Process]:
    """Every process that came with Ray."""
    return {
        each
        for each in psutil.Process().children(recursive=True)
        if each.is_running() and each.status() != psutil.STATUS_ZOMBIE
    }


@dataclass
class FramePipeline:
    """A stage whose frames are drawn on Ray, and one that draws them by itself."""

    ray: RenderHarness
    alone: RenderHarness
    song: Path


@pytest.fixture(scope="module")
def pipeline() -> Iterator[FramePipeline]:
    # Sockets below the folder may have paths of 107 characters, pytest's own is too long.
    with tempfile.TemporaryDirectory(prefix="sr-") as folder:
        here = Path(folder)
        checkpoint = write_checkpoint(here / "checkpoint")
        before = rays()
        ray = RenderHarness(
            here / "ray",
            checkpoint,
            {"backend": "ray", "ray_min_replicas": 2, "ray_max_replicas": 2, "ray_max_queued": 2},
        )
        try:
            yield FramePipeline(
                ray,
                RenderHarness(here / "alone", checkpoint),
                write_song(here / "song.mp3", SECONDS),
            )
        finally:
            ray.renderer.close()
        _, left = psutil.wait_procs(rays() - before, timeout=60)
        assert not left, f"Ray left {left}"


def test_two_replicas_draw_the_same_frames(pipeline: FramePipeline) -> None:
    seen: list[Progress] = []

    def report(progress: Progress) -> None:
        copy = Progress()
        copy.CopyFrom(progress)
        seen.append(copy)

    result = pipeline.ray.render(request_of(pipeline.ray, pipeline.song), report)
    assert len(replicas()) == 2
    whole = pipeline.alone.render(request_of(pipeline.alone, pipeline.song))
    assert pipeline.ray.decode(result.video).sha256 == pipeline.alone.decode(whole.video).sha256
    assert result.frames == result.frames_denoised == whole.frames_denoised == 48
    fractions = [each.fraction for each in seen]
    assert fractions == sorted(fractions)
    counts = sorted({each.frames_done for each in seen if each.step == "frames"})
    assert counts == list(range(0, 49, 6))


def test_a_replica_killed_in_the_middle_costs_one_segment(
    pipeline: FramePipeline, caplog: pytest.LogCaptureFixture
) -> None:
    killed: list[int] = []

    def kill_the_one_that_draws(progress: Progress) -> None:
        if progress.step != "frames" or progress.frames_done < 12 or killed:
            return
        # A segment is done just now, so one of the two has none at the moment.
        begun = {each: each.cpu_times().user for each in replicas().values()}
        deadline = time.monotonic() + 120
        while not killed and time.monotonic() < deadline:
            for each, before in begun.items():
                if each.cpu_times().user > before + 0.05:
                    each.kill()
                    killed.append(each.pid)
                    break

    result = pipeline.ray.render(
        request_of(pipeline.ray, pipeline.song, seed=5), kill_the_one_that_draws
    )
    assert killed
    assert killed[0] not in replicas()
    lost = [each for each in caplog.records if "a worker was lost" in str(each.msg)]
    assert len(lost) == 1
    assert result.frames_reused == 0
    whole = pipeline.alone.render(request_of(pipeline.alone, pipeline.song, seed=5))
    assert pipeline.ray.decode(result.video).sha256 == pipeline.alone.decode(whole.video).sha256


def test_errors_of_replicas_arrive_as_they_are(pipeline: FramePipeline, tmp_path: Path) -> None:
    lora = tmp_path / "broken.safetensors"
    lora.write_bytes(b"no weights")
    request = request_of(pipeline.ray, pipeline.song)
    request.settings.loras.add(path=str(lora))
    with pytest.raises(LoraUnusable, match="cannot be read"):
        pipeline.ray.render(request)


def test_a_cancelled_render_frees_its_replicas(pipeline: FramePipeline) -> None:
    token = CancelToken()

    def cancel(progress: Progress) -> None:
        token.check()
        if progress.frames_done >= 6:
            token.cancel()

    with pytest.raises(Cancelled):
        pipeline.ray.render(request_of(pipeline.ray, pipeline.song, seed=9), cancel, token)
    result = pipeline.ray.render(request_of(pipeline.ray, pipeline.song, seed=9))
    assert 6 <= result.frames_reused < 48


async def test_a_full_queue_is_told_on_the_wire_with_the_time_to_come_back(
    pipeline: FramePipeline,
) -> None:
    """Last, because a service that ends also ends its Ray."""
    settings = pipeline.ray.settings.model_copy(update={"max_renders": 8})
    service = create_service(settings, pipeline.ray.store, pipeline.ray.renderer.backend)
    async with serving(service) as channel:
        stub = RenderServiceStub(channel)
        requests = [
            request_of(pipeline.ray, pipeline.song, 1.0, seed=100 + each) for each in range(8)
        ]
        ended = await asyncio.gather(
            *(collect(stub.Render(each)) for each in requests), return_exceptions=True
        )
        refusals = [each for each in ended if isinstance(each, grpc.RpcError)]
        for each in map(from_rpc_error, refusals):
            assert isinstance(each, Busy), each
            assert each.retry_seconds
        assert 0 < len(refusals) < len(requests), ended
        assert replicas()
    assert not replicas()
