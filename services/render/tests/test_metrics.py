"""What Prometheus reads of rendering."""

from __future__ import annotations

from pathlib import Path

from prometheus_client import REGISTRY
from songreel.render.v1.render_service_pb2_grpc import RenderServiceStub
from songreel_kit.telemetry.metrics import CACHE_LOOKUPS, MODEL_LOADS
from songreel_render.service import create_service
from songreel_testing.render.click_track import analysis_of
from songreel_testing.render.harness import RenderHarness
from songreel_testing.render.storyboards import equal_scenes, storyboard_of
from songreel_testing.serving import collect, serving


def value(name: str, **labels: str) -> float:
    found = REGISTRY.get_sample_value(name, labels)
    assert found is not None, f"{name} is not exported"
    return found


async def test_frames_are_counted_once_and_only_when_drawn(
    harness: RenderHarness, song: Path
) -> None:
    request = harness.request(song, analysis_of(1.0), storyboard_of(*equal_scenes(1.0)))
    before = value("songreel_render_frames_drawn_total")
    working: list[float] = []
    async with serving(create_service(harness.settings, harness.store)) as channel:
        stub = RenderServiceStub(channel)
        async for event in stub.Render(request):
            if event.progress.step == "frames":
                working.append(value("songreel_render_working"))
            if event.HasField("result"):
                frames = event.result.frames
        assert value("songreel_render_frames_drawn_total") - before == frames > 0
        # The same again is found, not drawn.
        await collect(stub.Render(request))
        assert value("songreel_render_frames_drawn_total") - before == frames
    assert set(working) == {1.0}
    assert value("songreel_render_working") == 0


class Lookups:
    """Hits and misses of a cache since this was made."""

    def __init__(self, cache: str) -> None:
        self._cache = cache
        self._before = self._now()

    def _now(self) -> tuple[float, float]:
        counter = (
            CACHE_LOOKUPS.labels(self._cache, "hit"),
            CACHE_LOOKUPS.labels(self._cache, "miss"),
        )
        hits, misses = (each._value.get() for each in counter)
        return hits, misses

    def new(self) -> tuple[float, float]:
        """Since the last question."""
        before, self._before = self._before, self._now()
        return self._before[0] - before[0], self._before[1] - before[1]


async def test_caches_and_loads_are_counted(harness: RenderHarness, song: Path) -> None:
    scenes = equal_scenes(1.0)
    request = harness.request(song, analysis_of(1.0), storyboard_of(*scenes))
    names = ("video", "segment", "checkpoint", "embedding")
    video, segment, checkpoint, embedding = map(Lookups, names)
    MODEL_LOADS.labels("checkpoint")
    loads = value("songreel_model_load_seconds_count", model="checkpoint")
    async with serving(create_service(harness.settings, harness.store)) as channel:
        stub = RenderServiceStub(channel)
        await collect(stub.Render(request))
        assert video.new() == (0, 1)
        hits, misses = segment.new()
        assert (hits, misses > 0) == (0, True)
        assert checkpoint.new()[1] == 1
        hits, misses = embedding.new()
        assert misses == len({scene.prompt for scene in scenes})
        await collect(stub.Render(request))
        assert video.new() == (1, 0)
        # Other pictures of the same words, by the same networks.
        request.settings.seed += 1
        await collect(stub.Render(request))
        assert video.new() == (0, 1)
        hits, misses = checkpoint.new()
        assert (hits > 0, misses) == (True, 0)
        hits, misses = embedding.new()
        assert (hits > 0, misses) == (True, 0)
    assert value("songreel_model_load_seconds_count", model="checkpoint") == loads + 1
