"""Checkpoints in one file, as Stable Diffusion was published and is traded."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any, Final

import torch
from diffusers.loaders.single_file_utils import create_diffusers_clip_model_from_ldm
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from songreel_kit.errors import CheckpointIncomplete

from songreel_render.checkpoints.families import Family, read_state
from songreel_render.checkpoints.files import CheckpointFiles, read_json
from songreel_render.checkpoints.folder import (
    TEXT_CLASSES,
    Parts,
    Precision,
    guarded,
    load_tokenizer,
)

_PACKAGE: Final = Path(__file__).parent
# What a Stable Diffusion 2.0 of 512 px, which predicts the noise, tells of itself in a .ckpt.
_SD2_BASE_STEPS: Final = 875000
# OpenCLIP pads with "!", the first of CLIP's tokens.
_OPEN_CLIP_PADDING: Final = "!"


def config_folder(family: Family, chosen: Path | None) -> Path:
    """Where the configurations of single files of a family are."""
    return chosen or _PACKAGE / family.value


def tokenizer_folder(config: Path, chosen: Path | None) -> Path:
    """Where the tokenizer of single files is.

    Raises:
        CheckpointIncomplete: nowhere; says how to get one.
    """
    for folder in (chosen, config / "tokenizer"):
        if folder is not None and (
            (folder / "vocab.json").is_file() or (folder / "tokenizer.json").is_file()
        ):
            return folder
    raise CheckpointIncomplete(
        "a checkpoint in a single file holds no tokenizer: set SONGREEL_RENDER_CLIP_TOKENIZER to "
        "a folder with CLIP's vocab.json and merges.txt (the `tokenizer` folder of any Stable "
        "Diffusion checkpoint in diffusers format), or use such a folder as checkpoint",
        missing="tokenizer",
    )


def load_file_parts(
    files: CheckpointFiles, config: Path, clip_tokenizer: Path | None, precision: Precision
) -> Parts:
    """Load a checkpoint in one file.

    Raises:
        CheckpointIncomplete, CheckpointUnsupported: as `read_state`, or a part does not fit.
    """
    path = files.path
    tokenizer = load_tokenizer(tokenizer_folder(config, clip_tokenizer))
    state = read_state(path)
    scheduler = read_json(config / "scheduler" / "scheduler_config.json")
    step = state.pop("global_step", None)
    prediction = files.defaults.prediction_type
    if prediction is None and files.family is Family.SD2 and step == _SD2_BASE_STEPS:
        prediction = "epsilon"
    if prediction is not None:
        scheduler = scheduler | {"prediction_type": prediction}

    def single(cls: Any, part: str, dtype: torch.dtype) -> Any:
        return guarded(
            path,
            part,
            lambda: cls.from_single_file(
                # The converters take out what they have converted.
                dict(state),
                config=str(config),
                subfolder=part,
                local_files_only=True,
                torch_dtype=dtype,
            ),
        )

    def text(part: str) -> Any:
        return guarded(
            path,
            part,
            lambda: create_diffusers_clip_model_from_ldm(
                TEXT_CLASSES[part],
                dict(state),
                subfolder=part,
                config=str(config),
                torch_dtype=precision.text,
                local_files_only=True,
            ),
        )

    names = list(TEXT_CLASSES)[: 2 if files.family is Family.SDXL else 1]
    encoders = tuple(text(name) for name in names)
    tokenizers = [tokenizer] if files.family is not Family.SD2 else [_padded(tokenizer)]
    if files.family is Family.SDXL:
        tokenizers.append(_padded(tokenizer))
    return Parts(
        tokenizers=tuple(tokenizers),
        text_encoders=encoders,
        unet=single(UNet2DConditionModel, "unet", precision.unet),
        autoencoder=single(AutoencoderKL, "vae", precision.autoencoder),
        scheduler_config=scheduler,
        zero_empty_prompts=files.family is Family.SDXL,
    )


def _padded(tokenizer: Any) -> Any:
    other = copy.deepcopy(tokenizer)
    other.pad_token = _OPEN_CLIP_PADDING
    return other
