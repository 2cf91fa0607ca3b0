"""Checkpoints in one file, as Stable Diffusion was published and is traded."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import torch
from diffusers.loaders.single_file_utils import create_diffusers_clip_model_from_ldm
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from songreel_kit.checkpoints.folder import read_json
from songreel_kit.errors import CheckpointIncomplete

from songreel_render.checkpoints.families import Family, TextEncoderSpec
from songreel_render.checkpoints.files import CheckpointFiles
from songreel_render.checkpoints.folder import Parts, Precision, guarded, load_tokenizer
from songreel_render.checkpoints.weight_files import read_state


def config_folder(family: Family, chosen: Path | None) -> Path:
    """Where the configurations of single files of a family are."""
    return chosen or family.configs


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
    path, family = files.path, files.family
    tokenizer = load_tokenizer(tokenizer_folder(config, clip_tokenizer))
    state = read_state(path)
    scheduler = read_json(config / "scheduler" / "scheduler_config.json")
    step = state.pop("global_step", None)
    prediction = files.defaults.prediction_type or family.prediction_by_step.get(step)
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

    def text(spec: TextEncoderSpec) -> Any:
        return guarded(
            path,
            spec.part,
            lambda: create_diffusers_clip_model_from_ldm(
                spec.network,
                dict(state),
                subfolder=spec.part,
                config=str(config),
                torch_dtype=precision.text,
                local_files_only=True,
            ),
        )

    return Parts(
        tokenizers=tuple(_padded(tokenizer, spec.padding) for spec in family.text_encoders),
        text_encoders=tuple(text(spec) for spec in family.text_encoders),
        unet=single(UNet2DConditionModel, "unet", precision.unet),
        autoencoder=single(AutoencoderKL, "vae", precision.autoencoder),
        scheduler_config=scheduler,
        zero_empty_prompts=family.zero_empty_prompts,
    )


def _padded(tokenizer: Any, padding: str | None) -> Any:
    if padding is None:
        return tokenizer
    other = copy.deepcopy(tokenizer)
    other.pad_token = padding
    return other
