"""What the embedded checkpoint makes of the animatic: flicker and sharpness."""

from __future__ import annotations

import time
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from songreel_animatic.animatic import motion_between
from songreel_kit.work import CancelToken
from songreel_render.plan.planner import RenderJob
from songreel_testing.render.harness import RenderHarness, ignore

from bench import data
from bench.animatic.songs import cases
from bench.tables import Table

SIZE, FIRST, COUNT = 256, 120, 96
MODES = {
    "the animatic alone": "only",
    "sprout over it (the default)": "auto",
    "sprout alone": "off",
}


def finished_frames_table(folder: Path) -> Table:
    """The same four seconds of the demo, three ways."""
    table = Table(
        "Finished frames",
        (
            "way", "warping error", "sharpness, of the animatic's", "change a frame",
            "CPU s a second of film",
        ),
        f"{COUNT} frames of the demo from frame {FIRST} on, {SIZE} px, 24 frames/s, without "
        "finish. Warping error: mean absolute difference of a frame and the next one moved back "
        "along their DIS flow, grey levels. Sharpness: variance of the Laplacian. Change: mean "
        "absolute difference of neighbouring frames, grey levels. Loading is not counted.",
    )  # fmt: skip
    crisp = 0.0
    for name, mode in MODES.items():
        frames, seconds = _frames(folder / mode, mode)
        sharp = np.mean([cv2.Laplacian(_grey(each), cv2.CV_64F).var() for each in frames[::8]])
        crisp = crisp or float(sharp)
        pairs = list(pairwise(frames))
        table.add(
            name,
            f"{np.mean([_warping_error(*pair) for pair in pairs]):.2f}",
            f"{sharp / crisp:.2f}",
            f"{np.mean([cv2.absdiff(*pair).mean() for pair in pairs]):.2f}",
            f"{seconds * 24 / COUNT:.2f}",
        )
    return table


def _frames(folder: Path, mode: str) -> tuple[NDArray[np.uint8], float]:
    case = cases()["demo"]
    board = type(case.storyboard)()
    board.CopyFrom(case.storyboard)
    del board.finish[:]
    settings = {"dtype": "auto", "segment_frames": 48, "batch_frames": 8, "threads": 1}
    harness = RenderHarness(folder, data.ROOT / "models" / "sprout", settings)
    asked = harness.request(
        data.ROOT / "demo" / "song.mp3", case.analysis, board,
        animatic=mode, fps="24", size=SIZE, schedule="onset",
    )  # fmt: skip
    job = RenderJob(asked.song, asked.analysis, asked.storyboard, asked.settings)
    opened = harness.renderer.prepare(job, ignore, CancelToken())
    source = harness.renderer.backend._pipeline.source(opened, None)
    list(source.frames(FIRST - 8, FIRST))
    begun = time.process_time()
    frames = np.concatenate(list(source.frames(FIRST, FIRST + COUNT)))
    return frames, time.process_time() - begun


def _grey(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), dtype=np.uint8)


def _warping_error(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    at = motion_between(one, other)
    rows, columns = one.shape[:2]
    at[..., 0] += np.arange(columns, dtype=np.float32)
    at[..., 1] += np.arange(rows, dtype=np.float32)[:, None]
    moved = cv2.remap(other, at, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return float(cv2.absdiff(one, moved).mean())
