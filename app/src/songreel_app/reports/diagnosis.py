"""Checks of `songreel doctor`."""

import json
import os
import platform
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import typer
from rich.table import Table
from songreel_kit.errors import FailedPrecondition, SongreelError, Unimplemented
from songreel_kit.settings import default_store

from songreel_app.files.checkpoints import CHECKPOINT_VARIABLE, default_checkpoint
from songreel_app.jobs.display import print_table
from songreel_app.server.client import Client
from songreel_app.server.embedded import find_server
from songreel_app.server.missing import INSTALL_IDENTITY, INSTALL_SCORE
from songreel_app.server.session import Session
from songreel_app.server.target import ServerTarget

# A song's frames, segments and video take about this much at most; a disk with
# less is likely to fill up in the middle of a job.
SCARCE_BYTES = 1024**3
MEDIAPIPE = "pip install --no-deps mediapipe==0.10.21 (Python 3.11 or 3.12)"
EXTRAS = (
    ("identity", "songreel_identity", "enrolled people in videos", INSTALL_IDENTITY),
    ("mediapipe", "mediapipe", "enrolment", MEDIAPIPE),
    ("score", "tinysoundfont", "soundtracks of videos", INSTALL_SCORE),
    ("llm", "openai", "storyboards by a language model", "pip install 'songreel[llm]'"),
    ("asr", "faster_whisper", "lyrics from the singing", "pip install 'songreel[asr]'"),
    ("opensmile", "opensmile", "the openSMILE extractor", "pip install 'songreel[opensmile]'"),
    ("ray", "ray", "drawing and training on Ray", "pip install 'songreel[ray]'"),
)
"""Optional parts: name, module, what for, how to install."""
SECRET_WORDS = ("KEY", "SECRET", "TOKEN", "PASSWORD", "DATABASE_URL")


@dataclass(frozen=True)
class Finding:
    """The result of one check."""

    name: str
    ok: bool
    value: str
    """What was found."""
    advice: str = ""
    """What to do when the check fails."""


async def diagnose(target: ServerTarget, *, as_json: bool) -> None:
    """Prints all findings.

    Raises:
        FailedPrecondition: something is missing that `songreel make` needs.
    """
    findings = [*_software(), *_extras(), *_folders(target.data), *_settings()]
    findings += await _server(target)
    if as_json:
        typer.echo(json.dumps({"findings": [asdict(each) for each in findings]}))
    else:
        _print(findings)
    bad = [each.name for each in findings if not each.ok]
    if bad:
        raise FailedPrecondition(f"not ready to make videos: see {', '.join(bad)} above")


def _software() -> Iterator[Finding]:
    yield Finding("songreel", True, version("songreel"))
    yield Finding("python", True, f"{platform.python_version()} on {platform.platform()}")
    yield _drawing()
    try:
        # A broken FFmpeg shows only when it is loaded.
        import av
    except ImportError as error:
        yield Finding("ffmpeg", False, str(error), "install PyAV again: pip install av")
        return
    yield Finding("ffmpeg", True, f"{av.ffmpeg_version_info}, with PyAV {av.__version__}")
    for codec, use in (("libx264", "video"), ("aac", "sound that cannot be copied")):
        yield Finding(
            f"encoder {codec}",
            codec in av.codecs_available,
            f"for {use}",
            "install PyAV from PyPI, whose FFmpeg has it",
        )


def _drawing() -> Finding:
    """Whether the animatic can be drawn: skia's wheel needs libraries of the system."""
    advice = "install libEGL and libGL (Debian: apt install libegl1 libgl1), or use --animatic off"
    try:
        import skia
    except ImportError as error:
        return Finding("animatic", False, str(error), advice)
    families = skia.FontMgr().countFamilies()
    fonts = f"{families} font families for titles in other scripts than Latin"
    return Finding("animatic", True, f"skia {skia.__version__}, {fonts}")


def _extras() -> Iterator[Finding]:
    for name, module, use, install in EXTRAS:
        found = find_spec(module) is not None
        yield Finding(f"extra {name}", True, "installed" if found else f"for {use}: {install}")


def _folders(data: Path) -> Iterator[Finding]:
    problem = _unwritable(data)
    yield Finding(
        "data folder",
        not problem,
        f"{data} ({problem})" if problem else str(data),
        "choose another folder with --data or SONGREEL_DATA",
    )
    yield Finding("artifact store", True, default_store(data))
    free = shutil.disk_usage(_existing(data)).free
    yield Finding(
        "disk space",
        free >= SCARCE_BYTES,
        f"{free / 1024**3:.1f} GiB free",
        f"free some space: less than {SCARCE_BYTES / 1024**3:.0f} GiB may not last for a song",
    )


def _settings() -> Iterator[Finding]:
    for name in sorted(os.environ):
        if name.startswith("SONGREEL_"):
            secret = any(word in name for word in SECRET_WORDS)
            yield Finding(f"setting {name}", True, "(set)" if secret else os.environ[name])


async def _server(target: ServerTarget) -> list[Finding]:
    """Asks the server, starting the embedded one if none runs: so it is seen to start."""
    running = find_server(target.data) if target.local else None
    try:
        async with Session(target) as session:
            how = "running"
            if session.started_here:
                how = "starts when it is needed"
            elif running is not None:
                how = f"running as process {running.pid}"
            found = [Finding("server", True, f"{session.address} ({how})")]
            return found + await _renderer(session, remote=not target.local)
    except SongreelError as error:
        advice = "fix the reported error, or see the log"
        return [Finding("server", False, error.message, advice)]


async def _renderer(session: Session, *, remote: bool) -> list[Finding]:
    try:
        renderer = await session.call(Client.get_renderer)
    except Unimplemented:
        return [Finding("renderer", True, "not on the server's public port")]
    if remote:
        place, source = renderer.default_checkpoint, "of the server"
    else:
        path, source = default_checkpoint()
        place = renderer.default_checkpoint or str(path or "none")
    state = renderer.checkpoint_problem or f"{renderer.native_size} px"
    return [
        Finding("device", True, renderer.device),
        Finding("schedules", True, ", ".join(renderer.schedules)),
        Finding(
            "checkpoint",
            not renderer.checkpoint_problem,
            f"{place} (from {source}): {state}",
            f"name a Stable Diffusion 1.x folder with --checkpoint or {CHECKPOINT_VARIABLE}",
        ),
    ]


def _unwritable(folder: Path) -> str:
    """Why nothing can be written to a folder that exists or is to be made; empty if it can."""
    try:
        with tempfile.TemporaryFile(dir=_existing(folder)):
            return ""
    except OSError as error:
        return error.strerror or str(error)


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())


def _print(findings: list[Finding]) -> None:
    table = Table("", "what", "found", box=None)
    for each in findings:
        mark = "ok" if each.ok else "MISSING"
        advice = "" if each.ok else f"; {each.advice}"
        table.add_row(mark, each.name, each.value + advice)
    print_table(table)
