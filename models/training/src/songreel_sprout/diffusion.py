"""The denoiser, trained on the scenes' latents by a text encoder that knows the words.

v-prediction (Salimans & Ho 2022) on a schedule with zero terminal signal-to-noise ratio (Lin et
al. 2023, "Common diffusion noise schedules and sample steps are flawed"): at the last timestep
the input is pure noise and the target is the picture itself. One caption in ten is empty, so that
the sampler can be guided away from it (Ho & Salimans 2022, "Classifier-free diffusion guidance").
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
from songreel_sprout.codec import SHAPE
from songreel_sprout.labels import FIELDS, NAMES
from songreel_sprout.states import follow, write_state
from songreel_sprout.tokenizer import MAX_LENGTH, token_ids
from songreel_sprout.wording import teach_words

TEXT_WIDTH: Final = 192
CHANNEL_WEIGHTS: Final = (2.0, 1.5, 1.5, 0.6, 0.6, 0.6, 0.6, 0.6)
"""Weights of the latent channels in the loss, mean 1."""


@dataclass(frozen=True)
class DiffusionPlan:
    """How the denoiser is trained."""

    minutes: float = 240.0
    """Wall-clock budget; the learning rate follows the share of it that has passed."""
    batch: int = 16
    """Latents per update."""
    rate: float = 8e-4
    """Peak learning rate."""
    warmup: int = 300
    """Updates until the peak."""
    words: int = 500
    """Updates in which the text encoder learns the labels before the denoiser begins."""
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
            block_out_channels=(40, 80, 160, 256),
            layers_per_block=1,
            down_block_types=("DownBlock2D",) * 2 + ("CrossAttnDownBlock2D",) * 2,
            up_block_types=("CrossAttnUpBlock2D",) * 2 + ("UpBlock2D",) * 2,
            # The 4 x 4 level has three blocks with attention already; this one would weigh 8 MB.
            mid_block_type=None,
            cross_attention_dim=TEXT_WIDTH,
            attention_head_dim=4,
            norm_num_groups=8,
            # What the caption says also reaches every block with the timestep: attention alone
            # (at 8 x 8 and 4 x 4) learns to place a subject many times more slowly.
            addition_embed_type="text",
            addition_embed_type_num_heads=4,
        )
        quieten(self.unet)

    def forward(self, noisy: Tensor, timesteps: Tensor, ids: Tensor) -> Tensor:
        """Predicted v ``(n, 8, 32, 32)`` for token ids ``(n, 64)``."""
        # It has learnt the words before (see ``wording``) and stays as it is.
        with torch.no_grad():
            words = self.text(input_ids=ids).last_hidden_state
        return self.unet(noisy, timesteps, encoder_hidden_states=words).sample


def quieten(unet: UNet2DConditionModel) -> None:
    """Let the caption's part of the timestep embedding begin at half of the timestep's."""
    parts: Any = unet
    nn.init.constant_(parts.add_embedding.norm2.weight, 0.3)


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


def chances(labels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """How often each picture of ``labels`` ``(n, 7)`` is shown, summing to 1.

    Rain and snow hide the subject; pictures with a free view of it teach more. What is painted
    less often needs as many looks to be learnt: half of the difference is made up.
    """
    hidden = np.isin(labels[:, FIELDS.index("weather")], _indices("weather", "rain", "snow"))
    weight = np.where(hidden, 0.5, 1.0)
    subject = labels[:, FIELDS.index("subject")]
    often = np.bincount(subject, minlength=len(NAMES["subject"])) / len(subject)
    weight /= np.sqrt(often[subject])
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
        # The mean colours of the blocks are the picture; the waves within them come second.
        self.weights = torch.tensor(CHANNEL_WEIGHTS, device=device)
        self.chances = chances(data.labels)
        self.step, self.spent = 0, 0.0
        if self.path.exists():
            self._resume()
        else:
            self._teach()
        self.rng = np.random.default_rng((plan.seed, self.step))

    def _teach(self) -> None:
        said = teach_words(
            self.model.text,
            self.data.labels,
            self.tokenizer,
            self.plan.words,
            self.plan.seed,
            self.device,
        )
        print("words said rightly:", said, flush=True)
        self.average.load_state_dict(self.model.state_dict())

    def _resume(self) -> None:
        state = torch.load(self.path, map_location=self.device)
        self.model.load_state_dict(state["model"])
        # An exported checkpoint comes without the optimizer's state, and is its own average.
        self.average.load_state_dict(state.get("average", state["model"]))
        if "optimizer" in state:
            self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.spent = state["step"], state["spent"]
        if not state.get("taught", True):
            self._teach()

    def save(self) -> None:
        """Write everything that ``_resume`` needs, at once."""
        write_state(
            self.path,
            model=self.model.state_dict(),
            average=self.average.state_dict(),
            optimizer=self.optimizer.state_dict(),
            step=self.step,
            spent=self.spent,
        )

    def batch(self) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Latents, noise, timesteps, token ids and loss weights of one update."""
        pick = self.rng.choice(len(self.chances), size=self.plan.batch, p=self.chances)
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

    def update(self) -> float:
        """One optimizer step; returns the weighted mean squared error of v."""
        latents, noise, timesteps, ids, attention = self.batch()
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
        error = ((predicted.float() - target).square() * attention).mean(dim=(0, 2, 3))
        loss = (error * self.weights).mean()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.step += 1
        # A window of a tenth of the run: a fixed .999 would still hold the random start after
        # 1,000 updates.
        follow(self.average, self.model, min(0.999, 1 - 10 / (10 + self.step)))
        return loss.item()

    def run(self, until: float, every: float, on_pause: Any = None) -> None:
        """Train until ``until`` seconds are spent, saving every ``every`` seconds."""
        last = saved = time.monotonic()
        losses: list[float] = []
        while self.spent < until:
            losses.append(self.update())
            now = time.monotonic()
            self.spent += now - last
            last = now
            if self.step % 50 == 0:
                print(
                    f"diffusion {self.step} {self.spent:.0f} s loss {np.mean(losses[-200:]):.4f}",
                    flush=True,
                )
            if now - saved > every:
                self.save()
                if on_pause is not None:
                    on_pause(self)
                saved = last = time.monotonic()
        self.save()
