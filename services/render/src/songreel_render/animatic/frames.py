"""The animatic's picture of every frame of a plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from songreel.audio.v1.analysis_pb2 import SongAnalysis
from songreel.prompt.v1.storyboard_pb2 import Storyboard
from songreel_animatic.animatic import Animatic

from songreel_render.animatic.music import music_of
from songreel_render.animatic.shots import shots_of
from songreel_render.motion.layout import Layout


class AnimaticFrames:
    """Draws frames of a plan, dissolves included. Any frame may be asked for, in any order.

    Args:
        analysis: of the song.
        storyboard: of the video.
        layout: the frames in time.
        width: pixels.
        height: pixels.
    """

    def __init__(
        self,
        analysis: SongAnalysis,
        storyboard: Storyboard,
        layout: Layout,
        width: int,
        height: int,
    ) -> None:
        shots, self.notes = shots_of(storyboard)
        self._animatic = Animatic(shots, music_of(analysis), width, height)
        self._layout = layout
        self._rate = float(layout.grid.rate)

    def picture(self, frame: int) -> NDArray[np.uint8]:
        """(height, width, 3) uint8 RGB, as it is in the middle of the frame's time."""
        mix, time = self._layout.mix, (frame + 0.5) / self._rate
        own = self._animatic.picture(time, int(mix.scene[frame]))
        weight = float(mix.noise_weight[frame])
        if weight == 0.0:
            return own
        other = self._animatic.picture(time, int(mix.other[frame]))
        return np.asarray(cv2.addWeighted(own, 1.0 - weight, other, weight, 0.0), dtype=np.uint8)

    def pictures(self, frames: NDArray[np.int64]) -> NDArray[np.uint8]:
        """(n, height, width, 3) uint8 RGB of frames (n,)."""
        return np.stack([self.picture(frame) for frame in frames.tolist()])

    def stills(self, scenes: Sequence[int]) -> Iterator[torch.Tensor]:
        """The middle frame of each scene: (1, 3, height, width) float32 in [0, 1], in order."""
        for scene in scenes:
            pixels = self.picture(sum(self._layout.spans[scene]) // 2)
            yield torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255.0
