"""Options of commands: types, help and checks."""

from fractions import Fraction
from pathlib import Path
from typing import Annotated

import typer

from songreel_app.server.target import BACKENDS


def data_folder(chosen: Path | None) -> Path:
    """Absolute path of the data folder: `--data`, `SONGREEL_DATA`, or the user's data folder."""
    from songreel_kit.settings import data_folder

    return (chosen.expanduser() if chosen is not None else data_folder()).absolute()


def _check_backend(value: str) -> str:
    if value and value not in BACKENDS:
        raise typer.BadParameter(f"{value!r} is not one of {', '.join(BACKENDS)}")
    return value


def _check_fps(value: str) -> str:
    try:
        rate = Fraction(value)
    except (ValueError, ZeroDivisionError):
        rate = Fraction(0)
    if rate <= 0:
        raise typer.BadParameter(f"{value!r} is not a frame rate; give 12, 23.976 or 24000/1001")
    return value


def _check_video(value: Path | None) -> Path | None:
    if value is None:
        return None
    from songreel_kit.artifacts.containers import CONTAINERS

    known = [each.extension for each in CONTAINERS.values()]
    if value.suffix.lower() not in known:
        raise typer.BadParameter(f"{value} does not end in {', '.join(known)}")
    return value


Server = Annotated[
    str | None,
    typer.Option(
        "--server",
        metavar="HOST:PORT",
        help="Use this server; by default the embedded one of the data folder.",
    ),
]
Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        help="Folder for jobs and people; by default SONGREEL_DATA or your user data folder.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print results as JSON on stdout.")]
Backend = Annotated[
    str,
    typer.Option(
        "--render",
        metavar="process|ray",
        help="Where to draw frames: in the server's own process (the default) or on Ray Serve; "
        "also SONGREEL_RENDER_BACKEND.",
        callback=_check_backend,
    ),
]
Song = Annotated[
    Path, typer.Argument(metavar="SONG", help="An audio file, or a video whose sound is used.")
]
Video = Annotated[
    Path | None,
    typer.Option(
        "-o",
        "--output",
        metavar="VIDEO.mp4",
        help="Where to write the video: .mp4, .webm or .webp (animated, silent); by default "
        "SONG.mp4 in this folder.",
        callback=_check_video,
    ),
]
Lyrics = Annotated[
    Path | None,
    typer.Option(
        "--lyrics",
        metavar="FILE",
        help="Lyrics: .lrc or .srt with times, or plain text (.txt); by default the .lrc or .srt "
        "file beside the song, if there is one.",
    ),
]
Style = Annotated[
    str,
    typer.Option(
        "--style", metavar="STYLE", help="Style of the pictures: sketch, cartoon, realistic, ..."
    ),
]
Storyteller = Annotated[
    str,
    typer.Option(
        "--storyteller", metavar="NAME", help="Who writes the storyboard, such as offline or llm."
    ),
]
ProtagonistShare = Annotated[
    float,
    typer.Option(
        "--protagonist-share",
        metavar="SHARE",
        help="Share of scenes that show the protagonist, up to 1; 0 means at least half.",
        min=0,
        max=1,
    ),
]
Protagonist = Annotated[
    str,
    typer.Option(
        "--protagonist",
        metavar="NAME",
        help="Name of the protagonist, who has agreed to be in the video. Prompts may name no "
        "other real person.",
    ),
]
Identity = Annotated[
    str,
    typer.Option(
        "--identity",
        metavar="NAME",
        help="An enrolled, consenting person to show in the video; see `songreel enroll`. The "
        "first use trains on their pictures.",
    ),
]
IdentityNoun = Annotated[
    str,
    typer.Option(
        "--as", metavar="NOUN", help="What prompts call the person: man, woman, person, ..."
    ),
]
IdentityWeight = Annotated[
    float | None,
    typer.Option(
        "--identity-weight", metavar="W", help="How strongly the person shows; 1 is as trained."
    ),
]
RewrittenStoryboard = Annotated[
    Path | None,
    typer.Option(
        "--from",
        metavar="S.yaml",
        help="Rewrite this storyboard; its times and locked scenes are kept.",
    ),
]
EditedStoryboard = Annotated[
    Path | None,
    typer.Option(
        "--storyboard",
        metavar="S.yaml",
        help="Draw this storyboard, edited or not, instead of writing one.",
    ),
]
Checkpoint = Annotated[
    str,
    typer.Option(
        "--checkpoint",
        metavar="PATH",
        help="Stable Diffusion folder, .safetensors or .ckpt file; by default the built-in one.",
    ),
]
Fps = Annotated[
    str, typer.Option("--fps", metavar="RATE", help="Frames per second.", callback=_check_fps)
]
Size = Annotated[
    int,
    typer.Option(
        "--size",
        metavar="PIXELS",
        help="Width and height; by default what suits the checkpoint, 512 with the built-in one.",
        min=0,
    ),
]
Steps = Annotated[
    int, typer.Option("--steps", help="Denoising steps; 0 uses the checkpoint's own number.", min=0)
]
Seed = Annotated[
    int,
    typer.Option("--seed", help="Seed; the same seed gives the same video.", min=0, max=2**53 - 1),
]
Start = Annotated[
    float,
    typer.Option("--start", metavar="S", help="Start this many seconds into the song.", min=0),
]
Seconds = Annotated[
    float,
    typer.Option(
        "--seconds", metavar="S", help="Use only this many seconds; 0 is to the end.", min=0
    ),
]
Schedule = Annotated[
    str,
    typer.Option(
        "--schedule",
        metavar="NAME",
        help="What drives the motion: onset, percussive, sine, linear or paper.",
    ),
]
Scheduler = Annotated[
    str,
    typer.Option(
        "--scheduler",
        metavar="NAME",
        help="Scheduler: ddim, euler, lcm or tcd; by default the checkpoint's own.",
    ),
]
Guidance = Annotated[
    float,
    typer.Option(
        "--guidance",
        metavar="SCALE",
        help="Guidance scale (weight of the prompts); 0 uses the checkpoint's own.",
        min=0,
    ),
]
Cadence = Annotated[
    float | None,
    typer.Option(
        "--cadence",
        metavar="RADIANS",
        help="Angle between two denoised frames; frames between them are interpolated. 0 denoises "
        "every frame.",
        min=0,
        max=1,
    ),
]
InBetweens = Annotated[
    str,
    typer.Option(
        "--in-betweens",
        metavar="NAME",
        help="How to interpolate frames: latent (the default) or flow (optical flow).",
    ),
]
Animatic = Annotated[
    str,
    typer.Option(
        "--animatic",
        metavar="MODE",
        help="How far a moving drawing of the storyboard decides the frames: auto (as suits the "
        "checkpoint), only (the drawing itself), off (the checkpoint alone), or a number up to "
        "1, the share that is drawn anew.",
    ),
]
ColourMatch = Annotated[
    float | None,
    typer.Option(
        "--colour-match",
        metavar="SHARE",
        help="How closely frames keep their scene's colours, 0 to 1; 0 leaves them as drawn.",
        min=0,
        max=1,
    ),
]
Loras = Annotated[
    list[str] | None,
    typer.Option(
        "--lora",
        metavar="FILE[:WEIGHT]",
        help="LoRA to merge into the checkpoint; repeat for several.",
    ),
]
Mark = Annotated[
    str, typer.Option("--mark", metavar="TEXT", help="Text to print in a corner of every frame.")
]
Preview = Annotated[
    bool,
    typer.Option(
        "--preview",
        help="Draw one still per scene, with camera moves and dissolves: done in seconds.",
    ),
]
