"""Sample sheets: what a checkpoint draws, for the eye."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import torch
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
from PIL import Image

from songreel_sprout.captions.captions import canonical
from songreel_sprout.captions.labels import KNOB_COUNT, Knobs, Labels
from songreel_sprout.painter.painter import paint

SCENES: Final = (
    Labels("cartoon", "beach", "sunset", "clear", "woman", "close-up", "joyful"),
    Labels("realistic", "forest", "day", "clear", "man", "close-up", "serene"),
    Labels("sketch", "city", "night", "clear", "couple", "medium", "joyful"),
    Labels("realistic", "lake", "day", "clear", "boat", "medium", "serene"),
    Labels("cartoon", "stage", "night", "clear", "musician", "medium", "tense"),
    Labels("cartoon", "meadow", "day", "clear", "dog", "close-up", "joyful"),
    Labels("cartoon", "mountains", "dawn", "snow", "house", "medium", "serene"),
    Labels("sketch", "room", "day", "rain", "woman", "close-up", "sad"),
    Labels("realistic", "road", "sunset", "clear", "car", "medium", "neutral"),
    Labels("realistic", "desert", "sunset", "clear", "heart", "medium", "joyful"),
    Labels("sketch", "meadow", "day", "cloudy", "flower", "close-up", "serene"),
    Labels("cartoon", "stage", "sunset", "clear", "dancer", "medium", "joyful"),
    Labels("cartoon", "mountains", "night", "clear", "star", "medium", "serene"),
    Labels("realistic", "meadow", "day", "clear", "guitar", "close-up", "joyful"),
    Labels("cartoon", "beach", "sunset", "clear", "piano", "medium", "serene"),
    Labels("sketch", "stage", "day", "clear", "drums", "medium", "tense"),
    Labels("cartoon", "stage", "night", "clear", "dancer", "above", "joyful"),
    Labels("realistic", "road", "day", "clear", "car", "above", "neutral"),
)
"""What the sample sheet asks for."""


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


def write_sheet(
    pipe: StableDiffusionPipeline, path: Path, steps: int, seed: int = 0, guidance: float = 1.0
) -> None:
    """The standard scenes as one picture file: three rows drawn, three as they were painted."""
    pipe.set_progress_bar_config(disable=True)
    drawn = draw(pipe, [canonical(scene) for scene in SCENES], steps, seed, guidance)
    middle = Knobs(*([0.5] * KNOB_COUNT))
    painted = [paint(scene, middle) for scene in SCENES]
    grid(drawn + painted, 6, side=192).save(path, quality=88)


def write_seeds(
    pipe: StableDiffusionPipeline, path: Path, steps: int, guidance: float, seeds: int = 6
) -> None:
    """The same three scenes in every style from several seeds: what the noise decides."""
    pipe.set_progress_bar_config(disable=True)
    scenes = (
        "a woman at the beach, sunset, clear sky, close-up, joyful",
        "a dog in the meadow, day, clear, close-up, joyful",
        "a boat at the lake, dawn, cloudy, medium, serene",
    )
    pictures: list[Image.Image] = []
    for style in ("sketch", "cartoon", "realistic"):
        for scene in scenes:
            pictures += draw(pipe, [f"{style} of {scene}"] * seeds, steps, 0, guidance)
    grid(pictures, seeds, side=160).save(path, quality=88)
