"""An erased render leaves nothing in the artifact store, and others whole."""

from __future__ import annotations

from pathlib import Path

from songreel.render.v1.render_service_pb2 import EraseRenderRequest
from songreel.render.v1.render_service_pb2_grpc import RenderServiceStub
from songreel_render.service import create_service
from songreel_testing.render.harness import RenderHarness
from songreel_testing.serving import collect, serving


async def test_all_that_was_drawn_from_a_plan_goes(harness: RenderHarness, song: Path) -> None:
    request = harness.simple_request(song)

    def held() -> set[str]:
        return {each.sha256 for each in harness.store.held()}

    given = held()
    async with serving(create_service(harness.settings, harness.store)) as channel:
        stub = RenderServiceStub(channel)
        other = (await collect(stub.Render(request)))[-1].result
        kept, keys = held(), {key for key, _ in harness.store.bound()}
        request.settings.seed += 1
        drawn = await collect(stub.Render(request))
        result = drawn[-1].result
        sheets = {each.contact_sheet.sha256 for each in drawn if each.HasField("contact_sheet")}
        made = held() - kept
        assert {result.video.sha256, result.plan.sha256} <= made
        erased = await stub.EraseRender(EraseRenderRequest(plan=result.plan))
        # The first contact sheet is the gateway's: it kept it as media of the job.
        assert held() - sheets == kept, "the other render has the same timeline"
        assert erased.artifacts >= 5
        assert {key for key, _ in harness.store.bound()} == keys
        # Once more finds nothing to do.
        again = await stub.EraseRender(EraseRenderRequest(plan=result.plan))
        assert again.artifacts == 0
        assert harness.store.exists(other.video)
        assert given <= held()
