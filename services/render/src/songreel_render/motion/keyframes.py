"""Which frames are denoised, and how the frames between them are made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from songreel_render.motion.angles import CROSSING_ANGLE
from songreel_render.motion.crossfades import FrameMix

# Radians between two denoised frames unless asked otherwise. Measured on the embedded checkpoint
# at 12 frames a second: the frames between differ by .13 grey levels of 255 from denoised ones,
# neighbouring frames by 2.2 from each other.
DEFAULT_CADENCE: Final = 0.10
LATENT, FLOW = "latent", "flow"
"""How frames between keys are made: on the arc between their latents, or by optical flow."""
# In-betweens in a row at most, unless asked otherwise.
_MOST_BETWEEN: Final = 7
# Radians that a change of all words counts for.
_WORDS: Final = 1.0
# A step of more than this is a cut: nothing is interpolated across it.
_CUT: Final = 0.5


def frame_steps(mix: FrameMix) -> NDArray[np.float64]:
    """Radians of change from each frame to the next: (frames - 1,), infinite at cuts.

    Movement along the scene's path, mixing of two scenes' noise, and mixing of their words, as
    far as they show.
    """
    same = np.diff(mix.scene) == 0
    weight, other = mix.noise_weight, mix.other
    # Where the frame and its neighbour change places (the middle of a dissolve), the weights
    # count from the other side.
    swapped = other[:-1] == mix.scene[1:]
    mixed = np.where(
        same,
        np.where(np.diff(other) == 0, np.abs(np.diff(weight)), weight[:-1] + weight[1:]),
        np.where(swapped, np.abs(1.0 - weight[:-1] - weight[1:]), 1.0),
    )
    moved = np.where(same, np.abs(np.diff(mix.travel)), 0.0)
    words = np.where(same, np.abs(np.diff(mix.text_weight)), mixed)
    steps = moved + CROSSING_ANGLE * mixed + _WORDS * words
    return np.where(~same & (mixed > _CUT), np.inf, steps)


@dataclass(frozen=True)
class KeyframePlan:
    """Which frames of a stretch are denoised, and where the others lie between them."""

    keys: NDArray[np.int64]
    """(k,) frame numbers, ascending; the first and the last of the stretch are among them."""
    before: NDArray[np.int64]
    """(n,) place in `keys` of the last key at or before each frame of the stretch."""
    weight: NDArray[np.float64]
    """(n,) how far each frame is on its way from that key to the next, in [0, 1)."""

    @classmethod
    def of(
        cls,
        steps: NDArray[np.float64],
        first: int,
        end: int,
        arc: float,
        most_between: int = _MOST_BETWEEN,
    ) -> KeyframePlan:
        """Choose the keys of frames first..end-1.

        Args:
            steps: of all frames, as `frame_steps` gives them.
            first: first frame.
            end: one past the last frame.
            arc: radians between two keys at most; 0 makes every frame a key.
            most_between: frames between two keys at most, however slow the music is.
        """
        within = steps[first : end - 1]
        chosen = [0]
        gone = 0.0
        for place, step in enumerate(within.tolist(), start=1):
            gone += step
            if gone > arc or place - chosen[-1] > most_between:
                # As far as the bound allows: the frame before, and from it on.
                if place - 1 > chosen[-1]:
                    chosen.append(place - 1)
                    gone = step
                if step > arc:
                    chosen.append(place)
                    gone = 0.0
        last = end - first - 1
        if chosen[-1] != last:
            chosen.append(last)
        keys = np.asarray(chosen, dtype=np.int64)
        before = np.searchsorted(keys, np.arange(last + 1), side="right") - 1
        return cls(keys + first, before, _weights(within, keys, before))


def _weights(
    steps: NDArray[np.float64], keys: NDArray[np.int64], before: NDArray[np.int64]
) -> NDArray[np.float64]:
    """By way, not by frames: the music's accents stay in the frames between two keys."""
    way = np.concatenate([[0.0], np.cumsum(np.where(np.isfinite(steps), steps, 0.0))])
    frames = np.arange(len(before))
    start = keys[before]
    stop = keys[np.minimum(before + 1, len(keys) - 1)]
    long = way[stop] - way[start]
    even = (frames - start) / np.maximum(stop - start, 1)
    return np.where(long > 1e-9, (way[frames] - way[start]) / np.maximum(long, 1e-9), even)
