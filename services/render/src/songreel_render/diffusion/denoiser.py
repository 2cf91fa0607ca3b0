"""Pictures of a plan's frames from its checkpoint: prompts, noise and people put together."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from songreel.prompt.v1.storyboard_pb2 import Scene
from songreel.render.v1.render_plan_pb2 import RenderSettings

from songreel_render.checkpoints.checkpoint import Checkpoint
from songreel_render.diffusion.latents import SceneNoise
from songreel_render.diffusion.prompt_embeddings import (
    EmbeddingCache,
    PromptEmbeddings,
    cut_prompts,
    token_limit,
)
from songreel_render.diffusion.sampler import Sampler, SamplerOptions
from songreel_render.motion.crossfades import FrameMix
from songreel_render.motion.layout import Layout


class Denoiser:
    """Draws frames with a checkpoint, from noise or over other pictures.

    Args:
        checkpoint: loaded.
        scenes: of the storyboard.
        layout: the frames in time.
        settings: resolved, as in the plan.
        batch: frames drawn at once.
        size: pixels of a side; by default the video's.
        autoencoder: instead of the checkpoint's.
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
        size: int | None = None,
        autoencoder: Any | None = None,
        memory: EmbeddingCache | None = None,
    ) -> None:
        self._mix = layout.mix
        size = size or settings.size
        self._strength = checkpoint.strength
        self._shown = np.asarray([scene.protagonist for scene in scenes], dtype=np.float32)
        self._sampler = Sampler(
            checkpoint,
            SamplerOptions(settings.steps, settings.guidance_scale, settings.scheduler, size),
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
        side = size // checkpoint.pixels_per_latent
        travel = layout.mix.travel
        self._noise = SceneNoise(
            (checkpoint.latent_channels, side, side),
            settings.seed,
            [scene.seed for scene in scenes],
            [float(travel[end - 1]) if end > first else 0.0 for first, end in layout.spans],
            wandering=settings.schedule != "paper",
        )
        self._step_seeds = [_step_seed(settings.seed, scene.seed) for scene in scenes]
        self._notes = _cut_prompt_notes(checkpoint, scenes)

    @property
    def notes(self) -> list[str]:
        """Notes on what did not go as asked so far."""
        return [*self._notes, *self._sampler.notes]

    def latents(
        self,
        frames: NDArray[np.int64],
        start: torch.Tensor | None = None,
        strength: float = 1.0,
    ) -> torch.Tensor:
        """Latents of frames (n,), as `Sampler.denoise` gives and takes them."""
        mix = self._mix
        if self._strength is not None:
            self._strength.set(torch.from_numpy(protagonist_share(mix, self._shown, frames)))
        return self._sampler.denoise(
            self._noise.at(mix, frames),
            self._embeddings.positive(mix, frames),
            self._embeddings.negative(mix, frames),
            [self._step_seeds[scene] for scene in mix.scene[frames].tolist()],
            start,
            strength,
        )

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        """See `Sampler.decode`."""
        return self._sampler.decode(latents)

    def redraw(
        self, pictures: torch.Tensor, frames: NDArray[np.int64], strength: float
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Draw pictures anew.

        Args:
            pictures: (n, 3, height, width) float32 in [0, 1].
            frames: (n,) what they are pictures of.
            strength: see `Sampler.denoise`.

        Returns:
            The pictures drawn anew, and the same as the autoencoder alone gives them back.
        """
        start = self._sampler.encode(pictures)
        return self.decode(self.latents(frames, start, strength)), self.decode(start)


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
