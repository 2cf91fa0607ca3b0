"""A render service that loads its libraries at the first call."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from songreel.render.v1.render_service_pb2 import GetRendererRequest
from songreel.render.v1.render_service_pb2_grpc import RenderServiceStub
from songreel_kit.errors import UnknownSchedule
from songreel_render.service import create_service
from songreel_testing.render.click_track import analysis_of
from songreel_testing.render.harness import RenderHarness
from songreel_testing.render.storyboards import equal_scenes, storyboard_of
from songreel_testing.serving import collect, expect_error, serving


def test_nothing_heavy_is_imported_before_the_first_call() -> None:
    script = (
        "import sys, songreel_render.service, songreel_render.settings;"
        "print(*sorted({'torch', 'diffusers', 'transformers', 'cv2', 'av'} & set(sys.modules)))"
    )
    output = subprocess.run(
        [sys.executable, "-c", script], check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    assert output.split() == []


async def test_it_answers_as_the_service_does(harness: RenderHarness, song: Path) -> None:
    request = harness.request(
        song, analysis_of(2.0), storyboard_of(*equal_scenes(2.0)), size=64, steps=1
    )
    async with serving(create_service(harness.settings, harness.store, deferred=True)) as channel:
        stub = RenderServiceStub(channel)
        assert (await stub.GetRenderer(GetRendererRequest())).native_size == 64
        events = await collect(stub.Render(request))
        assert events[-1].result.frames == 24
        request.settings.schedule = "waltz"
        with expect_error(UnknownSchedule):
            await collect(stub.Render(request))
