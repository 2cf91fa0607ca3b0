"""A real but tiny Stable Diffusion 1.x checkpoint with random weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from tokenizers.pre_tokenizers import ByteLevel
from transformers import CLIPTextConfig, CLIPTextModel

TOKENS = 16
PARTS = {
    "tokenizer": ["transformers", "CLIPTokenizer"],
    "text_encoder": ["transformers", "CLIPTextModel"],
    "vae": ["diffusers", "AutoencoderKL"],
    "unet": ["diffusers", "UNet2DConditionModel"],
    "scheduler": ["diffusers", "DDIMScheduler"],
}


def write_checkpoint(folder: Path) -> Path:
    """The layers of Stable Diffusion 1.x, 8 to 32 channels wide."""
    torch.manual_seed(11)
    vocabulary = write_tokenizer(folder / "tokenizer")
    CLIPTextModel(
        CLIPTextConfig(
            vocab_size=vocabulary, hidden_size=32, intermediate_size=64, num_hidden_layers=2,
            num_attention_heads=2, max_position_embeddings=TOKENS, projection_dim=32,
            bos_token_id=vocabulary - 2, eos_token_id=vocabulary - 1, pad_token_id=vocabulary - 1,
        )
    ).save_pretrained(folder / "text_encoder")  # fmt: skip
    UNet2DConditionModel(
        sample_size=8, block_out_channels=(16, 16, 32, 32), norm_num_groups=8,
        cross_attention_dim=32, attention_head_dim=2,
    ).save_pretrained(folder / "unet")  # fmt: skip
    autoencoder = AutoencoderKL(
        block_out_channels=(8, 8, 8, 8), norm_num_groups=4, layers_per_block=2,
        latent_channels=4, sample_size=64,
        down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
    )  # fmt: skip
    # Untrained decoders paint everything grey; cuts and motion should be seen.
    autoencoder.decoder.conv_out.weight.data *= 3.0
    autoencoder.save_pretrained(folder / "vae")
    DDIMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False,
        set_alpha_to_one=False, steps_offset=1,
    ).save_pretrained(folder / "scheduler")  # fmt: skip
    write_json(folder / "model_index.json", {"_class_name": "StableDiffusionPipeline", **PARTS})
    write_json(folder / "songreel.json", {"steps": 2, "guidance_scale": 1.0, "size": 64})
    return folder


def write_tokenizer(folder: Path) -> int:
    """CLIP's files (vocab.json, merges.txt) for single letters and a few pairs."""
    letters = sorted(ByteLevel.alphabet())
    merges = ["b e", "be a", "bea c", "beac h</w>"]
    words = [
        *letters, *(letter + "</w>" for letter in letters),
        *(merge.replace(" ", "") for merge in merges), "<|startoftext|>", "<|endoftext|>",
    ]  # fmt: skip
    folder.mkdir(parents=True)
    write_json(folder / "vocab.json", {word: place for place, word in enumerate(words)})
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges, ""]))
    write_json(
        folder / "tokenizer_config.json",
        {"tokenizer_class": "CLIPTokenizer", "model_max_length": TOKENS},
    )
    return len(words)


def write_json(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
