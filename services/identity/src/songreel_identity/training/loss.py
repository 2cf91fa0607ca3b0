"""The loss of a training: min-SNR weighted, masked, with prior preservation."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from songreel_identity.training.base_checkpoint import BaseCheckpoint
from songreel_identity.training.recipe import CAPTIONS, TrainingRecipe, snr_weights


class TrainingLoss:
    """Draws the batch of every update, each from a seed of its own.

    Args:
        base: whose UNet is trained.
        recipe: of the training.
        latents: (n, c, h, w) of the person's portraits.
        masks: (n, 1, h, w) weights of mean 1.
        prior: (m, c, h, w) of what the bare checkpoint draws for the noun, if it is used.
    """

    def __init__(
        self,
        base: BaseCheckpoint,
        recipe: TrainingRecipe,
        latents: Tensor,
        masks: Tensor,
        prior: Tensor | None,
    ) -> None:
        from diffusers.schedulers.scheduling_ddpm import DDPMScheduler

        make: Any = DDPMScheduler
        self._noise: Any = make.from_config(base.scheduler_config)
        alphas = self._noise.alphas_cumprod
        weights = snr_weights(alphas.double().numpy(), base.prediction, recipe.min_snr)
        self._weights = torch.from_numpy(weights).float().to(base.device)
        self._base, self._recipe = base, recipe
        self._latents, self._masks = latents, masks
        self._prior = prior
        phrases = [text.format(recipe.phrase) for text in CAPTIONS]
        self._own_words = base.encode_text(phrases)
        self._prior_words = base.encode_text([text.format(recipe.noun) for text in CAPTIONS])

    def of_update(self, unet: Any, step: int) -> Tensor:
        """Weighted mean squared error of update `step`, a scalar."""
        recipe, base = self._recipe, self._base
        random = torch.Generator().manual_seed(recipe.seed * 1_000_003 + step)
        own = torch.randint(len(self._latents), (recipe.batch,), generator=random)
        captions = torch.randint(len(CAPTIONS), (recipe.batch,), generator=random)
        latents, masks = self._latents[own], self._masks[own]
        words = self._own_words[captions]
        shares = torch.ones(recipe.batch)
        if self._prior is not None:
            picked = torch.randint(len(self._prior), (recipe.prior_batch,), generator=random)
            latents = torch.cat([latents, self._prior[picked]])
            masks = torch.cat([masks, torch.ones_like(masks[:1]).expand(len(picked), -1, -1, -1)])
            # Each prior picture under the caption that it was drawn for.
            words = torch.cat([words, self._prior_words[picked % len(CAPTIONS)]])
            shares = torch.cat([shares, torch.full((len(picked),), recipe.prior_weight)])
        noise = torch.randn(latents.shape, generator=random).to(base.device)
        steps = int(self._noise.config.num_train_timesteps)
        times = torch.randint(steps, (len(latents),), generator=random).to(base.device)
        noisy = self._noise.add_noise(latents, noise, times)
        predicted = unet(noisy, times, encoder_hidden_states=words, return_dict=False)[0].float()
        error = ((predicted - self._target(latents, noise, times)).square() * masks).mean(
            dim=(1, 2, 3)
        )
        return (error * self._weights[times] * shares.to(base.device)).mean()

    def _target(self, latents: Tensor, noise: Tensor, times: Tensor) -> Tensor:
        if self._base.prediction == "v_prediction":
            return self._noise.get_velocity(latents, noise, times)
        return latents if self._base.prediction == "sample" else noise
