"""Tiny checkpoints of Stable Diffusion 2.x and XL, as folders and as the files they came in."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, EulerDiscreteScheduler, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from songreel_testing.render.single_file import vae_and_text_state, weights_of
from songreel_testing.render.tiny_checkpoint import (
    TOKENS,
    write_checkpoint,
    write_json,
    write_tokenizer,
)

_RESNET = {
    "norm1": "in_layers.0", "conv1": "in_layers.2", "norm2": "out_layers.0",
    "conv2": "out_layers.3", "time_emb_proj": "emb_layers.1", "conv_shortcut": "skip_connection",
}  # fmt: skip
_SINGLE = {
    "time_embedding.linear_1": "time_embed.0", "time_embedding.linear_2": "time_embed.2",
    "conv_in": "input_blocks.0.0", "conv_norm_out": "out.0", "conv_out": "out.2",
    "add_embedding.linear_1": "label_emb.0.0", "add_embedding.linear_2": "label_emb.0.2",
}  # fmt: skip


def text_config(width: int, layers: int, vocabulary: int) -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=vocabulary, hidden_size=width, intermediate_size=2 * width,
        num_hidden_layers=layers, num_attention_heads=2, max_position_embeddings=TOKENS,
        projection_dim=width, hidden_act="gelu", bos_token_id=vocabulary - 2,
        eos_token_id=vocabulary - 1, pad_token_id=vocabulary - 1,
    )  # fmt: skip


def write_xl(folder: Path) -> Path:
    """The layers of Stable Diffusion XL, 16 to 32 channels wide."""
    torch.manual_seed(5)
    vocabulary = write_tokenizer(folder / "tokenizer")
    write_tokenizer(folder / "tokenizer_2")
    CLIPTextModel(text_config(24, 2, vocabulary)).save_pretrained(folder / "text_encoder")
    CLIPTextModelWithProjection(text_config(40, 3, vocabulary)).save_pretrained(
        folder / "text_encoder_2"
    )
    UNet2DConditionModel(
        sample_size=8, block_out_channels=(16, 32, 32), norm_num_groups=8,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=64, attention_head_dim=(2, 2, 4),
        transformer_layers_per_block=(1, 1, 2),
        addition_embed_type="text_time", addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=40 + 6 * 8, use_linear_projection=True,
    ).save_pretrained(folder / "unet")  # fmt: skip
    AutoencoderKL(
        block_out_channels=(8, 8, 8, 8), norm_num_groups=4, layers_per_block=2, latent_channels=4,
        sample_size=64, down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4, scaling_factor=0.13025,
    ).save_pretrained(folder / "vae")  # fmt: skip
    EulerDiscreteScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1
    ).save_pretrained(folder / "scheduler")
    write_json(folder / "model_index.json", {"_class_name": "StableDiffusionXLPipeline"})
    write_json(folder / "songreel.json", {"steps": 2, "guidance_scale": 1.0, "size": 64})
    return folder


def write_sd2(folder: Path) -> Path:
    """Like 1.x, but with OpenCLIP's text encoder and v-prediction."""
    write_checkpoint(folder)
    torch.manual_seed(6)
    vocabulary = len(json.loads((folder / "tokenizer" / "vocab.json").read_text()))
    for name in ("unet", "text_encoder"):
        for weights in (folder / name).glob("*.safetensors"):
            weights.unlink()
    CLIPTextModel(text_config(32, 2, vocabulary)).save_pretrained(folder / "text_encoder")
    UNet2DConditionModel(
        sample_size=8, block_out_channels=(16, 16, 32, 32), norm_num_groups=8,
        cross_attention_dim=32, attention_head_dim=(2, 2, 4, 4), use_linear_projection=True,
    ).save_pretrained(folder / "unet")  # fmt: skip
    scheduler = folder / "scheduler" / "scheduler_config.json"
    write_json(scheduler, json.loads(scheduler.read_text()) | {"prediction_type": "v_prediction"})
    return folder


