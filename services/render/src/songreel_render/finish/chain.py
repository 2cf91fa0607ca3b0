"""The steps that a storyboard asks for, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from songreel.prompt.v1.storyboard_pb2 import Storyboard
from songreel_animatic.music import Music

from songreel_render.finish.cards import end_card, title_card
from songreel_render.finish.light import glow, grade, grain, vignette
from songreel_render.finish.step import Film, Step
from songreel_render.video.watermark import Watermark

STEPS: Final[dict[str, Callable[[Film], Step | None]]] = {
    "grade": grade,
    "glow": glow,
    "vignette": vignette,
    "grain": grain,
    "title": title_card,
    "end": end_card,
}
"""In the order in which they are done; None has nothing to do with this film."""


class Finish:
    """Does the storyboard's steps to frames. Equal frames of equal times come out equal.

    Args:
        storyboard: whose `finish` names the steps; unknown names are noted and left out.
        music: of the film.
        artist: who plays it; may be empty.
        rate: frames in a second.
        width: pixels.
        height: pixels.
        watermark: drawn over everything, if any.
    """

    def __init__(
        self,
        storyboard: Storyboard,
        music: Music,
        artist: str,
        rate: float,
        width: int,
        height: int,
        watermark: Watermark | None = None,
    ) -> None:
        self.notes: list[str] = [
            f"there is no finish {name!r}; known: {', '.join(STEPS)}"
            for name in storyboard.finish
            if name not in STEPS and name != "none"
        ]
        film = Film(music, storyboard.title, artist, width, height, self.notes)
        asked = [make(film) for name, make in STEPS.items() if name in storyboard.finish]
        self._steps: Sequence[Step] = [step for step in asked if step is not None]
        self._rate = rate
        self._watermark = watermark

    def apply(self, pixels: NDArray[np.uint8], frames: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Finishes (n, height, width, 3) RGB of frames (n,)."""
        if self._steps:
            pairs = zip(pixels, frames.tolist(), strict=True)
            pixels = np.stack([self._one(picture, frame) for picture, frame in pairs])
        if self._watermark is not None:
            self._watermark.draw(pixels)
        return pixels

    def _one(self, picture: NDArray[np.uint8], frame: int) -> NDArray[np.uint8]:
        time = (frame + 0.5) / self._rate
        for step in self._steps:
            picture = step(picture, time)
        return picture
