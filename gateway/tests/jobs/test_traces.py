"""One trace for one job, whichever process works on it."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from songreel_testing.collector import Collector, ReceivedSpan, trace_collector

from .test_recovery import process_in

CREATE = "songreel.v1.VideoService/CreateVideo"
STAGES = {
    "stage analyze": "songreel.audio.v1.AudioService/Analyze",
    "stage storyboard": "songreel.prompt.v1.PromptService/WriteStoryboard",
    "stage render": "songreel.render.v1.RenderService/Render",
}
SERVER = 2


def served(collector: Collector, method: str) -> list[ReceivedSpan]:
    return [each for each in collector.named(method) if each.kind == SERVER]


async def test_a_job_taken_over_after_a_crash_stays_in_its_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with trace_collector() as collector:
        for name, value in collector.environment().items():
            monkeypatch.setenv(name, value)
        async with process_in(tmp_path) as process:
            process.control.hold("render")
            song = await process.client.upload(b"a song that is followed", display_name="Annabel")
            operation = await process.client.create(song)
            await process.client.reach(operation, "render", "frames")
            collector.wait(lambda: collector.named("stage storyboard"))
            assert await process.die() == -signal.SIGKILL
            process.control.let_go("render")
        async with process_in(tmp_path) as process:
            assert (await process.client.wait(operation)).response.value
            collector.wait(lambda: collector.named("finish") and collector.named("stage render"))

    (created,) = served(collector, CREATE)
    for stage, method in STAGES.items():
        for call in served(collector, method):
            above = collector.ancestors(call)
            assert [each.name for each in above] == [method, stage, CREATE]
            assert above[-1] == created
            assert {each.trace for each in [call, *above]} == {created.trace}
    (finished,) = collector.named("finish")
    assert collector.ancestors(finished) == [created]
    # The first attempt died with its process, untold.
    (render,) = collector.named("stage render")
    assert render.attributes["songreel.attempt"] == 2
    assert operation.name.endswith(render.attributes["songreel.job"])
    assert "Annabel" not in repr(collector.spans)
