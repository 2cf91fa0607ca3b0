"""What each stage of a job does, from the request that asked for the job.

Outcomes of stages are plain JSON (protobuf JSON of the services' results): the
workflow engine stores them, and whatever version of the code runs next reads them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from google.protobuf import any_pb2, json_format
from google.protobuf.message import Message
from songreel.audio.v1.audio_service_pb2 import AnalyzeRequest, AnalyzeResult
from songreel.identity.v1.identity_service_pb2 import TrainAdapterRequest, TrainAdapterResult
from songreel.prompt.v1 import storyboard_pb2
from songreel.prompt.v1.prompt_service_pb2 import (
    CheckStoryboardRequest,
    CheckStoryboardResponse,
    StoryboardOptions,
    WriteStoryboardRequest,
    WriteStoryboardResult,
)
from songreel.render.v1.render_service_pb2 import RenderRequest, RenderResult
from songreel.type.v1.artifact_pb2 import Artifact
from songreel.v1.video_pb2 import Storyboard, Video
from songreel.v1.video_service_pb2 import (
    AnalyzeSongRequest,
    AnalyzeSongResult,
    CreateStoryboardRequest,
    CreateStoryboardResult,
    CreateVideoRequest,
)
from songreel_kit.artifacts.documents import load_document
from songreel_kit.artifacts.store import ArtifactStore
from songreel_kit.database.threads import finish_in_thread
from songreel_kit.errors import InvalidStoryboard, StoryboardNotFound
from songreel_kit.likeness.adapters import phrase_of

from songreel_gateway.api.resource_names import operation_name, video_name
from songreel_gateway.jobs.event_log import JobLog
from songreel_gateway.jobs.job import Job, JobKind, given_storyboard, job_span
from songreel_gateway.jobs.progress import ANALYZE, LIKENESS, RENDER, STORYBOARD
from songreel_gateway.jobs.stage_clients import Stages
from songreel_gateway.media.repository import Library
from songreel_gateway.storyboards.repository import new_storyboard

M = TypeVar("M", bound=Message)

Outcomes = Mapping[str, Mapping[str, Any]]
"""Stage -> what it gave."""


def stages_of(job: Job) -> list[str]:
    """The stages that the job goes through, in order."""
    match job.kind:
        case JobKind.ANALYSIS:
            return [ANALYZE]
        case JobKind.STORYBOARD:
            return [STORYBOARD]
        case JobKind.VIDEO:
            video = _video(job)
            before = [] if video.analysis else [ANALYZE]
            person = [LIKENESS] if video.HasField("identity") else []
            return [*before, STORYBOARD, *person, RENDER]


class Work:
    """Does one stage of one job."""

    def __init__(
        self,
        job: Job,
        log: JobLog,
        stages: Stages,
        library: Library,
        store: ArtifactStore,
        done: Outcomes,
    ) -> None:
        self._job = job
        self._log = log
        self._stages = stages
        self._library = library
        self._store = store
        self._done = done

    async def run(self) -> dict[str, Any]:
        """The stage's outcome. Raises the stage's typed error, `JobEnded`."""
        with job_span(f"stage {self._job.stage}", self._job):
            return await self._run()

    async def _run(self) -> dict[str, Any]:
        match self._job.stage:
            case "analyze":
                return await self._analyze()
            case "storyboard":
                return await self._storyboard()
            case "likeness":
                return await self._likeness()
            case _:
                return await self._render()

    async def _analyze(self) -> dict[str, Any]:
        if self._job.kind is JobKind.ANALYSIS:
            asked = AnalyzeSongRequest.FromString(self._job.request)
            options = asked.options
        else:
            asked = _video(self._job)
            options = asked.analyze_options
        song = await self._library.get(asked.song)
        request = AnalyzeRequest(song=song.artifact, file_name=song.display_name, options=options)
        if asked.lyrics:
            request.lyrics.CopyFrom((await self._library.get(asked.lyrics)).artifact)
        result = await self._stages.analyze(request, self._log)
        await self._log.keep("analysis", result.analysis, song.display_name)
        await self._log.keep("plot", result.plot, song.display_name)
        await self._log.complete()
        return plain(result)

    async def _storyboard(self) -> dict[str, Any]:
        if self._job.kind is JobKind.STORYBOARD:
            asked = CreateStoryboardRequest.FromString(self._job.request)
            analysis = await self._library.get(asked.analysis)
            song = analysis.display_name.removesuffix(".json").removesuffix(".analysis")
            written = await self._write_storyboard(
                analysis.artifact, asked.options, asked.storyboard, song
            )
            return written | {"content": await self._content(written)}
        video = _video(self._job)
        song = await self._library.get(video.song)
        analysis = await self._analysis()
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
            return await self._keep_storyboard(given, analysis, options)
        return await self._write_storyboard(analysis, options, given, song.display_name)

    async def _write_storyboard(
        self, analysis: Artifact, options: StoryboardOptions, previous: str, song: str
    ) -> dict[str, Any]:
        """Writes a storyboard, or rewrites the open scenes of `previous`, a media name."""
        request = WriteStoryboardRequest(analysis=analysis, options=options)
        notes: list[str] = []
        if previous:
            checked = await self._check_storyboard(previous, analysis, options)
            request.options.storyboard.CopyFrom(checked.storyboard)
            notes = list(checked.notes)
        result = await self._stages.write_storyboard(request, self._log)
        await self._log.keep("storyboard", result.document, song)
        await self._log.complete()
        return plain(result) | {"notes": notes}

    async def _content(self, written: Mapping[str, Any]) -> dict[str, Any]:
        """The storyboard itself, which is kept to be edited."""
        artifact = parsed(written, WriteStoryboardResult).storyboard

        def load() -> storyboard_pb2.Storyboard:
            kind, error = storyboard_pb2.Storyboard, InvalidStoryboard
            return load_document(self._store, artifact, kind, error=error)

        return plain(await finish_in_thread(load))

    async def _keep_storyboard(
        self, name: str, analysis: Artifact, options: StoryboardOptions
    ) -> dict[str, Any]:
        """Takes a storyboard as a person edited it."""
        checked = await self._check_storyboard(name, analysis, options)
        self._log.media.storyboard = name
        await self._log.complete()
        result = WriteStoryboardResult(storyboard=checked.storyboard)
        return plain(result) | {"notes": list(checked.notes)}

    async def _check_storyboard(
        self, name: str, analysis: Artifact, options: StoryboardOptions
    ) -> CheckStoryboardResponse:
        given = await self._library.get(name)
        return await self._stages.check_storyboard(
            CheckStoryboardRequest(
                document=given.artifact,
                analysis=analysis,
                document_name=given.display_name,
                options=options,
            )
        )

    async def _likeness(self) -> dict[str, Any]:
        """Sees to it that the person was learnt for the checkpoint that will draw."""
        video = _video(self._job)
        base = await self._stages.checkpoint(
            video.render_settings.checkpoint,
            parsed(self._done[STORYBOARD], WriteStoryboardResult).storyboard,
        )
        request = TrainAdapterRequest(
            identity=video.identity.name,
            checkpoint=base.checkpoint,
            checkpoint_sha256=base.checkpoint_sha256,
            noun=video.identity.noun,
        )
        result = await self._stages.train_adapter(request, self._log)
        await self._log.complete()
        return plain(result)

    async def _render(self) -> dict[str, Any]:
        video = _video(self._job)
        song = await self._library.get(video.song)
        request = RenderRequest(
            song=song.artifact,
            analysis=await self._analysis(),
            storyboard=parsed(self._done[STORYBOARD], WriteStoryboardResult).storyboard,
            settings=video.render_settings,
        )
        if video.HasField("identity"):
            learnt = parsed(self._done[LIKENESS], TrainAdapterResult)
            person = request.settings.loras.add(adapter_sha256=learnt.adapter_sha256)
            if video.identity.HasField("weight"):
                person.weight = video.identity.weight
        result = await self._stages.render(request, self._log, video.identity.name)
        for part in ("plan", "timeline", "contact_sheet", "video"):
            await self._log.keep(part, getattr(result, part), song.display_name)
        await self._log.complete()
        return plain(result)

    async def _analysis(self) -> Artifact:
        """The analysis that was given, or that the first stage made."""
        given = _video(self._job).analysis
        if not given:
            return parsed(self._done[ANALYZE], AnalyzeResult).analysis
        media = await self._library.get(given)
        self._log.media.analysis = media.name
        return media.artifact


def kept_storyboard(job: Job, done: Outcomes) -> Storyboard | None:
    """What the job leaves to be edited; None for jobs that leave no storyboard."""
    outcome = done.get(STORYBOARD, {})
    if job.kind is not JobKind.STORYBOARD or "content" not in outcome:
        return None
    return new_storyboard(
        job.project,
        job.id,
        CreateStoryboardRequest.FromString(job.request),
        parsed(outcome["content"], storyboard_pb2.Storyboard),
        job.progress.media.storyboard,
    )


async def response_of(
    job: Job, library: Library, done: Outcomes, kept: Storyboard | None
) -> Message:
    """What the operation answers with when all stages are done; `kept` as above."""
    media = job.progress.media
    match job.kind:
        case JobKind.ANALYSIS:
            result = AnalyzeSongResult(analysis=await library.get(media.analysis))
            if media.plot:
                result.plot.CopyFrom(await library.get(media.plot))
            return result
        case JobKind.STORYBOARD:
            made = CreateStoryboardResult(
                storyboard=await library.get(media.storyboard),
                storyteller=parsed(done[STORYBOARD], WriteStoryboardResult).storyteller,
            )
            if kept is not None:
                made.stored.CopyFrom(kept)
                made.stored.ClearField("content")
            return made
        case JobKind.VIDEO:
            return _finished_video(job, done)


def packed(message: Message) -> any_pb2.Any:
    """The message with its type."""
    package = any_pb2.Any()
    package.Pack(message)
    return package


def plain(message: Message) -> dict[str, Any]:
    """The message as protobuf JSON."""
    return json_format.MessageToDict(message, preserving_proto_field_name=True)


def parsed(outcome: Mapping[str, Any], message_type: type[M]) -> M:
    """The message in a stage's outcome; what a newer version added is left out."""
    return json_format.ParseDict(dict(outcome), message_type(), ignore_unknown_fields=True)


