"""Options that several commands share, with their checks."""

import os
from fractions import Fraction
from pathlib import Path
from typing import Annotated

import typer
from songreel_kit.artifacts.containers import CONTAINERS

DATA_VARIABLE = "SONGREEL_DATA"
BACKEND_VARIABLE = "SONGREEL_RENDER_BACKEND"
BACKENDS = ("process", "ray")


def _set_data(value: Path | None) -> Path | None:
    # Every settings object of the process takes its data folder from here.
    if value is not None:
        os.environ[DATA_VARIABLE] = str(value.expanduser().absolute())
    return value


def _set_backend(value: str) -> str:
    # The render service takes it from here, in this process or in the server started by it.
    if value and value not in BACKENDS:
        raise typer.BadParameter(f"{value!r} is not one of {', '.join(BACKENDS)}")
    if value:
        os.environ[BACKEND_VARIABLE] = value
    return value


def _check_fps(value: str) -> str:
    try:
        rate = Fraction(value)
    except (ValueError, ZeroDivisionError):
        rate = Fraction(0)
    if rate <= 0:
        raise typer.BadParameter(f"{value!r} is no frame rate; give 12, 23.976 or 24000/1001")
    return value


def _check_video(value: Path | None) -> Path | None:
    known = [each.extension for each in CONTAINERS.values()]
    if value is not None and value.suffix.lower() not in known:
        raise typer.BadParameter(f"{value} does not end in {', '.join(known)}")
    return value


Server = Annotated[
    str | None,
    typer.Option(
        "--server",
        metavar="HOST:PORT",
        help="Talk to this server; by default the embedded one of the data folder.",
    ),
]
Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        help="Folder of jobs and results; by default SONGREEL_DATA or the user's data folder.",
        callback=_set_data,
        is_eager=True,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print machine-readable results on stdout.")]
