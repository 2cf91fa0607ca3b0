"""Makes a video for `songreel make` and `songreel render`."""

import contextlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import typer
from songreel.v1.identity_service_pb2 import MeasureLikenessResponse
from songreel.v1.video_pb2 import Video, VideoMedia
from songreel.v1.video_service_pb2 import CreateVideoRequest
from songreel_kit.errors import SongreelError

from songreel_app.errors import InputUnreadable, check_input
from songreel_app.files.checkpoints import checkpoint_fingerprint, local_checkpoint, local_lora
from songreel_app.files.outputs import check_output
from songreel_app.files.video_files import VideoFiles, downloads_of, files_beside
from songreel_app.jobs.following import OnMedia
from songreel_app.jobs.likeness_sample import measure_sample
from songreel_app.jobs.runner import Downloads, JobRunner, job_runner
from songreel_app.jobs.signals import Interrupts
from songreel_app.server.names import identity_name
from songreel_app.server.target import ServerTarget


@dataclass(frozen=True)
class MakeOptions:
    """A request of `songreel make` or `songreel render`."""

    song: Path
    lyrics: Path | None
    analysis: Path | None
    """Given to `render`: not made again, and not written beside the video."""
    storyboard: Path | None
    """Drawn as it is, and not written beside the video."""
    output: Path
    checkpoint: str
    """Path of a checkpoint; empty for the server's default."""
    video: Video
    """The options; names of media are filled in here."""
    target: ServerTarget
    as_json: bool
    rewritten: Path | None = None
    """A storyboard whose scenes are written anew, but for the locked ones."""


async def make_video(options: MakeOptions, interrupts: Interrupts) -> None:
    """Makes the video and prints where it is."""
    _check_files(options)
    files = files_beside(options.output)

    def downloads(video: Video) -> Downloads:
        return _wanted(video, options, files)

    async with job_runner(options.target, interrupts) as runner:
        request = CreateVideoRequest(video=await _uploaded(runner, options))
        operation, video = await runner.run(
            lambda client, identity: client.create_video(request, identity),
            (request, str(options.output.absolute()), checkpoint_fingerprint(options.checkpoint)),
            Video,
            downloads,
            _early_pictures(runner, options, files),
        )
        likeness = await _likeness(runner, options, request.video.identity.name, files)
    written = {path for _, path in downloads(video)}
    for fallback in video.fallbacks:
        typer.echo(f"note: {fallback}", err=True)
    if options.as_json:
        facts = _json(video, files, written, operation)
        if likeness is not None:
            facts["likeness"] = {"frames": likeness.pictures, "matches": likeness.matches}
        typer.echo(json.dumps(facts, ensure_ascii=False))
    else:
        typer.echo(_sentence(video, files))
        if likeness is not None:
            share = likeness.matches / likeness.pictures
            typer.echo(f"recognised in {share:.0%} of {likeness.pictures} frames")


def _check_files(options: MakeOptions) -> None:
    """Checks the inputs before anything is started."""
    check_input(options.song, "the song")
    for path, what in (
        (options.lyrics, "the lyrics file"),
        (options.analysis, "the analysis"),
        (options.storyboard, "the storyboard"),
        (options.rewritten, "the storyboard of --from"),
    ):
        if path is not None:
            check_input(path, what)
    check_output(options.output, "-o")
    if options.output.exists() and options.output.samefile(options.song):
        raise InputUnreadable(f"-o {options.output} is the song itself; choose another name")
    if options.checkpoint:
        local_checkpoint(options.checkpoint, must_exist=options.target.local)
    for lora in options.video.render_settings.loras:
        local_lora(lora.path, must_exist=options.target.local)


async def _uploaded(runner: JobRunner, options: MakeOptions) -> Video:
    """The video to ask for, its files brought in."""
    video = Video()
    video.CopyFrom(options.video)
    if video.HasField("identity"):
        parent = runner.session.client.parent
        video.identity.name = identity_name(video.identity.name, parent)
    video.song = await runner.upload(options.song)
    if options.lyrics is not None:
        video.lyrics = await runner.upload(options.lyrics)
    if options.analysis is not None:
        video.analysis = await runner.upload(options.analysis)
    if options.storyboard is not None:
        video.storyboard = await runner.upload(options.storyboard)
    elif options.rewritten is not None:
        video.storyboard = await runner.upload(options.rewritten)
        video.rewrite_storyboard = True
    if options.checkpoint:
        video.render_settings.checkpoint = local_checkpoint(
            options.checkpoint, must_exist=options.target.local
        )
    for lora in video.render_settings.loras:
        lora.path = local_lora(lora.path, must_exist=options.target.local)
    return video


async def _likeness(
    runner: JobRunner, options: MakeOptions, identity: str, files: VideoFiles
) -> MeasureLikenessResponse | None:
    """How often the person whom the video shows is recognised; the video stands without it."""
    if not identity:
        return None
    board = options.storyboard or files.storyboard
    try:
        return await measure_sample(runner.session.client, identity, files.video, board)
    except SongreelError as error:
        runner.display.note(f"it was not measured whether {identity} is recognised: {error}")
        return None


def _early_pictures(runner: JobRunner, options: MakeOptions, files: VideoFiles) -> OnMedia:
    """Brings out the storyboard and a still of each scene as soon as they are there.

    The user can stop, edit the prompts, and render again.
    """
    brought = False

    async def on_media(media: VideoMedia) -> None:
        nonlocal brought
        if brought or not media.contact_sheet:
            return
        brought = True
        early = VideoMedia(storyboard=media.storyboard, contact_sheet=media.contact_sheet)
        goals = _wanted(Video(media=early), options, files)
        # They come again at the end: what is wrong now is told then.
        with contextlib.suppress(SongreelError):
            await runner.download(goals)
            runner.display.note(f"stills of the scenes: {files.contact_sheet}")

    return on_media


def _wanted(video: Video, options: MakeOptions, files: VideoFiles) -> Downloads:
    """All files of the video but those that the user gave."""
    given = {
        goal
        for goal, own in (
            (files.analysis, options.analysis),
            (files.storyboard, options.storyboard),
        )
        if own is not None
    }
    return [(name, goal) for name, goal in downloads_of(video.media, files) if goal not in given]


def _sentence(video: Video, files: VideoFiles) -> str:
    frames = f"{video.frames} frames at {video.render_settings.fps}/s"
    if video.frames_reused:
        frames += f", {video.frames_reused} of them drawn before"
    sound = "the song's own packets" if video.audio_mode == "copy" else video.audio_mode
    return f"{files.video} ({frames}; sound: {sound})"


def _json(video: Video, files: VideoFiles, written: set[Path], operation: str) -> dict[str, object]:
    return {
        "name": video.name,
        "operation": operation,
        "files": {key: str(path) for key, path in asdict(files).items() if path in written},
        "frames": video.frames,
        "frames_reused": video.frames_reused,
        "audio_mode": video.audio_mode,
        "storyteller": video.storyteller,
        "fallbacks": list(video.fallbacks),
    }
