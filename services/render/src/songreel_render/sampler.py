"""Draws frames: noise and text embeddings in, pictures out."""

from __future__ import annotations

import inspect
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from songreel_render.checkpoint import Checkpoint


@dataclass(frozen=True)
class Sampler:
    """Denoises batches with a checkpoint's scheduler and decodes them."""

    checkpoint: Checkpoint
    steps: int
    """Denoising steps, >= 1."""
    guidance_scale: float
    """Classifier-free guidance; at 1 the network runs once per step instead of twice."""

    @property
    def guided(self) -> bool:
        """Whether negative prompts have a say."""
        return self.guidance_scale > 1.0 and not self._guidance_width

    @property
    def _guidance_width(self) -> int:
        """Width of the guidance embedding; 0 for networks that take none.

        Distilled (LCM) networks take the scale as an input instead of running twice.
        """
        return int(self.checkpoint.unet.config.time_cond_proj_dim or 0)

    @torch.inference_mode()
    def denoise(
        self,
        noise: torch.Tensor,
        text: torch.Tensor,
        negative: torch.Tensor | None,
        step_seeds: list[int],
    ) -> torch.Tensor:
        """Run the scheduler's steps.

        Args:
            noise: (n, c, h, w) float32, standard normal.
            text: (n, tokens, width) float32.
            negative: same shape, or None without guidance.
            step_seeds: (n,) seeds of the noise that some schedulers (LCM, ancestral ones) add at
                each step; equal seeds get equal noise, whatever the batch.

        Returns:
            Latents (n, c, h, w) float32, not yet divided by the scaling factor.
        """
        checkpoint = self.checkpoint
        scheduler = checkpoint.new_scheduler(self.steps)
        options = _step_options(scheduler, step_seeds)
        embeddings = text if negative is None else torch.cat([negative, text])
        embeddings = embeddings.to(checkpoint.device, checkpoint.dtype)
        # The latents stay in float32: a small step in bfloat16 would be lost to rounding.
        latents = noise.to(checkpoint.device) * scheduler.init_noise_sigma
        latents = latents.contiguous(memory_format=torch.channels_last)
        guidance = self._guidance_embedding(len(latents))
        for time in scheduler.timesteps:
            given = latents if negative is None else torch.cat([latents, latents])
            given = scheduler.scale_model_input(given, time).to(checkpoint.dtype)
            predicted = checkpoint.unet(
                given,
                time,
                encoder_hidden_states=embeddings,
                timestep_cond=guidance,
                return_dict=False,
            )[0].float()
            if negative is not None:
                without, with_text = predicted.chunk(2)
                predicted = without + self.guidance_scale * (with_text - without)
            latents = scheduler.step(predicted, time, latents, return_dict=False, **options)[0]
        return latents

    def _guidance_embedding(self, batch: int) -> torch.Tensor | None:
        """Sines and cosines of the scale, as latent consistency models were trained with.

        Source: Luo et al. 2023, and `LatentConsistencyModelPipeline` of diffusers.
        """
        width = self._guidance_width
        if not width:
            return None
        half = width // 2
        rates = torch.exp(torch.arange(half) * (-math.log(10000.0) / (half - 1)))
        angles = 1000.0 * (self.guidance_scale - 1.0) * rates
        row = torch.nn.functional.pad(torch.cat([angles.sin(), angles.cos()]), (0, width % 2))
        return row.expand(batch, -1).to(self.checkpoint.device, self.checkpoint.dtype)

    @torch.inference_mode()
    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        """Latents to pictures: (n, c, h, w) -> (n, 3, height, width) float32 in [0, 1]."""
        autoencoder = self.checkpoint.autoencoder
        shift = getattr(autoencoder.config, "shift_factor", None) or 0.0
        latents = latents / autoencoder.config.scaling_factor + shift
        pictures = autoencoder.decode(latents.to(self.checkpoint.dtype), return_dict=False)[0]
        return (pictures.float() * 0.5 + 0.5).clamp_(0.0, 1.0)


def to_pixels(pictures: torch.Tensor) -> NDArray[np.uint8]:
    """(n, 3, height, width) in [0, 1] -> (n, height, width, 3) uint8, RGB."""
    scaled = (pictures * 255.0).round_().to(torch.uint8)
    return scaled.permute(0, 2, 3, 1).contiguous().cpu().numpy()


def _step_options(scheduler: Any, seeds: list[int]) -> dict[str, Any]:
    if "generator" not in inspect.signature(scheduler.step).parameters:
        return {}
    # On the CPU, so that the noise is the same on every device.
    return {"generator": [torch.Generator("cpu").manual_seed(seed) for seed in seeds]}
