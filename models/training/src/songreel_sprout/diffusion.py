"""The text encoder and the denoiser, trained together on the scenes' latents.

v-prediction on a schedule with zero terminal signal-to-noise ratio (Lin et al. 2023, "Common
diffusion noise schedules and sample steps are flawed"): at the last timestep the input is pure
noise and the target is the picture itself, so one step already draws.
"""

from __future__ import annotations

import copy
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from songreel_sprout.captions import draw_caption
from songreel_sprout.coupling import SHAPE, coordinates, couple, directions, label_positions
from songreel_sprout.reading import open_the_drawing_way, open_the_place_way, open_the_reading_way
from songreel_sprout.tokenizer import MAX_LENGTH, token_ids

TEXT_WIDTH: Final = 192
TRAILING: Final = (999, 749, 499, 249)
"""Timesteps of a four-step sampler with trailing spacing (and of the one- and two-step ones)."""


CHANNEL_WEIGHTS: Final = (2.0, 1.5, 1.5, 0.6, 0.6, 0.6, 0.6, 0.6)
"""Weights of the latent channels in the loss, mean 1."""


@dataclass(frozen=True)
class DiffusionPlan:
    """How the denoiser is trained."""

    minutes: float = 240.0
    """Wall-clock budget; the learning rate follows the share of it that has passed."""
    batch: int = 12
    """Latents per update."""
    rate: float = 1e-3
    """Peak learning rate."""
    warmup: int = 150
    """Updates until the peak."""
    seed: int = 0
    """Of weights, captions and noise."""


class Sprout(nn.Module):
    """Text encoder and denoiser as one module, so that one moving average covers both."""

    def __init__(self, vocabulary: int, end: int, start: int) -> None:
        super().__init__()
        self.text = CLIPTextModel(
            CLIPTextConfig(
                vocab_size=vocabulary,
                hidden_size=TEXT_WIDTH,
                intermediate_size=4 * TEXT_WIDTH,
                projection_dim=TEXT_WIDTH,
                num_hidden_layers=2,
                num_attention_heads=4,
                max_position_embeddings=MAX_LENGTH,
                bos_token_id=start,
                eos_token_id=end,
                pad_token_id=end,
            )
        )
        self.unet = UNet2DConditionModel(
            sample_size=SHAPE[1],
            in_channels=SHAPE[0],
            out_channels=SHAPE[0],
            # A thin first level: its 32 x 32 positions would take most of the time. Attention
            # only where there are few positions.
            block_out_channels=(32, 64, 128, 192),
            layers_per_block=1,
            down_block_types=("DownBlock2D",) * 2 + ("CrossAttnDownBlock2D",) * 2,
            up_block_types=("CrossAttnUpBlock2D",) * 2 + ("UpBlock2D",) * 2,
            cross_attention_dim=TEXT_WIDTH,
            attention_head_dim=4,
            # Few groups: small ones remove the averages in which the noise carries the knobs.
            norm_num_groups=8,
        )
        open_the_reading_way(self.unet)
        open_the_place_way(self.unet)
        open_the_drawing_way(self.unet)

    def forward(self, noisy: Tensor, timesteps: Tensor, ids: Tensor) -> Tensor:
        """Predicted v ``(n, 8, 32, 32)`` for token ids ``(n, 32)``."""
        words = self.text(input_ids=ids).last_hidden_state
        return self.unet(noisy, timesteps, encoder_hidden_states=words).sample


def new_sprout(tokenizer: CLIPTokenizer) -> Sprout:
    """An untrained model for a tokenizer."""
    ids: Any = tokenizer
    return Sprout(len(tokenizer), end=int(ids.eos_token_id), start=int(ids.bos_token_id))


def new_scheduler() -> DDIMScheduler:
    """The schedule of training and of drawing."""
    return DDIMScheduler(
        num_train_timesteps=1000,
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        clip_sample=False,
        set_alpha_to_one=True,
        # Without effect on trailing steps; the pipeline warns about any other value.
        steps_offset=1,
        prediction_type="v_prediction",
        timestep_spacing="trailing",
        rescale_betas_zero_snr=True,
    )


@dataclass(frozen=True)
class Latents:
    """What the denoiser learns from."""

    latents: NDArray[np.float16]
    """``(n, 8, 32, 32)``."""
    labels: NDArray[np.uint8]
    """``(n, 7)`` class numbers."""
    knobs: NDArray[np.float32]
    """``(n, 40)``."""


def draw_timesteps(rng: np.random.Generator, count: int) -> NDArray[np.int64]:
    """Timesteps ``(count,)``: most on the steps that few-step samplers visit.

    Pure noise comes most often: there the whole picture is decided.
    """
    some = rng.integers(0, 1000, size=count)
    fixed = rng.choice(TRAILING, size=count, p=(0.65, 0.1, 0.2, 0.05))
    return np.where(rng.random(count) < 0.85, fixed, some).astype(np.int64)


