"""The families of checkpoints that can be rendered with: one row of a table each.

A new family is a row of `FAMILIES`, and a folder of its networks' configurations for checkpoints
in single files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from transformers import CLIPTextModel, CLIPTextModelWithProjection

_PACKAGE: Final = Path(__file__).parent


@dataclass(frozen=True)
class TextEncoderSpec:
    """A text encoder of a family, and the tokenizer that goes with it."""

    part: str
    """Its folder, such as "text_encoder_2"; the tokenizer's is "tokenizer_2"."""
    network: type[Any]
    """In transformers."""
    padding: str | None = None
    """Token that fills short prompts, for single files, which hold no tokenizer; None is the
    tokenizer's own."""

    @property
    def tokenizer(self) -> str:
        """Folder of the tokenizer."""
        return self.part.replace("text_encoder", "tokenizer")


@dataclass(frozen=True)
class Family:
    """What checkpoints of one kind have in common."""

    name: str
    """Short, such as "sdxl"."""
    pipelines: tuple[str, ...]
    """Beginnings of the class names that a diffusers folder of the family may give."""
    owns_folder: Callable[[str, Mapping[str, Any]], bool]
    """Whether a diffusers folder is of the family, by the class name of its pipeline and the
    configuration of its UNet."""
    file_prefix: str
    """What the names of some weights in a single file of the family begin with."""
    text_prefix: str
    """What the names of its (last) text encoder's weights begin with in a single file."""
    configs: Path
    """Folder with the configurations of single files' networks and default scheduler: unet/,
    vae/, text_encoder/, scheduler/."""
    text_encoders: tuple[TextEncoderSpec, ...]
    """In the order in which their hidden states are put side by side."""
    hidden_layer: int = -1
    """Hidden states of the text encoders that the UNet attends to: -1 is the last, normalised."""
    size_and_pooled_text: bool = False
    """Whether the UNet is told the picture's size and the last text encoder's pooled output."""
    zero_empty_prompts: bool = False
    """Whether an empty negative prompt is all zeros, not the encoded empty text, unless a
    folder's pipeline says otherwise."""
    decoder_overflows_float16: bool = False
    """Whether the autoencoder needs the range of bfloat16; in float16 it paints black."""
    prediction_by_step: Mapping[int, str] = field(default_factory=dict[int, str])
    """What the UNet predicts, by the "global_step" in a `.ckpt`, where the scheduler's
    configuration is wrong for some single files of the family."""


_CLIP: Final = TextEncoderSpec("text_encoder", CLIPTextModel)
# OpenCLIP pads with "!", the first of CLIP's tokens.
_OPEN_CLIP_PADDING: Final = "!"

# In the order in which a checkpoint is tried: those that ask for most first.
FAMILIES: Final[dict[str, Family]] = {
    family.name: family
    for family in (
        Family(
            name="sdxl",
            pipelines=("StableDiffusionXLPipeline",),
            owns_folder=lambda _, unet: unet.get("addition_embed_type") == "text_time",
            file_prefix="conditioner.",
            text_prefix="conditioner.embedders.1.",
            configs=_PACKAGE / "sdxl",
            text_encoders=(
                _CLIP,
                TextEncoderSpec("text_encoder_2", CLIPTextModelWithProjection, _OPEN_CLIP_PADDING),
            ),
            hidden_layer=-2,  # Podell et al. 2023
            size_and_pooled_text=True,
            zero_empty_prompts=True,
            decoder_overflows_float16=True,
        ),
        Family(
            name="sd2",
            pipelines=("StableDiffusionPipeline",),
            owns_folder=lambda _, unet: unet.get("cross_attention_dim") == 1024,
            file_prefix="cond_stage_model.model.",
            text_prefix="cond_stage_model.",
            configs=_PACKAGE / "sd2",
            text_encoders=(TextEncoderSpec("text_encoder", CLIPTextModel, _OPEN_CLIP_PADDING),),
            # Stable Diffusion 2.0 of 512 px predicts the noise; its successors the velocity.
            prediction_by_step={875000: "epsilon"},
        ),
        Family(
            name="sd1",
            pipelines=("StableDiffusionPipeline", "LatentConsistencyModelPipeline"),
            owns_folder=lambda *_: True,
            file_prefix="",
            text_prefix="cond_stage_model.",
            configs=_PACKAGE / "sd1",
            text_encoders=(_CLIP,),
        ),
    )
}


def known_pipelines() -> list[str]:
    """Beginnings of the pipelines' class names, of all families, each once."""
    return list(dict.fromkeys(each for family in FAMILIES.values() for each in family.pipelines))


def family_of_folder(pipeline: str, unet: Mapping[str, Any]) -> Family:
    """The family of a diffusers folder.

    Args:
        pipeline: class name in its `model_index.json`.
        unet: configuration of its UNet.
    """
    return next(each for each in FAMILIES.values() if each.owns_folder(pipeline, unet))


def family_of_weights(names: Iterable[str]) -> Family:
    """The family of a single file, by the names of its weights."""
    names = list(names)
    return next(
        family
        for family in FAMILIES.values()
        if any(name.startswith(family.file_prefix) for name in names) or not family.file_prefix
    )
