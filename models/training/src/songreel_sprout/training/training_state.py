"""The loop of a training run, its resumable state, and moving averages of its weights."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import nn


class TrainingRun(Protocol):
    """A run that `train_until` goes on with."""

    step: int
    """Updates made."""
    spent: float
    """Seconds spent on updates."""

    def update(self) -> float:
        """One optimizer step; returns the loss."""
        ...

    def save(self) -> None:
        """Write everything that a resumption needs, at once."""
        ...


def train_until(
    run: TrainingRun,
    until: float,
    save_every: float,
    *,
    name: str,
    on_saved: Callable[[], None] = lambda: None,
) -> None:
    """Update ``run`` until ``until`` seconds are spent, saving every ``save_every`` seconds.

    ``on_saved`` is called after each save but the last. Time for saving is not counted as spent.
    """
    last = saved = time.monotonic()
    losses: deque[float] = deque(maxlen=200)
    while run.spent < until:
        losses.append(run.update())
        now = time.monotonic()
        run.spent += now - last
        last = now
        if run.step % 50 == 0:
            print(f"{name} {run.step} {run.spent:.0f} s loss {np.mean(losses):.4f}", flush=True)
        if now - saved > save_every:
            run.save()
            on_saved()
            saved = last = time.monotonic()
    run.save()


def write_state(path: Path, **state: Any) -> None:
    """Write a resumable checkpoint; ``path`` holds the old one or the new, never half of one."""
    torch.save(state, path.with_suffix(".tmp"))
    path.with_suffix(".tmp").replace(path)


@torch.no_grad()
def update_average(average: nn.Module, model: nn.Module, keep: float) -> None:
    """Move ``average`` towards ``model``, in place, keeping a share ``keep`` in [0, 1] of it."""
    for slow, fast in zip(average.parameters(), model.parameters(), strict=True):
        slow.lerp_(fast, 1 - keep)