def single_state(folder: Path) -> dict[str, torch.Tensor]:
    """All weights under the names that Stability published them with."""
    config = json.loads((folder / "unet" / "config.json").read_text())
    state = {
        f"model.diffusion_model.{_sgm(name, config)}": value
        for name, value in weights_of(folder / "unet").items()
    }
    vae = vae_and_text_state(folder)
    state |= {name: value for name, value in vae.items() if name.startswith("first_stage_model.")}
    if (folder / "text_encoder_2").is_dir():
        state |= {
            f"conditioner.embedders.0.transformer.text_model.{name.removeprefix('text_model.')}": v
            for name, v in weights_of(folder / "text_encoder").items()
        }
        state |= _open_clip(folder / "text_encoder_2", "conditioner.embedders.1.model.")
    else:
        state |= _open_clip(folder / "text_encoder", "cond_stage_model.model.")
    return {name: value.contiguous() for name, value in state.items()}


def _sgm(name: str, config: dict[str, Any]) -> str:
    for ours, theirs in _SINGLE.items():
        if name.startswith(f"{ours}."):
            return theirs + name.removeprefix(ours)
    parts = name.split(".")
    if parts[0] == "mid_block":
        block = {"resnets.0": 0, "attentions.0": 1, "resnets.1": 2}[".".join(parts[1:3])]
        return f"middle_block.{block}." + _inside(parts[1], parts[3:])
    side, place, kind, inner = parts[0], int(parts[1]), parts[2], int(parts[3])
    per_block = config["layers_per_block"] + 1
    if kind == "downsamplers":
        return f"input_blocks.{(place + 1) * per_block}.0.op.{parts[-1]}"
    if kind == "upsamplers":
        attends = config["up_block_types"][place].startswith("CrossAttn")
        return f"output_blocks.{(place + 1) * per_block - 1}.{2 if attends else 1}.conv.{parts[-1]}"
    number = place * per_block + inner + (1 if side == "down_blocks" else 0)
    blocks = "input_blocks" if side == "down_blocks" else "output_blocks"
    part = 0 if kind == "resnets" else 1
    return f"{blocks}.{number}.{part}." + _inside(kind, parts[4:])


def _inside(kind: str, rest: list[str]) -> str:
    if kind == "resnets":
        rest = [_RESNET.get(rest[0], rest[0]), *rest[1:]]
    return ".".join(rest)


def _open_clip(folder: Path, prefix: str) -> dict[str, torch.Tensor]:
    own = {name.removeprefix("text_model."): value for name, value in weights_of(folder).items()}
    state = {
        "token_embedding.weight": own["embeddings.token_embedding.weight"],
        "positional_embedding": own["embeddings.position_embedding.weight"],
        "ln_final.weight": own["final_layer_norm.weight"],
        "ln_final.bias": own["final_layer_norm.bias"],
    }
    projection = own.get("text_projection.weight")
    width = state["positional_embedding"].shape[1]
    state["text_projection"] = torch.eye(width) if projection is None else projection.T
    for layer in itertools.count():
        stem, block = f"encoder.layers.{layer}.", f"transformer.resblocks.{layer}."
        if f"{stem}layer_norm1.weight" not in own:
            break
        for kind in ("weight", "bias"):
            state[f"{block}attn.in_proj_{kind}"] = torch.cat(
                [own[f"{stem}self_attn.{part}_proj.{kind}"] for part in "qkv"]
            )
            for ours, theirs in (
                ("self_attn.out_proj", "attn.out_proj"), ("layer_norm1", "ln_1"),
                ("layer_norm2", "ln_2"), ("mlp.fc1", "mlp.c_fc"), ("mlp.fc2", "mlp.c_proj"),
            ):  # fmt: skip
                state[f"{block}{theirs}.{kind}"] = own[f"{stem}{ours}.{kind}"]
    return {prefix + name: value for name, value in state.items()}
