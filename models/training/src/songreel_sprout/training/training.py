"""The whole training: paint, train the decoder, encode, train the denoiser.

Each stage leaves its result in the work folder and is skipped, or taken up where it stopped,
when the command is given again.
"""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from safetensors.torch import load_file

from songreel_sprout.captions.labels import FIELDS, NAMES
from songreel_sprout.networks.autoencoder import (
    AutoencoderSettings,
    encode_scenes,
    train_decoder,
)
from songreel_sprout.networks.codec import new_autoencoder
from songreel_sprout.networks.diffusion import Sprout, new_sprout
from songreel_sprout.networks.tokenizer import load_tokenizer, write_tokenizer
from songreel_sprout.painter.scenes import HELD_OUT, Scenes, paint_scenes
from songreel_sprout.training.distillation import DistillationSettings, Distiller
from songreel_sprout.training.export import DISTILLED, DRAWN_BEST, export, pipeline_of
from songreel_sprout.training.sheets import write_sheet
from songreel_sprout.training.trainer import DiffusionSettings, Latents, Trainer
from songreel_sprout.training.training_state import train_until

VOCABULARY = Path(__file__).parents[1] / "captions/vocabulary.json"


@dataclass(frozen=True)
class TrainingSettings:
    """A whole training run."""

    work: Path
    """Where pictures, latents and resumable checkpoints live (about 200 kB a scene)."""
    start: Path | None = None
    """An exported checkpoint to begin from when the work folder has none of its own."""
    scenes: int = 28_000
    """Pictures to paint."""
    held: int = HELD_OUT
    """Number of last pictures held out from training."""
    autoencoder: AutoencoderSettings = field(default_factory=AutoencoderSettings)
    """Training of the autoencoder's decoder."""
    diffusion: DiffusionSettings = field(default_factory=DiffusionSettings)
    """Training of the denoiser."""
    distillation: DistillationSettings = field(default_factory=DistillationSettings)
    """Distillation of the denoiser to few steps."""
    save_every: float = 150.0
    """Seconds between resumable checkpoints of the denoiser."""
    sheet_every: float = 300.0
    """Seconds between sample sheets."""


