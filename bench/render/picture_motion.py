"""Does the picture itself move with the music: the same statistics on drawn frames."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from songreel.audio.v1.analysis_pb2 import SongAnalysis
from songreel.prompt.v1.storyboard_pb2 import Storyboard
from songreel.render.v1.render_plan_pb2 import RenderSettings
from songreel_render.checkpoints.checkpoint import Checkpoint
from songreel_render.checkpoints.loader import CheckpointLoader
from songreel_render.diffusion.denoiser import Denoiser
from songreel_render.diffusion.frame_generator import FrameGenerator
from songreel_render.motion.keyframes import DEFAULT_CADENCE
from songreel_render.motion.layout import lay_out

from bench.render.noise_motion import FPS, cut_frames, motion_of, songs
from bench.render.random_checkpoints import write_checkpoint
from bench.tables import Table

SIZE, SECONDS = 64, 10
STILL_SHARE = 0.05
"""Of the video's mean change; less is no movement that one sees."""


def picture_motion_table(folder: Path) -> Table:
    """The default schedule with its cadence, and the paper's, which denoises every frame."""
    checkpoint = write_checkpoint(folder / "checkpoint", size=SIZE, widths=(16, 16, 32, 32))
    loader = CheckpointLoader(device="cpu", dtype="float32")
    loaded = loader.load(loader.inspect(checkpoint).files)
    table = Table(
        f"Motion of the pictures at {FPS} frames/s",
        (
            "song, schedule",
            "still frames",
            "largest change, of the mean",
            "beats met by the picture",
            "visual beats on a beat",
            "grey levels/s",
        ),
        f"Mean absolute difference of neighbouring frames ({SIZE} px, random weights, one step, "
        f"the first {SECONDS} s), hard cuts left out. Still: less than {STILL_SHARE:.0%} of the "
        "video's mean. The other columns as above.",
    )
    torch.set_num_threads(1)
    for name, (analysis, board) in songs().items():
        for schedule in ("onset", "paper"):
            steps, cuts = _changes(loaded, analysis, board, schedule)
            within = np.delete(steps, [cut - 1 for cut in cuts])
            found = motion_of(steps, cuts, analysis, STILL_SHARE * float(within.mean()))
            table.add(
                f"{name}, {schedule}",
                f"{found.still:.1%}",
                f"{found.largest / within.mean():.1f}x",
                f"{found.music_to_picture:.2f}",
                f"{found.picture_to_music:.2f}",
                f"{found.energy:.0f}",
            )
    return table


def _changes(
    checkpoint: Checkpoint, analysis: SongAnalysis, board: Storyboard, schedule: str
) -> tuple[NDArray[np.float64], list[int]]:
    """Grey levels from frame to frame, (frames - 1,), and the frames after hard cuts."""
    settings = RenderSettings(
        fps=str(FPS), size=SIZE, steps=1, guidance_scale=1.0, schedule=schedule,
        cadence=DEFAULT_CADENCE if schedule == "onset" else 0.0,
    )  # fmt: skip
    layout = lay_out(analysis, board, settings)
    denoiser = Denoiser(checkpoint, board.scenes, layout, settings, batch=8)
    generator = FrameGenerator(denoiser, board.scenes, layout, settings, 8)
    count = min(layout.grid.count, int(SECONDS * FPS))
    pictures = np.concatenate(list(generator.frames(0, count))).astype(np.float32)
    steps = np.abs(np.diff(pictures, axis=0)).mean(axis=(1, 2, 3)).astype(np.float64)
    return steps, [cut for cut in cut_frames(layout, schedule) if cut < count]
