"""How fast frames are drawn and encoded."""

from __future__ import annotations

import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch
from diffusers import StableDiffusionPipeline
from diffusers.utils.logging import disable_progress_bar
from numpy.typing import NDArray
from rich.table import Table
from songreel.render.v1.render_plan_pb2 import RenderSettings
from songreel_render.checkpoint_loader import CheckpointLoader
from songreel_render.drawing import FrameArtist
from songreel_render.encoder import SegmentEncoder, VideoFormat
from songreel_render.latents import slerp
from songreel_render.plan import lay_out

from bench.render.clicks import analysis_of, storyboard_of
from bench.render.weights import write_checkpoint

SIZE, STEPS, GUIDANCE, BATCH = 256, 4, 3.0, 8
FPS, SECONDS = 12, 4.0


def encode_table(folder: Path) -> Table:
    """CPU-seconds of the encoder alone, on smooth moving pictures with some grain."""
    table = Table(title="encoding 600 frames of 512 px (threads together)")
    for heading in ("codec", "CPU-s", "MiB"):
        table.add_column(heading, justify="right")
    pictures = _moving(512, 60)
    for codec in ("libx264", "libvpx-vp9"):
        begun, size = time.process_time(), 0
        for _ in range(10):
            encoder = SegmentEncoder(VideoFormat(Fraction(24), 512, 18, 1, codec))
            for start in range(0, 60, BATCH):
                encoder.write(pictures[start : start + BATCH])
            size += len(encoder.finish())
        table.add_row(codec, f"{time.process_time() - begun:.1f}", f"{size / 2**20:.1f}")
    return table


def speed_table(folder: Path) -> Table:
    """Frames per CPU-second of the same weights, size, steps, guidance and batch."""
    checkpoint = write_checkpoint(folder / "checkpoint", size=SIZE, widths=(32, 64, 128, 128))
    table = Table(
        title=f"drawing {int(SECONDS * FPS)} frames of {SIZE} px: {STEPS} steps, guidance "
        f"{GUIDANCE:g}, batch {BATCH}, random weights"
    )
    for heading in ("how", "denoised", "frames per CPU-s", "against the first"):
        table.add_column(heading, justify="left" if heading == "how" else "right")
    torch.set_num_threads(1)
    first = 0.0
    runs: list[tuple[str, Callable[[], tuple[int, int]]]] = [
        ("diffusers' pipeline, a batch at a time, slerp, PNGs", lambda: _pipeline(checkpoint)),
        ("songreel, every frame denoised", lambda: _artist(checkpoint, 0.0)),
        ("songreel, adaptive cadence 0.06 rad", lambda: _artist(checkpoint, 0.06)),
        ("songreel, adaptive cadence 0.10 rad", lambda: _artist(checkpoint, 0.10)),
    ]
    for name, run in runs:
        begun = time.process_time()
        frames, denoised = run()
        rate = frames / (time.process_time() - begun)
        first = first or rate
        table.add_row(name, str(denoised), f"{rate:.2f}", f"{rate / first:.2f}x")
    return table


def _artist(folder: Path, cadence: float) -> tuple[int, int]:
    """Frames drawn, frames denoised; loading and encoding of prompts included."""
    settings = RenderSettings(
        fps=str(FPS), size=SIZE, steps=STEPS, guidance_scale=GUIDANCE, schedule="onset",
        cadence=cadence,
    )  # fmt: skip
    board = storyboard_of(SECONDS)
    layout = lay_out(analysis_of(SECONDS), board, settings)
    loader = CheckpointLoader(device="cpu", dtype="float32")
    loaded = loader.load(loader.inspect(folder).files)
    artist = FrameArtist(loaded, board.scenes, layout, settings, batch=BATCH)
    drawn = sum(len(batch) for batch in artist.frames(0, layout.grid.count))
    return drawn, artist.denoised


def _pipeline(folder: Path) -> tuple[int, int]:
    """What stable-diffusion-videos does for every batch, without its own overheads.

    Slerp between two noises, prompts mixed in a straight line, the negative prompt encoded in
    every batch, pictures written as PNG.
    """
    disable_progress_bar()
    pipeline = StableDiffusionPipeline.from_pretrained(str(folder), safety_checker=None)
    pipeline.set_progress_bar_config(disable=True)
    frames = int(SECONDS * FPS)
    ends = torch.randn(2, 1, 4, SIZE // 8, SIZE // 8, generator=torch.Generator().manual_seed(0))
    words = [pipeline.encode_prompt(text, "cpu", 1, False)[0] for text in ("scene 0", "scene 1")]
    for start in range(0, frames, BATCH):
        weight = torch.arange(start, min(start + BATCH, frames)) / frames
        count = len(weight)
        pictures = pipeline(
            prompt_embeds=torch.lerp(*words, weight[:, None, None]),
            negative_prompt=["ugly"] * count,
            latents=slerp(
                ends[0].expand(count, -1, -1, -1), ends[1].expand(count, -1, -1, -1), weight
            ),
            num_inference_steps=STEPS,
            guidance_scale=GUIDANCE,
            height=SIZE,
            width=SIZE,
        ).images
        for place, picture in enumerate(pictures):
            picture.save(folder / f"frame{start + place:06d}.png")
    return frames, frames


def _moving(size: int, count: int) -> NDArray[np.uint8]:
    """Soft shapes that turn into each other, with grain, as diffusion paints them."""
    generator = torch.Generator().manual_seed(0)
    soft = torch.randn(2, 3, 12, 12, generator=generator)
    grain = 4.0 * torch.randn(2, 3, size // 2, size // 2, generator=generator)
    weight = torch.linspace(0, 1, count)
    pictures: list[NDArray[np.uint8]] = []
    for share in weight:
        mixed = [slerp(each[:1], each[1:], share[None]) for each in (soft, grain)]
        whole = [
            torch.nn.functional.interpolate(each, size=(size, size), mode="bicubic")[0]
            for each in mixed
        ]
        picture = (128 + 50 * whole[0] + whole[1]).clamp(0, 255)
        pictures.append(picture.permute(1, 2, 0).to(torch.uint8).numpy())
    return np.stack(pictures)
