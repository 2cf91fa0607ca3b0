"""`songreel make` on real songs: time, memory, length, sound, cuts on beats.

Runs `songreel make` as a user would, once per song, each in a fresh data folder
so that nothing is reused, and measures the files that come out.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml
from rich.console import Console
from rich.table import Table

from bench.machine import describe
from bench.sync import cut_errors, packet_hash, read_film, sound_length

ROOT = Path(__file__).resolve().parents[1]
MUSIC = ROOT.parent / "shared" / "data" / "music"


@dataclass(frozen=True)
class Song:
    """A song and the options it is made with."""

    path: Path
    options: tuple[str, ...] = ()


SONGS = (
    Song(ROOT / "demo" / "song.mp3"),
    Song(MUSIC / "lets-go-fishin.ogg", ("--start", "20", "--seconds", "30")),
    Song(MUSIC / "vibe-ace.ogg", ("--seconds", "30")),
)


@dataclass(frozen=True)
class Outcome:
    """The result of one run."""

    seconds: float
    peak_mib: float
    video: Path
    document: dict[str, object]


def make(song: Song, folder: Path, *more: str) -> Outcome:
    """Runs the command; memory is the largest process of its whole tree."""
    video = folder / "video.mp4"
    command = [
        str(Path(sysconfig.get_path("scripts")) / "songreel"),
        "make",
        str(song.path),
        "-o",
        str(video),
        "--data",
        str(folder / "data"),
        "--json",
        *song.options,
        *more,
    ]
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=sys.stderr)
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - started
    if status:
        raise SystemExit(f"{' '.join(command)} failed")
    return Outcome(seconds, usage.ru_maxrss / 1024, video, json.loads(output))


def measure(song: Song, table: Table) -> None:
    """Makes one video and adds its row to the table."""
    with tempfile.TemporaryDirectory() as before, tempfile.TemporaryDirectory() as scratch:
        preview = make(song, Path(before), "--preview")
        outcome = make(song, Path(scratch))
        film = read_film(outcome.video)
        analysis = json.loads(outcome.video.with_suffix(".analysis.json").read_text())
        storyboard = yaml.safe_load(outcome.video.with_suffix(".storyboard.yaml").read_text())
        cuts = [s["start"] for s in storyboard["scenes"][1:] if s["transition"] == "cut"]
        errors = cut_errors(film, cuts, analysis["beats"])
        whole = not song.options
        expected = sound_length(song.path) if whole else float(analysis["duration"])
        copied = whole and packet_hash(song.path) == packet_hash(outcome.video)
        table.add_row(
            song.path.name + (" " + " ".join(song.options) if song.options else ""),
            f"{preview.seconds:.1f}",
            f"{outcome.seconds:.1f}",
            f"{len(film.times)}",
            f"{len(film.times) / outcome.seconds:.1f}",
            f"{outcome.peak_mib:.0f}",
            f"{(film.length - expected) * film.fps:+.2f}",
            "identical" if copied else str(outcome.document.get("audio_mode", "?")),
            f"{np.sum(errors <= 1 / film.fps)}/{len(errors)}",
            f"{errors.max() * 1000:.0f}" if len(errors) else "-",
        )


def main() -> None:
    """Prints one table."""
    table = Table(title="songreel make, 256 px, 12 fps", caption=describe())
    for heading in (
        "song",
        "preview, s",
        "whole, s",
        "frames",
        "frames/s, all in",
        "peak MiB",
        "length error, frames",
        "sound",
        "cuts within a frame of a beat",
        "worst, ms",
    ):
        table.add_column(heading, justify="left" if heading == "song" else "right")
    for song in SONGS:
        if song.path.exists():
            measure(song, table)
        else:
            table.add_row(song.path.name, "absent")
    Console(width=160).print(table)
