"""What a checkpoint changed in a drawing, carried along while the drawing moves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from songreel_animatic.animatic import motion_between

# Grey levels of 255 by which a pixel may differ from where it seems to come from.
_TOLERANCE: Final = 24.0
_BELIEF: Final = np.exp(-((np.arange(256) / _TOLERANCE) ** 2)).astype(np.float32)
"""How far a pixel is to be believed that differs by so much."""
Picture = NDArray[np.uint8]
Difference = NDArray[np.float32]


@dataclass(frozen=True)
class Key:
    """A frame that the checkpoint has drawn anew."""

    drawing: Picture
    """(height, width, 3) RGB, before."""
    difference: Difference
    """(height, width, 3) in grey levels: what is added to the drawing's share."""

    @classmethod
    def of(cls, drawing: Picture, redrawn: Difference, passed: Difference, share: float) -> Key:
        """The difference D(z) - share x D(E(drawing)): what the autoencoder loses is not missed.

        Args:
            drawing: of the frame.
            redrawn: (height, width, 3) in grey levels, by the checkpoint.
            passed: same, as the autoencoder alone gives the drawing back.
            share: of the drawing in the finished frame.
        """
        return cls(drawing, np.asarray(redrawn - share * passed, dtype=np.float32))


def finished(drawing: Picture, share: float, added: Difference) -> Picture:
    """A drawing with a difference added to its share.

    Args:
        drawing: (height, width, 3) RGB.
        share: of the drawing in the frame, in [0, 1].
        added: in grey levels, of the same size or smaller.
    """
    if added.shape != drawing.shape:
        size = drawing.shape[1], drawing.shape[0]
        added = np.asarray(cv2.resize(added, size, interpolation=cv2.INTER_LINEAR), np.float32)
    summed = cv2.addWeighted(drawing, share, added, 1.0, 0.0, dtype=cv2.CV_8U)
    return np.asarray(summed, dtype=np.uint8)


def between(drawing: Picture, before: Key, after: Key, weight: float) -> Difference:
    """The difference of a frame between two keys: theirs, where they belong by now.

    Args:
        drawing: (height, width, 3) RGB, of the frame itself, as large as the keys.
        before: the key before it.
        after: the key after it.
        weight: in (0, 1), how far the frame is on its way to `after`.
    """
    first, first_belief = _carried(drawing, before)
    last, last_belief = _carried(drawing, after)
    near, far = np.float32(1.0 - weight) * first_belief, np.float32(weight) * last_belief
    mixed = np.asarray(cv2.blendLinear(first, last, near, far), dtype=np.float32)
    # Where neither key shows what is seen now, the drawing stands alone.
    mixed *= np.minimum(np.float32(1.0), np.float32(2.0) * (near + far))[..., None]
    return mixed


def _carried(drawing: Picture, key: Key) -> tuple[Difference, NDArray[np.float32]]:
    """A key's difference as it lies on the drawing, and how far each pixel is to be believed."""
    height, width = drawing.shape[:2]
    across, down = np.meshgrid(
        np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
    )
    at = motion_between(drawing, key.drawing)
    at[..., 0] += across
    at[..., 1] += down
    # Without the second map the first holds both coordinates; the stubs want both.
    remap: Any = cv2.remap
    edge = cv2.BORDER_REPLICATE
    found = remap(key.difference, at, None, cv2.INTER_LINEAR, borderMode=edge)
    seen = remap(key.drawing, at, None, cv2.INTER_LINEAR, borderMode=edge)
    red, green, blue = cv2.split(cv2.absdiff(seen, drawing))
    apart = np.asarray(cv2.max(cv2.max(red, green), blue), dtype=np.uint8)
    return found, _BELIEF[apart]
