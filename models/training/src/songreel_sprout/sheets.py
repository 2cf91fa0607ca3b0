"""Sample sheets: what a checkpoint draws, for the eye."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import torch
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
from PIL import Image

PROMPTS: Final = (
    "cartoon of a woman at the beach, sunset, clear sky, close-up, joyful",
    "realistic of a man in the forest, day, clear, close-up, serene",
    "sketch of a couple in the city, night, clear, medium, joyful",
    "realistic of an empty landscape in the mountains, dawn, clear, wide, serene",
    "cartoon of a musician on the stage, night, clear, medium, tense",
    "sketch of a boat at the lake, sunset, cloudy, medium, sad",
    "realistic of a car on the road, night, rain, medium, tense",
    "cartoon of a dog in the meadow, day, clear, close-up, joyful",
    "realistic of a dancer on the stage, sunset, clear, medium, joyful",
    "cartoon of a house in the mountains, night, snow, medium, serene",
    "sketch of a woman in the room, day, rain, close-up, sad",
    "realistic of a heart in the desert, sunset, clear, medium, joyful",
)


def draw(
    pipe: StableDiffusionPipeline, prompts: list[str], steps: int, seed: int, guidance: float = 1.0
) -> list[Image.Image]:
    """One 256 x 256 picture for each prompt; prompt ``i`` has noise seed ``seed + i``."""
    noise = [torch.Generator().manual_seed(seed + i) for i in range(len(prompts))]
    run: Any = pipe
    out = run(
        prompts,
        num_inference_steps=steps,
        guidance_scale=guidance,
        generator=noise,
        height=256,
        width=256,
    )
    return list(out.images)


def grid(pictures: list[Image.Image], columns: int, side: int = 256) -> Image.Image:
    """Pictures side by side, ``columns`` to a row, each ``side`` px."""
    rows = -(-len(pictures) // columns)
    sheet = Image.new("RGB", (columns * side, rows * side), "white")
    for i, picture in enumerate(pictures):
        tile = (
            picture
            if picture.width == side
            else picture.resize((side, side), Image.Resampling.LANCZOS)
        )
        sheet.paste(tile, ((i % columns) * side, (i // columns) * side))
    return sheet


def write_sheet(pipe: StableDiffusionPipeline, path: Path, steps: int = 4, seed: int = 0) -> None:
    """The standard prompts as one picture file."""
    pipe.set_progress_bar_config(disable=True)
    grid(draw(pipe, list(PROMPTS), steps, seed), 4).save(path, quality=88)
