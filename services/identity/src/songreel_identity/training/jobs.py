"""Trainings of enrolled people: what goes out of the vault, and what comes back into it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from songreel.identity.v1 import identity_service_pb2 as pb
from songreel.type.v1.artifact_pb2 import Progress
from songreel_kit.errors import (
    AdapterMismatch,
    InvalidRequest,
    NotEnrolled,
)
from songreel_kit.likeness.adapters import AdapterHead, read_head
from songreel_kit.telemetry.logging import get_logger
from songreel_kit.work import CancelToken, Report

from songreel_identity.faces.recognition import mean_embedding
from songreel_identity.settings import IdentitySettings
from songreel_identity.training.checkpoint_store import CheckpointStore
from songreel_identity.training.recipe import TrainingRecipe, is_small
from songreel_identity.training.tasks import TrainingTask
from songreel_identity.vault import audit
from songreel_identity.vault.records import Binding, Stored
from songreel_identity.vault.vault import (
    ADAPTER,
    EMBEDDING,
    PICTURE,
    TRAINING,
    Vault,
    pictures_sha256,
)

if TYPE_CHECKING:
    from songreel_identity.training.backends import TrainingBackend

_log = get_logger(__name__)
_TURN_SECONDS = 0.2


@dataclass(frozen=True)
class TrainingRequest:
    """A training that is asked for."""

    name: str
    """The identity."""
    checkpoint: Path
    checkpoint_sha256: str
    """What must be there; empty takes whatever is."""
    recipe: TrainingRecipe


class TrainingJobs:
    """Trains one adapter after the other. Thread-safe.

    Everything of a person is in the clear only in this process' memory and in that of the
    worker that trains, while the training runs; a withdrawal or an erasure ends it.

    Args:
        vault: of the people.
        settings: of the service.
        backend: where to train; by default what the settings name, at the first training.
    """

    def __init__(
        self, vault: Vault, settings: IdentitySettings, backend: TrainingBackend | None = None
    ) -> None:
        self._vault = vault
        self._settings = settings
        self._turn = threading.Lock()
        self._opening = threading.Lock()
        self._backend = backend

    def order(self, request: pb.TrainAdapterRequest) -> TrainingRequest:
        """What a request asks for. Raises `InvalidRequest`."""
        if not request.checkpoint:
            raise InvalidRequest("name the checkpoint that is to be trained", field="checkpoint")
        if request.steps < 0:
            raise InvalidRequest(f"steps is {request.steps}; give 1 or more", field="steps")
        small = is_small(Path(request.checkpoint))
        own = self._settings.training_small if small else self._settings.training
        recipe = dataclasses.replace(
            own, noun=request.noun or own.noun, steps=request.steps or own.steps
        )
        try:
            _ = recipe.phrase
        except ValueError as error:
            raise InvalidRequest(str(error), field="noun") from error
        return TrainingRequest(
            request.identity, Path(request.checkpoint), request.checkpoint_sha256, recipe
        )

    def train(
        self, order: TrainingRequest, report: Report, token: CancelToken
    ) -> pb.TrainAdapterResult:
        """Trains an adapter, or finds the one that was trained before.

        Raises:
            IdentityNotFound, ConsentMissing, ConsentWithdrawn: there is nobody to be shown, or
                there no longer is; nothing but the trainings of before is kept then.
            NotEnrolled: there are no pictures, or others by now.
            AdapterMismatch: another checkpoint is at that path.
            CheckpointNotFound, CheckpointIncomplete, CheckpointUnsupported.
            FailedPrecondition, ServiceUnavailable: the settings say to train on Ray, which is
                not installed, or is away; asked again, the training goes on.
            Cancelled: the token was cancelled; the last trial's state is kept.
        """
        from songreel_identity.training.base_checkpoint import check_folder

        consent = self._vault.valid_consent(order.name)
        pictures = self._vault.list_objects(order.name, PICTURE)
        if not pictures:
            raise NotEnrolled(f"{order.name} has no pictures: pass an enrolment session first")
        found = check_folder(order.checkpoint)
        if order.checkpoint_sha256 and found != order.checkpoint_sha256:
            self._vault.database.run(
                lambda connection: audit.append(
                    connection,
                    self._vault.now(),
                    "refuse-train",
                    consent.subject,
                    reason=AdapterMismatch.reason,
                    checkpoint=found,
                )
            )
            raise AdapterMismatch(
                f"the checkpoint at {order.checkpoint} is not the one that was asked for; give "
                "this service the same files as the renderer",
                checkpoint=str(order.checkpoint),
            )
        binding = Binding(
            checkpoint_sha256=found,
            pictures_sha256=pictures_sha256(each.sha256 for each in pictures),
            recipe_sha256=hashlib.sha256(order.recipe.text().encode()).hexdigest(),
        )
        keep = CheckpointStore(self._vault, order.name, consent, binding)
        known = keep.find(ADAPTER)
        if known is not None:
            return _told(read_head(keep.open(known)), known.sha256, 0.0, reused=True)
        report(Progress(step="queue"))
        while not self._turn.acquire(timeout=_TURN_SECONDS):
            token.check()
        try:
            return self._learn(order, keep, pictures, report, token)
        finally:
            self._turn.release()

    def close(self) -> None:
        """Lets go of the place where adapters are trained."""
        with self._opening:
            backend, self._backend = self._backend, None
        if backend is not None:
            backend.close()

    def _learn(
        self,
        order: TrainingRequest,
        keep: CheckpointStore,
        pictures: list[Stored],
        report: Report,
        token: CancelToken,
    ) -> pb.TrainAdapterResult:
        # Before anything of the person is in the clear.
        backend = self._place()
        embeddings = [
            np.frombuffer(keep.open(each), np.float32).astype(np.float64)
            for each in self._vault.list_objects(order.name, EMBEDDING)
        ]
        begun = keep.find(TRAINING)
        task = TrainingTask(
            checkpoint=order.checkpoint,
            checkpoint_sha256=keep.binding.checkpoint_sha256,
            recipe=order.recipe,
            pictures=[keep.open(each) for each in pictures],
            embedding=mean_embedding(embeddings),
            pictures_sha256=keep.binding.pictures_sha256,
            device=self._settings.training_device,
            threads=self._settings.training_threads,
            state=keep.open(begun) if begun is not None else None,
        )
        keep.note("train", step=order.recipe.text())

        def save(data: bytes) -> None:
            keep.put(TRAINING, data)

        result = backend.train(task, keep.guard(token, self._settings), save, report)
        stored = keep.put(ADAPTER, result.adapter)
        head = read_head(result.adapter)
        _log.info("adapter trained", seconds=result.seconds, step=head.step)
        return _told(head, stored.sha256, result.seconds, resumed=result.resumed_from)

    def _place(self) -> TrainingBackend:
        from songreel_identity.training.backends import open_backend

        with self._opening:
            if self._backend is None:
                self._backend = open_backend(self._settings)
            return self._backend


def _told(
    head: AdapterHead, sha256: str, seconds: float, *, reused: bool = False, resumed: int = 0
) -> pb.TrainAdapterResult:
    from songreel_kit.likeness.adapters import phrase_of

    measured: dict[str, Any] = json.loads(head.measured)
    best, base = measured["best"], measured["base"]
    return pb.TrainAdapterResult(
        adapter_sha256=sha256,
        checkpoint_sha256=head.checkpoint_sha256,
        pictures_sha256=head.pictures_sha256,
        phrase=phrase_of(head.noun),
        step=head.step,
        steps=measured["steps"],
        face_share=best["faces"],
        match_share=best["matches"],
        distance=best["distance"],
        base_face_share=base["faces"],
        base_match_share=base["matches"],
        base_distance=base["distance"],
        seconds=seconds,
        reused=reused,
        resumed_from=resumed,
        notes=measured["notes"],
    )
