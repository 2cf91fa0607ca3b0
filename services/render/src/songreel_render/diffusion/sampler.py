"""Draws pictures: noise and text embeddings in, pictures out."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from songreel_render.checkpoints.checkpoint import Checkpoint
from songreel_render.diffusion.prompt_embeddings import Conditioning


@dataclass(frozen=True)
class SamplerOptions:
    """Options of the sampling."""

    steps: int
    """Denoising steps, >= 1."""
    guidance_scale: float
    """Classifier-free guidance; at 1 the network runs once per step instead of twice."""
    scheduler: str = ""
    """Name out of `SCHEDULERS`; empty is the checkpoint's own."""
    size: int = 512
    """Pixels of a side; told to SDXL."""


class Sampler:
    """Denoises batches and decodes them.

    Args:
        checkpoint: in memory.
        options: of the sampling.
        autoencoder: to decode with, instead of the checkpoint's.
        batch: pictures at once at most; compiled networks see exactly so many.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        options: SamplerOptions,
        *,
        autoencoder: Any | None = None,
        batch: int = 1,
    ) -> None:
        self.checkpoint = checkpoint
        self._options = options
        self._batch = batch
        self._autoencoder = autoencoder or checkpoint.autoencoder
        self._compiled = checkpoint.compiled()
        self._unet: Callable[..., Any] = checkpoint.unet
        self._decode: Callable[..., Any] = self._autoencoder.decode
        if self._compiled is not None:
            self._unet = self._compiled[0]
            if autoencoder is None:
                self._decode = self._compiled[1]

    @property
    def guided(self) -> bool:
        """Whether negative prompts have a say."""
        return self._options.guidance_scale > 1.0 and not self._guidance_width

    @property
    def notes(self) -> list[str]:
        """Notes on what did not go as asked so far."""
        return [call.note for call in self._compiled or () if call.note]

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
        text: Conditioning,
        negative: Conditioning | None,
        step_seeds: list[int],
    ) -> torch.Tensor:
        """Run the scheduler's steps.

        With guidance both halves go through the network in one call.

        Args:
            noise: (n, c, h, w) float32, standard normal.
            text: of n pictures.
            negative: same, or None without guidance.
            step_seeds: (n,) seeds of the noise that some schedulers (LCM, TCD, ancestral ones)
                add at each step; equal seeds get equal noise, whatever the batch.

        Returns:
            Latents (n, c, h, w) float32, not yet divided by the scaling factor.
        """
        checkpoint, wanted = self.checkpoint, len(noise)
        noise, text, negative, step_seeds = self._padded(noise, text, negative, step_seeds)
        scheduler = checkpoint.new_scheduler(self._options.steps, self._options.scheduler)
        step_options = _step_options(scheduler, step_seeds)
        told = text if negative is None else Conditioning.joined([negative, text])
        embeddings = told.tokens.to(checkpoint.device, checkpoint.dtype)
        # The latents stay in float32: a small step in bfloat16 would be lost to rounding.
        latents = noise.to(checkpoint.device) * scheduler.init_noise_sigma
        latents = latents.contiguous(memory_format=torch.channels_last)
        more: dict[str, Any] = {"timestep_cond": self._guidance_embedding(len(latents))}
        if told.pooled is not None:
            more["added_cond_kwargs"] = self._size_and_text(told.pooled)
        clock = scheduler.timesteps
        for time, network_time in zip(clock, clock.to(checkpoint.device), strict=True):
            given = latents if negative is None else torch.cat([latents, latents])
            given = scheduler.scale_model_input(given, time).to(checkpoint.dtype)
            predicted = self._unet(
                given, network_time, encoder_hidden_states=embeddings, return_dict=False, **more
            )[0].float()
            if negative is not None:
                without, with_text = predicted.chunk(2)
                predicted = torch.lerp(without, with_text, self._options.guidance_scale)
            latents = scheduler.step(predicted, time, latents, return_dict=False, **step_options)[0]
        return latents[:wanted]

    @torch.inference_mode()
    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        """Latents to pictures: (n, c, h, w) -> (n, 3, height, width) float32 in [0, 1]."""
        autoencoder, wanted = self._autoencoder, len(latents)
        latents = _filled(latents, self._fixed_batch)
        config = autoencoder.config
        shift = getattr(config, "shift_factor", None) or 0.0
        mean, deviation = (getattr(config, name, None) for name in ("latents_mean", "latents_std"))
        if mean is not None and deviation is not None:
            latents = latents * _per_channel(deviation, latents) / config.scaling_factor
            latents = latents + _per_channel(mean, latents)
        else:
            latents = latents / config.scaling_factor + shift
        pictures = self._decode(latents.to(autoencoder.dtype), return_dict=False)[0]
        return (pictures[:wanted].float() * 0.5 + 0.5).clamp_(0.0, 1.0)

    @property
    def _fixed_batch(self) -> int:
        """Pictures that a compiled network must see; 0 where any number will do."""
        return self._batch if self._compiled is not None else 0

    def _padded(
        self,
        noise: torch.Tensor,
        text: Conditioning,
        negative: Conditioning | None,
        step_seeds: list[int],
    ) -> tuple[torch.Tensor, Conditioning, Conditioning | None, list[int]]:
        lacking = self._fixed_batch - len(noise)
        if lacking <= 0:
            return noise, text, negative, step_seeds
        places = np.minimum(np.arange(self._fixed_batch), len(noise) - 1)
        return (
            _filled(noise, self._fixed_batch),
            text.rows(places),
            None if negative is None else negative.rows(places),
            step_seeds + step_seeds[-1:] * lacking,
        )

    def _guidance_embedding(self, batch: int) -> torch.Tensor | None:
        """Sines and cosines of the scale, as latent consistency models were trained with.

        Source: Luo et al. 2023, and `LatentConsistencyModelPipeline` of diffusers.
        """
        width = self._guidance_width
        if not width:
            return None
        half = width // 2
        rates = torch.exp(torch.arange(half) * (-math.log(10000.0) / (half - 1)))
        angles = 1000.0 * (self._options.guidance_scale - 1.0) * rates
        row = torch.nn.functional.pad(torch.cat([angles.sin(), angles.cos()]), (0, width % 2))
        return row.expand(batch, -1).to(self.checkpoint.device, self.checkpoint.dtype)

    def _size_and_text(self, pooled: torch.Tensor) -> dict[str, torch.Tensor]:
        """SDXL's size, crop (none) and target size, all in pixels, and the pooled text."""
        size = float(self._options.size)
        times = torch.tensor([size, size, 0.0, 0.0, size, size])
        device, dtype = self.checkpoint.device, self.checkpoint.dtype
        return {
            "text_embeds": pooled.to(device, dtype),
            "time_ids": times.expand(len(pooled), -1).to(device, dtype),
        }


def to_pixels(pictures: torch.Tensor) -> NDArray[np.uint8]:
    """(n, 3, height, width) in [0, 1] -> (n, height, width, 3) uint8, RGB."""
    scaled = (pictures * 255.0).round_().to(torch.uint8)
    return scaled.permute(0, 2, 3, 1).contiguous().cpu().numpy()


def _filled(rows: torch.Tensor, count: int) -> torch.Tensor:
    """Repeat the last row up to `count` rows."""
    lacking = count - len(rows)
    return rows if lacking <= 0 else torch.cat([rows, rows[-1:].expand(lacking, -1, -1, -1)])


def _per_channel(values: Any, like: torch.Tensor) -> torch.Tensor:
    return torch.tensor(values, dtype=like.dtype, device=like.device).view(1, -1, 1, 1)


def _step_options(scheduler: Any, seeds: list[int]) -> dict[str, Any]:
    if "generator" not in inspect.signature(scheduler.step).parameters:
        return {}
    # On the CPU, so that the noise is the same on every device.
    return {"generator": [torch.Generator("cpu").manual_seed(seed) for seed in seeds]}
