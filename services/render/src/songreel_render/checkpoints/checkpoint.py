"""A Stable Diffusion checkpoint, as files and in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, cast

import torch

from songreel_render.checkpoints.devices import CompiledCall
from songreel_render.checkpoints.families import Family
from songreel_render.checkpoints.files import CheckpointFiles
from songreel_render.checkpoints.schedulers import make_scheduler


@dataclass(frozen=True)
class TextEncoder:
    """A text encoder and the tokenizer it was trained with."""

    tokenizer: Any
    network: Any


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint in memory, ready to draw. The networks must not be changed."""

    key: str
    """Names weights and all that was merged into them; equal keys give equal networks."""
    family: Family
    text_encoders: tuple[TextEncoder, ...]
    """As many as the family has."""
    unet: Any
    autoencoder: Any
    scheduler_class: type[Any]
    scheduler_config: dict[str, Any]
    device: torch.device
    dtype: torch.dtype
    """Of the UNet."""
    zero_empty_prompts: bool = False
    """Whether an empty negative prompt is all zeros, not the encoded empty text."""
    compile_options: dict[str, Any] | None = None
    """Of `torch.compile`; None leaves the networks as they are."""
    strength: Any | None = None
    """Where a person is joined in (`adapters`): how strongly each picture shows them."""

    @property
    def latent_channels(self) -> int:
        """Channels of a latent."""
        return int(self.unet.config.in_channels)

    @property
    def pixels_per_latent(self) -> int:
        """Pixels of a side for one latent pixel (8 for Stable Diffusion 1.x)."""
        return pixels_per_latent(self.autoencoder.config)

    def new_scheduler(self, steps: int, name: str = "") -> Any:
        """A scheduler of its own for one batch (schedulers keep state between steps).

        Its clock is on the CPU: a scheduler that reads it from a GPU makes the GPU wait, several
        times a step.
        """
        scheduler = make_scheduler(self.scheduler_class, self.scheduler_config, name)
        scheduler.set_timesteps(steps, device="cpu")
        return scheduler

    def compiled(self) -> tuple[CompiledCall, CompiledCall] | None:
        """UNet and decoder as compiled functions, if that is asked for."""
        if self.compile_options is None:
            return None
        return (
            CompiledCall(self.unet.forward, "UNet", **self.compile_options),
            CompiledCall(self.autoencoder.decode, "decoder", **self.compile_options),
        )


@dataclass(frozen=True)
class CheckpointShape:
    """What can be known of a checkpoint without loading its weights."""

    files: CheckpointFiles | None
    """None where nothing is drawn by a checkpoint: see `NO_CHECKPOINT`."""
    steps: int
    """Its own number of steps."""
    guidance_scale: float
    """Its own guidance."""
    native_size: int
    """Pixels of a side it was trained for."""
    size_multiple: int
    """Sizes in pixels must be a multiple of this."""
    latent_factor: int = 8
    """Pixels of a side for one latent pixel."""
    decoder_width: int = 128
    """Channels of the decoder at full size."""
    unet_width: int = 320
    """Channels of the UNet at full size."""
    distilled: bool = False
    """Whether the UNet takes the guidance scale as an input (LCM) instead of running twice."""
    animatic: float | None = None
    """Share of an animatic's picture that it draws anew at its best; None where nobody said."""

    @property
    def path(self) -> str:
        """Of the files; empty where there are none."""
        return str(self.files.path) if self.files else ""

    @property
    def sha256(self) -> str:
        """Over the files; empty where there are none."""
        return self.files.sha256 if self.files else ""

    def frame_bytes(self, size: int, value_bytes: int) -> int:
        """Bytes of activations of one frame at the peak, roughly.

        The decoder holds about six maps of its full size and width at once, the guided UNet
        about sixty of its.
        """
        decoder = size * size * self.decoder_width * value_bytes * 6
        latent = size // self.latent_factor
        return max(decoder, latent * latent * self.unet_width * value_bytes * 60)


NO_CHECKPOINT: Final = CheckpointShape(
    files=None, steps=1, guidance_scale=1.0, native_size=512, size_multiple=8
)
"""Stands where the animatic alone makes the frames."""


def pixels_per_latent(config: Any) -> int:
    """Pixels of a side for one latent pixel, from an autoencoder's configuration."""
    get = cast("Callable[[str], Any]", config.get)
    widths = get("block_out_channels") or get("encoder_block_out_channels") or (1, 1, 1, 1)
    return 2 ** (len(widths) - 1)
