"""Distillation: a student that needs no guidance, and fewer steps.

From a noisy latent the teacher takes one guided DDIM step or more, two network calls each, and
the student, which starts as a copy of the teacher, learns the one unguided step that ends in the
same place. With one step the guidance is folded in (Meng et al. 2023, "On distillation of guided
diffusion models"); two also halve the number of steps (Salimans & Ho 2022, "Progressive
distillation for fast sampling of diffusion models").
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from transformers import CLIPTokenizer

from songreel_sprout.captions.captions import draw_caption
from songreel_sprout.networks.diffusion import CHANNEL_WEIGHTS, Sprout, new_scheduler
from songreel_sprout.networks.tokenizer import token_ids
from songreel_sprout.training.trainer import Latents
from songreel_sprout.training.training_state import update_average, write_state


@dataclass(frozen=True)
class DistillationSettings:
    """How the student is trained."""

    minutes: float = 30.0
    """Wall-clock budget; the learning rate falls linearly over it."""
    steps: int = 8
    """The student learns the timesteps of so many steps; those of half as many are among them."""
    teacher_steps: int = 1
    """Steps of the teacher for each of the student's."""
    guidance: float = 2.0
    """Scale of the teacher's guidance."""
    batch: int = 32
    """Latents per update."""
    rate: float = 3e-4
    """Learning rate at the start."""
    seed: int = 1
    """Of captions and noise."""


def trailing_timesteps(steps: int) -> list[int]:
    """Timesteps of ``steps`` trailing DDIM steps, first to last: ``[999, 749, ...]``."""
    return [round(1000 - i * 1000 / steps) - 1 for i in range(steps)]


class DdimSteps:
    """DDIM steps of a v-prediction between timesteps; -1 is the clean latent."""

    def __init__(self, device: torch.device) -> None:
        signal = new_scheduler().alphas_cumprod.to(device).sqrt()
        self._signal = torch.cat([signal, torch.ones(1, device=device)])

    def scales(self, t: Tensor) -> tuple[Tensor, Tensor]:
        """Signal and noise ``(n, 1, 1, 1)`` of timesteps ``(n,)`` in -1..999."""
        signal = self._signal[t].view(-1, 1, 1, 1)
        return signal, (1 - signal.square()).clamp_min(0).sqrt()

    def step(self, x: Tensor, v: Tensor, t: Tensor, s: Tensor) -> Tensor:
        """From ``x`` at ``t`` to ``s < t``, all ``(n, 8, 32, 32)`` and ``(n,)``."""
        a, b = self.scales(t)
        c, d = self.scales(s)
        return c * (a * x - b * v) + d * (a * v + b * x)

    def velocity_between(self, x: Tensor, end: Tensor, t: Tensor, s: Tensor) -> Tensor:
        """The v that takes ``x`` from ``t`` to ``end`` at ``s`` in one step."""
        a, b = self.scales(t)
        c, d = self.scales(s)
        # end = (c a + d b) x + (d a - c b) v
        return (end - (c * a + d * b) * x) / (d * a - c * b)


class Distiller:
    """One run of distillation, resumable from ``distilled.pt``."""

    def __init__(
        self,
        teacher: Sprout,
        data: Latents,
        tokenizer: CLIPTokenizer,
        folder: Path,
        settings: DistillationSettings,
        device: torch.device,
        bf16: bool,
    ) -> None:
        self.data, self.tokenizer, self.settings = data, tokenizer, settings
        self.device, self.bf16 = device, bf16
        self.path = folder / "distilled.pt"
        self.teacher = teacher.to(device).eval().requires_grad_(False)
        self.student = copy.deepcopy(self.teacher).train().requires_grad_(True)
        self.average = copy.deepcopy(self.teacher)
        for model in (self.teacher, self.student):
            unet: Any = model.unet
            unet.to(memory_format=torch.channels_last)
        self.optimizer = torch.optim.AdamW(
            self.student.parameters(),
            lr=settings.rate,
            betas=(0.9, 0.99),
            weight_decay=0,
            fused=True,
        )
        self.weights = torch.tensor(CHANNEL_WEIGHTS, device=device)
        self.steps = DdimSteps(device)
        self.unconditional = self._read([""])
        self.step, self.spent = 0, 0.0
        if self.path.exists():
            state = torch.load(self.path, map_location=device)
            self.student.load_state_dict(state["model"])
            self.average.load_state_dict(state["average"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.step, self.spent = state["step"], state["spent"]
        self.rng = np.random.default_rng((settings.seed, self.step))

    @torch.no_grad()
    def _read(self, captions: list[str]) -> Tensor:
        """Hidden states ``(n, 64, 192)``; the student's text encoder is the teacher's."""
        ids = torch.tensor(token_ids(self.tokenizer, captions), device=self.device)
        hidden: Tensor = self.teacher.text(input_ids=ids).last_hidden_state
        return hidden

    def save(self) -> None:
        """Write everything that a resumption needs, at once."""
        write_state(
            self.path,
            model=self.student.state_dict(),
            average=self.average.state_dict(),
            optimizer=self.optimizer.state_dict(),
            step=self.step,
            spent=self.spent,
        )

    @torch.no_grad()
    def _teacher_target(self, x: Tensor, words: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        """Where the guided steps from ``t`` lead, and at which timesteps they end."""
        stride = 1000 // self.settings.steps // self.settings.teacher_steps
        for _ in range(self.settings.teacher_steps):
            s = (t - stride).clamp_min(-1)
            both = self.teacher.unet(
                torch.cat([x, x]), torch.cat([t, t]), encoder_hidden_states=words
            ).sample.float()
            conditional, unconditional = both.chunk(2)
            x = self.steps.step(
                x, unconditional + self.settings.guidance * (conditional - unconditional), t, s
            )
            t = s
        return x, t

    def update(self) -> float:
        """One optimizer step; returns the weighted mean squared error of v."""
        size = self.settings.batch
        pick = self.rng.integers(len(self.data.latents), size=size)
        captions = [draw_caption(row, self.rng, empty=0.03).text for row in self.data.labels[pick]]
        clean = torch.from_numpy(self.data.latents[pick].astype(np.float32)).to(self.device)
        t = torch.from_numpy(
            self.rng.choice(trailing_timesteps(self.settings.steps), size=size)
        ).to(self.device)
        a, b = self.steps.scales(t)
        x = a * clean + b * torch.randn_like(clean)
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.bf16):
            conditional = self._read(captions)
            end, s = self._teacher_target(
                x, torch.cat([conditional, self.unconditional.expand_as(conditional)]), t
            )
            predicted = self.student.unet(x, t, encoder_hidden_states=conditional).sample
        wanted = self.steps.velocity_between(x, end, t, s)
        error = (predicted.float() - wanted).square().mean(dim=(0, 2, 3))
        loss = (error * self.weights).mean()
        rate = self.settings.rate * max(0.02, 1 - self.spent / (60 * self.settings.minutes))
        for group in self.optimizer.param_groups:
            group["lr"] = rate * min(1.0, (self.step + 1) / 20)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.student.parameters(), 1.0)
        self.optimizer.step()
        self.step += 1
        update_average(self.average, self.student, min(0.99, self.step / (self.step + 10)))
        return loss.item()
