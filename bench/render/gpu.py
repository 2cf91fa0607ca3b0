"""What a GPU makes of Stable Diffusion 1.5: frames per second, and where the time goes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers.models.autoencoders.autoencoder_tiny import AutoencoderTiny
from songreel.render.v1.render_plan_pb2 import RenderSettings
from songreel_render.checkpoints.checkpoint import Checkpoint
from songreel_render.checkpoints.devices import batch_for, to_device, total_memory
from songreel_render.checkpoints.loader import CheckpointLoader
from songreel_render.diffusion.denoiser import Denoiser
from songreel_render.diffusion.frame_generator import FrameGenerator
from songreel_render.diffusion.latents import SceneNoise
from songreel_render.diffusion.prompt_embeddings import encode_prompts
from songreel_render.diffusion.sampler import Sampler, SamplerOptions, to_pixels
from songreel_render.motion.keyframes import DEFAULT_CADENCE
from songreel_render.motion.layout import Layout, lay_out
from songreel_render.video.encoder import SegmentEncoder, VideoFormat
from torch.utils.flop_counter import FlopCounterMode

from bench.render.click_track import analysis_of, storyboard_of
from bench.render.random_checkpoints import write_real_size
from bench.tables import Table

GOAL = 150.0
"""Frames per second on an H200."""
FPS, STEPS = 24, 4


@dataclass(frozen=True)
class Case:
    """What is measured, and on what."""

    checkpoint: Path
    size: int = 512
    frames: int = 192
    device: str = "cuda"
    matrix: int = 8192
    """Side of the matrices whose product is taken for the ceiling."""


def gpu_table(folder: Path) -> Table:
    """The figures, or the word that there is no GPU."""
    if not torch.cuda.is_available():
        table = Table("On a GPU", ("what", "figure"))
        table.add("all of it", "not run: there is no CUDA device on this machine")
        return table
    return measure(Case(write_real_size(folder / "checkpoint")))


def measure(case: Case) -> Table:
    """Takes the figures of a device; any will do, also a CPU."""
    loader = CheckpointLoader(device=case.device, dtype="auto")
    shape = loader.inspect(case.checkpoint)
    loaded = loader.load(shape.files)
    needed = shape.frame_bytes(case.size, loader.dtype.itemsize)
    batch = batch_for(total_memory(loader.device), loader.device.type, needed)
    ceiling = _ceiling(loader.device, loader.dtype, case.matrix)
    tiny = _tiny(loaded)
    unet, full, small = _work(loaded, tiny, case.size)
    table = Table(
        f"{_name(loader.device)}, {loader.describe()}, {case.size} px, {STEPS} steps, "
        f"batch {batch}",
        ("what", "frames/s", "TFLOP a frame", "share of the ceiling"),
        f"Random weights of the real size, without guidance, drawing only. The ceiling is a "
        f"product of two {case.matrix} x {case.matrix} matrices: {ceiling / 1e12:.1f} TFLOP/s. "
        f"Compiled: {'yes' if loader.compiles else 'no'}. Goal on an H200: {GOAL:g} frames/s. "
        "TFLOP are counted (torch's FlopCounterMode), those of frames between two denoised ones "
        "are their decoding.",
    )
    for name, autoencoder, decoding in (("full", None, full), ("tiny", tiny, small)):
        for arc in (0.0, DEFAULT_CADENCE):
            rate, share, notes = _drawn(loaded, case, batch, arc, autoencoder)
            work = share * unet * STEPS + decoding
            how = f"cadence {arc:g} rad ({share:.0%} denoised)" if arc else "every frame denoised"
            table.add(
                f"{name} autoencoder, {how}{''.join(f'; {note}' for note in notes)}",
                f"{rate:.1f}",
                f"{work / 1e12:.2f}",
                f"{rate * work / ceiling:.0%}",
            )
    for name, seconds, work in _parts(loaded, case, batch, unet * STEPS, full):
        table.add(
            f"alone: {name}",
            f"{1 / seconds:.1f}",
            f"{work / 1e12:.2f}" if work else "-",
            f"{work / seconds / ceiling:.0%}" if work else "-",
        )
    return table


def _layout(case: Case, arc: float) -> tuple[Layout, Any, RenderSettings]:
    settings = RenderSettings(
        fps=str(FPS), size=case.size, steps=STEPS, guidance_scale=1.0, schedule="onset",
        cadence=arc,
    )  # fmt: skip
    board = storyboard_of(case.frames / FPS)
    return lay_out(analysis_of(case.frames / FPS), board, settings), board, settings


def _drawn(
    loaded: Checkpoint, case: Case, batch: int, arc: float, autoencoder: Any
) -> tuple[float, float, list[str]]:
    """Frames per second after the first (compiling) pass, share denoised, notes."""
    layout, board, settings = _layout(case, arc)
    denoiser = Denoiser(
        loaded, board.scenes, layout, settings, batch=batch, autoencoder=autoencoder
    )
    generator = FrameGenerator(denoiser, board.scenes, layout, settings, batch)
    for _ in generator.frames(0, min(2 * batch, case.frames)):
        pass
    generator.denoised = 0
    seconds = _timed(lambda: [None for _ in generator.frames(0, case.frames)], loaded.device)
    return case.frames / seconds, generator.denoised / case.frames, generator.fallbacks


def _parts(
    loaded: Checkpoint, case: Case, batch: int, unet: float, decoder: float
) -> list[tuple[str, float, float]]:
    """(name, seconds a frame, FLOP a frame) of what a frame is made of, one after the other."""
    layout, board, _ = _layout(case, 0.0)
    travel = layout.mix.travel
    side = case.size // loaded.pixels_per_latent
    noise = SceneNoise(
        (loaded.latent_channels, side, side), 0, [scene.seed for scene in board.scenes],
        [float(travel[end - 1]) for _, end in layout.spans],
    )  # fmt: skip
    sampler = Sampler(loaded, SamplerOptions(STEPS, 1.0, size=case.size), batch=batch)
    frames = np.arange(min(batch, case.frames))
    text = encode_prompts(loaded, ["a beach"]).rows(np.zeros(len(frames), dtype=np.int64))
    start = noise.at(layout.mix, frames)
    latents = sampler.denoise(start, text, None, [0] * len(frames))
    pictures = sampler.decode(latents)
    pixels = to_pixels(pictures)

    def encode() -> None:
        encoder = SegmentEncoder(VideoFormat(Fraction(FPS), case.size, 18, 1))
        encoder.write(pixels)
        encoder.finish()

    parts: tuple[tuple[str, Callable[[], object], float], ...] = (
        ("noise of the frames (CPU)", lambda: noise.at(layout.mix, frames), 0.0),
        (f"UNet, {STEPS} steps", lambda: sampler.denoise(start, text, None, [0] * batch), unet),
        ("full decoder", lambda: sampler.decode(latents), decoder),
        ("pictures to bytes on the CPU", lambda: to_pixels(pictures), 0.0),
        ("H.264, one thread (CPU, beside the drawing)", encode, 0.0),
    )
    return [(name, _timed(run, loaded.device) / len(frames), work) for name, run, work in parts]


def _work(loaded: Checkpoint, tiny: Any, size: int) -> tuple[float, float, float]:
    """FLOP of one UNet call, the full decoder and the small one, for one frame."""
    side = size // loaded.pixels_per_latent
    latent = torch.zeros(1, loaded.latent_channels, side, side, device=loaded.device)
    text = encode_prompts(loaded, ["a beach"]).tokens.to(loaded.device, loaded.dtype)
    moment = torch.zeros((), device=loaded.device)
    runs: tuple[Callable[[], object], ...] = (
        lambda: loaded.unet(latent.to(loaded.dtype), moment, encoder_hidden_states=text),
        lambda: loaded.autoencoder.decode(latent.to(loaded.autoencoder.dtype)),
        lambda: tiny.decode(latent.to(tiny.dtype)),
    )
    counts: list[float] = []
    for run in runs:
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            run()
        counts.append(float(counter.get_total_flops()))
    return counts[0], counts[1], counts[2]


def _tiny(loaded: Checkpoint) -> Any:
    """An AutoencoderTiny of the published size with random weights."""
    torch.manual_seed(0)
    network = AutoencoderTiny(latent_channels=loaded.latent_channels).eval().requires_grad_(False)
    return to_device(network, loaded.device, loaded.dtype)


def _ceiling(device: torch.device, dtype: torch.dtype, side: int) -> float:
    """FLOP per second of a matrix product, the best of five."""
    one, two = (torch.randn(side, side, device=device).to(dtype) for _ in range(2))
    torch.matmul(one, two)
    best = min(_timed(lambda: torch.matmul(one, two), device) for _ in range(5))
    return 2 * side**3 / best


def _timed(run: Callable[[], object], device: torch.device) -> float:
    """Seconds, the device's queue worked off."""
    _wait(device)
    begun = time.perf_counter()
    run()
    _wait(device)
    return time.perf_counter() - begun


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
