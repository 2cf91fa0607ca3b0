"""Options that several commands share, with their checks."""

import os
from fractions import Fraction
from pathlib import Path
from typing import Annotated

import typer

DATA_VARIABLE = "SONGREEL_DATA"


def _set_data(value: Path | None) -> Path | None:
    # Every settings object of the process takes its data folder from here.
    if value is not None:
        os.environ[DATA_VARIABLE] = str(value.expanduser().absolute())
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
    if value is not None and value.suffix.lower() != ".mp4":
        raise typer.BadParameter(f"{value} does not end in .mp4; videos are MP4 files")
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
Song = Annotated[Path, typer.Argument(metavar="SONG", help="An audio file, or a video's sound.")]
Video = Annotated[
    Path | None,
    typer.Option(
        "-o",
        "--output",
        metavar="VIDEO.mp4",
        help="The video; by default the song's name with .mp4 in this folder.",
        callback=_check_video,
    ),
]
Lyrics = Annotated[
    Path | None,
    typer.Option(
        "--lyrics",
        metavar="FILE",
        help="Lyrics with times (.lrc); by default the .lrc file beside the song, if any.",
    ),
]
Style = Annotated[
    str, typer.Option("--style", metavar="STYLE", help="sketch, cartoon, realistic, ...")
]
Storyteller = Annotated[
    str, typer.Option("--storyteller", metavar="NAME", help="Who writes: offline or llm.")
]
Checkpoint = Annotated[
    str,
    typer.Option(
        "--checkpoint",
        metavar="PATH",
        help="Stable Diffusion 1.x folder or .safetensors file; by default the embedded one.",
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
    str, typer.Option("--schedule", metavar="NAME", help="How pictures move: onset, paper, ...")
]
Extractor = Annotated[
    str, typer.Option("--extractor", metavar="NAME", help="What hears the emotion.")
]
Asr = Annotated[
    str, typer.Option("--asr", metavar="MODEL", help="Speech model for lyrics, or none.")
]


def lyrics_beside(song: Path) -> Path | None:
    """The `.lrc` file of the song's name in the song's folder, if there is one."""
    beside = song.with_suffix(".lrc")
    return beside if beside.is_file() else None
