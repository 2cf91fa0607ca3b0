"""The frames of a plan from the animatic, drawn anew by a checkpoint."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from songreel.render.v1.render_plan_pb2 import RenderSettings

from songreel_render.animatic.frames import AnimaticFrames
from songreel_render.animatic.mode import drawing_share, strength_of
from songreel_render.diffusion.carried_difference import Key, between, finished
from songreel_render.diffusion.colour_match import ColourMatch
from songreel_render.diffusion.denoiser import Denoiser
from songreel_render.diffusion.sampler import to_pixels
from songreel_render.finish.chain import Finish
from songreel_render.motion.keyframes import KeyframePlan, frame_steps
from songreel_render.motion.layout import Layout

# Seconds between two keys at most: figures move, however slow the walk of the noise is.
_MOST_SECONDS: Final = 0.34


class RedrawnFrames:
    """Draws keyframes over the animatic's, and carries what changed along its motion.

    Args:
        animatic: the drawings.
        denoiser: of the plan.
        layout: the frames in time.
        settings: resolved, as in the plan; its `animatic` is a strength.
        batch: frames drawn at once.
        finish: what is done to finished frames.
        drawn_size: pixels of a side that the checkpoint draws at.
    """

    def __init__(
        self,
        animatic: AnimaticFrames,
        denoiser: Denoiser,
        layout: Layout,
        settings: RenderSettings,
        batch: int,
        finish: Finish,
        drawn_size: int,
    ) -> None:
        self._animatic = animatic
        self._denoiser = denoiser
        self._mix = layout.mix
        self._batch = batch
        self._drawn_size = drawn_size
        self._strength = strength_of(settings.animatic)
        self._share = drawing_share(self._strength)
        # The less noise there is in a frame, the less its turning shows.
        self._arc = settings.cadence / self._strength
        self._most_between = max(0, round(_MOST_SECONDS * float(layout.grid.rate)) - 1)
        self._steps = frame_steps(layout.mix)
        self._finish = finish
        self.colours: ColourMatch | None = None
        """Palettes that the frames are drawn to; None leaves them as they are."""
        self.denoised = 0

    @property
    def fallbacks(self) -> list[str]:
        """See `FrameSource`."""
        return [*self._animatic.notes, *self._denoiser.notes, *self._finish.notes]

    def frames(self, first: int, end: int) -> Iterator[NDArray[np.uint8]]:
        """See `FrameSource`. The keyframes are chosen anew at each call."""
        plan = KeyframePlan.of(self._steps, first, end, self._arc, self._most_between)
        keys: dict[int, Key] = {}
        for start in range(0, end - first, self._batch):
            stop = min(start + self._batch, end - first)
            before, weight = plan.before[start:stop], plan.weight[start:stop]
            needed = range(int(before[0]), int(before[-1]) + (2 if weight[-1] > 0 else 1))
            keys = {place: key for place, key in keys.items() if place in needed}
            missing = [place for place in needed if place not in keys]
            for part in range(0, len(missing), self._batch):
                places = missing[part : part + self._batch]
                keys |= zip(places, self._keys(plan.keys[places]), strict=True)
            pixels = np.stack(
                [self._finished(first + start + place, plan, keys) for place in range(stop - start)]
            )
            yield self._last_touches(pixels, np.arange(first + start, first + stop))

    def _keys(self, frames: NDArray[np.int64]) -> list[Key]:
        drawings = np.stack([self._small(drawing) for drawing in self._animatic.pictures(frames)])
        given = torch.from_numpy(drawings).permute(0, 3, 1, 2).float() / 255.0
        redrawn, passed = (
            255.0 * pictures.permute(0, 2, 3, 1).float().cpu().numpy()
            for pictures in self._denoiser.redraw(given, frames, self._strength)
        )
        self.denoised += len(frames)
        return [Key.of(*each, self._share) for each in zip(drawings, redrawn, passed, strict=True)]

    def _small(self, drawing: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """A drawing at the size that the checkpoint draws at."""
        size = (self._drawn_size, self._drawn_size)
        if drawing.shape[:2] == size:
            return drawing
        return np.asarray(cv2.resize(drawing, size, interpolation=cv2.INTER_AREA), np.uint8)

    def _finished(self, frame: int, plan: KeyframePlan, keys: dict[int, Key]) -> NDArray[np.uint8]:
        place = frame - int(plan.keys[0])
        before, weight = int(plan.before[place]), float(plan.weight[place])
        drawing, key = self._animatic.picture(frame), keys[before]
        added = key.difference
        if weight > 0.0:
            added = between(self._small(drawing), key, keys[before + 1], weight)
        return finished(drawing, self._share, added)

    def _last_touches(
        self, pixels: NDArray[np.uint8], frames: NDArray[np.int64]
    ) -> NDArray[np.uint8]:
        if self.colours is not None:
            pictures = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255.0
            pixels = to_pixels(self.colours.apply(pictures, self._mix, frames))
        return self._finish.apply(pixels, frames)
