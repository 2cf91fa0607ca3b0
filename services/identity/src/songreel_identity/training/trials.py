"""Trials: pictures drawn during a training, scored by dlib."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from songreel_identity.faces.embeddings import Embedding
from songreel_identity.faces.recognition import NO_FACE, SAME_PERSON, FaceRecogniser, nearest
from songreel_identity.training.base_checkpoint import BaseCheckpoint

_BATCH = 4


@dataclass(frozen=True)
class Trial:
    """How well the trial pictures of a step show the person."""

    step: int
    faces: float
    """Share of the pictures with a face, in [0, 1]."""
    matches: float
    """Share whose nearest face is within .6 of the person."""
    distance: float
    """Mean distance to the person, 1 where there is no face: lower is better."""

    def better_than(self, other: Trial) -> bool:
        """Whether to keep this step rather than the other."""
        return (self.matches, -self.distance) > (other.matches, -other.distance)


@torch.no_grad()
def draw_latents(
    base: BaseCheckpoint, unet: Any, prompts: Sequence[str], seed: int, check: Callable[[], None]
) -> Tensor:
    """Draws one picture for each prompt by the checkpoint's own settings.

    Args:
        base: tokenizer, text encoder, noise schedule.
        unet: the base's own, or with an adapter in it.
        prompts: what to draw.
        seed: of the noise; equal seeds give equal pictures.
        check: called between steps; may raise.

    Returns:
        (prompts, c, h, w) latents.
    """
    from diffusers.schedulers.scheduling_ddim import DDIMScheduler

    make: Any = DDIMScheduler
    guided = base.guidance > 1.0
    noise = torch.randn(
        (len(prompts), int(unet.config.in_channels), *_side(base, unet)),
        generator=torch.Generator().manual_seed(seed),
    )
    done: list[Tensor] = []
    for start in range(0, len(prompts), _BATCH):
        scheduler = make.from_config(base.scheduler_config)
        scheduler.set_timesteps(base.steps)
        latents = noise[start : start + _BATCH].to(base.device) * scheduler.init_noise_sigma
        words = base.encode_text(prompts[start : start + _BATCH])
        if guided:
            words = torch.cat([base.encode_text([""]).expand_as(words), words])
        for time in scheduler.timesteps:
            check()
            given = torch.cat([latents, latents]) if guided else latents
            given = scheduler.scale_model_input(given, time)
            predicted = unet(given, time, encoder_hidden_states=words, return_dict=False)[0].float()
            if guided:
                without, with_text = predicted.chunk(2)
                predicted = torch.lerp(without, with_text, base.guidance)
            latents = scheduler.step(predicted, time, latents, return_dict=False)[0]
        done.append(latents)
    return torch.cat(done)


def score_pictures(
    pictures: Sequence[NDArray[np.uint8]], recogniser: FaceRecogniser, person: Embedding, step: int
) -> Trial:
    """Scores pictures, each (height, width, 3) uint8 RGB."""
    found = [nearest(recogniser.embed(picture), person) for picture in pictures]
    seen = [each for each in found if each is not None]
    count = max(1, len(pictures))
    return Trial(
        step=step,
        faces=len(seen) / count,
        matches=sum(each < SAME_PERSON for each in seen) / count,
        distance=sum(NO_FACE if each is None else each for each in found) / count,
    )


def decode_pictures(base: BaseCheckpoint, latents: Tensor) -> list[NDArray[np.uint8]]:
    """Decodes latents (n, c, h, w) to n pictures (height, width, 3) uint8 RGB."""
    pictures: list[NDArray[np.uint8]] = []
    for start in range(0, len(latents), _BATCH):
        decoded = base.decode(latents[start : start + _BATCH])
        scaled = (decoded * 255.0).round().to(torch.uint8).permute(0, 2, 3, 1)
        pictures.extend(np.ascontiguousarray(each) for each in scaled.cpu().numpy())
    return pictures


def repeat_prompts(prompts: Sequence[str], count: int) -> list[str]:
    """`count` prompts, all equally often."""
    return (list(prompts) * math.ceil(count / len(prompts)))[:count]


def _side(base: BaseCheckpoint, unet: Any) -> tuple[int, int]:
    widths = base.autoencoder.config.get("block_out_channels") or (1, 1, 1, 1)
    side = base.size // 2 ** (len(widths) - 1)
    return side, side