def pick_device() -> torch.device:
    """The GPU when there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def bf16_pays(device: torch.device) -> bool:
    """Whether bfloat16 is faster here: a short race of a typical convolution, both ways.

    Processors without bfloat16 instructions emulate them several times slower.
    """
    layer: Any = torch.nn.Conv2d(64, 64, 3, padding=1)
    layer.to(device, memory_format=torch.channels_last)
    x = torch.randn(4, 64, 64, 64, device=device).to(memory_format=torch.channels_last)
    times: list[float] = []
    for enabled in (False, True):
        start = 0.0
        for turn in range(4):
            if turn == 1:
                start = time.perf_counter()
            with torch.autocast(device.type, dtype=torch.bfloat16, enabled=enabled):
                loss = layer(x).float().sum()
            loss.backward()
            # Reading the number waits for the device.
            loss.item()
        times.append(time.perf_counter() - start)
    return times[1] < times[0]


def trained_autoencoder(work: Path) -> AutoencoderKL:
    """The autoencoder of a work folder's latest checkpoint, on the CPU.

    Raises:
        FileNotFoundError: when its training has not begun.
    """
    model = new_autoencoder()
    model.load_state_dict(torch.load(work / "autoencoder.pt", map_location="cpu")["model"])
    return model.eval()


def manner_of_work(work: Path) -> dict[str, float]:
    """Sampling settings of the latest checkpoint of ``work``: a student needs no guidance."""
    if (work / "distilled.pt").exists():
        return DISTILLED
    folded = torch.load(work / "diffusion.pt", map_location="cpu", mmap=True).get("folded")
    return DISTILLED if folded else DRAWN_BEST


def averaged_sprout(work: Path, distilled: bool = True) -> Sprout:
    """The moving average of the latest checkpoint, on the CPU.

    With ``distilled``, the student's where there is one.

    Raises:
        FileNotFoundError: when its training has not begun.
    """
    model = new_sprout(load_tokenizer(work / "tokenizer"))
    student = work / "distilled.pt"
    path = student if distilled and student.exists() else work / "diffusion.pt"
    state = torch.load(path, map_location="cpu")
    model.load_state_dict(state["average"])
    return model.eval()


def encoded(work: Path, scenes: Scenes, held: int) -> Latents:
    """Latents of all scenes but the last ``held``, computed once and kept in ``latents.npy``."""
    path = work / "latents.npy"
    if not path.exists():
        np.save(work / "latents.tmp.npy", encode_scenes(scenes, trained_autoencoder(work)))
        (work / "latents.tmp.npy").replace(path)
    count = len(scenes.pictures) - held
    return Latents(np.load(path)[:count], scenes.labels[:count], scenes.covers[:count])


def train(settings: TrainingSettings) -> None:
    """Run every stage that is not done yet."""
    device = pick_device()
    bf16 = bf16_pays(device)
    print(f"training on {device.type}, bfloat16 {'on' if bf16 else 'off'}", flush=True)
    settings.work.mkdir(parents=True, exist_ok=True)
    if settings.start is not None:
        begin_from(settings.start, settings.work)
    scenes = paint_scenes(settings.work / "scenes", settings.scenes, seed=1)
    if not (settings.work / "tokenizer" / "merges.txt").exists():
        write_tokenizer(settings.work / "tokenizer")
    tokenizer = load_tokenizer(settings.work / "tokenizer")
    train_decoder(scenes, settings.work, settings.autoencoder, device, bf16)
    data = encoded(settings.work, scenes, settings.held)
    trainer = Trainer(data, tokenizer, settings.work, settings.diffusion, device, bf16)
    drawn = time.monotonic()

    def draw_sheet_at_times() -> None:
        nonlocal drawn
        if time.monotonic() - drawn < settings.sheet_every:
            return
        draw_sheet(settings.work, settings.work / f"sheet-{trainer.step:06d}.jpg")
        drawn = time.monotonic()

    train_until(
        trainer,
        60 * settings.diffusion.minutes,
        settings.save_every,
        name="diffusion",
        on_saved=draw_sheet_at_times,
    )
    if not trainer.folded:
        teacher = averaged_sprout(settings.work, distilled=False)
        distiller = Distiller(
            teacher, data, tokenizer, settings.work, settings.distillation, device, bf16
        )
        train_until(
            distiller,
            60 * settings.distillation.minutes,
            settings.save_every,
            name="distillation",
        )
    draw_sheet(settings.work, settings.work / "sheet-last.jpg")


def begin_from(checkpoint: Path, work: Path) -> None:
    """Copy an exported checkpoint into a work folder that has none.

    The statistics of the latents lie in the exported autoencoder, so the set that this machine
    paints is encoded as the exported denoiser knows it. Where classes have been added since, the
    text encoder learns all words again; those that the denoiser knows mean the same to it.
    """
    if (work / "diffusion.pt").exists():
        return
    words = json.loads((checkpoint / "vocabulary.json").read_text(encoding="utf-8"))["labels"]
    unknown = {f: [name for name in NAMES[f] if name not in words[f]] for f in FIELDS}
    unknown = {field: names for field, names in unknown.items() if names}
    if not unknown:
        shutil.copytree(checkpoint / "tokenizer", work / "tokenizer", dirs_exist_ok=True)
    else:
        write_tokenizer(work / "tokenizer")
    sprout = new_sprout(load_tokenizer(work / "tokenizer"))
    if not unknown:
        sprout.text.load_state_dict(load_file(checkpoint / "text_encoder" / "model.safetensors"))
    weights = "diffusion_pytorch_model.safetensors"
    sprout.unet.load_state_dict(load_file(checkpoint / "unet" / weights))
    sampling = json.loads((checkpoint / "songreel.json").read_text(encoding="utf-8"))
    torch.save(
        {
            "model": sprout.state_dict(),
            "unknown": unknown,
            "folded": sampling["guidance_scale"] == DISTILLED["guidance_scale"],
            "step": 0,
            "spent": 0.0,
        },
        work / "diffusion.pt",
    )
    autoencoder = new_autoencoder()
    autoencoder.load_state_dict(load_file(checkpoint / "vae" / weights))
    torch.save(
        {"model": autoencoder.state_dict(), "step": 0, "spent": 0.0}, work / "autoencoder.pt"
    )


def draw_sheet(work: Path, path: Path) -> None:
    """Sample sheet of the latest checkpoint in ``work``."""
    autoencoder = trained_autoencoder(work)
    pipe = pipeline_of(autoencoder, averaged_sprout(work), load_tokenizer(work / "tokenizer"))
    sampling = manner_of_work(work)
    write_sheet(pipe, path, int(sampling["steps"]), guidance=sampling["guidance_scale"])


def export_run(work: Path, target: Path) -> int:
    """Export the latest checkpoint of ``work`` with the vocabulary; returns its bytes."""
    tokenizer_folder = work / "tokenizer"
    size = export(
        trained_autoencoder(work),
        averaged_sprout(work),
        load_tokenizer(tokenizer_folder),
        tokenizer_folder,
        target,
        manner_of_work(work),
    )
    shutil.copy(VOCABULARY, target / "vocabulary.json")
    return size


__all__ = [
    "TrainingSettings",
    "averaged_sprout",
    "draw_sheet",
    "encoded",
    "export_run",
    "train",
    "trained_autoencoder",
]
