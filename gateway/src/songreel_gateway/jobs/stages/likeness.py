"""Stage `likeness`: the adapter of the person, for the checkpoint that will draw."""

from __future__ import annotations

from typing import Any, Final

from songreel.identity.v1.identity_service_pb2 import TrainAdapterRequest, TrainAdapterResult
from songreel.render.v1.render_service_pb2 import GetRendererRequest
from songreel.v1.video_pb2 import Video
from songreel_kit.errors import CheckpointNotFound

from songreel_gateway.clients.services import IDENTITY, RENDER
from songreel_gateway.jobs.stages.outcomes import Outcome, Outcomes, parsed, plain
from songreel_gateway.jobs.stages.stage import Stage, StageRun, video_of
from songreel_gateway.jobs.stages.storyboard import written_storyboard


async def _run(run: StageRun) -> dict[str, Any]:
    video = video_of(run.job)
    storyboard = written_storyboard(run.done).storyboard
    base = await run.clients.ask(
        RENDER,
        "GetRenderer",
        GetRendererRequest(checkpoint=video.render_settings.checkpoint, storyboard=storyboard),
        run.log,
    )
    if base.checkpoint_problem:
        raise CheckpointNotFound(base.checkpoint_problem)
    request = TrainAdapterRequest(
        identity=video.identity.name,
        checkpoint=base.checkpoint,
        checkpoint_sha256=base.checkpoint_sha256,
        noun=video.identity.noun,
    )
    return plain(await run.clients.follow(IDENTITY, "TrainAdapter", request, run.log))


def trained_adapter(done: Outcomes) -> TrainAdapterResult:
    """What this stage made, or found."""
    return parsed(done[STAGE.name], TrainAdapterResult)


def _describe(video: Video, outcome: Outcome) -> None:
    trained = parsed(outcome, TrainAdapterResult)
    video.fallbacks.extend(f"the person: {note}" for note in trained.notes)


STAGE: Final = Stage(
    name="likeness",
    weight=0.60,
    services=(IDENTITY, RENDER),
    needed=lambda job: video_of(job).HasField("identity"),
    run=_run,
    artifacts={},
    describe=_describe,
)
