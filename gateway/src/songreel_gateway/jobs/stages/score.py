"""Stage `score`: makes a film's soundtrack and the film with it."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any, Final

from songreel.score.v1.score_service_pb2 import ScoreRequest, ScoreResult, WatchResult
from songreel.v1.video_service_pb2 import CreateScoreRequest

from songreel_gateway.clients.services import SCORE
from songreel_gateway.jobs.job import JobKind
from songreel_gateway.jobs.stages import watch
from songreel_gateway.jobs.stages.outcomes import Outcomes, parsed, plain
from songreel_gateway.jobs.stages.stage import Stage, StageRun


async def _run(run: StageRun) -> dict[str, Any]:
    asked = CreateScoreRequest.FromString(run.job.request)
    video = await run.media.get(asked.video)
    request = ScoreRequest(
        video=video.artifact,
        options=asked.options,
        analysis=parsed(run.done[watch.STAGE.name], WatchResult).analysis,
    )
    if asked.plan:
        request.plan.CopyFrom((await run.media.get(asked.plan)).artifact)
    result: ScoreResult = await run.clients.follow(SCORE, "Score", request, run.log)
    await run.log.keep_all(result, video.display_name)
    name = PurePath(video.display_name).stem or "film"
    for stem in result.stems:
        media = await run.log.add(stem.sound, f"{name}.{stem.role}.wav")
        run.log.media.stems[stem.role] = media.name
    film = await run.log.add(result.film, f"{name}.score.{asked.options.format or 'mp4'}")
    run.log.media.video = film.name
    return plain(result)


def scored(done: Outcomes) -> ScoreResult:
    """What this stage made."""
    return parsed(done[STAGE.name], ScoreResult)


STAGE: Final = Stage(
    name="score",
    weight=0.55,
    services=(SCORE,),
    needed=lambda job: job.kind is JobKind.SCORE,
    run=_run,
    artifacts={
        "plan": ".score.yaml",
        "report": ".score.json",
        "midi": ".mid",
        "timeline": ".score.png",
        "sound": ".wav",
    },
)
