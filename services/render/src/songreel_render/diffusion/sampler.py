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
        start: torch.Tensor | None = None,
        strength: float = 1.0,
    ) -> torch.Tensor:
        """Run the scheduler's steps, or their last part from pictures that are there already.

        With guidance both halves go through the network in one call.

        Args:
            noise: (n, c, h, w) float32, standard normal.
            text: of n pictures.
            negative: same, or None without guidance.
            step_seeds: (n,) seeds of the noise that some schedulers (LCM, TCD, ancestral ones)
                add at each step; equal seeds get equal noise, whatever the batch.
            start: same as `noise`, latents to draw anew as far as `strength` (SDEdit, Meng et
                al. 2022); None draws from noise alone.
            strength: in (0, 1]: the share of the noise's levels that is gone through, in the same
                share of the steps, at least one.

        Returns:
            Latents (n, c, h, w) float32, not yet divided by the scaling factor.
        """
        checkpoint, wanted = self.checkpoint, len(noise)
        noise, text, negative, step_seeds = self._padded(noise, text, negative, step_seeds)
        taken = self._options.steps
        if start is not None:
            taken = max(1, round(taken * strength))
        # So many steps in all that the last `taken` of them begin at the strength's level.
        steps = taken if start is None else max(taken, round(taken / strength))
        scheduler = checkpoint.new_scheduler(steps, self._options.scheduler)
        step_options = _step_options(scheduler, step_seeds)
        told = text if negative is None else Conditioning.joined([negative, text])
        embeddings = told.tokens.to(checkpoint.device, checkpoint.dtype)
        # The latents stay in float32: a small step in bfloat16 would be lost to rounding.
        noise = noise.to(checkpoint.device)
        # Schedulers of higher order have two times a step.
        clock = scheduler.timesteps[-(len(scheduler.timesteps) * taken // steps) :]
        if start is None:
            latents = noise * scheduler.init_noise_sigma
        else:
            if hasattr(scheduler, "set_begin_index"):
                scheduler.set_begin_index(len(scheduler.timesteps) - len(clock))
            start = _filled(start, self._fixed_batch).to(checkpoint.device)
            latents = scheduler.add_noise(start, noise, clock[:1].expand(len(noise)))
        latents = latents.contiguous(memory_format=torch.channels_last)
        more: dict[str, Any] = {"timestep_cond": self._guidance_embedding(len(latents))}
        if told.pooled is not None:
            more["added_cond_kwargs"] = self._size_and_text(told.pooled)
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
    def encode(self, pictures: torch.Tensor) -> torch.Tensor:
        """The inverse of `decode`: (n, 3, height, width) in [0, 1] -> latents, float32."""
        autoencoder, wanted = self._autoencoder, len(pictures)
        pictures = _filled(pictures, self._fixed_batch).to(self.checkpoint.device)
        encoded = autoencoder.encode((pictures * 2.0 - 1.0).to(autoencoder.dtype))
        # Small autoencoders give the latents themselves, others their distribution.
        kept = getattr(encoded, "latents", None)
        latents = (encoded.latent_dist.mode() if kept is None else kept)[:wanted].float()
        scale, shift = self._scale_and_shift(latents)
        return (latents - shift) * scale

    def _scale_and_shift(self, latents: torch.Tensor) -> tuple[Any, Any]:
        """What latents of the autoencoder are multiplied by after `shift` is taken off."""
        config = self._autoencoder.config
        mean, deviation = (getattr(config, name, None) for name in ("latents_mean", "latents_std"))
        if mean is None or deviation is None:
            return config.scaling_factor, getattr(config, "shift_factor", None) or 0.0
        return (
            config.scaling_factor / _per_channel(deviation, latents),
            _per_channel(mean, latents),
        )

    @torch.inference_mode()
    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        """Latents to pictures: (n, c, h, w) -> (n, 3, height, width) float32 in [0, 1]."""
        autoencoder, wanted = self._autoencoder, len(latents)
        latents = _filled(latents, self._fixed_batch)
        scale, shift = self._scale_and_shift(latents)
        latents = latents / scale + shift
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
