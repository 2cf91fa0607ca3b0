"""How an adapter is trained: numbers, schedules and captions.

Starting point: diffusers' train_dreambooth_lora and kohya's scripts (rank 16, alpha
half of it, UNet only, cached latents, prior preservation, min-SNR 5, no flip).
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from songreel_kit.likeness.adapters import phrase_of

CAPTIONS: Final = (
    "a photo of a {}",
    "a portrait of a {}",
    "a {}, close-up",
    "realistic of a {}, close-up",
    "realistic of a {}, close-up, neutral",
)
"""Short ones; the person's picture is told by nothing but the phrase."""
TRIALS: Final = (
    "a photo of a {}, close-up",
    "realistic of a {} in the city, day, clear, close-up, neutral",
    "a portrait of a {}",
    "realistic of a {} at the beach, sunset, clear, close-up, serene",
)
"""What is drawn to see how far the training is: the way storyboards ask for it."""


@dataclass(frozen=True)
class TrainingRecipe:
    """Everything that decides an adapter beside the pictures and the checkpoint."""

    noun: str = "person"
    """What the person is called."""
    steps: int = 800
    """Updates, >= 1."""
    rank: int = 16
    alpha: float = 8.0
    rate: float = 1e-4
    """Learning rate at its highest, after the warm-up."""
    warmup: int = 20
    """Updates until then."""
    batch: int = 2
    """Pictures of the person in an update."""
    prior_batch: int = 1
    """Pictures of anybody in an update, so that the noun keeps its meaning; 0 without."""
    prior_pictures: int = 16
    """How many of those are drawn with the bare checkpoint."""
    prior_weight: float = 1.0
    variants: int = 8
    """Crops of each picture, made and encoded once."""
    background: float = 0.25
    """Weight of what is not face in the loss; the face's is 1 before both are scaled."""
    min_snr: float = 5.0
    """Hang et al. 2023: no timestep counts more than this signal-to-noise ratio."""
    every: int = 100
    """Updates between two trials, each of which is also a point to go on from."""
    trial_pictures: int = 8
    seed: int = 0

    @property
    def phrase(self) -> str:
        """How captions name the person. Raises `ValueError` for a noun that is none."""
        return phrase_of(self.noun)

    def text(self) -> str:
        """As JSON, the same for equal recipes."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))

    def rate_at(self, step: int) -> float:
        """Learning rate of update `step`, counted from 0: warm-up, then half a cosine to 0."""
        warm = min(1.0, (step + 1) / max(1, self.warmup))
        done = max(0, step - self.warmup) / max(1, self.steps - self.warmup)
        return self.rate * warm * 0.5 * (1.0 + math.cos(math.pi * min(1.0, done)))


SMALL: Final = TrainingRecipe(
    steps=500,
    rank=32,
    alpha=32.0,
    rate=1e-3,
    prior_batch=0,
    variants=1,
    background=0.1,
)
"""For networks of few parameters, such as the embedded checkpoint's.

They draw the mean of what they are shown, so each picture is shown straight and unchanged; and
their text encoders know no word like the trigger, so pictures of anybody under the same caption
would unlearn the person: the adapter is not in scenes without the person anyway."""
SMALL_BYTES: Final = 200 * 2**20
"""Weights of the UNet on disk below which a checkpoint is a small one."""


def is_small(checkpoint: Path) -> bool:
    """Whether a diffusers folder's UNet is to be trained by `SMALL`."""
    weights = [each.stat().st_size for each in (checkpoint / "unet").glob("*.safetensors")]
    return bool(weights) and sum(weights) < SMALL_BYTES


def snr_weights(alphas: NDArray[np.float64], prediction: str, most: float) -> NDArray[np.float64]:
    """Weights of the squared error by timestep, after Hang et al. 2023 (min-SNR).

    In terms of the clean picture every timestep weighs min(snr, most); what the network
    predicts instead scales that error: noise by 1 / snr, velocity by 1 / (snr + 1).

    Args:
        alphas: (timesteps,) cumulative products in [0, 1].
        prediction: "epsilon", "v_prediction" or "sample".
        most: the bound, > 0.

    Returns:
        (timesteps,) in [0, most], finite also where nothing of the signal is left.
    """
    left = np.maximum(1.0 - alphas, 1e-12)
    snr = alphas / left
    bounded = np.minimum(snr, most)
    if prediction == "sample":
        return bounded
    if prediction == "v_prediction":
        return bounded / (snr + 1.0)
    # At snr 0 the noise is all there is, and the limit of min(snr, most) / snr is 1.
    return np.where(snr > 0, bounded / np.maximum(snr, 1e-12), 1.0)
