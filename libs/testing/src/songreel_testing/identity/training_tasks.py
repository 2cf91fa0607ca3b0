"""A small training, and what to look for where nothing of it may be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load
from songreel_identity.faces.recognition import mean_embedding
from songreel_identity.training.base_checkpoint import check_folder
from songreel_identity.training.recipe import TrainingRecipe
from songreel_identity.training.tasks import TrainingTask, run_task
from songreel_kit.likeness.adapters import read_head

from songreel_testing.identity.enrolled import made_up_stills

ANN = "projects/p/identities/ann"
RECIPE = TrainingRecipe(
    noun="woman", steps=4, rank=2, batch=1, variants=1, prior_pictures=1, every=2,
    trial_pictures=1, rate=1e-2, warmup=1,
)  # fmt: skip
LENGTH = 40
"""Bytes that nothing else has in common."""


def task(checkpoint: Path | str, recipe: TrainingRecipe = RECIPE, size: int = 96) -> TrainingTask:
    stills = made_up_stills(size=size)
    folder = Path(checkpoint)
    return TrainingTask(
        checkpoint=folder,
        checkpoint_sha256=check_folder(folder) if folder.is_dir() else "00" * 32,
        recipe=recipe,
        pictures=[each.jpeg for each in stills],
        embedding=mean_embedding([each.embedding for each in stills]),
        pictures_sha256="ab" * 32,
        device="cpu",
        threads=1,
    )


def run(given: TrainingTask):
    """What comes of it in this process, and its states."""
    states = []
    result = run_task(given, lambda: None, states.append, lambda progress: None)
    return result, states


def same_adapter(one: bytes, other: bytes) -> bool:
    """Whether two documents hold the same; safetensors writes a head's entries in any order."""
    matrices, others = load(one), load(other)
    return (
        read_head(one) == read_head(other)
        and matrices.keys() == others.keys()
        and all(torch.equal(each, others[name]) for name, each in matrices.items())
    )


def needles_of(given: TrainingTask, documents: list[bytes]) -> list[bytes]:
    """Pieces of all that is of a person, and what would tell of it."""
    found = [b"lora_A", b'"noun"', b"projects/p", b"Recipe"]
    for data in (*given.pictures, *documents):
        # Where every JPEG begins is no secret; the middle and the end are.
        found += [data[start : start + LENGTH] for start in range(len(data) // 2, len(data), 997)]
    for kind in (np.float32, np.float64):
        found.append(np.asarray(given.embedding, kind).tobytes()[:LENGTH])
    found.append(str(given.embedding[0]).encode())
    return [each for each in found if len(each) >= LENGTH or each.isascii()]


def seen_in(needles: list[bytes], data: bytes) -> list[bytes]:
    return [each for each in needles if each in data]
