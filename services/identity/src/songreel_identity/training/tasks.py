"""All that a training needs, in one piece that can be sealed and sent, and the training of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from songreel.type.v1.artifact_pb2 import Progress
from songreel_kit.errors import AdapterMismatch
from songreel_kit.telemetry.metrics import loading
from songreel_kit.work import Report

from songreel_identity.faces.embeddings import Embedding
from songreel_identity.faces.pictures import decode_picture
from songreel_identity.training.recipe import TrainingRecipe

_SIZE_BYTES = 8


@dataclass(frozen=True)
class TrainingTask:
    """A person to be learnt; personal data in the clear."""

    checkpoint: Path
    """Where it is on the machine that trains."""
    checkpoint_sha256: str
    """What must be there."""
    recipe: TrainingRecipe
    pictures: Sequence[bytes]
    """JPEG."""
    embedding: Embedding
    """What dlib says the person looks like."""
    pictures_sha256: str
    device: str
    threads: int
    """Of the CPU; equal results need equal ones."""
    state: bytes | None = None
    """Where it goes on from."""

    def from_state(self, state: bytes | None) -> TrainingTask:
        """The same, to go on from a later point."""
        return replace(self, state=state)

    def to_bytes(self) -> bytes:
        """As one document."""
        told: dict[str, Any] = asdict(replace(self, pictures=(), state=None))
        told |= {"checkpoint": str(self.checkpoint), "embedding": self.embedding.tolist()}
        state = [] if self.state is None else [self.state]
        return pack(told | {"pictures": len(self.pictures)}, [*self.pictures, *state])

    @staticmethod
    def from_bytes(data: bytes) -> TrainingTask:
        """What `to_bytes` made; sealed on the way, so that it is taken as it is."""
        told, parts = unpack(data)
        pictures = int(told["pictures"])
        fields: dict[str, Any] = told | {
            "checkpoint": Path(told["checkpoint"]),
            "recipe": TrainingRecipe(**told["recipe"]),
            "pictures": parts[:pictures],
            # JSON writes every float64 so that it is read as the same.
            "embedding": np.asarray(told["embedding"], np.float64),
            "state": parts[pictures] if len(parts) > pictures else None,
        }
        return TrainingTask(**fields)


@dataclass(frozen=True)
class TaskResult:
    """What came of an assignment; personal data in the clear."""

    adapter: bytes
    """The document."""
    seconds: float
    resumed_from: int
    """Updates that were done before, 0 from the beginning."""

    def to_bytes(self) -> bytes:
        """As one document."""
        return pack({"seconds": self.seconds, "resumed_from": self.resumed_from}, [self.adapter])

    @staticmethod
    def from_bytes(data: bytes) -> TaskResult:
        """What `to_bytes` made."""
        told, [adapter] = unpack(data)
        return TaskResult(adapter, **told)


def run_task(
    task: TrainingTask,
    check: Callable[[], None],
    save: Callable[[bytes], None],
    report: Report,
) -> TaskResult:
    """Trains in this process, to the end.

    Args:
        task: whom, and how.
        check: called at least once in every update; what it raises ends the training.
        save: called with the state at every trial; may raise to end the training.
        report: told how far it is.

    Raises:
        AdapterMismatch: another checkpoint is at that path.
        CheckpointNotFound, CheckpointIncomplete, CheckpointUnsupported.
        VaultUnusable: the state cannot be read.
    """
    import torch

    from songreel_identity.training.base_checkpoint import load_checkpoint
    from songreel_identity.training.trainer import Person, Trainer

    torch.set_num_threads(task.threads)
    report(Progress(step="load"))
    with loading("checkpoint"):
        base = load_checkpoint(task.checkpoint, task.device)
    if base.sha256 != task.checkpoint_sha256:
        raise AdapterMismatch(
            f"the checkpoint at {task.checkpoint} is not the one that was asked for, or was "
            "changed just now: give every machine that trains the same files",
            checkpoint=str(task.checkpoint),
        )
    person = Person(
        pictures=[decode_picture(each) for each in task.pictures],
        embedding=task.embedding,
        pictures_sha256=task.pictures_sha256,
    )
    training = Trainer(base, person, task.recipe, check)
    trained = training.run(task.state, save, report)
    return TaskResult(trained.data, trained.seconds, trained.resumed_from)


def pack(told: dict[str, Any], parts: Sequence[bytes]) -> bytes:
    """JSON and bytes as one document: size of the JSON, the JSON, the bytes."""
    head = json.dumps({"told": told, "sizes": [len(each) for each in parts]}).encode()
    return b"".join((len(head).to_bytes(_SIZE_BYTES, "big"), head, *parts))


def unpack(data: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """What `pack` made. Raises `ValueError` for anything else."""
    start = _SIZE_BYTES + int.from_bytes(data[:_SIZE_BYTES], "big")
    head: Any = json.loads(data[_SIZE_BYTES:start])
    parts: list[bytes] = []
    for size in head["sizes"]:
        parts.append(data[start : start + size])
        start += size
    if start != len(data):
        raise ValueError(f"the document has {len(data)} bytes and tells of {start}")
    return head["told"], parts
