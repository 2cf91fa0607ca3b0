"""Frames between two pictures by optical flow: things move instead of fading over."""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

# Times that the way of a pixel is followed back to where it began; more change nothing.
_ROUNDS: Final = 3
# Pixels by which a way and the way back may miss each other before neither is believed.
_TOLERANCE: Final = 1.5
# Below this both ways are guesses, and the pictures are mixed where they stand.
_LEAST_BELIEF: Final = 1e-3

Field = NDArray[np.float32]


def flow_between(
    keys: torch.Tensor, before: NDArray[np.int64], weight: NDArray[np.float64]
) -> torch.Tensor:
    """Pictures of frames from those of the keys around them, by OpenCV's DIS flow.

    Each frame is warped from both keys along the flow between them (as in Super SloMo, Jiang et
    al. 2018, and RIFE, Huang et al. 2022, whose networks are not used). Where something is
    hidden in one of them the other counts; where the flow contradicts itself the two are mixed.

    Args:
        keys: (k, 3, h, w) float32 in [0, 1].
        before: (n,) place of the key before each frame.
        weight: (n,) in [0, 1); 0 is the key itself, untouched.

    Returns:
        (n, 3, h, w) on the device of the keys.
    """
    frames = keys[torch.from_numpy(before)]
    moving = np.flatnonzero(weight > 0)
    for place in np.unique(before[moving]).tolist():
        pair = FlowPair(_picture(keys[place]), _picture(keys[place + 1]))
        for frame in moving[before[moving] == place].tolist():
            drawn = torch.from_numpy(pair.at(float(weight[frame]))).permute(2, 0, 1)
            frames[frame] = drawn.to(frames)
    return frames


class FlowPair:
    """Two pictures and the flow between them.

    Args:
        start: (height, width, 3) float32 in [0, 1], 12 pixels a side or more.
        end: same shape.
    """

    def __init__(self, start: Field, end: Field) -> None:
        self._start, self._end = start, end
        # Both ways from the same method: what one finds the other should find again.
        finder = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        grey = [_grey(picture) for picture in (start, end)]
        self._forth: Field = np.asarray(finder.calc(grey[0], grey[1], None), dtype=np.float32)  # pyright: ignore[reportCallIssue, reportArgumentType]
        self._back: Field = np.asarray(finder.calc(grey[1], grey[0], None), dtype=np.float32)  # pyright: ignore[reportCallIssue, reportArgumentType]
        height, width = start.shape[:2]
        self._grid: Field = np.stack(
            np.meshgrid(np.arange(width), np.arange(height)), axis=-1
        ).astype(np.float32)

    def at(self, weight: float) -> Field:
        """The picture at a share of the way in [0, 1]: (height, width, 3) float32 in [0, 1]."""
        first, first_belief = self._followed(self._start, self._forth, self._back, weight)
        last, last_belief = self._followed(self._end, self._back, self._forth, 1.0 - weight)
        near, far = (1.0 - weight) * first_belief, weight * last_belief
        total = near + far
        warped = (near[..., None] * first + far[..., None] * last) / np.maximum(
            total, _LEAST_BELIEF * 1e-3
        )[..., None]
        mixed = (1.0 - weight) * self._start + weight * self._end
        # Ghosts are better than holes and smears.
        trust = np.clip(total / _LEAST_BELIEF, 0.0, 1.0)[..., None]
        return (trust * warped + (1.0 - trust) * mixed).astype(np.float32)

    def _followed(
        self, picture: Field, flow: Field, other: Field, share: float
    ) -> tuple[Field, Field]:
        """A picture after `share` of its flow, and how far that is to be believed, (h, w)."""
        way = flow
        for _ in range(_ROUNDS):
            source = (self._grid - share * way).astype(np.float32)
            way = _sampled(flow, source)
        source = (self._grid - share * way).astype(np.float32)
        found = _sampled(flow, source)
        # What ends here began where its flow says so, and the other flow leads back there.
        apart = np.linalg.norm(found - way, axis=-1)
        returned = np.linalg.norm(
            found + _sampled(other, (source + found).astype(np.float32)), axis=-1
        )
        height, width = flow.shape[:2]
        outside = (
            (source < 0).any(-1) | (source[..., 0] > width - 1) | (source[..., 1] > height - 1)
        )
        belief = np.exp(-(((apart + returned) / _TOLERANCE) ** 2))
        return _sampled(picture, source), np.where(outside, 0.0, belief).astype(np.float32)


def _sampled(values: Field, at: Field) -> Field:
    """Values (h, w, k) at pixel positions (h, w, 2), bilinear, the edge going on."""
    # Without the second map the first holds both coordinates; the stubs want both.
    remap: Any = cv2.remap
    return np.asarray(
        remap(values, at, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
        dtype=np.float32,
    )


def _grey(picture: Field) -> NDArray[np.uint8]:
    grey = picture @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
    return np.rint(255.0 * grey).clip(0, 255).astype(np.uint8)


def _picture(tensor: torch.Tensor) -> Field:
    return np.ascontiguousarray(tensor.permute(1, 2, 0).float().cpu().numpy())
