"""Makes a video for `songreel make` and `songreel render`."""

import contextlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import typer
from songreel.v1.video_pb2 import Video, VideoMedia
from songreel.v1.video_service_pb2 import CreateVideoRequest
from songreel_kit.errors import SongreelError

from songreel_app.checkpoints import checkpoint_mark, local_checkpoint, local_lora
from songreel_app.failures import InputUnreadable, check_input
from songreel_app.identities import full_name
from songreel_app.jobs import Arrived
from songreel_app.outputs import check_output
from songreel_app.runner import Interrupts
from songreel_app.video_files import VideoFiles, downloads_of, files_beside
from songreel_app.workshop import Downloads, Workshop, workshop


@dataclass(frozen=True)
class Wishes:
    """What the command line asked for."""

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
    server: str | None
    as_json: bool
    rewritten: Path | None = None
    """A storyboard whose scenes are written anew, but for the locked ones."""


async def make_video(wishes: Wishes, interrupts: Interrupts) -> None:
    """Makes the video and says where it is."""
    _check_files(wishes)
    files = files_beside(wishes.output)

    def downloads(video: Video) -> Downloads:
        return _wanted(video, wishes, files)

    async with workshop(wishes.server, interrupts) as shop:
        request = CreateVideoRequest(video=await _uploaded(shop, wishes))
        operation, video = await shop.produce(
            lambda client, identity: client.create_video(request, identity),
            (request, str(wishes.output.absolute()), checkpoint_mark(wishes.checkpoint)),
            Video,
            downloads,
            _early_pictures(shop, wishes, files),
        )
    written = {path for _, path in downloads(video)}
    for fallback in video.fallbacks:
        typer.echo(f"note: {fallback}", err=True)
    if wishes.as_json:
        typer.echo(json.dumps(_json(video, files, written, operation), ensure_ascii=False))
    else:
        typer.echo(_sentence(video, files))


def _check_files(wishes: Wishes) -> None:
    """Finds out what is missing before anything is started."""
    check_input(wishes.song, "the song")
    for path, what in (
        (wishes.lyrics, "the lyrics file"),
        (wishes.analysis, "the analysis"),
        (wishes.storyboard, "the storyboard"),
        (wishes.rewritten, "the storyboard of --from"),
    ):
        if path is not None:
            check_input(path, what)
    check_output(wishes.output, "-o")
    if wishes.output.exists() and wishes.output.samefile(wishes.song):
        raise InputUnreadable(f"-o {wishes.output} is the song itself; choose another name")
    if wishes.checkpoint:
        local_checkpoint(wishes.checkpoint, must_exist=wishes.server is None)
    for lora in wishes.video.render_settings.loras:
        local_lora(lora.path, must_exist=wishes.server is None)


async def _uploaded(shop: Workshop, wishes: Wishes) -> Video:
    """The video to ask for, its files brought in."""
    video = Video()
    video.CopyFrom(wishes.video)
    if video.HasField("identity"):
        parent = shop.session.client.parent
        video.identity.name = full_name(video.identity.name, parent)
    video.song = await shop.upload(wishes.song)
    if wishes.lyrics is not None:
        video.lyrics = await shop.upload(wishes.lyrics)
    if wishes.analysis is not None:
        video.analysis = await shop.upload(wishes.analysis)
    if wishes.storyboard is not None:
        video.storyboard = await shop.upload(wishes.storyboard)
    elif wishes.rewritten is not None:
        video.storyboard = await shop.upload(wishes.rewritten)
        video.rewrite_storyboard = True
    if wishes.checkpoint:
        video.render_settings.checkpoint = local_checkpoint(
            wishes.checkpoint, must_exist=wishes.server is None
        )
    for lora in video.render_settings.loras:
        lora.path = local_lora(lora.path, must_exist=wishes.server is None)
    return video


def _early_pictures(shop: Workshop, wishes: Wishes, files: VideoFiles) -> Arrived:
    """Brings out the storyboard and a still of each scene as soon as they are there.

    Whoever does not like them can stop, edit the prompts, and render again.
    """
    brought = False

    async def arrived(media: VideoMedia) -> None:
        nonlocal brought
        if brought or not media.contact_sheet:
            return
        brought = True
        early = VideoMedia(storyboard=media.storyboard, contact_sheet=media.contact_sheet)
        goals = [pair for pair in _wanted(Video(media=early), wishes, files) if pair[0]]
        # They come again at the end: what is wrong now is told then.
        with contextlib.suppress(SongreelError):
            await shop.download(goals)
            shop.display.note(f"stills of the scenes: {files.contact_sheet}")

    return arrived


def _wanted(video: Video, wishes: Wishes, files: VideoFiles) -> Downloads:
    """All files of the video but those that the user gave."""
    given = {
        goal
        for goal, own in ((files.analysis, wishes.analysis), (files.storyboard, wishes.storyboard))
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
