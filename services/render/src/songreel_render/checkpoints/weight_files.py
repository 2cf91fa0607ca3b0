"""Weights in a single file: read safely, and checked to be a whole checkpoint."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any, Final, cast

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from songreel_kit.errors import CheckpointIncomplete, CheckpointUnsupported

from songreel_render.checkpoints.families import Family, family_of_weights

SUFFIXES: Final = (".safetensors", ".ckpt")


_OTHER_MODELS: Final = ("double_blocks.", "joint_blocks.", "model.diffusion_model.joint_blocks.",
                        "model.diffusion_model.double_blocks.")  # fmt: skip
_UNET: Final = "model.diffusion_model."
_FIRST_LAYER: Final = "model.diffusion_model.input_blocks.0.0.weight"
_LATENT_CHANNELS: Final = 4


def family_of_file(path: Path) -> Family:
    """Find the family of a checkpoint in one file; reads names and shapes, of a `.ckpt` all.

    Raises:
        CheckpointUnsupported: not a Stable Diffusion 1.x, 2.x or XL for text to image, or a
            pickle that could run code.
        CheckpointIncomplete: damaged, or a part is missing; the message names it.
    """
    if path.suffix not in SUFFIXES:
        raise CheckpointUnsupported(
            f"{path.name} is neither a .safetensors nor a .ckpt file; convert it first"
        )
    shapes = _shapes(path)
    if any(name.startswith(_OTHER_MODELS) for name in shapes):
        raise CheckpointUnsupported(
            f"{path.name} is not a Stable Diffusion 1.x, 2.x or XL checkpoint (SD 3, Flux, ...)"
        )
    family = family_of_weights(shapes)
    prefixes = {"unet": _UNET, "vae": "first_stage_model.", "text_encoder": family.text_prefix}
    for part, prefix in prefixes.items():
        if not any(name.startswith(prefix) for name in shapes):
            raise CheckpointIncomplete(
                f"{path.name} holds no {part} ({prefix}*): a LoRA, a refiner or a part of a "
                "checkpoint? Use a full Stable Diffusion file",
                missing=part,
            )
    first = shapes.get(_FIRST_LAYER, (0, _LATENT_CHANNELS))
    if len(first) > 1 and first[1] != _LATENT_CHANNELS:
        raise CheckpointUnsupported(
            f"the UNet of {path.name} takes {first[1]} channels: an inpainting or editing "
            "checkpoint; use one for text to image"
        )
    return family


def read_state(path: Path) -> dict[str, Any]:
    """All weights of a file: name -> tensor, and of some `.ckpt` files "global_step".

    Raises:
        CheckpointUnsupported: a pickle that holds more than weights: it could run code.
        CheckpointIncomplete: damaged.
    """
    if path.suffix == ".safetensors":
        try:
            return dict(load_file(str(path)))
        except (SafetensorError, OSError) as error:
            raise _damaged(path, error) from error
    return _read_pickle(path)


def _shapes(path: Path) -> dict[str, tuple[int, ...]]:
    if path.suffix == ".safetensors":
        try:
            with safe_open(path, framework="pt") as opened:
                return {name: tuple(opened.get_slice(name).get_shape()) for name in opened.keys()}  # noqa: SIM118 - not a dict
        except (SafetensorError, OSError) as error:
            raise _damaged(path, error) from error
    return {
        name: tuple(value.shape)
        for name, value in _read_pickle(path).items()
        if isinstance(value, torch.Tensor)
    }


def _read_pickle(path: Path) -> dict[str, Any]:
    try:
        # Tensors stay on the disk until they are used, where the file's form allows it.
        content: Any = torch.load(
            str(path), map_location="cpu", weights_only=True, mmap=_is_zip(path)
        )
    except pickle.UnpicklingError as error:
        raise CheckpointUnsupported(
            f"{path.name} is a pickle that holds more than weights, could run code when loaded, "
            "and is refused; get it as .safetensors, or convert it where you trust it"
        ) from error
    except MemoryError:
        raise
    except Exception as error:
        raise _damaged(path, error) from error
    if not isinstance(content, dict):
        raise CheckpointUnsupported(f"{path.name} holds no named weights")
    state = cast("dict[str, Any]", content)
    inner = state.get("state_dict")
    if not isinstance(inner, dict):
        return state
    step = state.get("global_step")
    weights = cast("dict[str, Any]", inner)
    return weights | {"global_step": step} if isinstance(step, int) else weights


def _is_zip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PK\x03\x04"


def _damaged(path: Path, error: Exception) -> CheckpointIncomplete:
    first_line = str(error).strip().partition("\n")[0]
    return CheckpointIncomplete(
        f"{path.name} cannot be read ({first_line}); copy it again", missing=path.name
    )
