"""Stage `watch`: analyses a film that is to get a soundtrack."""

from __future__ import annotations

from typing import Any, Final

from songreel.score.v1.score_service_pb2 import WatchRequest, WatchResult
from songreel.v1.video_service_pb2 import CreateScoreRequest

from songreel_gateway.clients.services import SCORE
from songreel_gateway.jobs.job import JobKind
from songreel_gateway.jobs.stages.outcomes import plain
from songreel_gateway.jobs.stages.stage import Stage, StageRun


async def _run(run: StageRun) -> dict[str, Any]:
    asked = CreateScoreRequest.FromString(run.job.request)
    video = await run.media.get(asked.video)
    request = WatchRequest(video=video.artifact)
    result: WatchResult = await run.clients.follow(SCORE, "Watch", request, run.log)
    await run.log.keep_all(result, video.display_name)
    return plain(result)


STAGE: Final = Stage(
    name="watch",
    weight=0.45,
    services=(SCORE,),
    needed=lambda job: job.kind is JobKind.SCORE,
    run=_run,
    artifacts={"analysis": ".watch.json"},
)
