"""A job as a row of stages: which it has, how one is done, and what comes of them all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from google.protobuf import any_pb2
from google.protobuf.message import Message
from songreel.prompt.v1 import storyboard_pb2
from songreel.v1.video_pb2 import Storyboard, Video, VideoMedia
from songreel.v1.video_service_pb2 import (
    AnalyzeSongResult,
    CreateScoreResult,
    CreateStoryboardRequest,
    CreateStoryboardResult,
)
from songreel_kit.errors import InternalError

from songreel_gateway.api.resource_names import operation_name, video_name
from songreel_gateway.jobs.job import Job, JobKind, job_span
from songreel_gateway.jobs.stages import score, storyboard
from songreel_gateway.jobs.stages.outcomes import Outcomes, parsed
from songreel_gateway.jobs.stages.stage import Stage, StageRun, video_of
from songreel_gateway.media.repository import MediaRepository
from songreel_gateway.storyboards.repository import new_storyboard


class Pipeline:
    """The stages that jobs may have."""

    def __init__(self, stages: Sequence[Stage]) -> None:
        """`stages` in the order in which they are done."""
        self._stages = {stage.name: stage for stage in stages}

    def stage(self, name: str) -> Stage:
        """Raises `InternalError` for a stage that this version does not have."""
        if name not in self._stages:
            raise InternalError(f"this version of songreel has no stage {name!r}: ask again")
        return self._stages[name]

    def stages_of(self, job: Job) -> list[Stage]:
        """The stages that the job goes through, in order."""
        return [stage for stage in self._stages.values() if stage.needed(job)]

    async def run(self, stage: Stage, run: StageRun) -> dict[str, Any]:
        """The stage's outcome. Raises the stage's typed error, `JobEnded`."""
        with job_span(f"stage {stage.name}", run.job):
            outcome = await stage.run(run)
            await run.log.complete()
            return outcome

    async def response_of(
        self, job: Job, media: MediaRepository, done: Outcomes, kept: Storyboard | None
    ) -> Message:
        """What the operation answers with when all stages are done; see `kept_storyboard`."""
        made = job.progress.media
        match job.kind:
            case JobKind.ANALYSIS:
                result = AnalyzeSongResult(analysis=await media.get(made.analysis))
                if made.plot:
                    result.plot.CopyFrom(await media.get(made.plot))
                return result
            case JobKind.STORYBOARD:
                result = CreateStoryboardResult(
                    storyboard=await media.get(made.storyboard),
                    storyteller=storyboard.written_storyboard(done).storyteller,
                )
                if kept is not None:
                    result.stored.CopyFrom(kept)
                    result.stored.ClearField("content")
                return result
            case JobKind.SCORE:
                return await _soundtrack(made, media, done)
            case JobKind.VIDEO:
                return self._finished_video(job, done)

    def _finished_video(self, job: Job, done: Outcomes) -> Video:
        video = video_of(job)
        video.name = video_name(job.project, job.video)
        video.operation = operation_name(job.project, job.id)
        video.create_time.FromMicroseconds(job.created)
        video.media.CopyFrom(job.progress.media)
        video.state = Video.STATE_READY
        for stage in self._stages.values():
            if stage.name in done:
                stage.describe(video, done[stage.name])
        return video


async def _soundtrack(
    made: VideoMedia, media: MediaRepository, done: Outcomes
) -> CreateScoreResult:
    outcome = score.scored(done)
    result = CreateScoreResult(
        film=await media.get(made.video), lufs=outcome.lufs, true_peak=outcome.true_peak
    )
    for part in ("analysis", "plan", "report", "midi", "timeline", "sound"):
        if name := getattr(made, part):
            getattr(result, part).CopyFrom(await media.get(name))
    for role, name in made.stems.items():
        result.stems[role].CopyFrom(await media.get(name))
    return result


def kept_storyboard(job: Job, done: Outcomes) -> Storyboard | None:
    """What the job leaves to be edited; None for jobs that leave no storyboard."""
    outcome = done.get(storyboard.STAGE.name, {})
    if job.kind is not JobKind.STORYBOARD or "content" not in outcome:
        return None
    return new_storyboard(
        job.project,
        job.id,
        CreateStoryboardRequest.FromString(job.request),
        parsed(outcome["content"], storyboard_pb2.Storyboard),
        job.progress.media.storyboard,
    )


def packed(message: Message) -> any_pb2.Any:
    """The message with its type."""
    package = any_pb2.Any()
    package.Pack(message)
    return package
