"""Finds, checks and hashes the files of a checkpoint; reads no weights."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from songreel_kit.checkpoints.folder import check_part, pipeline_of, read_json
from songreel_kit.checkpoints.hashes import DEFAULTS_NAME, PARTS, files_sha256, folder_sha256
from songreel_kit.errors import CheckpointIncomplete, CheckpointNotFound, CheckpointUnsupported

from songreel_render.checkpoints.families import Family, family_of_folder, known_pipelines
from songreel_render.checkpoints.weight_files import family_of_file


class CheckpointDefaults(BaseModel):
    """What a checkpoint is best drawn with; a folder may carry it as `songreel.json`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    steps: int = Field(default=20, ge=1, le=200)
    """Denoising steps."""
    guidance_scale: float = Field(default=7.5, ge=1.0, le=50.0)
    """Classifier-free guidance; 1 is without."""
    size: int | None = Field(default=None, ge=8, le=4096)
    """Pixels of a side it was trained for; None: from the UNet's configuration."""
    animatic: float | None = Field(default=None, ge=0.0, le=1.0)
    """Share of an animatic's picture that it draws anew at its best; 0 for a checkpoint that
    should draw alone."""
    prediction_type: Literal["epsilon", "v_prediction", "sample"] | None = None
    """What the UNet predicts; only for single files, which do not tell."""


@dataclass(frozen=True)
class CheckpointFiles:
    """A checkpoint whose files are all there."""

    path: Path
    """A diffusers folder, or a single `.safetensors` or `.ckpt` file."""
    sha256: str
    """Over names and contents of the files that are read."""
    defaults: CheckpointDefaults
    family: Family

    @property
    def single_file(self) -> bool:
        """Whether all weights are in one file."""
        return self.path.is_file()


def inspect_checkpoint(path: Path) -> CheckpointFiles:
    """Find a checkpoint, check that it is whole and of a kind that can be drawn with.

    Raises:
        CheckpointNotFound: nothing at `path`.
        CheckpointIncomplete: a part is missing; the message names it.
        CheckpointUnsupported: another kind of model than Stable Diffusion 1.x, 2.x or XL.
    """
    path = path.expanduser()
    if not path.exists():
        raise CheckpointNotFound(
            f"there is no checkpoint at {path}; name a Stable Diffusion folder in diffusers "
            "format, a .safetensors or a .ckpt file",
            checkpoint=str(path),
        )
    if path.is_file():
        family = family_of_file(path)
        beside = path.with_name(f"{path.stem}.{DEFAULTS_NAME}")
        read = [path, beside] if beside.is_file() else [path]
        sha256 = files_sha256(read, path.parent)
        return CheckpointFiles(path, sha256, _read_defaults(beside), family)
    family = _check_folder(path)
    defaults = _read_defaults(path / DEFAULTS_NAME)
    text = [each for spec in family.text_encoders for each in (spec.tokenizer, spec.part)]
    sha256 = folder_sha256(path, list(dict.fromkeys([*PARTS, *text])))
    return CheckpointFiles(path, sha256, defaults, family)


def _check_folder(folder: Path) -> Family:
    kind = pipeline_of(folder)
    pipelines = known_pipelines()
    if not kind.startswith(tuple(pipelines)):
        raise CheckpointUnsupported(
            f"{folder} holds a {kind or 'nameless pipeline'}; Stable Diffusion text-to-image "
            f"checkpoints ({', '.join(pipelines)}) can be rendered with",
            kind=kind,
        )
    for part in PARTS:
        check_part(folder, part)
    unet = read_json(folder / "unet" / "config.json")
    vae = read_json(folder / "vae" / "config.json")
    asks = unet.get("addition_embed_type")
    if unet.get("_class_name", "UNet2DConditionModel") != "UNet2DConditionModel" or asks not in (
        None,
        # From the same prompt; diffusers feeds it by itself.
        "text",
        "text_time",
    ):
        raise CheckpointUnsupported(
            f"the UNet of {folder} asks for more than a prompt and a size; use a checkpoint of "
            "Stable Diffusion 1.x, 2.x or XL"
        )
    if unet.get("in_channels", 4) != vae.get("latent_channels", 4):
        raise CheckpointUnsupported(
            f"the UNet of {folder} takes {unet.get('in_channels', 4)} channels but its autoencoder "
            f"makes {vae.get('latent_channels', 4)}: an inpainting checkpoint, or mixed parts"
        )
    family = family_of_folder(kind, unet)
    for spec in family.text_encoders:
        check_part(folder, spec.tokenizer)
        check_part(folder, spec.part)
    return family


def _read_defaults(path: Path) -> CheckpointDefaults:
    if not path.is_file():
        return CheckpointDefaults()
    try:
        return CheckpointDefaults.model_validate(read_json(path))
    except ValidationError as error:
        first = error.errors()[0]
        raise CheckpointIncomplete(
            f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}", file=str(path)
        ) from error
