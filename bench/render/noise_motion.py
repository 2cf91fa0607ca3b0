"""Does the picture move with the music: statistics of the schedules on real songs."""

from __future__ import annotations

import functools
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.signal import find_peaks
from songreel.audio.v1.analysis_pb2 import SongAnalysis
from songreel.prompt.v1.storyboard_pb2 import Storyboard
from songreel.render.v1.render_plan_pb2 import RenderSettings
from songreel_audio.analysis import AnalysisRequest, analyze
from songreel_render.diffusion.latents import SceneNoise
from songreel_render.motion.keyframes import frame_steps
from songreel_render.motion.layout import Layout, lay_out
from songreel_render.motion.schedules import MAX_SPEED, SCHEDULES

from bench import data
from bench.render.click_track import analysis_of, storyboard_of
from bench.tables import Table

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


def noise_motion_table(folder: Path) -> Table:
    """All paced schedules and the paper's, on three songs and a click track."""
    table = Table(
        f"Motion of the starting noise at {FPS} frames/s",
        (
            "song, schedule",
            "still frames",
            "largest step, rad",
            "beats met by the picture",
            "visual beats on a beat",
            "rad/s",
        ),
        f"Angles between the noises of neighbouring frames, hard cuts left out, dissolves not. "
        f"Still: less than {STILL:g} rad. The cap: {MAX_SPEED / float(FPS):.3f} rad a frame. "
        "Visual beats are maxima of the step; beats met: mean of exp(-d2 / 2 s2) over the song's "
        f"beats, d to the nearest visual beat, s = {WIDTH * 1000:.0f} ms; visual beats on a beat: "
        "the other way round.",
    )
    for name, (analysis, board) in songs().items():
        for schedule in SCHEDULES:
            found = measure(analysis, board, schedule)
            table.add(
                f"{name}, {schedule}",
                f"{found.still:.1%}",
                f"{found.largest:.3f}",
                f"{found.music_to_picture:.2f}",
                f"{found.picture_to_music:.2f}",
                f"{found.energy:.2f}",
            )
    return table


@functools.cache
def songs() -> dict[str, tuple[SongAnalysis, Storyboard]]:
    """A click track and the songs that are there, as heard, with scenes cut on beats."""
    cases = {"click track, 120 bpm": (analysis_of(30.0), storyboard_of(30.0))}
    for name in SONGS:
        if (data.folder() / "music" / name).exists():
            song = data.folder() / "music" / name
            analysis = analyze(song, AnalysisRequest(asr="none"))
            cases[name] = (analysis, _scenes(analysis))
        else:
            print(f" {name} is absent", end="", file=sys.stderr)
    return cases


def measure(analysis: SongAnalysis, board: Storyboard, schedule: str) -> Motion:
    """Walks the path of a whole song."""
    settings = RenderSettings(fps=str(FPS), schedule=schedule)
    layout = lay_out(analysis, board, settings)
    return motion_of(_steps(layout, board, schedule), cut_frames(layout, schedule), analysis, STILL)


def motion_of(
    steps: NDArray[np.float64], cuts: Sequence[int], analysis: SongAnalysis, still: float
) -> Motion:
    """Statistics of a video.

    Args:
        steps: (frames - 1,) from each frame to the next, in any unit.
        cuts: frames that begin a scene with a hard cut.
        analysis: the song's beats.
        still: less is no movement.
    """
    cut = np.isin(np.arange(len(steps)) + 1, cuts)
    inside = steps[~cut]
    beats = np.asarray(analysis.beats)
    beats = beats[beats < (len(steps) + 1) / float(FPS)]
    filled = np.where(cut, np.median(inside), steps)
    peaks, _ = find_peaks(filled, prominence=0.2 * float(np.std(filled)) + 1e-9)
    # A step is seen when its second frame appears.
    seen = (peaks + 1) / float(FPS)
    return Motion(
        still=float((inside < still).mean()),
        largest=float(inside.max()),
        music_to_picture=_closeness(beats, seen),
        picture_to_music=_closeness(seen, beats),
        energy=float(inside.mean() * FPS),
    )


def _steps(layout: Layout, board: Storyboard, schedule: str) -> NDArray[np.float64]:
    travel = layout.mix.travel
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
        frames = noise.at(layout.mix, np.arange(start, min(start + 65, count)))
        # By chords and in float64: the arc cosine of nearly equal float32 is mostly rounding.
        flat = frames.flatten(1).double()
        flat = flat / flat.norm(dim=1, keepdim=True)
        steps.append(2 * torch.asin((flat[1:] - flat[:-1]).norm(dim=1) / 2).numpy())
    return np.concatenate(steps)


def cut_frames(layout: Layout, schedule: str) -> list[int]:
    """First frames of scenes that begin with a hard cut; the paper's has none."""
    if schedule == "paper":
        return []
    return (np.flatnonzero(np.isinf(frame_steps(layout.mix))) + 1).tolist()


def _closeness(events: NDArray[np.float64], others: NDArray[np.float64]) -> float:
    if not len(events) or not len(others):
        return 0.0
    distance = np.abs(events[:, None] - others[None]).min(axis=1)
    return float(np.exp(-(distance**2) / (2 * WIDTH**2)).mean())


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
