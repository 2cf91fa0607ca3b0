"""What Prometheus reads of rendering."""

from __future__ import annotations

from pathlib import Path

from miniature import Stage, analysis_of, even_scenes, storyboard_of
from prometheus_client import REGISTRY
from songreel.render.v1.render_service_pb2_grpc import RenderServiceStub
from songreel_kit.testing import collect, serving
from songreel_render.service import create_service


def value(name: str) -> float:
    found = REGISTRY.get_sample_value(name)
    assert found is not None, f"{name} is not exported"
    return found


async def test_frames_are_counted_once_and_only_when_drawn(stage: Stage, song: Path) -> None:
    request = stage.request(song, analysis_of(1.0), storyboard_of(*even_scenes(1.0)))
    before = value("songreel_render_frames_drawn_total")
    working: list[float] = []
    async with serving(create_service(stage.settings, stage.store)) as channel:
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
    assert value("songreel_render_working") == value("songreel_render_waiting") == 0
