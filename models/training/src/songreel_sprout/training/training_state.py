"""Resumable state of a training run, and moving averages of its weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn


def write_state(path: Path, **state: Any) -> None:
    """Write a resumable checkpoint; ``path`` holds the old one or the new, never half of one."""
    torch.save(state, path.with_suffix(".tmp"))
    path.with_suffix(".tmp").replace(path)


@torch.no_grad()
def update_average(average: nn.Module, model: nn.Module, keep: float) -> None:
    """Move ``average`` towards ``model``, in place, keeping a share ``keep`` in [0, 1] of it."""
    for slow, fast in zip(average.parameters(), model.parameters(), strict=True):
        slow.lerp_(fast, 1 - keep)
