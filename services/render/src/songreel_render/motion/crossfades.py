"""Which two scenes each frame is made of, and how much of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from songreel_render.motion.dissolves import Dissolve
from songreel_render.motion.easing import smoothstep
from songreel_render.motion.frames import FrameGrid, FrameSpan
from songreel_render.motion.schedules import Motion

# Before a hard cut the words drift towards the next scene: from this share of the scene on,
# and up to this weight, so that the picture changes but still shows its own prompt.
_DRIFT_FROM: Final = 0.4
_DRIFT_WEIGHT: Final = 0.18


@dataclass(frozen=True)
class FrameMix:
    """The two scenes of each frame and their weights; every array is (frames,)."""

    scene: NDArray[np.int64]
    """The scene the frame belongs to."""
    other: NDArray[np.int64]
    """The neighbour it borrows from; equal to `scene` where it borrows nothing."""
    noise_weight: NDArray[np.float64]
    """Weight of the neighbour's noise in [0, 1]."""
    text_weight: NDArray[np.float64]
    """Weight of the neighbour's prompt in [0, 1]."""
    travel: NDArray[np.float64]
    """Radians along the scene's own latent path, from the scene's first frame."""
    other_travel: NDArray[np.float64]
    """Where on its path the neighbour is met."""
    progress: NDArray[np.float64]
    """Share of the scene that has passed, in [0, 1)."""
    other_progress: NDArray[np.float64]
    """Share of the neighbour that has passed where it is met: 0 at its start, 1 at its end."""


def mix_scenes(
    grid: FrameGrid, spans: Sequence[FrameSpan], dissolves: Sequence[Dissolve], motion: Motion
) -> FrameMix:
    """Turn the motion into recipes.

    Scenes without a frame are passed over.

    Args:
        grid: the frames.
        spans: first frame and one past the last of each scene.
        dissolves: between the scenes; all other scenes begin with a cut.
        motion: from the schedule.
    """
    shown = [index for index, (first, end) in enumerate(spans) if end > first]
    mix = FrameMix(
        scene=np.zeros(grid.count, dtype=np.int64),
        other=np.zeros(grid.count, dtype=np.int64),
        noise_weight=np.zeros(grid.count),
        text_weight=np.zeros(grid.count),
        travel=np.zeros(grid.count),
        other_travel=np.zeros(grid.count),
        progress=np.zeros(grid.count),
        other_progress=np.zeros(grid.count),
    )
    dissolved = {dissolve.after for dissolve in dissolves}
    scene_by_scene = bool(motion.blend.any())
    for place, index in enumerate(shown):
        first, end = spans[index]
        following = shown[place + 1] if place + 1 < len(shown) else index
        mix.scene[first:end] = index
        mix.other[first:end] = following
        mix.travel[first:end] = motion.travel[first:end] - motion.travel[first]
        mix.progress[first:end] = (np.arange(first, end) - first) / (end - first)
        if following == index:
            continue
        if scene_by_scene:
            mix.noise_weight[first:end] = motion.blend[first:end]
            mix.text_weight[first:end] = motion.blend[first:end]
        elif following not in dissolved:
            late = (mix.progress[first:end] - _DRIFT_FROM) / (1 - _DRIFT_FROM)
            mix.text_weight[first:end] = _DRIFT_WEIGHT * smoothstep(late)
    if not scene_by_scene:
        for dissolve in dissolves:
            _dissolve(mix, spans, motion, dissolve)
    return mix


def _dissolve(
    mix: FrameMix, spans: Sequence[FrameSpan], motion: Motion, dissolve: Dissolve
) -> None:
    before, after = dissolve.before, dissolve.after
    boundary, reach = dissolve.boundary, dissolve.reach
    first, end = int(np.ceil(boundary - reach)), int(np.floor(boundary + reach)) + 1
    first, end = max(first, spans[before][0]), min(end, spans[after][1])
    frames = np.arange(first, end, dtype=np.float64)
    crossed = dissolve.crossed(frames)
    leaving = frames < boundary
    weight = np.where(leaving, crossed, 1.0 - crossed)
    mix.noise_weight[first:end] = weight
    mix.text_weight[first:end] = weight
    mix.other[first:boundary] = after
    mix.other[boundary:end] = before
    mix.other_travel[first:boundary] = 0.0
    mix.other_progress[boundary:end] = 1.0
    # The scene that is left keeps moving while it fades.
    mix.other_travel[boundary:end] = motion.travel[boundary:end] - motion.travel[spans[before][0]]
