"""A Stable Diffusion 1.x with random weights, small enough for figures on a CPU."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from songreel_kit.checkpoints.folder import read_json
from songreel_render.checkpoints.families import FAMILIES
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer


def write_checkpoint(folder: Path, *, size: int, widths: tuple[int, int, int, int]) -> Path:
    """Writes it in diffusers' folder format.

    Args:
        folder: Where.
        size: Native size in pixels, a multiple of 8.
        widths: Channels of the UNet's levels; the autoencoder has a quarter of them.
    """
    torch.manual_seed(0)
    tokenizer = _tokenizer(folder.with_name(folder.name + "-tokenizer"))
    text = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=77,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    autoencoder = AutoencoderKL(
        block_out_channels=tuple(max(8, width // 4) for width in widths),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        latent_channels=4,
        norm_num_groups=8,
        sample_size=size,
    )
    # Untrained decoders paint everything grey; an encoder should have something to do.
    autoencoder.decoder.conv_out.weight.data *= 3.0
    StableDiffusionPipeline(
        vae=autoencoder,
        text_encoder=CLIPTextModel(text),
        tokenizer=tokenizer,
        unet=UNet2DConditionModel(
            sample_size=size // 8,
            block_out_channels=widths,
            cross_attention_dim=64,
            attention_head_dim=4,
            norm_num_groups=8,
        ),
        scheduler=DDIMScheduler(
            beta_start=0.00085,
            beta_end=0.012,
            beta_schedule="scaled_linear",
            clip_sample=False,
            set_alpha_to_one=False,
            steps_offset=1,
        ),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    ).save_pretrained(folder)
    return folder


def write_real_size(folder: Path, family: str = "sd1") -> Path:
    """Writes networks of a published size with random float16 weights, in diffusers' folder format.

    One network is in memory at a time: SDXL's UNet alone takes 5 GB.

    Args:
        folder: Where.
        family: "sd1", "sd2" or "sdxl".
    """
    row = FAMILIES[family]

    def read(part: str, name: str = "config.json") -> dict[str, Any]:
        return read_json(row.configs / part / name)

    for name, cls in (("unet", UNet2DConditionModel), ("vae", AutoencoderKL)):
        network = _random(lambda cls=cls, name=name: cls.from_config(read(name)))
        network.save_pretrained(folder / name, variant="fp16")
        del network
    parts: dict[str, list[str]] = {}
    for spec in row.text_encoders:
        network = _random(lambda spec=spec: spec.network(CLIPTextConfig(**read(spec.part))))
        network.save_pretrained(folder / spec.part, variant="fp16")
        del network
        words = folder / spec.tokenizer
        _tokenizer(words).save_pretrained(words)
        parts[spec.part] = ["transformers", spec.network.__name__]
    (folder / "scheduler").mkdir()
    name = "scheduler_config.json"
    (folder / "scheduler" / name).write_text(json.dumps(read("scheduler", name)))
    index = {"_class_name": row.pipelines[0], **parts}
    (folder / "model_index.json").write_text(json.dumps(index))
    return folder


def _random(make: Callable[[], Any]) -> Any:
    """A float16 network whose weights are one stretch of noise, again and again.

    Drawing each would take minutes; layers keep the size of what goes through them.
    """
    with torch.device("meta"):
        network = make().half()
    network = network.to_empty(device="cpu")
    noise = torch.randn(1_000_003, generator=torch.Generator().manual_seed(0))
    for name, weight in network.named_parameters():
        if weight.dim() == 1:
            # Of norms, and biases.
            weight.data.fill_(float(name.endswith("weight")))
            continue
        scaled = (noise / weight[0].numel() ** 0.5).half()
        flat = weight.data.view(-1)
        for start in range(0, len(flat), len(scaled)):
            part = flat[start : start + len(scaled)]
            part.copy_(scaled[: len(part)])
    return network


def _tokenizer(folder: Path) -> CLIPTokenizer:
    letters = [chr(code) for code in range(33, 127)]
    words = [*letters, *(f"{letter}</w>" for letter in letters)]
    words += ["<|startoftext|>", "<|endoftext|>"]
    folder.mkdir(parents=True)
    (folder / "vocab.json").write_text(json.dumps({word: k for k, word in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    return CLIPTokenizer.from_pretrained(folder, model_max_length=77)
