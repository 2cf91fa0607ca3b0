"""Loads the networks of a checkpoint, offline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.autoencoders.autoencoder_tiny import AutoencoderTiny
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from songreel_kit.checkpoints.folder import read_json
from songreel_kit.errors import CheckpointIncomplete, CheckpointUnsupported, SongreelError
from transformers import CLIPTokenizer
from transformers.utils.logging import disable_progress_bar

from songreel_render.checkpoints.files import CheckpointFiles

T = TypeVar("T")

# Bars on stderr, where the command line and the log write their own lines.
disable_progress_bar()

_AUTOENCODERS: Final = {"AutoencoderKL": AutoencoderKL, "AutoencoderTiny": AutoencoderTiny}


@dataclass(frozen=True)
class Precision:
    """What the networks of a checkpoint are loaded as.

    At once, and not in float32 first: of an SDXL that alone would take 14 GB.
    """

    text: torch.dtype = torch.float32
    unet: torch.dtype = torch.float32
    autoencoder: torch.dtype = torch.float32


@dataclass(frozen=True)
class Parts:
    """The parts of a checkpoint as loaded, on the CPU."""

    tokenizers: tuple[Any, ...]
    text_encoders: tuple[Any, ...]
    unet: Any
    autoencoder: Any
    scheduler_config: dict[str, Any]
    zero_empty_prompts: bool = False


def load_folder(files: CheckpointFiles, precision: Precision) -> Parts:
    """Load a folder in diffusers format.

    Raises:
        CheckpointIncomplete: the weights do not fit or cannot be read; names the part.
        CheckpointUnsupported: an autoencoder of another class.
    """
    folder = files.path
    specs = files.family.text_encoders
    return Parts(
        tokenizers=tuple(load_tokenizer(folder / spec.tokenizer) for spec in specs),
        text_encoders=tuple(
            _from_folder(folder, spec.part, spec.network, "model", precision.text) for spec in specs
        ),
        unet=_from_folder(
            folder, "unet", UNet2DConditionModel, "diffusion_pytorch_model", precision.unet
        ),
        autoencoder=load_autoencoder(folder, "vae", precision.autoencoder),
        scheduler_config=read_json(folder / "scheduler" / "scheduler_config.json"),
        zero_empty_prompts=bool(
            read_json(folder / "model_index.json").get(
                "force_zeros_for_empty_prompt", files.family.zero_empty_prompts
            )
        ),
    )


def load_autoencoder(folder: Path, part: str, dtype: torch.dtype) -> Any:
    """The autoencoder in a folder, or in `part` of it; "" for the folder itself."""
    config = read_json(folder / part / "config.json")
    name = str(config.get("_class_name", "AutoencoderKL"))
    found = _AUTOENCODERS.get(name)
    if found is None:
        raise CheckpointUnsupported(
            f"the autoencoder of {folder} is a {name}; known: {', '.join(_AUTOENCODERS)}"
        )
    return _from_folder(folder, part, found, "diffusion_pytorch_model", dtype)


def load_tokenizer(folder: Path) -> Any:
    """CLIP's tokenizer from a folder with its files."""
    return guarded(
        folder,
        "tokenizer",
        lambda: CLIPTokenizer.from_pretrained(str(folder), local_files_only=True),
    )


def guarded(path: Path, part: str, load: Callable[[], T]) -> T:
    """Run a library's loader; whatever it raises becomes an error that names the part."""
    try:
        return load()
    except SongreelError:
        raise
    except MemoryError:
        raise
    except Exception as error:
        first_line = str(error).strip().partition("\n")[0]
        raise CheckpointIncomplete(
            f"the {part} of {path} cannot be loaded: {first_line}; copy the checkpoint again",
            missing=part,
        ) from error


def _from_folder(folder: Path, part: str, cls: Any, name: str, dtype: torch.dtype) -> Any:
    plain = any((folder / part).glob(f"{name}*")) and not _only_fp16(folder / part, name)
    return guarded(
        folder,
        part or "autoencoder",
        lambda: cls.from_pretrained(
            str(folder),
            subfolder=part,
            local_files_only=True,
            variant=None if plain else "fp16",
            torch_dtype=dtype,
        ),
    )


def _only_fp16(folder: Path, name: str) -> bool:
    files = [
        file.name for file in folder.glob(f"{name}*") if file.suffix in (".safetensors", ".bin")
    ]
    return bool(files) and all(".fp16" in file for file in files)
