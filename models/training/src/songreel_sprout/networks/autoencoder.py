"""Training of the autoencoder's decoder on crops of painted scenes.

The encoder is the explicit linear codec of ``codec`` and stays it, so the latents of the whole
set cost no network and the decoder and the denoiser can be trained side by side.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from songreel_sprout.networks.codec import (
    CHANNELS,
    FACTOR,
    LATENT_NOISE,
    fold,
    folded,
    linear_latents,
    new_autoencoder,
)
from songreel_sprout.painter.canvas import SIZE
from songreel_sprout.painter.scenes import Scenes
from songreel_sprout.training.training_state import write_state


@dataclass(frozen=True)
class AutoencoderSettings:
    """How the autoencoder is trained."""

    minutes: float = 15.0
    """Wall-clock budget; the learning rate follows the share of it that has passed."""
    batch: int = 4
    """Crops per update: many small updates learn faster per second than few large ones."""
    crop: int = 128
    """Side of a crop, px; whole pictures in the last fifth."""
    rate: float = 1e-3
    """Peak learning rate."""


def _texture(rng: np.random.Generator, side: int) -> NDArray[np.uint8]:
    """Smooth coloured noise at random scales: what no painted scene contains."""
    cells = int(2 ** rng.integers(2, 6))
    field = torch.from_numpy(rng.random((1, 3, cells, cells), dtype=np.float32))
    big = F.interpolate(field, size=(side, side), mode="bicubic").clamp(0, 1)
    return (255 * big[0].permute(1, 2, 0).numpy()).astype(np.uint8)


def crops(pictures: NDArray[np.uint8], rng: np.random.Generator, count: int, side: int) -> Tensor:
    """``(count, 3, side, side)`` float in [-1, 1]: random crops, some flipped or recoloured."""
    out: list[NDArray[np.uint8]] = []
    for _ in range(count):
        if rng.random() < 0.06:
            out.append(_texture(rng, side))
            continue
        picture = pictures[rng.integers(len(pictures))]
        y, x = (int(rng.integers(0, 256 - side + 1)) for _ in range(2))
        crop = picture[y : y + side, x : x + side]
        if rng.random() < 0.5:
            crop = crop[:, ::-1]
        if rng.random() < 0.15:
            crop = crop[..., rng.permutation(3)]
        out.append(np.ascontiguousarray(crop))
    return torch.from_numpy(np.stack(out)).permute(0, 3, 1, 2).float() / 127.5 - 1


def reconstruction_loss(a: Tensor, b: Tensor) -> Tensor:
    """L1 on colours, on edges and on two coarser scales; ``(n, 3, h, w)`` each."""
    # Differences of channels again: colour is a small part of L1 and would be learnt last.
    loss = F.l1_loss(a, b) + 0.5 * F.l1_loss(a.diff(dim=1), b.diff(dim=1))
    for k in range(3):
        if k:
            a, b = F.avg_pool2d(a, 2), F.avg_pool2d(b, 2)
            loss = loss + 0.4 * F.l1_loss(a, b)
        loss = loss + 0.8 * F.l1_loss(a.diff(dim=-1), b.diff(dim=-1))
        loss = loss + 0.8 * F.l1_loss(a.diff(dim=-2), b.diff(dim=-2))
    return loss


def train_decoder(
    scenes: Scenes, folder: Path, settings: AutoencoderSettings, device: torch.device, bf16: bool
) -> AutoencoderKL:
    """Train (or go on training) the decoder; writes ``autoencoder.pt`` into ``folder``.

    The encoder stays the linear codec, so latents encoded at any time stay valid.
    """
    torch.manual_seed(0)
    rng = np.random.default_rng()
    model = fold(new_autoencoder(), *latent_statistics(scenes))
    parts: Any = model
    parts.to(device=device, memory_format=torch.channels_last)
    learning = [*parts.decoder.parameters(), *parts.post_quant_conv.parameters()]
    optimizer = torch.optim.AdamW(
        learning, lr=settings.rate, betas=(0.9, 0.99), weight_decay=1e-4, fused=True
    )
    path = folder / "autoencoder.pt"
    spent, step = 0.0, 0
    if path.exists():
        state = torch.load(path, map_location=device)
        model.load_state_dict(state["model"])
        if "optimizer" in state:
            optimizer.load_state_dict(state["optimizer"])
        spent, step = state["spent"], state["step"]
    budget = settings.minutes * 60
    last = saved = time.monotonic()
    shown: list[float] = []
    errors: list[float] = []
    shift, scale = (v.view(1, -1, 1, 1).to(device) for v in folded(model))
    while spent < budget:
        part = spent / budget
        rate = settings.rate * min(1.0, (step + 1) / 50)
        for group in optimizer.param_groups:
            group["lr"] = rate * (0.02 + 0.49 * (1 + math.cos(math.pi * part)))
        whole = part > 0.85
        x = crops(
            scenes.pictures, rng, 1 if whole else settings.batch, 256 if whole else settings.crop
        )
        x = x.to(device, memory_format=torch.channels_last)
        z = (linear_latents(x) - shift) / scale
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=bf16):
            y: Tensor = parts.decode(z + LATENT_NOISE * torch.randn_like(z)).sample.float()
        loss = reconstruction_loss(y, x)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learning, 1.0)
        optimizer.step()
        step += 1
        shown.append(loss.item())
        errors.append((y.detach().clamp(-1, 1) - x).square().mean().item() / 4)
        now = time.monotonic()
        spent += now - last
        last = now
        if step % 100 == 0:
            psnr = -10 * math.log10(float(np.mean(errors)))
            print(
                f"decoder {step} {spent:.0f} s loss {np.mean(shown):.4f} psnr {psnr:.2f}",
                flush=True,
            )
            shown.clear()
            errors.clear()
        if now - saved > 60 or spent >= budget:
            saved = now
            write_state(
                path,
                model=model.state_dict(),
                optimizer=optimizer.state_dict(),
                spent=spent,
                step=step,
            )
    return model


def latent_statistics(scenes: Scenes, count: int = 1024) -> tuple[Tensor, Tensor]:
    """Mean and spread ``(8,)`` of the linear codec's latents of painted scenes."""
    step = max(1, len(scenes.pictures) // count)
    z = torch.cat(
        [
            linear_latents(_batch(scenes, range(i, i + 1)))
            for i in range(0, len(scenes.pictures), step)
        ]
    )
    return z.mean(dim=(0, 2, 3)), z.std(dim=(0, 2, 3))


def _batch(scenes: Scenes, rows: range) -> Tensor:
    pictures = np.ascontiguousarray(scenes.pictures[rows.start : rows.stop])
    return torch.from_numpy(pictures.copy()).permute(0, 3, 1, 2).float() / 127.5 - 1


@torch.no_grad()
def encode_scenes(scenes: Scenes, model: AutoencoderKL) -> NDArray[np.float16]:
    """Latents of all scenes as ``model`` encodes them, ``(n, 8, 32, 32)`` float16."""
    mean, std = (v.cpu().view(1, -1, 1, 1) for v in folded(model))
    side = SIZE // FACTOR
    out = np.empty((len(scenes.pictures), CHANNELS, side, side), dtype=np.float16)
    for i in range(0, len(out), 64):
        z = (linear_latents(_batch(scenes, range(i, i + 64))) - mean) / std
        out[i : i + 64] = z.numpy().astype(np.float16)
    return out