Backend = Annotated[
    str,
    typer.Option(
        "--render",
        metavar="process|ray",
        help="Where frames are drawn: in the server's own process, or on Ray Serve; by default "
        "SONGREEL_RENDER_BACKEND or process.",
        callback=_set_backend,
    ),
]
Song = Annotated[Path, typer.Argument(metavar="SONG", help="An audio file, or a video's sound.")]
Video = Annotated[
    Path | None,
    typer.Option(
        "-o",
        "--output",
        metavar="VIDEO.mp4",
        help="The video: .mp4, .webm, or .webp (animated, without sound); by default the song's "
        "name with .mp4 in this folder.",
        callback=_check_video,
    ),
]
Lyrics = Annotated[
    Path | None,
    typer.Option(
        "--lyrics",
        metavar="FILE",
        help="Lyrics: an .lrc or .srt file with times, or plain text (.txt); by default the "
        "song's .lrc or .srt file beside it, if any.",
    ),
]
Style = Annotated[
    str, typer.Option("--style", metavar="STYLE", help="sketch, cartoon, realistic, ...")
]
Storyteller = Annotated[
    str, typer.Option("--storyteller", metavar="NAME", help="Who writes: offline or llm.")
]
ProtagonistShare = Annotated[
    float,
    typer.Option(
        "--protagonist-share",
        metavar="SHARE",
        help="Share of the scenes that show the protagonist, up to 1; 0 is at least half.",
        min=0,
        max=1,
    ),
]
Protagonist = Annotated[
    str,
    typer.Option(
        "--protagonist",
        metavar="NAME",
        help="Name of the protagonist, who has agreed to be in the video: the only real person "
        "that prompts may name.",
    ),
]
Identity = Annotated[
    str,
    typer.Option(
        "--identity",
        metavar="NAME",
        help="Who is in the video: an enrolled person who has consented. The person is learnt "
        "from their pictures at the first use.",
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
        "--identity-weight", metavar="W", help="How strongly the person shows; 1 is as learnt."
    ),
]
RewrittenStoryboard = Annotated[
    Path | None,
    typer.Option(
        "--from",
        metavar="S.yaml",
        help="Rewrite this storyboard: its times and its locked scenes stay as they are.",
    ),
]
EditedStoryboard = Annotated[
    Path | None,
    typer.Option(
        "--storyboard",
        metavar="S.yaml",
        help="Draw this storyboard as it is, edited or not, instead of writing one.",
    ),
]
Checkpoint = Annotated[
    str,
    typer.Option(
        "--checkpoint",
        metavar="PATH",
        help="Stable Diffusion folder, .safetensors or .ckpt file; by default the embedded one.",
    ),
]
Fps = Annotated[
    str, typer.Option("--fps", metavar="RATE", help="Frames per second.", callback=_check_fps)
]
Size = Annotated[int, typer.Option("--size", help="Width and height in pixels.", min=1)]
Steps = Annotated[
    int, typer.Option("--steps", help="Denoising steps; 0 leaves it to the checkpoint.", min=0)
]
Seed = Annotated[
    int, typer.Option("--seed", help="Equal seeds give equal videos.", min=0, max=2**53 - 1)
]
Start = Annotated[
    float, typer.Option("--start", metavar="S", help="Begin so many seconds into the song.", min=0)
]
Seconds = Annotated[
    float, typer.Option("--seconds", metavar="S", help="Only so many seconds of it.", min=0)
]
Schedule = Annotated[
    str,
    typer.Option(
        "--schedule",
        metavar="NAME",
        help="How pictures move: onset, percussive, sine, linear or paper.",
    ),
]
Scheduler = Annotated[
    str,
    typer.Option(
        "--scheduler",
        metavar="NAME",
        help="Denoiser: ddim, euler, lcm or tcd; by default the checkpoint's own.",
    ),
]
Guidance = Annotated[
    float,
    typer.Option(
        "--guidance", metavar="SCALE", help="Weight of the prompts; 0 is the checkpoint's.", min=0
    ),
]
Cadence = Annotated[
    float | None,
    typer.Option(
        "--cadence",
        metavar="RADIANS",
        help="Way between two denoised frames, those between are interpolated; 0 denoises all.",
        min=0,
        max=1,
    ),
]
InBetweens = Annotated[
    str,
    typer.Option(
        "--in-betweens",
        metavar="NAME",
        help="Frames between denoised ones: latent (the default) or flow (optical flow).",
    ),
]
ColourMatch = Annotated[
    float | None,
    typer.Option(
        "--colour-match",
        metavar="SHARE",
        help="How far frames keep their scene's colours; 0 leaves them as drawn.",
        min=0,
        max=1,
    ),
]
Loras = Annotated[
    list[str] | None,
    typer.Option(
        "--lora", metavar="FILE[:WEIGHT]", help="A LoRA to merge in; may be given several times."
    ),
]
Mark = Annotated[
    str, typer.Option("--mark", metavar="TEXT", help="Words to draw into a corner of every frame.")
]
Preview = Annotated[
    bool,
    typer.Option("--preview", help="Only a still of each scene, moved and dissolved: in seconds."),
]
Extractor = Annotated[
    str, typer.Option("--extractor", metavar="NAME", help="What hears the emotion.")
]
Bpm = Annotated[
    float,
    typer.Option(
        "--bpm", metavar="N", help="The tempo, when it is known; 0 finds it.", min=0, max=300
    ),
]
Octave = Annotated[
    str,
    typer.Option("--octave", metavar="half|double", help="Count the beats half or twice as fast."),
]
Language = Annotated[
    str,
    typer.Option("--language", metavar="CODE", help="Language of the lyrics, such as en or pt-BR."),
]
Asr = Annotated[
    str, typer.Option("--asr", metavar="MODEL", help="Speech model for lyrics, or none.")
]


def check_storyboard_options(edited: Path | None, **writing: object) -> None:
    """Refuses options for writing a storyboard where one is drawn as it is."""
    given = [name for name, value in writing.items() if value]
    if edited is not None and given:
        names = ", ".join(f"--{name.replace('_', '-').removesuffix('-')}" for name in given)
        raise typer.BadParameter(
            f"a storyboard that is drawn as it is takes no {names}; give --from {edited} to have "
            "its open scenes rewritten",
            param_hint="--storyboard",
        )


def check_backend_option(render: str, server: str | None) -> None:
    """Refuses to choose where a server that is elsewhere draws."""
    if render and server is not None:
        raise typer.BadParameter(
            "it is for the embedded server; another one's is chosen where it is started",
            param_hint="--render",
        )


def lyrics_beside(song: Path) -> Path | None:
    """The `.lrc` or else `.srt` file of the song's name in the song's folder, if there is one.

    A `.txt` file of that name may hold anything, so it must be named to be taken for lyrics.
    """
    beside = (song.with_suffix(suffix) for suffix in (".lrc", ".srt"))
    return next((path for path in beside if path.is_file()), None)
