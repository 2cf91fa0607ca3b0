"""Storyboards and frame mixes."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from songreel.prompt.v1.storyboard_pb2 import Scene, Storyboard
from songreel_render.motion.crossfades import FrameMix


def storyboard_of(*scenes: Scene) -> Storyboard:
    return Storyboard(title="Clicks", style="sketch", storyteller="hand", scenes=scenes)


def scene(start: float, end: float, prompt: str = "beach", seed: int = 1, **more: Any) -> Scene:
    return Scene(start=start, end=end, prompt=prompt, seed=seed, mood="joyful", **more)


def equal_scenes(duration: float, count: int = 2, **more: Any) -> list[Scene]:
    bounds = [duration * place / count for place in range(count + 1)]
    return [
        scene(start, end, f"beach {place}", seed=place, **more)
        for place, (start, end) in enumerate(itertools.pairwise(bounds))
    ]


def mix_at(
    progress: list[float], weight: list[float] | None = None, other_progress: float = 0.0
) -> FrameMix:
    """Frames of scene 0 that borrow from scene 1."""
    count = len(progress)
    return FrameMix(
        scene=np.zeros(count, dtype=np.int64), other=np.ones(count, dtype=np.int64),
        noise_weight=np.asarray(weight or [0.0] * count), text_weight=np.zeros(count),
        travel=np.zeros(count), other_travel=np.zeros(count), progress=np.asarray(progress),
        other_progress=np.full(count, other_progress),
    )  # fmt: skip
