"""What a checkpoint can do, in figures: caption agreement, smoothness along a path, speed."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
from numpy.typing import NDArray

from songreel_sprout.captions import canonical
from songreel_sprout.codec import SHAPE
from songreel_sprout.judge import agreement, trained_judge
from songreel_sprout.labels import Labels, random_indices
from songreel_sprout.scenes import open_scenes

HELD = 1000


def _draw(
    pipe: StableDiffusionPipeline, prompts: list[str], noise: torch.Tensor, steps: int
) -> NDArray[np.uint8]:
    """``(n, 256, 256, 3)`` pictures of prompts from given noise ``(n, 8, 32, 32)``."""
    out: list[NDArray[np.uint8]] = []
    for i in range(0, len(prompts), 8):
        run: Any = pipe
        pictures = run(
            prompts[i : i + 8],
            latents=noise[i : i + 8],
            num_inference_steps=steps,
            guidance_scale=1.0,
            output_type="np",
        ).images
        out.append((255 * np.asarray(pictures)).round().astype(np.uint8))
    return np.concatenate(out)


def caption_agreement(
    pipe: StableDiffusionPipeline, work: Path, count: int, steps: int
) -> dict[str, dict[str, float]]:
    """Agreement of the judge on held-out paintings, their reconstructions, and drawings."""
    scenes = open_scenes(work / "scenes")
    judge = trained_judge(scenes, work / "judge.pt", held=HELD)
    painted = np.asarray(scenes.pictures[-count:])
    report = {"painted": agreement(judge, painted, scenes.labels[-count:])}
    with torch.no_grad():
        decoded: list[NDArray[np.uint8]] = []
        for i in range(0, count, 8):
            x = torch.from_numpy(painted[i : i + 8]).permute(0, 3, 1, 2).float() / 127.5 - 1
            y = pipe.vae.decode(pipe.vae.encode(x).latent_dist.mode()).sample.clamp(-1, 1)
            decoded.append((127.5 * (y + 1)).round().byte().permute(0, 2, 3, 1).numpy())
    back = np.concatenate(decoded)
    report["reconstructed"] = agreement(judge, back, scenes.labels[-count:])
    error = np.mean((back.astype(np.float64) - painted) ** 2, axis=(1, 2, 3))
    report["reconstructed"]["psnr_db"] = float(np.mean(10 * np.log10(255**2 / error)))
    # Fresh combinations of labels, fresh noise: neither was seen in training.
    rng = np.random.default_rng(99)
    labels = random_indices(rng, count)
    prompts = [canonical(Labels.from_indices(row)) for row in labels]
    noise = torch.from_numpy(rng.standard_normal((count, *SHAPE)).astype(np.float32))
    report[f"drawn in {steps} steps"] = agreement(judge, _draw(pipe, prompts, noise, steps), labels)
    return report


def smoothness(pipe: StableDiffusionPipeline, steps: int, frames: int = 24) -> dict[str, float]:
    """Change between neighbours on a slerp path of a quarter turn, mean absolute, 0..255.

    ``largest_over_median`` near 1 means that nothing pops.
    """
    rng = torch.Generator().manual_seed(5)
    a, b = torch.randn(2, 1, *SHAPE, generator=rng)
    angles = torch.linspace(0, torch.pi / 2, frames).view(-1, 1, 1, 1)
    noise = torch.cos(angles) * a + torch.sin(angles) * b
    prompt = "cartoon of a woman at the beach, sunset, clear sky, close-up, joyful"
    pictures = _draw(pipe, [prompt] * frames, noise, steps).astype(np.float64)
    change = np.abs(np.diff(pictures, axis=0)).mean(axis=(1, 2, 3))
    return {
        "median": float(np.median(change)),
        "largest": float(change.max()),
        "largest_over_median": float(change.max() / np.median(change)),
        "ends": float(np.abs(pictures[-1] - pictures[0]).mean()),
    }


def speed(pipe: StableDiffusionPipeline, batch: int = 8) -> dict[str, float]:
    """Seconds per picture in batches of ``batch`` for 1, 2, 4 and 8 steps, best of two."""
    noise = torch.randn(batch, *SHAPE)
    out: dict[str, float] = {}
    for steps in (1, 2, 4, 8):
        times: list[float] = []
        for _ in range(2):
            start = time.perf_counter()
            _draw(pipe, ["cartoon of a dog"] * batch, noise, steps)
            times.append(time.perf_counter() - start)
        out[str(steps)] = min(times) / batch
    return out


def measure(checkpoint: Path, work: Path, pictures: int, steps: int = 4) -> str:
    """All measures of a checkpoint as JSON text."""
    pipe = StableDiffusionPipeline.from_pretrained(checkpoint, safety_checker=None)
    pipe.set_progress_bar_config(disable=True)
    pipe.vae.to(memory_format=torch.channels_last)
    report: dict[str, Any] = {"speed_s_per_picture": speed(pipe), "slerp": smoothness(pipe, steps)}
    report["agreement"] = caption_agreement(pipe, work, pictures, steps)
    return json.dumps(report, indent=2)
