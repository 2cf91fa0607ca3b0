"""Does the picture move with the music: statistics of the schedules on real songs."""

from __future__ import annotations

import subprocess
import sysconfig
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from google.protobuf import json_format
from numpy.typing import NDArray
from rich.table import Table
from scipy.signal import find_peaks
from songreel.audio.v1.analysis_pb2 import SongAnalysis
from songreel.prompt.v1.storyboard_pb2 import Storyboard
from songreel.render.v1.render_plan_pb2 import RenderSettings
from songreel_render.latents import SceneNoise, angle_between
from songreel_render.plan import Layout, lay_out
from songreel_render.schedules import SCHEDULES

from bench.render.clicks import analysis_of, storyboard_of, write_clicks

MUSIC = Path(__file__).resolve().parents[3] / "shared" / "data" / "music"
SONGS = ("lets-go-fishin.ogg", "vibe-ace.ogg", "hungarian-dance-5.ogg")
FPS = Fraction(24)
SCENE_BEATS = 8
STILL = 1e-3
"""Radians: less is no movement."""
WIDTH = 0.050
"""Seconds within which a visual beat counts as on the music's (design page)."""


@dataclass(frozen=True)
class Motion:
    """What is measured on the angles between neighbouring frames' noises, cuts left out."""

    still: float
    """Share of the frames that do not move."""
    largest: float
    """Radians."""
    music_to_picture: float
    """Mean closeness of the beats to their nearest visual beats, in [0, 1]."""
    picture_to_music: float
    """The same the other way round."""
    energy: float
    """Radians per second."""


def motion_table(folder: Path) -> Table:
    """All paced schedules and the paper's, on three songs and a click track."""
    table = Table(
        title=f"motion of the starting noise at {FPS} frames/s (cuts left out); visual beats are "
        "maxima of the step from frame to frame"
    )
    for heading in (
        "song",
        "schedule",
        "still frames",
        "largest step, rad",
        "beats met by the picture",
        "visual beats on a beat",
        "rad/s",
    ):
        table.add_column(heading, justify="left" if heading in ("song", "schedule") else "right")
    write_clicks(folder / "clicks.mp3", 30.0)
    cases = {"click track, 120 bpm": (analysis_of(30.0), storyboard_of(30.0))}
    for name in SONGS:
        if (MUSIC / name).exists():
            analysis = _heard(MUSIC / name, folder)
            cases[name] = (analysis, _scenes(analysis))
    for name, (analysis, board) in cases.items():
        for schedule in SCHEDULES:
            found = measure(analysis, board, schedule)
            table.add_row(
                name,
                schedule,
                f"{found.still:.1%}",
                f"{found.largest:.3f}",
                f"{found.music_to_picture:.2f}",
                f"{found.picture_to_music:.2f}",
                f"{found.energy:.2f}",
            )
    return table


def measure(analysis: SongAnalysis, board: Storyboard, schedule: str) -> Motion:
    """Walks the path of a whole song."""
    settings = RenderSettings(fps=str(FPS), schedule=schedule)
    layout = lay_out(analysis, board, settings)
    steps = _steps(layout, board, schedule)
    cuts = np.isin(np.arange(len(steps)) + 1, _cut_frames(layout, board, schedule))
    steps = np.where(cuts, np.nan, steps)
    inside = steps[~cuts]
    beats = np.asarray(analysis.beats)
    filled = np.nan_to_num(steps, nan=float(np.median(inside)))
    peaks, _ = find_peaks(filled, prominence=0.2 * float(np.std(filled)) + 1e-9)
    # A step is seen when its second frame appears.
    seen = (peaks + 1) / float(FPS)
    return Motion(
        still=float((inside < STILL).mean()),
        largest=float(inside.max()),
        music_to_picture=_closeness(beats, seen),
        picture_to_music=_closeness(seen, beats),
        energy=float(inside.mean() * FPS),
    )


def _steps(layout: Layout, board: Storyboard, schedule: str) -> NDArray[np.float64]:
    travel = layout.recipe.travel
    noise = SceneNoise(
        (4, 16, 16),
        0,
        [scene.seed for scene in board.scenes],
        [float(travel[end - 1]) if end > first else 0.0 for first, end in layout.spans],
        wandering=schedule != "paper",
    )
    steps: list[NDArray[np.float64]] = []
    count = layout.grid.count
    for start in range(0, count - 1, 64):
        frames = noise.at(layout.recipe, np.arange(start, min(start + 65, count)))
        steps.append(angle_between(frames[:-1], frames[1:]).double().numpy())
    return np.concatenate(steps)


def _cut_frames(layout: Layout, board: Storyboard, schedule: str) -> list[int]:
    """First frames of scenes that begin with a hard cut; the paper's has none."""
    if schedule == "paper":
        return []
    return [
        first
        for scene, (first, end) in zip(board.scenes, layout.spans, strict=True)
        if scene.transition != "dissolve" and 0 < first < end
    ]


def _closeness(events: NDArray[np.float64], others: NDArray[np.float64]) -> float:
    if not len(events) or not len(others):
        return 0.0
    distance = np.abs(events[:, None] - others[None]).min(axis=1)
    return float(np.exp(-(distance**2) / (2 * WIDTH**2)).mean())


def _heard(song: Path, folder: Path) -> SongAnalysis:
    """The analysis by songreel's own audio service."""
    goal = folder / f"{song.stem}.json"
    command = [str(Path(sysconfig.get_path("scripts")) / "songreel"), "analyze", str(song)]
    command += ["-o", str(goal), "--asr", "none", "--data", str(folder / "data")]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return json_format.Parse(goal.read_text(), SongAnalysis())


def _scenes(analysis: SongAnalysis) -> Storyboard:
    """A scene for every eight beats, cut on the beat."""
    plain = storyboard_of(analysis.duration, analysis.duration)
    starts = [0.0, *list(analysis.beats)[SCENE_BEATS::SCENE_BEATS]]
    ends = [*starts[1:], analysis.duration]
    board = Storyboard(title="beats")
    for place, (start, end) in enumerate(zip(starts, ends, strict=True)):
        scene = board.scenes.add()
        scene.CopyFrom(plain.scenes[0])
        scene.start, scene.end, scene.seed = start, end, place
        scene.transition = "dissolve" if place % 3 == 2 else "cut"
    return board
