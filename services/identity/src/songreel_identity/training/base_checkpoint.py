"""The checkpoint that an adapter is trained for: a Stable Diffusion 1.x folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
from songreel_kit.checkpoints.folder import check_part, pipeline_of, read_json
from songreel_kit.checkpoints.hashes import DEFAULTS_NAME, PARTS, folder_sha256
from songreel_kit.errors import (
    CheckpointIncomplete,
    CheckpointNotFound,
    CheckpointUnsupported,
    SongreelError,
)
from torch import Tensor

T = TypeVar("T")

_ENCODED_AT_ONCE = 4


@dataclass(frozen=True)
class BaseCheckpoint:
    """A checkpoint in memory, frozen."""

    sha256: str
    tokenizer: Any
    text_encoder: Any
    unet: Any
    autoencoder: Any
    scheduler_config: dict[str, Any]
    device: torch.device
    size: int
    """Pixels of a side it was trained for."""
    steps: int
    """Its own number of denoising steps."""
    guidance: float

    @property
    def prediction(self) -> str:
        """What the UNet predicts."""
        return str(self.scheduler_config.get("prediction_type", "epsilon"))

    @torch.no_grad()
    def encode_text(self, prompts: Sequence[str]) -> Tensor:
        """(prompts, tokens, width) float32."""
        limit = min(
            int(self.text_encoder.config.max_position_embeddings),
            int(self.tokenizer.model_max_length),
        )
        ids = self.tokenizer(
            list(prompts),
            padding="max_length",
            max_length=limit,
            truncation=True,
            return_tensors="pt",
        ).input_ids
        return self.text_encoder(ids.to(self.device))[0].float()

    @torch.no_grad()
    def encode_pictures(self, pictures: Tensor) -> Tensor:
        """(n, 3, size, size) float32 in [0, 1] -> latents (n, c, h, w) as the UNet sees them."""
        parts: list[Tensor] = []
        for start in range(0, len(pictures), _ENCODED_AT_ONCE):
            given = pictures[start : start + _ENCODED_AT_ONCE].to(self.device) * 2.0 - 1.0
            encoded = self.autoencoder.encode(given)
            # The mean, not a draw: AutoencoderTiny has no distribution, and a few pictures
            # are learnt better without another noise on them.
            mode = getattr(encoded, "latent_dist", None)
            parts.append((mode.mean if mode is not None else encoded.latents).float())
        return self._scaled(torch.cat(parts))

    @torch.no_grad()
    def decode(self, latents: Tensor) -> Tensor:
        """The way back: (n, c, h, w) -> (n, 3, size, size) float32 in [0, 1]."""
        pictures: Tensor = self.autoencoder.decode(self._unscaled(latents), return_dict=False)[0]
        return (pictures.float() * 0.5 + 0.5).clamp(0.0, 1.0)

    def _scaled(self, latents: Tensor) -> Tensor:
        config = self.autoencoder.config
        mean, deviation = self._statistics(latents)
        if mean is not None and deviation is not None:
            return (latents - mean) * config.scaling_factor / deviation
        return (latents - (getattr(config, "shift_factor", None) or 0.0)) * config.scaling_factor

    def _unscaled(self, latents: Tensor) -> Tensor:
        config = self.autoencoder.config
        mean, deviation = self._statistics(latents)
        if mean is not None and deviation is not None:
            return latents * deviation / config.scaling_factor + mean
        return latents / config.scaling_factor + (getattr(config, "shift_factor", None) or 0.0)

    def _statistics(self, latents: Tensor) -> tuple[Tensor | None, Tensor | None]:
        """Mean and deviation by channel, of the few autoencoders that state them."""
        config = self.autoencoder.config
        mean, deviation = (
            None if values is None else torch.tensor(values).view(1, -1, 1, 1).to(latents)
            for values in (
                getattr(config, "latents_mean", None),
                getattr(config, "latents_std", None),
            )
        )
        return mean, deviation


def check_folder(folder: Path) -> str:
    """SHA-256 of a checkpoint that an adapter can be trained for; reads no weights.

    Raises:
        CheckpointNotFound: nothing there.
        CheckpointUnsupported: a single file, or SDXL.
        CheckpointIncomplete: a part is missing.
    """
    if not folder.exists():
        raise CheckpointNotFound(f"there is no checkpoint at {folder}", checkpoint=str(folder))
    if folder.is_file():
        raise CheckpointUnsupported(
            f"{folder.name} is a single file: adapters are trained on folders in diffusers "
            "format; convert it first"
        )
    pipeline_of(folder)
    for part in PARTS:
        check_part(folder, part)
    if read_json(folder / "unet" / "config.json").get("addition_embed_type") == "text_time":
        raise CheckpointUnsupported(
            f"{folder} is of the kind of Stable Diffusion XL: adapters of people are trained on "
            "Stable Diffusion 1.x"
        )
    return folder_sha256(folder)


def load_checkpoint(folder: Path, device: str = "cpu") -> BaseCheckpoint:
    """Loads all parts in float32. Raises as `check_folder` does."""
    from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
    from diffusers.models.autoencoders.autoencoder_tiny import AutoencoderTiny
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
    from transformers import CLIPTextModel, CLIPTokenizer
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    sha256 = check_folder(folder)
    place = torch.device(device)
    kind = read_json(folder / "vae" / "config.json").get("_class_name", "AutoencoderKL")
    autoencoders: Any = AutoencoderTiny if kind == "AutoencoderTiny" else AutoencoderKL

    def part(name: str, cls: Any) -> Any:
        loaded = _guarded(
            folder,
            name,
            lambda: cls.from_pretrained(
                str(folder),
                subfolder=name,
                local_files_only=True,
                torch_dtype=torch.float32,
                variant="fp16" if _only_fp16(folder / name) else None,
            ),
        )
        return loaded.requires_grad_(False).eval().to(place)

    unet = part("unet", UNet2DConditionModel)
    autoencoder = part("vae", autoencoders)
    path = folder / "tokenizer"
    tokenizer = _guarded(
        folder,
        "tokenizer",
        lambda: CLIPTokenizer.from_pretrained(str(path), local_files_only=True),
    )
    defaults = read_json(folder / DEFAULTS_NAME) if (folder / DEFAULTS_NAME).is_file() else {}
    widths = autoencoder.config.get("block_out_channels") or (1, 1, 1, 1)
    return BaseCheckpoint(
        sha256=sha256,
        tokenizer=tokenizer,
        text_encoder=part("text_encoder", CLIPTextModel),
        unet=unet,
        autoencoder=autoencoder,
        scheduler_config=read_json(folder / "scheduler" / "scheduler_config.json"),
        device=place,
        size=int(defaults.get("size") or int(unet.config.sample_size) * 2 ** (len(widths) - 1)),
        steps=int(defaults.get("steps") or 20),
        guidance=float(defaults.get("guidance_scale") or 7.5),
    )


def _only_fp16(part: Path) -> bool:
    """Whether a part's weights are there in half precision alone, as many downloads are."""
    names = [each.name for suffix in ("safetensors", "bin") for each in part.glob(f"*.{suffix}")]
    return bool(names) and all(".fp16." in name for name in names)


def _guarded(folder: Path, part: str, load: Callable[[], T]) -> T:
    try:
        return load()
    except (SongreelError, MemoryError):
        raise
    except Exception as error:
        first_line = str(error).strip().partition("\n")[0]
        raise CheckpointIncomplete(
            f"the {part} of {folder} cannot be loaded: {first_line}; copy the checkpoint again",
            missing=part,
        ) from error
