"""What the layers of a LoRA file are called: by peft, by diffusers, by kohya's scripts."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

import torch
from songreel_kit.errors import LoraUnusable


class Target(Enum):
    """The network that a change is made to."""

    UNET = "unet"
    TEXT = "text_encoder"
    SECOND_TEXT = "text_encoder_2"


@dataclass(frozen=True)
class Change:
    """The change of one layer: up @ down * alpha / rank."""

    target: Target
    layer: str
    """Name in the network with "_" for ".", for example "mid_block_attentions_0_proj_in"."""
    down: torch.Tensor
    """(rank, in) or (rank, in, kernel, kernel)."""
    up: torch.Tensor
    """(out, rank) or (out, rank, 1, 1)."""
    alpha: float

    def delta(self) -> torch.Tensor:
        """The change at full size, float32: (out, in, ...)."""
        up, down = self.up.float(), self.down.float()
        full = up.flatten(1) @ down.flatten(1)
        return full.view(up.shape[0], *down.shape[1:]) * (self.alpha / down.shape[0])

    def names(self, layers_per_block: int) -> list[str]:
        """The layer's name, and what diffusers calls it if it is in another spelling.

        Args:
            layers_per_block: of the UNet, by which Stability's blocks are counted.
        """
        if self.target is Target.UNET:
            return [self.layer, _from_sgm(self.layer, layers_per_block)]
        own = self.layer.removeprefix("text_model_")
        return [own, _OLD_TEXT.sub(r"_\1_proj", own)]


# Diffusers before 0.22 called the text encoder's layers like the UNet's.
_OLD_TEXT: Final = re.compile(r"_to_(q|k|v|out)$")
_KOHYA: Final = {
    "lora_unet_": Target.UNET,
    "lora_te1_": Target.TEXT,
    "lora_te2_": Target.SECOND_TEXT,
    "lora_te_": Target.TEXT,
}
_DOTTED: Final = {
    "text_encoder_2.": Target.SECOND_TEXT,
    "text_encoder.": Target.TEXT,
    "unet.": Target.UNET,
}
# Endings of the two halves, by everybody who writes them.
_HALVES: Final = (
    (".lora_down.weight", ".lora_up.weight"),
    (".lora.down.weight", ".lora.up.weight"),
    (".lora_linear_layer.down.weight", ".lora_linear_layer.up.weight"),
    (".lora_A.default.weight", ".lora_B.default.weight"),
    (".lora_A.weight", ".lora_B.weight"),
    # Attention processors of diffusers before 0.22: `to_q_lora.down.weight`.
    ("_lora.down.weight", "_lora.up.weight"),
)
_OTHER_KINDS: Final = {
    "hada_w1": "LoHa", "lokr_w1": "LoKr", "lora_mid": "a LoCon with a Tucker core",
    "dora_scale": "DoRA", "lora_magnitude_vector": "DoRA", "oft_": "OFT",
}  # fmt: skip
_SGM_LAYER: Final = re.compile(
    r"^(input_blocks|output_blocks)_(\d+)_(\d+)_(.+)$|^middle_block_(\d)_(.+)$"
)
_SGM_RESNET: Final = {
    "in_layers_0": "norm1", "in_layers_2": "conv1", "out_layers_0": "norm2",
    "out_layers_3": "conv2", "emb_layers_1": "time_emb_proj", "skip_connection": "conv_shortcut",
}  # fmt: skip
_SGM_SINGLE: Final = {
    "input_blocks_0_0": "conv_in", "out_2": "conv_out", "time_embed_0": "time_embedding_linear_1",
    "time_embed_2": "time_embedding_linear_2", "label_emb_0_0": "add_embedding_linear_1",
    "label_emb_0_2": "add_embedding_linear_2",
}  # fmt: skip


def parse_names(state: dict[str, torch.Tensor], file: str, alpha: float | None) -> list[Change]:
    """Pair the halves of every layer.

    Args:
        state: all tensors of the file.
        file: its name, for errors.
        alpha: of all layers that the file gives none for; None is their rank, which is no
            scaling.

    Raises:
        LoraUnusable: not a LoRA, or another kind of one.
    """
    for name in state:
        for mark, kind in _OTHER_KINDS.items():
            if mark in name:
                raise LoraUnusable(f"{file} is {kind}; only plain LoRA can be merged", lora=file)
    changes: list[Change] = []
    for name, down in state.items():
        ending = next((pair for pair in _HALVES if name.endswith(pair[0])), None)
        if ending is None:
            continue
        stem = name.removesuffix(ending[0])
        up = state.get(stem + ending[1])
        if up is None:
            raise LoraUnusable(f"{file} lacks {stem}{ending[1]}; copy it again", lora=file)
        given = state.get(f"{stem}.alpha")
        rank = float(down.shape[0])
        scale = float(given) if given is not None else (rank if alpha is None else alpha)
        target, layer = _placed(stem)
        changes.append(Change(target, layer, down, up, scale))
    if not changes:
        raise LoraUnusable(
            f"{file} holds no LoRA layers (lora_down / lora_A); is it a checkpoint?", lora=file
        )
    return changes


def alpha_of(metadata: dict[str, str]) -> float | None:
    """The one alpha that diffusers writes into a file's metadata; None if there is none."""
    try:
        content: Any = json.loads(metadata.get("lora_adapter_metadata", ""))
    except ValueError:
        return None
    found = [value for key, value in content.items() if key.endswith("lora_alpha")]
    return float(found[0]) if found else None


def _placed(stem: str) -> tuple[Target, str]:
    for prefix, target in _KOHYA.items():
        if stem.startswith(prefix):
            return target, stem.removeprefix(prefix)
    stem = stem.removeprefix("base_model.model.")
    target = Target.UNET
    for prefix, named in _DOTTED.items():
        if stem.startswith(prefix):
            target, stem = named, stem.removeprefix(prefix)
            break
    else:
        if stem.startswith("text_model."):
            target = Target.TEXT
    # Attention processors once had the layers: attn1.processor.to_out_lora is attn1.to_out.0.
    old = ".processor." in stem
    stem = stem.replace(".processor.", ".")
    if old and stem.endswith(".to_out"):
        stem += ".0"
    return target, stem.replace(".", "_")


def _from_sgm(layer: str, layers_per_block: int) -> str:
    """Stability's names of the UNet's layers as diffusers' (kohya's scripts write SDXL so)."""
    for sgm, ours in _SGM_SINGLE.items():
        if layer == sgm:
            return ours
    found = _SGM_LAYER.match(layer)
    if found is None:
        return layer
    side, number, part, rest, middle, middle_rest = found.groups()
    if middle is not None:
        block = {"0": "resnets_0", "1": "attentions_0", "2": "resnets_1"}.get(middle, "none")
        return f"mid_block_{block}_{_SGM_RESNET.get(middle_rest, middle_rest)}"
    per_block = layers_per_block + 1
    place = int(number) - 1 if side == "input_blocks" else int(number)
    block, inside = divmod(place, per_block)
    kind = "down" if side == "input_blocks" else "up"
    if rest in ("op", "conv"):
        return f"{kind}_blocks_{block}_{kind}samplers_0_conv"
    name = "resnets" if part == "0" else "attentions"
    return f"{kind}_blocks_{block}_{name}_{inside}_{_SGM_RESNET.get(rest, rest)}"
