"""Writes a diffusers folder as the single file that Stable Diffusion 1.x was published in."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

_UNET = [
    ("time_embedding.linear_1", "time_embed.0"), ("time_embedding.linear_2", "time_embed.2"),
    ("conv_in", "input_blocks.0.0"), ("conv_norm_out", "out.0"), ("conv_out", "out.2"),
]  # fmt: skip
_UNET_BLOCKS = [
    *((f"down_blocks.{i}.resnets.{j}", f"input_blocks.{3 * i + j + 1}.0")
      for i in range(4) for j in range(2)),
    *((f"down_blocks.{i}.attentions.{j}", f"input_blocks.{3 * i + j + 1}.1")
      for i in range(3) for j in range(2)),
    *((f"down_blocks.{i}.downsamplers.0.conv", f"input_blocks.{3 * i + 3}.0.op")
      for i in range(3)),
    *((f"up_blocks.{i}.resnets.{j}", f"output_blocks.{3 * i + j}.0")
      for i in range(4) for j in range(3)),
    *((f"up_blocks.{i}.attentions.{j}", f"output_blocks.{3 * i + j}.1")
      for i in range(1, 4) for j in range(3)),
    *((f"up_blocks.{i}.upsamplers.0", f"output_blocks.{3 * i + 2}.{1 if i == 0 else 2}")
      for i in range(3)),
    ("mid_block.resnets.0", "middle_block.0"), ("mid_block.attentions.0", "middle_block.1"),
    ("mid_block.resnets.1", "middle_block.2"),
]  # fmt: skip
_UNET_RESNET = [
    ("norm1", "in_layers.0"), ("conv1", "in_layers.2"), ("norm2", "out_layers.0"),
    ("conv2", "out_layers.3"), ("time_emb_proj", "emb_layers.1"),
    ("conv_shortcut", "skip_connection"),
]  # fmt: skip
_VAE = [
    *((f"encoder.down_blocks.{i}.resnets.{j}", f"encoder.down.{i}.block.{j}")
      for i in range(4) for j in range(2)),
    *((f"encoder.down_blocks.{i}.downsamplers.0", f"encoder.down.{i}.downsample")
      for i in range(3)),
    *((f"decoder.up_blocks.{i}.resnets.{j}", f"decoder.up.{3 - i}.block.{j}")
      for i in range(4) for j in range(3)),
    *((f"decoder.up_blocks.{i}.upsamplers.0", f"decoder.up.{3 - i}.upsample") for i in range(3)),
    *((f"mid_block.resnets.{i}", f"mid.block_{i + 1}") for i in range(2)),
    ("mid_block.attentions.0", "mid.attn_1"), ("conv_norm_out", "norm_out"),
    ("conv_shortcut", "nin_shortcut"),
]  # fmt: skip
_VAE_ATTENTION = [
    ("group_norm", "norm"), ("to_q", "q"), ("to_k", "k"), ("to_v", "v"), ("to_out.0", "proj_out")
]  # fmt: skip


def to_single_file(folder: Path, file: Path) -> Path:
    state: dict[str, torch.Tensor] = {}
    for name, value in weights_of(folder / "unet").items():
        renamed = _renamed(name, _UNET)
        if renamed == name:
            renamed = _renamed(name, _UNET_BLOCKS)
            if ".resnets." in name:
                renamed = _renamed(renamed, _UNET_RESNET)
        state[f"model.diffusion_model.{renamed}"] = value
    state |= vae_and_text_state(folder)
    save_file({name: value.contiguous() for name, value in state.items()}, file)
    return file


def vae_and_text_state(folder: Path) -> dict[str, torch.Tensor]:
    state: dict[str, torch.Tensor] = {}
    for name, value in weights_of(folder / "vae").items():
        renamed = _renamed(name, _VAE)
        if ".attentions." in name:
            renamed = _renamed(renamed, _VAE_ATTENTION)
            # Published as convolutions of one pixel.
            value = value[:, :, None, None] if value.dim() == 2 else value
        state[f"first_stage_model.{renamed}"] = value
    for name, value in weights_of(folder / "text_encoder").items():
        name = name if name.startswith("text_model.") else f"text_model.{name}"
        state[f"cond_stage_model.transformer.{name}"] = value
    return state


def weights_of(folder: Path) -> dict[str, torch.Tensor]:
    (file,) = folder.glob("*.safetensors")
    return load_file(file)


def _renamed(name: str, pairs: list[tuple[str, str]]) -> str:
    for ours, theirs in pairs:
        if f".{ours}." in f".{name}":
            name = f".{name}".replace(f".{ours}.", f".{theirs}.", 1)[1:]
    return name
