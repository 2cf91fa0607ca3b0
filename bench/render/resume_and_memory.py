"""Long renders: memory that stays flat, and a kill -9 that loses nothing."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.render.click_track import write_click_track
from bench.render.one_render import FPS, SEGMENT_FRAMES
from bench.render.random_checkpoints import write_checkpoint
from bench.tables import Table

ROOT = Path(__file__).resolve().parents[2]
SHORT, LONG = 600, 4320


def memory_table(folder: Path) -> Table:
    """Peak memory of a whole render at both lengths, each in a fresh process."""
    table = Table(
        "Memory of a whole render",
        ("frames", "denoised", "peak MiB", "against the short one", "CPU-s"),
        "64 px, random weights, one step; each in a process of its own. Target: within 10 %.",
    )
    first = 0.0
    for frames in (SHORT, LONG):
        outcome = unbroken(frames)
        first = first or outcome["peak_mib"]
        table.add(
            outcome["frames"],
            outcome["denoised"],
            f"{outcome['peak_mib']:.0f}",
            f"{outcome['peak_mib'] / first - 1:+.1%}",
            f"{outcome['cpu_seconds']:.0f}",
        )
    return table


def resume_table(folder: Path) -> Table:
    """The decoded frames of an unbroken render and of one that was killed half-way."""
    table = Table(
        f"kill -9 in the middle of {SHORT} frames",
        ("render", "frames found again", "SHA-256 of the decoded frames"),
    )
    whole = unbroken(SHORT)
    table.add("unbroken", whole["reused"], whole["sha256"])
    broken = write_inputs(folder / "broken", SHORT)
    process = start(broken, SHORT)
    while process.poll() is None and _kept(broken) < SHORT // SEGMENT_FRAMES // 2:
        time.sleep(0.05)
    if process.poll() is not None:
        raise SystemExit("the render ended before it could be killed")
    process.kill()
    process.wait()
    resumed = finished(start(broken, SHORT))
    same = "the same" if resumed["sha256"] == whole["sha256"] else "DIFFERENT"
    table.add("killed, then resumed", resumed["reused"], f"{resumed['sha256']} ({same})")
    return table


@functools.cache
def unbroken(frames: int) -> dict[str, Any]:
    """What a render of so many frames measured that nobody disturbed."""
    with tempfile.TemporaryDirectory() as folder:
        return finished(start(write_inputs(Path(folder) / "stage", frames), frames))


def write_inputs(folder: Path, frames: int) -> Path:
    """A folder with all that a render of so many frames needs."""
    folder.mkdir(parents=True)
    write_checkpoint(folder / "checkpoint", size=64, widths=(16, 16, 32, 32))
    write_click_track(folder / "song.mp3", frames / FPS)
    return folder


def start(folder: Path, frames: int) -> subprocess.Popen[bytes]:
    """The render, in a process of its own."""
    command = [sys.executable, "-m", "bench.render.one_render", str(folder), str(frames)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT)


def finished(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    """What the render measured, when it has ended."""
    output, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"a render ended with {process.returncode}")
    return json.loads(output.splitlines()[-1])


def _kept(folder: Path) -> int:
    """Segments in the store: its mp4 files."""
    count = 0
    for path in (folder / "artifacts").rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                count += file.read(8)[4:] == b"ftyp"
    return count
