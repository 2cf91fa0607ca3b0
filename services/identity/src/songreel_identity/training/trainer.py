"""The trainer: pictures and a checkpoint in, an adapter out.

Every update draws from a generator seeded with its number, and the optimizer's moments are
kept with the matrices: a training that is interrupted and resumed comes to the same adapter
as one that is not.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from songreel.type.v1.artifact_pb2 import Progress
from songreel_kit.likeness.adapters import AdapterHead
from songreel_kit.work import Report
from torch import Tensor

from songreel_identity.faces.embeddings import Embedding
from songreel_identity.faces.pictures import Image
from songreel_identity.faces.recognition import FaceRecogniser
from songreel_identity.training.base_checkpoint import BaseCheckpoint
from songreel_identity.training.layers import add_layers, read_state, write_adapter, write_state
from songreel_identity.training.loss import TrainingLoss
from songreel_identity.training.portraits import make_portraits
from songreel_identity.training.recipe import CAPTIONS, TRIALS, TrainingRecipe
from songreel_identity.training.trials import (
    Trial,
    decode_pictures,
    draw_latents,
    repeat_prompts,
    score_pictures,
)

_MOST_NORM = 1.0
_DECAY = 1e-2
_EPSILON = 1e-8
_BETAS = (0.9, 0.999)


@dataclass(frozen=True)
class Person:
    """The person that the adapter is to show."""

    pictures: Sequence[Image]
    embedding: Embedding
    """What dlib says the person looks like."""
    pictures_sha256: str


@dataclass(frozen=True)
class TrainedAdapter:
    """An adapter, and how well it shows the person."""

    data: bytes
    """The document; personal data in the clear."""
    best: Trial
    base: Trial
    """The same trial without the adapter."""
    steps: int
    resumed_from: int
    seconds: float
    notes: list[str] = field(default_factory=list[str])


Save = Callable[[bytes], None]
"""Keeps a state to go on from; may raise to end the training."""


class Trainer:
    """One training. Not thread-safe; changes the base's UNet for good.

    Args:
        base: loaded for this training alone.
        person: whom to learn.
        recipe: how.
        check: called at least once an update; what it raises ends the training.
    """

    def __init__(
        self,
        base: BaseCheckpoint,
        person: Person,
        recipe: TrainingRecipe,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        self._base = base
        self._person = person
        self._recipe = recipe
        self._check = check
        self._recogniser = FaceRecogniser()
        self._step = 0
        self._resumed = 0
        self._notes: list[str] = []
        self._matrices: dict[str, torch.nn.Parameter] = {}
        self._kept: dict[str, Tensor] = {}
        self._best: Trial | None = None
        self._first: Trial | None = None

    def run(self, state: bytes | None, save: Save, report: Report) -> TrainedAdapter:
        """Trains to the end.

        Args:
            state: of a training of the same person, checkpoint and recipe, or None.
            save: called with the state at every trial.
            report: told how far it is.

        Raises whatever `check`, `save` or `report` raise.
        """
        began = time.monotonic()
        recipe = self._recipe
        report(Progress(step="prior"))
        # Before the layers are put in: what the bare checkpoint takes the noun for.
        prior = self._prior()
        report(Progress(step="crop"))
        latents, masks = self._portraits()
        self._matrices = add_layers(self._base.unet, recipe)
        optimizer = torch.optim.AdamW(
            self._matrices.values(), lr=recipe.rate, betas=_BETAS, eps=_EPSILON, weight_decay=_DECAY
        )
        if state is None:
            report(Progress(step="trial"))
            self._first = self._best = self._trial()
            self._kept = self._copy()
        else:
            self._restore(state, optimizer)
        loss = TrainingLoss(self._base, recipe, latents, masks, prior)
        while self._step < recipe.steps:
            self._check()
            self._update(loss, optimizer)
            self._step += 1
            if self._step % recipe.every == 0 or self._step == recipe.steps:
                report(self._progress("trial"))
                self._take(self._trial())
                if self._step < recipe.steps:
                    save(self._state(optimizer))
            report(self._progress("train"))
        return self._finished(time.monotonic() - began)

    def _progress(self, step: str) -> Progress:
        return Progress(step=step, fraction=self._step / self._recipe.steps)

    def _portraits(self) -> tuple[Tensor, Tensor]:
        """Latents of all crops (n, c, h, w), and their weights (n, 1, h, w) of mean 1."""
        recipe = self._recipe
        portraits, missed = make_portraits(
            self._person.pictures,
            self._recogniser,
            size=self._base.size,
            variants=recipe.variants,
            seed=recipe.seed,
        )
        if missed:
            self._notes.append(
                f"in {missed} of the {len(self._person.pictures)} pictures no face was found: "
                "their middle was taken for it"
            )
        images = np.stack([each.image for each in portraits])
        pictures = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255.0
        latents = self._base.encode_pictures(pictures)
        masks = torch.from_numpy(np.stack([each.face for each in portraits]))[:, None]
        small = torch.nn.functional.interpolate(masks, latents.shape[-2:], mode="area")
        weights = recipe.background + (1.0 - recipe.background) * small.to(latents)
        return latents, weights / weights.mean(dim=(1, 2, 3), keepdim=True)

    def _prior(self) -> Tensor | None:
        """Latents of what the bare checkpoint draws for the noun alone."""
        recipe = self._recipe
        if not recipe.prior_batch or not recipe.prior_pictures:
            return None
        prompts = [
            text.format(recipe.noun) for text in repeat_prompts(CAPTIONS, recipe.prior_pictures)
        ]
        return draw_latents(self._base, self._base.unet, prompts, recipe.seed + 1, self._check)

    def _update(self, loss: TrainingLoss, optimizer: torch.optim.Optimizer) -> None:
        rate = self._recipe.rate_at(self._step)
        for group in optimizer.param_groups:
            group["lr"] = rate
        value = loss.of_update(self._base.unet, self._step)
        optimizer.zero_grad(set_to_none=True)
        value.backward()
        torch.nn.utils.clip_grad_norm_(self._matrices.values(), _MOST_NORM)
        optimizer.step()

    def _trial(self) -> Trial:
        base, recipe = self._base, self._recipe
        prompts = [
            text.format(recipe.phrase) for text in repeat_prompts(TRIALS, recipe.trial_pictures)
        ]
        latents = draw_latents(base, base.unet, prompts, recipe.seed + 2, self._check)
        return score_pictures(
            decode_pictures(base, latents), self._recogniser, self._person.embedding, self._step
        )

    def _take(self, trial: Trial) -> None:
        assert self._best is not None
        # The bare checkpoint is no adapter: the first trial is taken whatever it says, and
        # where no face tells the steps apart, the later one has learnt more.
        equal = (trial.matches, trial.distance) == (self._best.matches, self._best.distance)
        if self._best.step == 0 or equal or trial.better_than(self._best):
            self._best = trial
            self._kept = self._copy()

    def _copy(self) -> dict[str, Tensor]:
        return {name: each.detach().clone() for name, each in self._matrices.items()}

    def _state(self, optimizer: torch.optim.Optimizer) -> bytes:
        assert self._best is not None
        assert self._first is not None
        tensors: dict[str, Tensor] = {}
        for name, each in self._matrices.items():
            moments: Any = optimizer.state[each]
            tensors[f"now.{name}"] = each
            tensors[f"best.{name}"] = self._kept[name]
            tensors[f"first.{name}"] = moments["exp_avg"]
            tensors[f"second.{name}"] = moments["exp_avg_sq"]
        facts = {"step": self._step, "best": asdict(self._best), "base": asdict(self._first)}
        return write_state(tensors, facts)

    def _restore(self, state: bytes, optimizer: torch.optim.Optimizer) -> None:
        tensors, facts = read_state(state)
        self._step = self._resumed = int(facts["step"])
        self._best, self._first = Trial(**facts["best"]), Trial(**facts["base"])
        device = self._base.device
        for name, each in self._matrices.items():
            each.data.copy_(tensors[f"now.{name}"])
            self._kept[name] = tensors[f"best.{name}"].to(device)
            optimizer.state[each] = {
                "step": torch.tensor(float(self._step)),
                "exp_avg": tensors[f"first.{name}"].to(device),
                "exp_avg_sq": tensors[f"second.{name}"].to(device),
            }

    def _finished(self, seconds: float) -> TrainedAdapter:
        assert self._best is not None
        assert self._first is not None
        if not self._best.faces:
            self._notes.append(
                "no face was found in any trial picture: the last step is kept, and nothing says "
                "whether it shows the person"
            )
        elif not self._best.better_than(self._first):
            self._notes.append(
                "the trial pictures are no more like the person than those of the bare checkpoint"
            )
        recipe = self._recipe
        head = AdapterHead(
            checkpoint_sha256=self._base.sha256,
            pictures_sha256=self._person.pictures_sha256,
            noun=recipe.noun,
            step=self._best.step,
            recipe=recipe.text(),
            measured=json.dumps(
                {
                    "best": asdict(self._best),
                    "base": asdict(self._first),
                    "steps": recipe.steps,
                    "notes": self._notes,
                }
            ),
        )
        return TrainedAdapter(
            data=write_adapter(self._kept, head, recipe.alpha),
            best=self._best,
            base=self._first,
            steps=recipe.steps,
            resumed_from=self._resumed,
            seconds=seconds,
            notes=self._notes,
        )
