"""A training as one document that can be sealed and sent, and how it is run."""

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
    """A person to train an adapter of; personal data in the clear."""

    checkpoint: Path
    """Path on the machine that trains."""
    checkpoint_sha256: str
    """The checkpoint that must be there."""
    recipe: TrainingRecipe
    pictures: Sequence[bytes]
    """JPEG."""
    embedding: Embedding
    """The person's mean dlib embedding, (128,)."""
    pictures_sha256: str
    device: str
    threads: int
    """CPU threads; results are equal only for equal numbers."""
    state: bytes | None = None
    """State to go on from."""

    def from_state(self, state: bytes | None) -> TrainingTask:
        """The same task, going on from another state."""
        return replace(self, state=state)

    def to_bytes(self) -> bytes:
        """Writes one document."""
        fields: dict[str, Any] = asdict(replace(self, pictures=(), state=None))
        fields |= {"checkpoint": str(self.checkpoint), "embedding": self.embedding.tolist()}
        state = [] if self.state is None else [self.state]
        return pack(fields | {"pictures": len(self.pictures)}, [*self.pictures, *state])

    @staticmethod
    def from_bytes(data: bytes) -> TrainingTask:
        """Reads what `to_bytes` wrote; it was sealed on the way, so it is trusted."""
        fields, parts = unpack(data)
        pictures = int(fields["pictures"])
        values: dict[str, Any] = fields | {
            "checkpoint": Path(fields["checkpoint"]),
            "recipe": TrainingRecipe(**fields["recipe"]),
            "pictures": parts[:pictures],
            # JSON writes every float64 so that it is read as the same.
            "embedding": np.asarray(fields["embedding"], np.float64),
            "state": parts[pictures] if len(parts) > pictures else None,
        }
        return TrainingTask(**values)


@dataclass(frozen=True)
class TaskResult:
    """The result of a task; personal data in the clear."""

    adapter: bytes
    """A `.safetensors` document."""
    seconds: float
    resumed_from: int
    """Update at which it went on; 0 is the beginning."""

    def to_bytes(self) -> bytes:
        """Writes one document."""
        return pack({"seconds": self.seconds, "resumed_from": self.resumed_from}, [self.adapter])

    @staticmethod
    def from_bytes(data: bytes) -> TaskResult:
        """Reads what `to_bytes` wrote."""
        fields, [adapter] = unpack(data)
        return TaskResult(adapter, **fields)


def run_task(
    task: TrainingTask,
    check: Callable[[], None],
    save: Callable[[bytes], None],
    report: Report,
) -> TaskResult:
    """Trains in this process.

    Args:
        task: the training.
        check: called at least once an update; what it raises ends the training.
        save: called with the state at every trial; may raise to end the training.
        report: gets the progress.

    Raises:
        AdapterMismatch: another checkpoint is at that path.
        CheckpointNotFound, CheckpointIncomplete, CheckpointUnsupported: of the checkpoint.
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


def pack(fields: dict[str, Any], parts: Sequence[bytes]) -> bytes:
    """Writes JSON and bytes as one document: size of the JSON, the JSON, the bytes."""
    head = json.dumps({"fields": fields, "sizes": [len(each) for each in parts]}).encode()
    return b"".join((len(head).to_bytes(_SIZE_BYTES, "big"), head, *parts))


def unpack(data: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """Reads what `pack` wrote. Raises `ValueError` for anything else."""
    start = _SIZE_BYTES + int.from_bytes(data[:_SIZE_BYTES], "big")
    head: Any = json.loads(data[_SIZE_BYTES:start])
    parts: list[bytes] = []
    for size in head["sizes"]:
        parts.append(data[start : start + size])
        start += size
    if start != len(data):
        raise ValueError(f"the document has {len(data)} bytes, its head says {start}")
    return head["fields"], parts
