"""The denoiser, trained on the scenes' latents.

One caption in ten is empty, so that the sampler can be guided away from it (Ho & Salimans 2022,
"Classifier-free diffusion guidance").
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import CLIPTokenizer

from songreel_sprout.captions.captions import draw_caption
from songreel_sprout.captions.labels import FIELDS, NAMES
from songreel_sprout.captions.wording import teach_words
from songreel_sprout.networks.diffusion import CHANNEL_WEIGHTS, new_scheduler, new_sprout
from songreel_sprout.networks.tokenizer import token_ids
from songreel_sprout.training.training_state import update_average, write_state

_FRESH = 2.5
"""How many times as often a class is shown that the denoiser has never seen."""


@dataclass(frozen=True)
class DiffusionSettings:
    """How the denoiser is trained."""

    minutes: float = 240.0
    """Wall-clock budget; the learning rate follows the share of it that has passed."""
    batch: int = 16
    """Latents per update."""
    rate: float = 8e-4
    """Peak learning rate."""
    warmup: int = 300
    """Updates until the peak."""
    guidance: float = 2.0
    """Scale of the guidance, where it is folded in."""
    words: int = 500
    """Updates in which the text encoder learns the labels before the denoiser begins."""
    seed: int = 0
    """Of weights, captions and noise."""


@dataclass(frozen=True)
class Latents:
    """Training data of the denoiser."""

    latents: NDArray[np.float16]
    """``(n, 8, 32, 32)``."""
    labels: NDArray[np.uint8]
    """``(n, 7)`` class numbers."""
    covers: NDArray[np.uint8]
    """``(n, 32, 32)``: how much of each position the subject covers, 0..255."""


def attention_of(covers: Tensor) -> Tensor:
    """Weights of the loss ``(n, 1, 32, 32)``, mean about 1, for covers ``(n, 32, 32)`` in 0..255.

    The subject takes a sixth of a picture; the clouds and windows around it would be most of
    what is learnt.
    """
    return (0.6 + 2.4 * covers.float() / 255).unsqueeze(1)


def draw_timesteps(rng: np.random.Generator, count: int) -> NDArray[np.int64]:
    """Timesteps ``(count,)``: noisier ones more often, and a tenth at the noisy end.

    What a picture shows is decided where there is most noise; every sampler begins at the end.
    """
    some = 1000 * np.sqrt(rng.random(count))
    return np.where(rng.random(count) < 0.1, 999, some).astype(np.int64)


def chances(labels: NDArray[np.uint8], unknown: Mapping[str, list[str]]) -> NDArray[np.float64]:
    """How often each picture of ``labels`` ``(n, 7)`` is shown, summing to 1.

    Rain and snow hide the subject; pictures with a free view of it teach more. What is painted
    less often needs as many looks to be learnt: half of the difference is made up. Classes that
    the denoiser has never seen (``unknown``: names by label) are shown more often.
    """
    hidden = np.isin(labels[:, FIELDS.index("weather")], _indices("weather", "rain", "snow"))
    weight = np.where(hidden, 0.5, 1.0)
    fresh = np.zeros(len(labels), dtype=bool)
    subject = labels[:, FIELDS.index("subject")]
    often = np.bincount(subject, minlength=len(NAMES["subject"])) / len(subject)
    weight /= np.sqrt(often[subject])
    for field, names in unknown.items():
        column = labels[:, FIELDS.index(field)]
        fresh = fresh | np.isin(column, _indices(field, *names))
    weight[fresh] *= _FRESH
    return weight / weight.sum()


def _indices(field: str, *names: str) -> list[int]:
    return [NAMES[field].index(name) for name in names]


class Trainer:
    """One training run with its moving average, resumable from ``diffusion.pt``."""

    def __init__(
        self,
        data: Latents,
        tokenizer: CLIPTokenizer,
        folder: Path,
        settings: DiffusionSettings,
        device: torch.device,
        bf16: bool,
    ) -> None:
        self.data, self.tokenizer, self.settings = data, tokenizer, settings
        self.device, self.bf16 = device, bf16
        self.path = folder / "diffusion.pt"
        torch.manual_seed(settings.seed)
        self.model = new_sprout(tokenizer).to(device)
        parts: Any = self.model.unet
        parts.to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.model).eval().requires_grad_(False)
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(),
            lr=settings.rate,
            betas=(0.9, 0.98),
            weight_decay=0.01,
            fused=True,
        )
        self.alphas = new_scheduler().alphas_cumprod.to(device)
        # The mean colours of the blocks are the picture; the waves within them come second.
        self.weights = torch.tensor(CHANNEL_WEIGHTS, device=device)
        self.unknown: dict[str, list[str]] = {}
        self.unconditional = torch.tensor(token_ids(tokenizer, [""]), device=device)
        self.folded = False
        self.step, self.spent = 0, 0.0
        if self.path.exists():
            self._resume()
        else:
            self._teach()
        self.chances = chances(data.labels, self.unknown)
        self.rng = np.random.default_rng((settings.seed, self.step))

    def _teach(self) -> None:
        said = teach_words(
            self.model.text,
            self.data.labels,
            self.tokenizer,
            self.settings.words,
            self.settings.seed,
            self.device,
        )
        print("labels read correctly:", said, flush=True)
        self.average.load_state_dict(self.model.state_dict())

    def _resume(self) -> None:
        state = torch.load(self.path, map_location=self.device)
        self.model.load_state_dict(state["model"])
        # An exported checkpoint comes without the optimizer's state, and is its own average.
        self.average.load_state_dict(state.get("average", state["model"]))
        if "optimizer" in state:
            self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.spent = state["step"], state["spent"]
        self.folded = state.get("folded", False)
        self.unknown = state.get("unknown", {})
        # Only an exported checkpoint comes without steps.
        if self.unknown and not self.step:
            self._teach()

    def save(self) -> None:
        """Write everything that ``_resume`` needs, at once."""
        write_state(
            self.path,
            model=self.model.state_dict(),
            average=self.average.state_dict(),
            optimizer=self.optimizer.state_dict(),
            folded=self.folded,
            unknown=self.unknown,
            step=self.step,
            spent=self.spent,
        )

    def batch(self) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Latents, noise, timesteps, token ids and loss weights of one update."""
        pick = self.rng.choice(len(self.chances), size=self.settings.batch, p=self.chances)
        labels = self.data.labels[pick]
        captions = [draw_caption(row, self.rng) for row in labels]
        latents = torch.from_numpy(self.data.latents[pick].astype(np.float32)).to(self.device)
        noise = torch.randn(latents.shape, device=self.device)
        timesteps = torch.from_numpy(draw_timesteps(self.rng, len(pick))).to(self.device)
        ids = torch.tensor(
            token_ids(self.tokenizer, [c.text for c in captions]), device=self.device
        )
        covers = torch.from_numpy(self.data.covers[pick]).to(self.device)
        return latents, noise, timesteps, ids, attention_of(covers)

    @torch.no_grad()
    def _guidance(self, conditional: Tensor, noisy: Tensor, timesteps: Tensor) -> Tensor:
        """What is added to v so that a prediction that contains guidance goes on to contain it.

        Model guidance (Tang et al. 2025, "Diffusion models without classifier-free guidance"):
        what is learnt is v + s (conditional - unconditional), which settles where the
        conditional is the guided prediction of scale 1 / (1 - s).
        """
        unconditional = self.model(noisy, timesteps, self.unconditional.expand(len(noisy), -1))
        return (1 - 1 / self.settings.guidance) * (conditional.float() - unconditional.float())

    def update(self) -> float:
        """One optimizer step; returns the weighted mean squared error of v."""
        latents, noise, timesteps, ids, attention = self.batch()
        a = self.alphas[timesteps].view(-1, 1, 1, 1)
        noisy = a.sqrt() * latents + (1 - a).sqrt() * noise
        target = a.sqrt() * noise - (1 - a).sqrt() * latents
        part = min(1.0, self.spent / (60 * self.settings.minutes))
        rate = min(1.0, (self.step + 1) / self.settings.warmup) * (
            0.02 + 0.49 * (1 + math.cos(math.pi * part))
        )
        for group in self.optimizer.param_groups:
            group["lr"] = self.settings.rate * rate
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.bf16):
            predicted = self.model(noisy, timesteps, ids)
            if self.folded:
                target += self._guidance(predicted, noisy, timesteps)
        error = ((predicted.float() - target).square() * attention).mean(dim=(0, 2, 3))
        loss = (error * self.weights).mean()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.step += 1
        # A window of a tenth of the run: a fixed .999 would still hold the random start after
        # 1,000 updates.
        update_average(self.average, self.model, min(0.999, 1 - 10 / (10 + self.step)))
        return loss.item()
