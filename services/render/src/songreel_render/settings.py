"""Settings of the render service, from `SONGREEL_RENDER_...` variables."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import SettingsConfigDict
from songreel_kit.settings import ServiceSettings


class RenderSettings(ServiceSettings):
    """How and with what this process renders."""

    model_config = SettingsConfigDict(env_prefix="SONGREEL_RENDER_")

    checkpoint: Path | None = None
    """Default checkpoint: a diffusers folder or a `.safetensors` file."""

    clip_tokenizer: Path | None = None
    """Folder with CLIP's vocab.json and merges.txt, for single-file checkpoints, which hold
    none; the `tokenizer` folder of any Stable Diffusion 1.x checkpoint serves."""

    single_file_config: Path | None = None
    """Folder with the configurations (unet/, vae/, text_encoder/, scheduler/) that single-file
    checkpoints are read with; unset is Stable Diffusion 1.x."""

    device: str = "auto"
    """"cpu", "cuda", "cuda:1", ...; "auto" is cuda where there is one."""

    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    """Precision of the networks; "auto" is float16 on cuda, bfloat16 on a CPU that
    computes with it, else float32."""

    batch_frames: int = Field(default=8, ge=1, le=64)
    """Frames drawn at once. Part of the plan: other batches round otherwise."""

    segment_frames: int = Field(default=48, ge=2, le=1200)
    """Frames between two points from which a killed render can go on."""

    max_renders: int = Field(default=1, ge=1, le=16)
    """Renders at work at the same time; more wait for their turn."""

    max_waiting: int = Field(default=16, ge=0)
    """Renders that may wait; more are refused with RESOURCE_EXHAUSTED."""

    loaded_checkpoints: int = Field(default=1, ge=1, le=8)
    """Checkpoints kept in memory."""

    threads: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1, le=256)
    """CPU threads for drawing."""

    encode_threads: int = Field(default=1, ge=1, le=16)
    """CPU threads of the H.264 encoder."""

    crf: int = Field(default=18, ge=0, le=40)
    """H.264 quality; lower is better and larger."""

    scratch: Path | None = None
    """Folder for the video while its parts are joined; the system's temporary one by default."""
