"""Stage `analyze`: beats, sections, lyrics and emotion of the song."""

from __future__ import annotations

from typing import Any, Final

from songreel.audio.v1.audio_service_pb2 import AnalyzeRequest, AnalyzeResult
from songreel.type.v1.artifact_pb2 import Artifact
from songreel.v1.video_service_pb2 import AnalyzeSongRequest

from songreel_gateway.clients.services import AUDIO
from songreel_gateway.jobs.job import Job, JobKind
from songreel_gateway.jobs.stages.outcomes import parsed, plain
from songreel_gateway.jobs.stages.stage import Stage, StageRun, video_of


def _needed(job: Job) -> bool:
    if job.kind is JobKind.VIDEO:
        return not video_of(job).analysis
    return job.kind is JobKind.ANALYSIS


async def _run(run: StageRun) -> dict[str, Any]:
    if run.job.kind is JobKind.ANALYSIS:
        asked = AnalyzeSongRequest.FromString(run.job.request)
        options = asked.options
    else:
        asked = video_of(run.job)
        options = asked.analyze_options
    song = await run.media.get(asked.song)
    request = AnalyzeRequest(song=song.artifact, file_name=song.display_name, options=options)
    if asked.lyrics:
        request.lyrics.CopyFrom((await run.media.get(asked.lyrics)).artifact)
    result: AnalyzeResult = await run.clients.follow(AUDIO, "Analyze", request, run.log)
    await run.log.keep_all(result, song.display_name)
    return plain(result)


async def analysis_of(run: StageRun) -> Artifact:
    """The analysis that the video was given, or that this stage made."""
    given = video_of(run.job).analysis
    if not given:
        return parsed(run.done[STAGE.name], AnalyzeResult).analysis
    media = await run.media.get(given)
    run.log.media.analysis = media.name
    return media.artifact


STAGE: Final = Stage(
    name="analyze",
    weight=0.08,
    services=(AUDIO,),
    needed=_needed,
    run=_run,
    artifacts={"analysis": ".analysis.json", "plot": ".analysis.png"},
)
