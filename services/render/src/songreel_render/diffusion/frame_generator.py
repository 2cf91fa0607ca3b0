"""The frames of a plan from noise and prompts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from songreel.prompt.v1.storyboard_pb2 import Scene
from songreel.render.v1.render_plan_pb2 import RenderSettings

from songreel_render.diffusion.colour_match import ColourMatch
from songreel_render.diffusion.denoiser import Denoiser
from songreel_render.diffusion.latents import interpolate_keys
from songreel_render.diffusion.sampler import to_pixels
from songreel_render.motion.camera import view_matrices, warp
from songreel_render.motion.keyframes import FLOW, KeyframePlan, frame_steps
from songreel_render.motion.layout import Layout
from songreel_render.video.watermark import Watermark


class FrameSource(Protocol):
    """A source of a plan's frames."""

    def frames(self, first: int, end: int) -> Iterator[NDArray[np.uint8]]:
        """Frames first..end-1 in batches (n, height, width, 3) uint8 RGB, in order."""
        ...

    @property
    def denoised(self) -> int:
        """Frames denoised so far."""
        ...

    @property
    def fallbacks(self) -> list[str]:
        """Notes on what did not go as asked so far."""
        ...


class FrameGenerator:
    """Generates the frames of a plan: denoised ones, and those between them.

    Args:
        denoiser: of the plan.
        scenes: of the storyboard.
        layout: the frames in time.
        settings: resolved, as in the plan.
        batch: frames drawn at once.
    """

    def __init__(
        self,
        denoiser: Denoiser,
        scenes: Sequence[Scene],
        layout: Layout,
        settings: RenderSettings,
        batch: int,
    ) -> None:
        self._denoiser = denoiser
        self._layout = layout
        self._batch = batch
        self._arc = settings.cadence
        self._by_flow = settings.in_betweens == FLOW
        self._moves = [scene.camera for scene in scenes]
        self._steps = frame_steps(layout.mix)
        self._watermark = Watermark(settings.mark, settings.size) if settings.mark else None
        self.colours: ColourMatch | None = None
        """Palettes that the frames are drawn to; None leaves them as they are."""
        self.denoised = 0

    @property
    def fallbacks(self) -> list[str]:
        """See `FrameSource`."""
        return self._denoiser.notes

    def stills(self, scenes: Sequence[int]) -> Iterator[torch.Tensor]:
        """The middle frame of each scene, without camera, colours and watermark.

        Returns:
            Batches (n, 3, height, width) float32 in [0, 1], in order.
        """
        middles = np.asarray([sum(self._layout.spans[scene]) // 2 for scene in scenes])
        for start in range(0, len(middles), self._batch):
            latents = self._denoiser.latents(middles[start : start + self._batch])
            yield self._denoiser.decode(latents)

    def frames(self, first: int, end: int) -> Iterator[NDArray[np.uint8]]:
        """See `FrameSource`. The keyframes are chosen anew at each call."""
        keyframes = KeyframePlan.of(self._steps, first, end, self._arc)
        # The keys that are still needed, as latents, or as pictures for the flow, ...
        known: torch.Tensor | None = None
        base, drawn = 0, 0  # ... the place of the first of them, and of the first not yet drawn.
        for start in range(0, end - first, self._batch):
            stop = min(start + self._batch, end - first)
            before, weight = keyframes.before[start:stop], keyframes.weight[start:stop]
            needed = int(before[-1]) + (2 if weight[-1] > 0 else 1)
            while drawn < needed:
                keys = keyframes.keys[drawn : drawn + self._batch]
                fresh = self._denoiser.latents(keys)
                fresh = self._denoiser.decode(fresh) if self._by_flow else fresh
                known = fresh if known is None else torch.cat([known, fresh])
                drawn += len(keys)
                self.denoised += len(keys)
            assert known is not None
            kept = int(before[0])
            known, base = known[kept - base :], kept
            yield self._finished(
                self._between(known, before - base, weight), np.arange(first + start, first + stop)
            )

    def _between(
        self, known: torch.Tensor, before: NDArray[np.int64], weight: NDArray[np.float64]
    ) -> torch.Tensor:
        """Pictures of frames from the keys around them."""
        if self._by_flow:
            # OpenCV is loaded only by who asks for it.
            from songreel_render.diffusion.optical_flow import flow_between

            return flow_between(known, before, weight)
        return self._denoiser.decode(interpolate_keys(known, before, weight))

    def _finished(self, pictures: torch.Tensor, frames: NDArray[np.int64]) -> NDArray[np.uint8]:
        mix = self._layout.mix
        if self.colours is not None:
            pictures = self.colours.apply(pictures, mix, frames)
        views = view_matrices(self._moves, mix, frames)
        if views is not None:
            pictures = warp(pictures, views)
        pixels = to_pixels(pictures)
        if self._watermark is not None:
            self._watermark.draw(pixels)
        return pixels
