"""The animatic's own frames as a video: no checkpoint has a part in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from songreel_render.animatic.frames import AnimaticFrames
    from songreel_render.finish.chain import Finish


class DrawnFrames:
    """Gives the animatic's frames, finished.

    Args:
        animatic: the drawings.
        finish: what is done to them.
        batch: frames drawn at once.
    """

    denoised = 0

    def __init__(self, animatic: AnimaticFrames, finish: Finish, batch: int) -> None:
        self._animatic = animatic
        self._finish = finish
        self._batch = batch

    @property
    def fallbacks(self) -> list[str]:
        """See `FrameSource`."""
        return [*self._animatic.notes, *self._finish.notes]

    def frames(self, first: int, end: int) -> Iterator[NDArray[np.uint8]]:
        """See `FrameSource`."""
        for start in range(first, end, self._batch):
            frames = np.arange(start, min(start + self._batch, end))
            yield self._finish.apply(self._animatic.pictures(frames), frames)