class Trainer:
    """One training run with its moving average, resumable from ``diffusion.pt``."""

    def __init__(
        self,
        data: Latents,
        tokenizer: CLIPTokenizer,
        folder: Path,
        plan: DiffusionPlan,
        device: torch.device,
        bf16: bool,
    ) -> None:
        self.data, self.tokenizer, self.plan = data, tokenizer, plan
        self.device, self.bf16 = device, bf16
        self.path = folder / "diffusion.pt"
        torch.manual_seed(plan.seed)
        self.model = new_sprout(tokenizer).to(device)
        parts: Any = self.model.unet
        parts.to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.model).eval().requires_grad_(False)
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), lr=plan.rate, betas=(0.9, 0.98), weight_decay=0.01, fused=True
        )
        self.alphas = new_scheduler().alphas_cumprod.to(device)
        self.basis = directions().to(device)
        # The mean colours of the blocks are the picture; the waves within them come second.
        self.weights = torch.tensor(CHANNEL_WEIGHTS, device=device)
        self.step, self.spent = 0, 0.0
        if self.path.exists():
            self._resume()
        self.rng = np.random.default_rng((plan.seed, self.step))

    def _resume(self) -> None:
        state = torch.load(self.path, map_location=self.device)
        self.model.load_state_dict(state["model"])
        # An exported checkpoint comes without the optimizer's state, and is its own average.
        self.average.load_state_dict(state.get("average", state["model"]))
        if "optimizer" in state:
            self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.spent = state["step"], state["spent"]

    def save(self) -> None:
        """Write everything that ``_resume`` needs, at once."""
        state: dict[str, Any] = {
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "spent": self.spent,
        }
        torch.save(state, self.path.with_suffix(".tmp"))
        self.path.with_suffix(".tmp").replace(self.path)

    def batch(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Latents, coupled noise, timesteps and token ids of one update."""
        pick = self.rng.integers(len(self.data.latents), size=self.plan.batch)
        labels = self.data.labels[pick]
        captions = [draw_caption(row, self.rng) for row in labels]
        stated = np.stack([c.stated for c in captions])
        wanted = coordinates(self.data.knobs[pick], label_positions(labels, stated, self.rng))
        latents = torch.from_numpy(self.data.latents[pick].astype(np.float32)).to(self.device)
        free = torch.randn(latents.shape, device=self.device)
        noise = couple(free, torch.from_numpy(wanted).to(self.device), self.basis)
        timesteps = torch.from_numpy(draw_timesteps(self.rng, len(pick))).to(self.device)
        ids = torch.tensor(
            token_ids(self.tokenizer, [c.text for c in captions]), device=self.device
        )
        return latents, noise, timesteps, ids

    def update(self) -> float:
        """One optimizer step; returns the weighted mean squared error of v."""
        latents, noise, timesteps, ids = self.batch()
        a = self.alphas[timesteps].view(-1, 1, 1, 1)
        noisy = a.sqrt() * latents + (1 - a).sqrt() * noise
        target = a.sqrt() * noise - (1 - a).sqrt() * latents
        part = min(1.0, self.spent / (60 * self.plan.minutes))
        rate = min(1.0, (self.step + 1) / self.plan.warmup) * (
            0.02 + 0.49 * (1 + math.cos(math.pi * part))
        )
        for group in self.optimizer.param_groups:
            group["lr"] = self.plan.rate * rate
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.bf16):
            predicted = self.model(noisy, timesteps, ids)
        error = (predicted.float() - target).square().mean(dim=(0, 2, 3))
        loss = (error * self.weights).mean()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.step += 1
        self._follow()
        return loss.item()

    @torch.no_grad()
    def _follow(self) -> None:
        # A growing window: a fixed .999 would still hold the random start after 1,000 updates.
        keep = min(0.999, (1 + self.step) / (20 + 1.2 * self.step + 1))
        for slow, fast in zip(self.average.parameters(), self.model.parameters(), strict=True):
            slow.lerp_(fast, 1 - keep)

    def run(self, until: float, every: float, on_pause: Any = None) -> None:
        """Train until ``until`` seconds are spent, saving every ``every`` seconds."""
        last = saved = time.monotonic()
        losses: list[float] = []
        while self.spent < until:
            losses.append(self.update())
            now = time.monotonic()
            self.spent += now - last
            last = now
            if self.step % 25 == 0:
                print(
                    f"diffusion {self.step} {self.spent:.0f} s loss {np.mean(losses[-100:]):.4f}",
                    flush=True,
                )
            if now - saved > every:
                self.save()
                if on_pause is not None:
                    on_pause(self)
                saved = last = time.monotonic()
        self.save()
