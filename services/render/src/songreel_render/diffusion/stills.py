"""A still of each scene: for previews, for the first contact sheet, and for the colours."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from songreel.prompt.v1.storyboard_pb2 import Scene
from songreel.render.v1.render_plan_pb2 import RenderSettings

from songreel_render.animatic.mode import is_drawn
from songreel_render.diffusion.colour_match import ColourMatch, palette
from songreel_render.diffusion.sampler import to_pixels
from songreel_render.motion.camera import view_matrices, warp
from songreel_render.motion.layout import Layout
from songreel_render.video.watermark import Watermark

# Shorter scenes flash by: their colours are their neighbours', and need no still.
_LEAST_FRAMES: Final = 8
# Pixels of a side of a preview, at most.
_PREVIEW_SIZE: Final = 256


@dataclass(frozen=True)
class SceneStills:
    """Small pictures of scenes and their palettes."""

    scenes: NDArray[np.int64]
    """(n,) numbers of the scenes, ascending."""
    pixels: NDArray[np.uint8]
    """(n, height, width, 3) RGB, at most 256 pixels a side."""
    palettes: NDArray[np.float32]
    """(n, 2, 3) mean and deviation of each channel at full size, in [0, 1]."""

    def to_bytes(self) -> bytes:
        """As an .npz file."""
        buffer = io.BytesIO()
        np.savez_compressed(buffer, scenes=self.scenes, pixels=self.pixels, palettes=self.palettes)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> SceneStills:
        """What `to_bytes` wrote."""
        with np.load(io.BytesIO(data), allow_pickle=False) as stored:
            return cls(stored["scenes"], stored["pixels"], stored["palettes"])

    def images(self, scenes: Sequence[int]) -> Iterator[Image.Image]:
        """The stills of scenes; black for a scene without one."""
        places = {scene: place for place, scene in enumerate(self.scenes.tolist())}
        for scene in scenes:
            place = places.get(scene)
            if place is None:
                yield Image.new("RGB", self.pixels.shape[2:0:-1])
            else:
                yield Image.fromarray(self.pixels[place])

    def colours(self, scene_count: int, strength: float) -> ColourMatch:
        """The colour match of a video with these stills."""
        palettes = np.full((scene_count, 2, 3), np.nan, dtype=np.float32)
        palettes[self.scenes] = self.palettes
        return ColourMatch(palettes, self.scenes.tolist(), strength)


def video_size(settings: RenderSettings) -> int:
    """Pixels of a side of the video."""
    return min(settings.size, _PREVIEW_SIZE) if settings.preview else settings.size


def scenes_with_stills(layout: Layout, settings: RenderSettings) -> list[int]:
    """The scenes that a render draws a still of before its frames."""
    if settings.preview or is_drawn(settings.animatic):
        return layout.shown
    if not settings.colour_match:
        return []
    return [
        scene
        for scene in layout.shown
        if layout.spans[scene][1] - layout.spans[scene][0] >= _LEAST_FRAMES
    ]


def collect_stills(
    scenes: Sequence[int],
    batches: Iterator[torch.Tensor],
    drawn: Callable[[int], None],
) -> SceneStills:
    """Take in the stills as they are drawn.

    Args:
        scenes: numbers of the scenes.
        batches: their pictures (n, 3, h, w) in [0, 1], in order.
        drawn: called after every batch with the number of stills so far.
    """
    pixels: list[NDArray[np.uint8]] = []
    palettes: list[NDArray[np.float32]] = []
    count = 0
    for pictures in batches:
        palettes.append(palette(pictures).cpu().numpy())
        size = min(_PREVIEW_SIZE, pictures.shape[-1])
        if size < pictures.shape[-1]:
            pictures = torch.nn.functional.interpolate(
                pictures, size=(size, size), mode="bilinear", antialias=True
            )
        pixels.append(to_pixels(pictures))
        count += len(pictures)
        drawn(count)
    return SceneStills(
        np.asarray(scenes, dtype=np.int64), np.concatenate(pixels), np.concatenate(palettes)
    )


class PreviewGenerator:
    """Draws a preview: stills, moved by their camera and dissolved as the storyboard says.

    Args:
        stills: of all scenes that have frames.
        scenes: of the storyboard.
        layout: the frames in time.
        settings: resolved, as in the plan.
        batch: frames drawn at once.
    """

    def __init__(
        self,
        stills: SceneStills,
        scenes: Sequence[Scene],
        layout: Layout,
        settings: RenderSettings,
        batch: int,
    ) -> None:
        self._layout = layout
        self._batch = batch
        self._moves = [scene.camera for scene in scenes]
        self._pixels = stills.pixels
        self._places = np.zeros(len(scenes), dtype=np.int64)
        self._places[stills.scenes] = np.arange(len(stills.scenes))
        self._watermark = Watermark(settings.mark, video_size(settings)) if settings.mark else None
        self.denoised = len(stills.scenes)
        self.fallbacks: list[str] = []

    def frames(self, first: int, end: int) -> Iterator[NDArray[np.uint8]]:
        """See `FrameSource`."""
        mix = self._layout.mix
        for start in range(first, end, self._batch):
            frames = np.arange(start, min(start + self._batch, end))
            pictures = self._pictures(mix.scene[frames])
            weight = mix.noise_weight[frames]
            if weight.any():
                share = torch.from_numpy(weight.astype(np.float32))[:, None, None, None]
                pictures = torch.lerp(pictures, self._pictures(mix.other[frames]), share)
            views = view_matrices(self._moves, mix, frames)
            if views is not None:
                pictures = warp(pictures, views)
            pixels = to_pixels(pictures)
            if self._watermark is not None:
                self._watermark.draw(pixels)
            yield pixels

    def _pictures(self, scenes: NDArray[np.int64]) -> torch.Tensor:
        pixels = torch.from_numpy(self._pixels[self._places[scenes]])
        return pixels.permute(0, 3, 1, 2).float() / 255.0
