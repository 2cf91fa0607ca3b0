"""The frames of a plan from noise and prompts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from songreel.prompt.v1.storyboard_pb2 import Scene
from songreel.render.v1.render_plan_pb2 import RenderSettings

from songreel_render.checkpoints.checkpoint import Checkpoint
from songreel_render.diffusion.colour_match import ColourMatch
from songreel_render.diffusion.latents import SceneNoise, interpolate_keys
from songreel_render.diffusion.prompt_embeddings import (
    EmbeddingCache,
    PromptEmbeddings,
    cut_prompts,
    token_limit,
)
from songreel_render.diffusion.sampler import Sampler, SamplerOptions, to_pixels
from songreel_render.diffusion.watermark import Watermark
from songreel_render.motion.camera import view_matrices, warp
from songreel_render.motion.crossfades import FrameMix
from songreel_render.motion.keyframes import FLOW, KeyframePlan, frame_steps
from songreel_render.motion.layout import Layout


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
        checkpoint: loaded.
        scenes: of the storyboard.
        layout: the frames in time.
        settings: resolved, as in the plan.
        batch: frames drawn at once.
        autoencoder: to decode with, instead of the checkpoint's.
        memory: of embeddings.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        scenes: Sequence[Scene],
        layout: Layout,
        settings: RenderSettings,
        *,
        batch: int,
        autoencoder: Any | None = None,
        memory: EmbeddingCache | None = None,
    ) -> None:
        self._layout = layout
        self._strength = checkpoint.strength
        self._shown = np.asarray([scene.protagonist for scene in scenes], dtype=np.float32)
        self._batch = batch
        self._arc = settings.cadence
        self._by_flow = settings.in_betweens == FLOW
        self._sampler = Sampler(
            checkpoint,
            SamplerOptions(
                settings.steps, settings.guidance_scale, settings.scheduler, settings.size
            ),
            autoencoder=autoencoder,
            batch=batch,
        )
        self._embeddings = PromptEmbeddings(
            checkpoint,
            [scene.prompt for scene in scenes],
            [scene.negative_prompt for scene in scenes],
            guided=self._sampler.guided,
            memory=memory,
        )
        side = settings.size // checkpoint.pixels_per_latent
        travel = layout.mix.travel
        self._noise = SceneNoise(
            (checkpoint.latent_channels, side, side),
            settings.seed,
            [scene.seed for scene in scenes],
            [float(travel[end - 1]) if end > first else 0.0 for first, end in layout.spans],
            wandering=settings.schedule != "paper",
        )
        self._step_seeds = [_step_seed(settings.seed, scene.seed) for scene in scenes]
        self._moves = [scene.camera for scene in scenes]
        self._steps = frame_steps(layout.mix)
        self._watermark = Watermark(settings.mark, settings.size) if settings.mark else None
        self._notes = _cut_prompt_notes(checkpoint, scenes)
        self.colours: ColourMatch | None = None
        """Palettes that the frames are drawn to; None leaves them as they are."""
        self.denoised = 0

    @property
    def fallbacks(self) -> list[str]:
        """See `FrameSource`."""
        return [*self._notes, *self._sampler.notes]

    def stills(self, scenes: Sequence[int]) -> Iterator[torch.Tensor]:
        """The middle frame of each scene, without camera, colours and watermark.

        Returns:
            Batches (n, 3, height, width) float32 in [0, 1], in order.
        """
        middles = np.asarray([sum(self._layout.spans[scene]) // 2 for scene in scenes])
        for start in range(0, len(middles), self._batch):
            latents = self._denoise(middles[start : start + self._batch])
            yield self._sampler.decode(latents)

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
                fresh = self._denoise(keys)
                fresh = self._sampler.decode(fresh) if self._by_flow else fresh
                known = fresh if known is None else torch.cat([known, fresh])
                drawn += len(keys)
                self.denoised += len(keys)
            assert known is not None
            kept = int(before[0])
            known, base = known[kept - base :], kept
            yield self._finished(
                self._between(known, before - base, weight), np.arange(first + start, first + stop)
            )

    def _denoise(self, frames: NDArray[np.int64]) -> torch.Tensor:
        mix = self._layout.mix
        if self._strength is not None:
            self._strength.set(torch.from_numpy(protagonist_share(mix, self._shown, frames)))
        return self._sampler.denoise(
            self._noise.at(mix, frames),
            self._embeddings.positive(mix, frames),
            self._embeddings.negative(mix, frames),
            [self._step_seeds[scene] for scene in mix.scene[frames].tolist()],
        )

    def _between(
        self, known: torch.Tensor, before: NDArray[np.int64], weight: NDArray[np.float64]
    ) -> torch.Tensor:
        """Pictures of frames from the keys around them."""
        if self._by_flow:
            # OpenCV is loaded only by who asks for it.
            from songreel_render.diffusion.optical_flow import flow_between

            return flow_between(known, before, weight)
        return self._sampler.decode(interpolate_keys(known, before, weight))

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


def protagonist_share(
    mix: FrameMix, shown: NDArray[np.float32], frames: NDArray[np.int64]
) -> NDArray[np.float32]:
    """How much of the protagonist's scene each frame is: (frames,) float32 in [0, 1].

    Args:
        mix: the frames in time.
        shown: (scenes,) 1 where the protagonist is in the picture, else 0.
        frames: numbers of frames.
    """
    own, other = shown[mix.scene[frames]], shown[mix.other[frames]]
    # Where two scenes are mixed. Towards a cut the words drift on by themselves; the person waits.
    weight = mix.noise_weight[frames].astype(np.float32)
    return (own + (other - own) * weight).astype(np.float32)


def _step_seed(*seeds: int) -> int:
    digest = hashlib.sha256(repr(("step", *seeds)).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def _cut_prompt_notes(checkpoint: Checkpoint, scenes: Sequence[Scene]) -> list[str]:
    cut = cut_prompts(checkpoint, [scene.prompt for scene in scenes])
    if not cut:
        return []
    named = ", ".join(str(place + 1) for place in cut[:10]) + (", ..." if len(cut) > 10 else "")
    return [
        f"the prompts of scenes {named} are longer than the checkpoint's text encoder reads "
        f"({token_limit(checkpoint)} tokens); their ends have no effect"
    ]
