"""The matrices that are trained, by peft, and the documents they are kept in."""

from __future__ import annotations

import json
import math
from typing import Any, Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from songreel_kit.errors import VaultUnusable
from songreel_kit.likeness.adapters import AdapterHead
from torch import Tensor

from songreel_identity.training.recipe import TrainingRecipe

# All linear layers and 1x1 convolutions of the transformer blocks, as kohya's scripts take
# them: the attention's projections and what is around them.
TARGETS: Final = (
    "to_q", "to_k", "to_v", "to_out.0", "proj_in", "proj_out", "ff.net.0.proj", "ff.net.2",
)  # fmt: skip
# What small networks have instead where pictures are finest.
RESNETS: Final = ("conv_in", "conv_out", "conv1", "conv2", "conv_shortcut", "time_emb_proj")
_NAME: Final = "person"


def targets_of(unet: Any) -> list[str]:
    """Endings of the layers to train.

    The transformers', and the convolutions' too where the finest level has no transformer: a
    face is made there, and what lies at 8 x 8 latents cannot tell its features.
    """
    fine = getattr(unet.down_blocks[0], "attentions", None)
    return [*TARGETS] if fine else [*TARGETS, *RESNETS]


def add_layers(unet: Any, recipe: TrainingRecipe) -> dict[str, torch.nn.Parameter]:
    """Puts low-rank layers into a UNet, in place; at first they change nothing.

    Returns:
        The matrices by the names they have in documents, `unet.LAYER.lora_A.weight` (down)
        and `unet.LAYER.lora_B.weight` (up), in a fixed order.
    """
    from peft import LoraConfig, inject_adapter_in_model

    config: Any = LoraConfig(
        r=recipe.rank,
        # Convolutions among them; peft scales by alpha / rank.
        lora_alpha=recipe.alpha,  # pyright: ignore[reportArgumentType]
        target_modules=targets_of(unet),
        init_lora_weights=True,
    )
    inject_adapter_in_model(config, unet, adapter_name=_NAME)
    found = {
        f"unet.{name.replace(f'.{_NAME}.', '.')}": parameter
        for name, parameter in unet.named_parameters()
        if f".{_NAME}." in name
    }
    ordered = {name: found[name] for name in sorted(found)}
    random = torch.Generator().manual_seed(recipe.seed)
    for name, parameter in ordered.items():
        parameter.requires_grad_(True)
        if ".lora_A." in name:
            # peft's own way, drawn from a seed of ours: equal recipes give equal adapters.
            bound = 1.0 / math.sqrt(parameter[0].numel())
            drawn = torch.rand(parameter.shape, generator=random) * 2 * bound - bound
            parameter.data.copy_(drawn)
    return ordered


def write_adapter(matrices: dict[str, Tensor], head: AdapterHead, alpha: float) -> bytes:
    """A `.safetensors` document as diffusers names its layers, with kohya's alphas."""
    tensors = {name: each.detach().cpu().contiguous() for name, each in matrices.items()}
    for name in [name for name in tensors if ".lora_A." in name]:
        tensors[name.replace(".lora_A.weight", ".alpha")] = torch.tensor(alpha)
    return save_tensors(tensors, head.metadata())


def write_state(tensors: dict[str, Tensor], facts: dict[str, Any]) -> bytes:
    """Where a training stands: matrices, the optimizer's moments, and what it knows."""
    plain = {name: each.detach().cpu().contiguous() for name, each in tensors.items()}
    return save_tensors(plain, {"facts": json.dumps(facts)})


def read_state(data: bytes) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """What `write_state` wrote. Raises `VaultUnusable` when it cannot be read."""
    try:
        size = int.from_bytes(data[:8], "little")
        content: Any = json.loads(data[8 : 8 + size])
        return load_tensors(data), json.loads(content["__metadata__"]["facts"])
    except (ValueError, KeyError, TypeError, SafetensorError) as error:
        raise VaultUnusable(
            f"a training that was broken off cannot be read ({error}): erase and train anew"
        ) from error
