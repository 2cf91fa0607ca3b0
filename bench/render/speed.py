"""How fast frames are drawn and encoded."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from statistics import median

import av
import numpy as np
import torch
from diffusers import StableDiffusionPipeline
from diffusers.utils.logging import disable_progress_bar
from numpy.typing import NDArray
from songreel.render.v1.render_plan_pb2 import RenderSettings
from songreel_render.checkpoints.loader import CheckpointLoader
from songreel_render.diffusion.denoiser import Denoiser
from songreel_render.diffusion.frame_generator import FrameGenerator
from songreel_render.diffusion.latents import slerp
from songreel_render.motion.keyframes import DEFAULT_CADENCE, FLOW, LATENT
from songreel_render.motion.layout import lay_out
from songreel_render.video.encoder import SegmentEncoder, VideoFormat

from bench.render.click_track import analysis_of, storyboard_of
from bench.render.random_checkpoints import write_checkpoint
from bench.tables import Table

SIZE, STEPS, GUIDANCE, BATCH = 128, 4, 3.0, 8
FRAMES = 48
ROUNDS = 5


def encode_table(folder: Path) -> Table:
    """CPU-seconds of the encoder alone, on smooth moving pictures with some grain."""
    table = Table(
        "Encoding 600 frames of 512 px",
        ("codec", "CPU-s", "MiB", "PSNR, dB"),
        "Conversion to YUV and all threads included. Target: 6 CPU-s.",
    )
    pictures = _moving(512, 60)
    begun, segments = time.process_time(), []
    for _ in range(10):
        encoder = SegmentEncoder(VideoFormat(Fraction(24), 512, 18, 1))
        for start in range(0, 60, BATCH):
            encoder.write(pictures[start : start + BATCH])
        segments.append(encoder.finish())
    taken = time.process_time() - begun
    size = sum(len(segment) for segment in segments) / 2**20
    table.add("H.264", f"{taken:.1f}", f"{size:.1f}", f"{_psnr(pictures, segments[0]):.1f}")
    return table


def speed_table(folder: Path) -> Table:
    """Frames per CPU-second of the same weights, size, steps, guidance and batch."""
    checkpoint = write_checkpoint(folder / "checkpoint", size=SIZE, widths=(32, 64, 128, 128))
    table = Table(
        f"Drawing {FRAMES} frames of {SIZE} px",
        ("how", "denoised", "frames per CPU-s", "against the first", "against every frame"),
        f"The same random weights, {STEPS} steps, guidance {GUIDANCE:g}, batch {BATCH}, one "
        "thread. The first is what stable-diffusion-videos does for a batch (slerp, the negative "
        "prompt encoded in each, PNGs), without its own overheads; loading is counted for all. "
        f"Medians of {ROUNDS} rounds in turns, lowest and highest. "
        "Targets: no slower, and twice as fast with adaptive cadence.",
    )
    torch.set_num_threads(1)
    arc = DEFAULT_CADENCE
    runs: list[tuple[str, Callable[[], tuple[int, int]]]] = [
        ("diffusers' pipeline", lambda: _pipeline(checkpoint)),
        ("every frame denoised", lambda: _generator(checkpoint, 24, 0.0)),
        (f"cadence {arc:g} rad, 12 frames/s", lambda: _generator(checkpoint, 12, arc)),
        (f"cadence {arc:g} rad, 24 frames/s", lambda: _generator(checkpoint, 24, arc)),
        ("the same, optical flow", lambda: _generator(checkpoint, 24, arc, FLOW)),
    ]
    # In turns, so that what disturbs the machine disturbs all; the first pays for imports.
    rounds = [[_timed(run) for _, run in runs] for _ in range(ROUNDS + 1)][1:]
    medians: list[float] = []
    for place, (name, _) in enumerate(runs):
        rates = [each[place][0] for each in rounds]
        medians.append(median(rates))
        against = [
            f"{medians[-1] / medians[other]:.2f}x" if medians[other:] else "-" for other in (0, 1)
        ]
        spread = f"{medians[-1]:.2f} ({min(rates):.2f}-{max(rates):.2f})"
        table.add(name, rounds[0][place][1], spread, *against)
    return table


def _timed(run: Callable[[], tuple[int, int]]) -> tuple[float, int]:
    """Frames per CPU-second, frames denoised."""
    begun = time.process_time()
    frames, denoised = run()
    return frames / (time.process_time() - begun), denoised


def _generator(folder: Path, fps: int, cadence: float, between: str = LATENT) -> tuple[int, int]:
    """Frames drawn, frames denoised; loading and encoding of prompts included."""
    settings = RenderSettings(
        fps=str(fps), size=SIZE, steps=STEPS, guidance_scale=GUIDANCE, schedule="onset",
        cadence=cadence, in_betweens=between,
    )  # fmt: skip
    seconds = FRAMES / fps
    board = storyboard_of(seconds)
    layout = lay_out(analysis_of(seconds), board, settings)
    loader = CheckpointLoader(device="cpu", dtype="float32")
    loaded = loader.load(loader.inspect(folder).files)
    denoiser = Denoiser(loaded, board.scenes, layout, settings, batch=BATCH)
    generator = FrameGenerator(denoiser, board.scenes, layout, settings, BATCH)
    drawn = sum(len(batch) for batch in generator.frames(0, layout.grid.count))
    return drawn, generator.denoised


def _psnr(pictures: NDArray[np.uint8], segment: bytes) -> float:
    """Decibels of the decoded pictures against those that were encoded."""
    with av.open(io.BytesIO(segment)) as video:
        decoded = [frame.to_ndarray(format="rgb24") for frame in video.decode(video=0)]
    error = np.mean((np.stack(decoded).astype(np.float32) - pictures) ** 2)
    return float(10 * np.log10(255.0**2 / error))


def _pipeline(folder: Path) -> tuple[int, int]:
    """What stable-diffusion-videos does for every batch, without its own overheads.

    Slerp between two noises, prompts mixed in a straight line, the negative prompt encoded in
    every batch, pictures written as PNG.
    """
    disable_progress_bar()
    pipeline = StableDiffusionPipeline.from_pretrained(str(folder), safety_checker=None)
    pipeline.set_progress_bar_config(disable=True)
    frames = FRAMES
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