def _video(job: Job) -> Video:
    return CreateVideoRequest.FromString(job.request).video


def _finished_video(job: Job, done: Outcomes) -> Video:
    rendered = parsed(done[RENDER], RenderResult)
    written = parsed(done[STORYBOARD], WriteStoryboardResult)
    video = _video(job)
    video.name = video_name(job.project, job.video)
    video.operation = operation_name(job.project, job.id)
    video.create_time.FromMicroseconds(job.created)
    video.media.CopyFrom(job.progress.media)
    video.state = Video.STATE_READY
    video.frames = rendered.frames
    video.frames_reused = rendered.frames_reused
    video.audio_mode = rendered.audio_mode
    video.storyteller = written.storyteller or "hand"
    wanted = video.storyboard_options.storyteller
    if written.storyteller and wanted not in ("", written.storyteller):
        video.fallbacks.append(
            f"storyteller: {wanted} was asked for, {written.storyteller} wrote the storyboard"
        )
    video.fallbacks.extend(done[STORYBOARD].get("notes", []))
    if LIKENESS in done:
        learnt = parsed(done[LIKENESS], TrainAdapterResult)
        video.fallbacks.extend(f"the person: {note}" for note in learnt.notes)
    video.fallbacks.extend(rendered.fallbacks)
    return video
