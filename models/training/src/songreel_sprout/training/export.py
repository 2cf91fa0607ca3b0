"""Write a checkpoint in the diffusers folder format, fp16, file by file and atomically."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
from transformers import CLIPTokenizer

from songreel_sprout.networks.diffusion import Sprout, new_scheduler

LIMIT_BYTES = 40_000_000
"""The most a checkpoint may weigh."""

DRAWN_BEST = {"steps": 4, "guidance_scale": 2.0, "size": 256}
"""What songreel's renderer reads as defaults from `songreel.json`; others ignore it."""
DISTILLED = {"steps": 4, "guidance_scale": 1.0, "size": 256}
"""The same for a student that has the guidance folded in."""


def pipeline_of(
    autoencoder: AutoencoderKL, sprout: Sprout, tokenizer: CLIPTokenizer
) -> StableDiffusionPipeline:
    """The parts as a pipeline of standard classes."""
    # Its annotations are narrower than what it takes.
    build: Any = StableDiffusionPipeline
    return build(
        vae=autoencoder,
        text_encoder=sprout.text,
        tokenizer=tokenizer,
        unet=sprout.unet,
        scheduler=new_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def export(
    autoencoder: AutoencoderKL,
    sprout: Sprout,
    tokenizer: CLIPTokenizer,
    tokenizer_folder: Path,
    target: Path,
    sampling: Mapping[str, float] = DRAWN_BEST,
) -> int:
    """Write the checkpoint into ``target`` and return its size in bytes.

    Everything is written beside ``target`` first and then moved file by file, so that a reader
    never sees half a file. The models are left as they were (float32).

    Raises:
        ValueError: when it would weigh more than ``LIMIT_BYTES``.
    """
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".export-") as name:
        draft = Path(name)
        pipe = pipeline_of(autoencoder, sprout, tokenizer)
        pipe.to(dtype=torch.float16)
        pipe.save_pretrained(draft, safe_serialization=True)
        pipe.to(dtype=torch.float32)
        for file in tokenizer_folder.iterdir():
            shutil.copy(file, draft / "tokenizer" / file.name)
        (draft / "songreel.json").write_text(json.dumps(sampling) + "\n", encoding="utf-8")
        files = [f for f in sorted(draft.rglob("*")) if f.is_file()]
        size = sum(f.stat().st_size for f in files)
        if size > LIMIT_BYTES:
            raise ValueError(f"the checkpoint weighs {size} bytes; the limit is {LIMIT_BYTES}")
        _forget_versions(files)
        for file in files:
            goal = target / file.relative_to(draft)
            goal.parent.mkdir(parents=True, exist_ok=True)
            file.chmod(0o644)
            file.replace(goal)
    return size


def _forget_versions(files: list[Path]) -> None:
    """Drop the folder names that ``save_pretrained`` notes in the configurations."""
    for file in files:
        if file.suffix != ".json" or file.name in ("vocab.json", "tokenizer.json"):
            continue
        config = json.loads(file.read_text(encoding="utf-8"))
        config.pop("_name_or_path", None)
        if file.parent.name == "text_encoder":
            # transformers would otherwise load the stored float16 while diffusers loads float32.
            config["dtype"] = "float32"
        file.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
