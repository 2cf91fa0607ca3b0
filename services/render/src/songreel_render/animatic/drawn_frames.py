"""The animatic's own frames as a video: no checkpoint has a part in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from songreel_render.video.watermark import Watermark

if TYPE_CHECKING:
    from songreel_render.animatic.frames import AnimaticFrames


class DrawnFrames:
    """Gives the animatic's frames as they are.

    Args:
        animatic: the drawings.
        watermark: drawn into every frame, if any.
        batch: frames drawn at once.
    """

    denoised = 0

    def __init__(self, animatic: AnimaticFrames, watermark: Watermark | None, batch: int) -> None:
        self._animatic = animatic
        self._watermark = watermark
        self._batch = batch

    @property
    def fallbacks(self) -> list[str]:
        """See `FrameSource`."""
        return list(self._animatic.notes)

    def frames(self, first: int, end: int) -> Iterator[NDArray[np.uint8]]:
        """See `FrameSource`."""
        for start in range(first, end, self._batch):
            pixels = self._animatic.pictures(np.arange(start, min(start + self._batch, end)))
            if self._watermark is not None:
                self._watermark.draw(pixels)
            yield pixels
