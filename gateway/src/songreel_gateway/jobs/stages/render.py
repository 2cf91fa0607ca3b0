"""Stage `render`: draws the frames and makes the video."""

from __future__ import annotations

from typing import Any, Final

from songreel.identity.v1.identity_service_pb2 import GrantUseRequest
from songreel.render.v1.render_service_pb2 import RenderRequest, RenderResult
from songreel.v1.video_pb2 import Video
from songreel_kit.likeness.grants import job_sha256

from songreel_gateway.clients.services import IDENTITY, RENDER
from songreel_gateway.jobs.job import JobKind
from songreel_gateway.jobs.stages.analyze import analysis_of
from songreel_gateway.jobs.stages.likeness import trained_adapter
from songreel_gateway.jobs.stages.outcomes import Outcome, parsed, plain
from songreel_gateway.jobs.stages.stage import Stage, StageRun, video_of
from songreel_gateway.jobs.stages.storyboard import written_storyboard


async def _run(run: StageRun) -> dict[str, Any]:
    video = video_of(run.job)
    song = await run.media.get(video.song)
    request = RenderRequest(
        song=song.artifact,
        analysis=await analysis_of(run),
        storyboard=written_storyboard(run.done).storyboard,
        settings=video.render_settings,
    )
    if video.HasField("identity"):
        adapter = trained_adapter(run.done).adapter_sha256
        person = request.settings.loras.add(adapter_sha256=adapter)
        if video.identity.HasField("weight"):
            person.weight = video.identity.weight

    async def grant() -> None:
        """Every attempt that shows a person has a grant of its own."""
        for lora in request.settings.loras:
            if lora.adapter_sha256:
                asked = GrantUseRequest(
                    identity=video.identity.name,
                    adapter_sha256=lora.adapter_sha256,
                    job_sha256=job_sha256(request),
                )
                granted = await run.clients.ask_once(IDENTITY, "GrantUse", asked)
                lora.grant = granted.grant

    result: RenderResult = await run.clients.follow(RENDER, "Render", request, run.log, grant)
    await run.log.keep_all(result, song.display_name)
    return plain(result)


def _describe(video: Video, outcome: Outcome) -> None:
    rendered = parsed(outcome, RenderResult)
    video.frames = rendered.frames
    video.frames_reused = rendered.frames_reused
    video.audio_mode = rendered.audio_mode
    video.fallbacks.extend(rendered.fallbacks)


STAGE: Final = Stage(
    name="render",
    weight=0.90,
    services=(RENDER, IDENTITY),
    needed=lambda job: job.kind is JobKind.VIDEO,
    run=_run,
    artifacts={
        "plan": ".plan.json",
        "timeline": ".timeline.png",
        "contact_sheet": ".storyboard.png",
        "video": ".mp4",
    },
    describe=_describe,
)
