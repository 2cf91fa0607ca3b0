"""What callers ask for in a video: what of it is theirs to set, and what contradicts itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from google.protobuf.message import Message
from songreel.audio.v1.audio_service_pb2 import AnalyzeOptions
from songreel.prompt.v1.prompt_service_pb2 import StoryboardOptions
from songreel.v1.video_pb2 import Video
from songreel.v1.video_service_pb2 import CreateScoreRequest
from songreel_kit.bounds import analysis, render, score, storyboard
from songreel_kit.errors import InvalidRequest, PermissionDenied, StoryboardNotFound, all_faults
from songreel_kit.likeness.adapters import phrase_of

from songreel_gateway.api.resource_names import parse_identity, parse_storyboard

# What a caller may set; the rest of a Video is what the job made.
_INPUTS: Final = (
    "song",
    "lyrics",
    "analysis",
    "storyboard",
    "stored_storyboard",
    "storyboard_etag",
    "analyze_options",
    "storyboard_options",
    "render_settings",
    "rewrite_storyboard",
    "identity",
)


def check(project: str, video: Video, options: Sequence[InvalidRequest] = ()) -> None:
    """Refuses a video for all that is wrong with it, at once.

    Args:
        project: Whose it is to be.
        video: The caller's fields of it.
        options: Faults that others have found.

    Raises:
        PermissionDenied: It shows a person of another project.
        InvalidRequest: With a violation for each fault, where there are several.
        StoryboardNotFound: It is another project's.
    """
    faults: list[InvalidRequest] = []
    for part in (_check_song, _check_options, check_people, check_storyboard):
        try:
            part(project, video)
        except InvalidRequest as error:
            faults.append(error)
    faults += analysis_faults(video.analyze_options, "video.analyze_options")
    faults += storyboard_faults(video.storyboard_options, "video.storyboard_options")
    faults += [
        each.within("video.render_settings") for each in render.faults_of(video.render_settings)
    ]
    faults += options
    refuse(faults)


def analysis_faults(options: AnalyzeOptions, path: str) -> list[InvalidRequest]:
    """What fits no song in the options, which are at `path` of the request."""
    found = analysis.faults_of(
        tempo_octave=options.tempo_octave,
        tempo_bpm=options.tempo_bpm,
        start=options.start,
        seconds=options.seconds,
    )
    return [each.within(path) for each in found]


def storyboard_faults(options: StoryboardOptions, path: str) -> list[InvalidRequest]:
    """What no storyteller could follow in the options, which are at `path` of the request."""
    found = storyboard.faults_of(protagonist_share=options.protagonist_share)
    return [each.within(path) for each in found]


def score_faults(request: CreateScoreRequest) -> list[InvalidRequest]:
    """What no soundtrack could follow in the request."""
    found = [each.within("options") for each in score.faults_of(request.options)]
    if not request.video:
        found.append(
            InvalidRequest(
                "video is missing: upload a video and give its media name", field="video"
            )
        )
    return found


def refuse(faults: Sequence[InvalidRequest]) -> None:
    """Raises one error for all faults, if there are any."""
    if faults:
        raise all_faults(faults)


def inputs(given: Video) -> Video:
    """The video's fields that are the caller's to set."""
    video = Video()
    for field, value in given.ListFields():
        if field.name in _INPUTS:
            if isinstance(value, Message):
                getattr(video, field.name).CopyFrom(value)
            else:
                setattr(video, field.name, value)
    return video


def _check_song(_project: str, video: Video) -> None:
    if not video.song:
        raise InvalidRequest(
            "video.song is missing: upload a song and give its media name", field="video.song"
        )


def _check_options(_project: str, video: Video) -> None:
    refuse_artifact(video.storyboard_options, "video.storyboard")


def refuse_artifact(options: StoryboardOptions, field: str) -> None:
    """Callers name media of their project; an artifact could be anybody's."""
    if options.HasField("storyboard"):
        raise InvalidRequest(
            f"the options' own storyboard is not for callers: upload it and give its media name "
            f"in {field}",
            field=field,
        )


def check_people(project: str, video: Video) -> None:
    """People are named by their identity, in their own project; grants are not for callers."""
    if any(lora.adapter_sha256 or lora.grant for lora in video.render_settings.loras):
        raise InvalidRequest(
            "people's adapters are not for callers: give video.identity", field="video.identity"
        )
    if video.storyboard_options.protagonist_phrase:
        raise InvalidRequest(
            "how prompts name the person follows from video.identity",
            field="video.storyboard_options.protagonist_phrase",
        )
    if not video.HasField("identity"):
        return
    if parse_identity(video.identity.name)[0] != project:
        raise PermissionDenied(
            f"{video.identity.name} is of another project: nobody but that project may show them",
            field="video.identity.name",
        )
    try:
        phrase_of(video.identity.noun)
    except ValueError as error:
        raise InvalidRequest(str(error), field="video.identity.noun") from error


def check_storyboard(project: str, video: Video) -> None:
    """A storyboard is given as a media, or by its own name, or not at all."""
    if video.storyboard and video.stored_storyboard:
        raise InvalidRequest(
            "video.storyboard and video.stored_storyboard are given: give one of them",
            field="video.stored_storyboard",
        )
    if video.storyboard_etag and not video.stored_storyboard:
        raise InvalidRequest(
            "video.storyboard_etag needs video.stored_storyboard: the name of the storyboard "
            "that it was read from",
            field="video.stored_storyboard",
        )
    if video.rewrite_storyboard and not (video.storyboard or video.stored_storyboard):
        raise InvalidRequest(
            "video.rewrite_storyboard needs video.storyboard or video.stored_storyboard: the "
            "storyboard that is rewritten",
            field="video.storyboard",
        )
    name = video.stored_storyboard
    if name and parse_storyboard(name)[0] != project:
        raise StoryboardNotFound(f"there is no storyboard {name}", name=name)
