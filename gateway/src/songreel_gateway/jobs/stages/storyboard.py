"""Stage `storyboard`: writes the storyboard, or takes the one that a person edited."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from songreel.prompt.v1 import storyboard_pb2
from songreel.prompt.v1.prompt_service_pb2 import (
    CheckStoryboardRequest,
    CheckStoryboardResponse,
    StoryboardOptions,
    WriteStoryboardRequest,
    WriteStoryboardResult,
)
from songreel.type.v1.artifact_pb2 import Artifact
from songreel.v1.video_pb2 import Video
from songreel.v1.video_service_pb2 import CreateStoryboardRequest
from songreel_kit.artifacts.documents import load_document
from songreel_kit.database.threads import finish_in_thread
from songreel_kit.errors import InvalidStoryboard, StoryboardNotFound
from songreel_kit.likeness.adapters import phrase_of

from songreel_gateway.clients.services import PROMPT
from songreel_gateway.jobs.job import JobKind, given_storyboard
from songreel_gateway.jobs.stages.analyze import analysis_of
from songreel_gateway.jobs.stages.outcomes import Outcome, Outcomes, parsed, plain
from songreel_gateway.jobs.stages.stage import Stage, StageRun, video_of


async def _run(run: StageRun) -> dict[str, Any]:
    if run.job.kind is JobKind.STORYBOARD:
        asked = CreateStoryboardRequest.FromString(run.job.request)
        analysis = await run.media.get(asked.analysis)
        song = analysis.display_name.removesuffix(".json").removesuffix(".analysis")
        written = await _write(run, analysis.artifact, asked.options, asked.storyboard, song)
        return written | {"content": await _content(run, written)}
    video = video_of(run.job)
    song = await run.media.get(video.song)
    analysis = await analysis_of(run)
    options = StoryboardOptions()
    options.CopyFrom(video.storyboard_options)
    # What draws the prompts is what they have to fit.
    options.checkpoint = options.checkpoint or video.render_settings.checkpoint
    if video.HasField("identity"):
        options.protagonist_phrase = phrase_of(video.identity.noun)
    given = given_storyboard(video)
    if video.stored_storyboard and not given:
        raise StoryboardNotFound(
            f"{video.stored_storyboard} was not found when the video was asked for: ask again",
            name=video.stored_storyboard,
        )
    if given and not video.rewrite_storyboard:
        return await _take(run, given, analysis, options)
    return await _write(run, analysis, options, given, song.display_name)


async def _write(
    run: StageRun, analysis: Artifact, options: StoryboardOptions, previous: str, song: str
) -> dict[str, Any]:
    """Writes a storyboard, or rewrites the open scenes of `previous`, a media name."""
    request = WriteStoryboardRequest(analysis=analysis, options=options)
    notes: list[str] = []
    if previous:
        checked = await _check(run, previous, analysis, options)
        request.options.storyboard.CopyFrom(checked.storyboard)
        notes = list(checked.notes)
    result: WriteStoryboardResult = await run.clients.follow(
        PROMPT, "WriteStoryboard", request, run.log
    )
    await run.log.keep("storyboard", result.document, song)
    return plain(result) | {"notes": notes}


async def _content(run: StageRun, written: Mapping[str, Any]) -> dict[str, Any]:
    """The storyboard itself, which is kept to be edited."""
    artifact = parsed(written, WriteStoryboardResult).storyboard

    def load() -> storyboard_pb2.Storyboard:
        kind, error = storyboard_pb2.Storyboard, InvalidStoryboard
        return load_document(run.store, artifact, kind, error=error)

    return plain(await finish_in_thread(load))


async def _take(
    run: StageRun, name: str, analysis: Artifact, options: StoryboardOptions
) -> dict[str, Any]:
    """Takes a storyboard as a person edited it."""
    checked = await _check(run, name, analysis, options)
    run.log.media.storyboard = name
    result = WriteStoryboardResult(storyboard=checked.storyboard)
    return plain(result) | {"notes": list(checked.notes)}


async def _check(
    run: StageRun, name: str, analysis: Artifact, options: StoryboardOptions
) -> CheckStoryboardResponse:
    given = await run.media.get(name)
    request = CheckStoryboardRequest(
        document=given.artifact,
        analysis=analysis,
        document_name=given.display_name,
        options=options,
    )
    return await run.clients.ask(PROMPT, "CheckStoryboard", request, run.log)


def written_storyboard(done: Outcomes) -> WriteStoryboardResult:
    """What this stage made."""
    return parsed(done[STAGE.name], WriteStoryboardResult)


def _describe(video: Video, outcome: Outcome) -> None:
    written = parsed(outcome, WriteStoryboardResult)
    video.storyteller = written.storyteller or "hand"
    wanted = video.storyboard_options.storyteller
    if written.storyteller and wanted not in ("", written.storyteller):
        video.fallbacks.append(
            f"storyteller: {wanted} was asked for, {written.storyteller} wrote the storyboard"
        )
    video.fallbacks.extend(outcome.get("notes", []))


STAGE: Final = Stage(
    name="storyboard",
    weight=0.02,
    services=(PROMPT,),
    needed=lambda job: job.kind in (JobKind.STORYBOARD, JobKind.VIDEO),
    run=_run,
    artifacts={"storyboard": ".storyboard.yaml"},
    describe=_describe,
)
