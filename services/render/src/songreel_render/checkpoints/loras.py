"""LoRA files: low-rank changes of a checkpoint, merged into it with a weight, several at once."""

from __future__ import annotations

import copy
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, cast

import torch
from safetensors import SafetensorError, safe_open
from songreel.render.v1.render_plan_pb2 import Lora, RenderSettings
from songreel_kit.artifacts.store import ArtifactStore
from songreel_kit.checkpoints.folder import read_json
from songreel_kit.checkpoints.hashes import file_sha256
from songreel_kit.errors import LoraUnusable
from songreel_kit.likeness.adapters import is_adapter

from songreel_render.checkpoints.checkpoint import Checkpoint, TextEncoder
from songreel_render.checkpoints.lora_keys import Change, Target, alpha_of, parse_names

_PEFT_WEIGHTS: Final = "adapter_model.safetensors"
_PEFT_CONFIG: Final = "adapter_config.json"


@dataclass(frozen=True)
class LoraFile:
    """A LoRA on the disk."""

    path: Path
    """The weights."""
    sha256: str
    alpha: float | None = None
    """Of a peft folder; None: as the file says, or the rank."""


@dataclass(frozen=True)
class LoadedLora:
    """A LoRA to be merged."""

    file: LoraFile
    weight: float

    @property
    def key(self) -> str:
        """Equal keys change a checkpoint in the same way."""
        return f"{self.file.sha256}*{self.weight:g}"


def find_lora(path: Path) -> LoraFile:
    """Find a LoRA: a `.safetensors` file, or a folder that peft wrote.

    Raises:
        LoraUnusable: nothing there, or nothing that can be read.
    """
    path = path.expanduser()
    if path.is_dir():
        weights = path / _PEFT_WEIGHTS
        if not weights.is_file():
            raise LoraUnusable(f"the folder {path} holds no {_PEFT_WEIGHTS}; name a LoRA file")
        config = read_json(path / _PEFT_CONFIG) if (path / _PEFT_CONFIG).is_file() else {}
        if config.get("use_dora"):
            raise LoraUnusable(f"{path} is a DoRA, which cannot be merged; only plain LoRA can")
        alpha = config.get("lora_alpha")
        return LoraFile(weights, file_sha256(weights), None if alpha is None else float(alpha))
    if not path.is_file():
        raise LoraUnusable(f"there is no LoRA at {path}")
    if path.suffix != ".safetensors":
        raise LoraUnusable(f"{path.name} is not a .safetensors file; other forms are refused")
    return LoraFile(path, file_sha256(path))


@contextmanager
def open_loras(settings: RenderSettings, store: ArtifactStore) -> Generator[list[LoadedLora]]:
    """The LoRA of a render as files, as long as the block lasts; those of people are no files.

    Raises:
        LoraUnusable: one is missing or names nothing.
    """
    with ExitStack() as files:
        found: list[LoadedLora] = []
        for lora in settings.loras:
            if lora.adapter_sha256:
                continue
            weight = lora.weight if lora.HasField("weight") else 1.0
            found.append(LoadedLora(_lora_file(lora, store, files), weight))
        yield found


def _lora_file(lora: Lora, store: ArtifactStore, files: ExitStack) -> LoraFile:
    if lora.path:
        return find_lora(Path(lora.path))
    if not lora.artifact.sha256:
        raise LoraUnusable("a LoRA of the request names neither a path nor an artifact")
    stored = files.enter_context(store.local_path(lora.artifact))
    return LoraFile(stored, lora.artifact.sha256)


def read_changes(file: LoraFile) -> list[Change]:
    """The changes that a LoRA makes to single layers.

    Raises:
        LoraUnusable: damaged, or of a kind that is not a plain LoRA (LoHa, LoKr, DoRA).
    """
    try:
        with safe_open(file.path, framework="pt") as opened:
            told = opened.metadata() or {}
            if is_adapter(told):
                raise LoraUnusable(
                    f"{file.path.name} is the likeness of a person: it is drawn only with their "
                    "grant, by their identity, never as a LoRA"
                )
            state = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
            alpha = alpha_of(told) if file.alpha is None else file.alpha
    except (SafetensorError, OSError) as error:
        raise LoraUnusable(f"{file.path.name} cannot be read ({error}); copy it again") from error
    return parse_names(state, file.path.name, alpha)


def adapt(checkpoint: Checkpoint, loras: Sequence[LoadedLora]) -> Checkpoint:
    """A checkpoint with LoRA merged in; the one given stays as it is.

    Only the changed layers take memory: all other weights are shared by both.

    Raises:
        LoraUnusable: a LoRA is damaged, or none of its layers fits the checkpoint.
    """
    unet = copy_sharing_weights(checkpoint.unet)
    encoders = [copy_sharing_weights(encoder.network) for encoder in checkpoint.text_encoders]
    layers = {
        target: _layers_of(network)
        for target, network in zip(Target, [unet, *encoders], strict=False)
    }
    per_block = int(unet.config.layers_per_block)
    for lora in loras:
        fitting = 0
        changes = read_changes(lora.file)
        for change in changes:
            known = layers.get(change.target, {})
            layer = next((known[name] for name in change.names(per_block) if name in known), None)
            if layer is not None:
                _merge(layer, change, lora.weight, lora.file.path.name)
                fitting += 1
        if fitting < len(changes):
            raise LoraUnusable(
                f"{len(changes) - fitting} of the {len(changes)} layers of {lora.file.path.name} "
                "are not in the checkpoint: it was trained for another kind of Stable Diffusion",
                lora=lora.file.path.name,
            )
    return replace(
        checkpoint,
        unet=unet,
        text_encoders=tuple(
            TextEncoder(encoder.tokenizer, network)
            for encoder, network in zip(checkpoint.text_encoders, encoders, strict=True)
        ),
    )


def copy_sharing_weights(network: Any) -> Any:
    """A copy of the modules on the same weights."""
    tensors = [*network.parameters(), *network.buffers()]
    return copy.deepcopy(network, {id(tensor): tensor for tensor in tensors})


def _layers_of(network: Any) -> dict[str, Any]:
    return {
        name.removeprefix("text_model.").replace(".", "_"): layer
        for name, layer in cast("torch.nn.Module", network).named_modules()
        if isinstance(layer, torch.nn.Linear | torch.nn.Conv2d)
    }


def _merge(layer: Any, change: Change, weight: float, name: str) -> None:
    delta = change.delta() * weight
    if delta.numel() != layer.weight.numel():
        raise LoraUnusable(
            f"{name} changes the layer {change.layer} by {tuple(delta.shape)}, but the checkpoint "
            f"has {tuple(layer.weight.shape)} there: it was trained for another checkpoint",
            lora=name,
        )
    old = layer.weight
    # In float32: what several LoRA add up to must not be rounded in between.
    merged = old.float() + delta.view_as(old).to(old.device)
    layer.weight = torch.nn.Parameter(
        merged.to(old.dtype, memory_format=torch.preserve_format), requires_grad=False
    )
