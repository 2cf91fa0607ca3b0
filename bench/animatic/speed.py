"""How fast the animatic is drawn, and in how much memory."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from songreel_animatic.animatic import Animatic
from songreel_animatic.looks import LOOKS
from songreel_render.animatic.music import music_of
from songreel_render.animatic.shots import shots_of
from songreel_render.finish.chain import Finish

from bench.animatic.songs import Case, cases
from bench.tables import Table

RATE, ROUNDS = 24, 3
LONG = 4320


def speed_table(_folder: Path) -> Table:
    """Frames of the demo with their finish, in every look, in turns."""
    table = Table(
        "Speed",
        ("look, size", "ms a frame, one core", "spread", "frames/s"),
        f"Every eighth frame of the demo's video with its finish, not encoded; processor time of "
        f"one thread, median and range of {ROUNDS} rounds in turns.",
    )
    case = cases()["demo"]
    settings = [("flat", 256), ("flat", 768), *((look, 512) for look in LOOKS)]
    taken: dict[tuple[str, int], list[float]] = {each: [] for each in settings}
    for _ in range(ROUNDS):
        for look, size in settings:
            taken[look, size].append(_milliseconds(case, look, size))
    for (look, size), each in taken.items():
        middle = statistics.median(each)
        table.add(
            f"{look}, {size} px", f"{middle:.1f}", f"{min(each):.1f}-{max(each):.1f}",
            f"{1000 / middle:.0f}",
        )  # fmt: skip
    return table


def _milliseconds(case: Case, look: str, size: int) -> float:
    import cv2

    cv2.setNumThreads(1)
    board = type(case.storyboard)()
    board.CopyFrom(case.storyboard)
    board.look = look
    shots, _ = shots_of(board)
    music = music_of(case.analysis)
    film = Animatic(shots, music, size, size)
    finish = Finish(board, music, case.analysis.artist, RATE, size, size)
    frames = np.arange(0, int(case.analysis.duration * RATE), 8)
    for shot in shots:  # What is drawn once in a scene is not what a frame costs.
        film.picture(shot.start)
    begun = time.process_time()
    for frame in frames:
        finish.apply(film.picture((frame + 0.5) / RATE)[None], np.array([frame]))
    return (time.process_time() - begun) / len(frames) * 1000


def memory_table(_folder: Path) -> Table:
    """Memory of a process that draws 4,320 frames: three minutes."""
    table = Table(
        "Memory over three minutes",
        ("frames drawn", "MiB in memory"),
        "A process of its own that draws the demo's video at 256 px again and again.",
    )
    code = "from bench.animatic.speed import draw_long; draw_long()"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for line in ran.stdout.splitlines():
        table.add(*line.split())
    return table


def draw_long() -> None:
    """Draws, and prints the frames so far and the memory, a line each quarter."""
    case = cases()["demo"]
    shots, _ = shots_of(case.storyboard)
    film = Animatic(shots, music_of(case.analysis), 256, 256)
    page = os.sysconf("SC_PAGE_SIZE") / 2**20
    for number in range(1, LONG + 1):
        film.picture((number / RATE) % case.analysis.duration)
        if number % (LONG // 4) == 0:
            pages = int(Path("/proc/self/statm").read_text().split()[1])
            print(number, round(pages * page), flush=True)
