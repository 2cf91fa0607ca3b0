"""Colour match: the frames of a scene keep its palette, and neighbours share some of theirs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from songreel_render.motion.crossfades import FrameMix

DEFAULT_STRENGTH: Final = 0.35
# How much of a scene's palette is its neighbours'.
_NEIGHBOURS: Final = 0.25
# Contrast is changed by no more than this factor: a plain grey frame has none to stretch.
_MOST_CONTRAST: Final = 1.5
_FLAT: Final = 1e-3


def palette(pictures: torch.Tensor) -> torch.Tensor:
    """Mean and deviation of each colour channel: (n, 3, h, w) in [0, 1] -> (n, 2, 3)."""
    deviation, mean = torch.std_mean(pictures.float(), dim=(2, 3))
    return torch.stack([mean, deviation], dim=1)


class ColourMatch:
    """Draws the frames' palettes towards those of their scenes.

    Per channel, by mean and deviation (Reinhard et al. 2001, in RGB: the shift is small and a
    decorrelated space showed no difference).

    Args:
        palettes: (scenes, 2, 3) of a still of each scene; NaN for scenes that have none, which
            take the nearest one's.
        shown: numbers of the scenes that have a palette, in order; at least one.
        strength: in [0, 1]; 1 gives every frame of a scene the same mean and contrast.
    """

    def __init__(
        self, palettes: NDArray[np.float32], shown: Sequence[int], strength: float
    ) -> None:
        self._strength = strength
        self._targets = torch.from_numpy(_shared(palettes, shown))

    def apply(
        self, pictures: torch.Tensor, mix: FrameMix, frames: NDArray[np.int64]
    ) -> torch.Tensor:
        """The frames (n, 3, h, w) in [0, 1], matched."""
        weight = torch.from_numpy(mix.noise_weight[frames].astype(np.float32))
        target = torch.lerp(
            self._targets[torch.from_numpy(mix.scene[frames])],
            self._targets[torch.from_numpy(mix.other[frames])],
            weight[:, None, None],
        ).to(pictures.device)
        own = palette(pictures)
        wanted = torch.lerp(own, target, self._strength)
        contrast = wanted[:, 1] / own[:, 1].clamp(min=_FLAT)
        contrast = contrast.clamp(1.0 / _MOST_CONTRAST, _MOST_CONTRAST)
        shift = wanted[:, 0] - own[:, 0] * contrast
        return torch.addcmul(shift[:, :, None, None], pictures, contrast[:, :, None, None]).clamp_(
            0.0, 1.0
        )


def _shared(palettes: NDArray[np.float32], shown: Sequence[int]) -> NDArray[np.float32]:
    known = palettes[list(shown)]
    shared = known.copy()
    for place in range(len(known)):
        around = [known[near] for near in (place - 1, place + 1) if 0 <= near < len(known)]
        if around:
            own, others = (1 - _NEIGHBOURS) * known[place], _NEIGHBOURS * np.mean(around, axis=0)
            shared[place] = own + others
    nearest = np.abs(np.arange(len(palettes))[:, None] - np.asarray(shown)).argmin(axis=1)
    return shared[nearest]
