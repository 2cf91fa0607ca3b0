"""Trainings of enrolled people: from the vault to a backend and back."""

from __future__ import annotations

import dataclasses
import hashlib
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from songreel.type.v1.artifact_pb2 import Progress
from songreel_kit.errors import AdapterMismatch, InvalidRequest, NotEnrolled
from songreel_kit.likeness.adapters import AdapterHead, read_head
from songreel_kit.telemetry.logging import get_logger
from songreel_kit.work import CancelToken, Report

from songreel_identity.faces.recognition import mean_embedding
from songreel_identity.training.backends import TrainingBackend, open_backend
from songreel_identity.training.checkpoint_store import CheckpointStore
from songreel_identity.training.recipe import TrainingRecipe, is_small
from songreel_identity.training.settings import TrainingSettings
from songreel_identity.training.tasks import TrainingTask
from songreel_identity.vault import audit
from songreel_identity.vault.records import ADAPTER, EMBEDDING, PICTURE, TRAINING, Binding, Stored
from songreel_identity.vault.vault import Vault, pictures_sha256

_log = get_logger(__name__)
_TURN_SECONDS = 0.2


@dataclass(frozen=True)
class TrainingRequest:
    """A training that is asked for."""

    name: str
    """The identity."""
    checkpoint: Path
    checkpoint_sha256: str
    """The checkpoint that must be there; empty takes any."""
    recipe: TrainingRecipe


@dataclass(frozen=True)
class TrainingResult:
    """An adapter in the vault."""

    adapter_sha256: str
    head: AdapterHead
    seconds: float
    """This call's own work."""
    resumed_from: int = 0
    """Update at which an interrupted training went on."""
    reused: bool = False
    """Whether it had been trained before."""


class TrainingJobs:
    """Trains one adapter at a time. Thread-safe.

    A person's data is in the clear only in the memory of this process and of the worker that
    trains, and only while the training runs; a withdrawal or an erasure ends it.

    Args:
        vault: of the people.
        settings: of the service.
        backend: where to train; by default the one that the settings name, opened at the first
            training.
    """

    def __init__(
        self, vault: Vault, settings: TrainingSettings, backend: TrainingBackend | None = None
    ) -> None:
        self._vault = vault
        self._settings = settings
        self._turn = threading.Lock()
        self._opening = threading.Lock()
        self._backend = backend

    def request(
        self,
        name: str,
        checkpoint: str,
        checkpoint_sha256: str = "",
        *,
        noun: str = "",
        steps: int = 0,
    ) -> TrainingRequest:
        """A training by the settings' recipe.

        Args:
            name: of the identity.
            checkpoint: path of the checkpoint.
            checkpoint_sha256: the checkpoint that must be there; empty takes any.
            noun: what the person is called in prompts; empty is the recipe's.
            steps: updates; 0 is the recipe's.

        Raises `InvalidRequest`.
        """
        if not checkpoint:
            raise InvalidRequest("name the checkpoint to train for", field="checkpoint")
        if steps < 0:
            raise InvalidRequest(f"steps is {steps}; give 1 or more", field="steps")
        small = is_small(Path(checkpoint))
        own = self._settings.training_small if small else self._settings.training
        recipe = dataclasses.replace(own, noun=noun or own.noun, steps=steps or own.steps)
        try:
            _ = recipe.phrase
        except ValueError as error:
            raise InvalidRequest(str(error), field="noun") from error
        return TrainingRequest(name, Path(checkpoint), checkpoint_sha256, recipe)

    def train(self, request: TrainingRequest, report: Report, token: CancelToken) -> TrainingResult:
        """Trains an adapter, or finds the one that was trained before.

        Raises:
            IdentityNotFound, ConsentMissing, ConsentWithdrawn: the person does not consent, or
                no longer does; the vault then keeps nothing new.
            NotEnrolled: the person has no pictures, or other ones by now.
            AdapterMismatch: another checkpoint is at that path.
            CheckpointNotFound, CheckpointIncomplete, CheckpointUnsupported: of the checkpoint.
            FailedPrecondition, ServiceUnavailable: the settings say to train on Ray, which is
                not installed or not reachable; called again, the training goes on.
            Cancelled: the token was cancelled; the last trial's state is kept.
        """
        from songreel_identity.training.base_checkpoint import check_folder

        consent = self._vault.valid_consent(request.name)
        pictures = self._vault.list_objects(request.name, PICTURE)
        if not pictures:
            raise NotEnrolled(f"{request.name} has no pictures: pass an enrolment session first")
        found = check_folder(request.checkpoint)
        if request.checkpoint_sha256 and found != request.checkpoint_sha256:
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
                f"the checkpoint at {request.checkpoint} is not the one that was asked for; give "
                "this service the same files as the renderer",
                checkpoint=str(request.checkpoint),
            )
        binding = Binding(
            checkpoint_sha256=found,
            pictures_sha256=pictures_sha256(each.sha256 for each in pictures),
            recipe_sha256=hashlib.sha256(request.recipe.text().encode()).hexdigest(),
        )
        store = CheckpointStore(self._vault, request.name, consent, binding)
        known = store.find(ADAPTER)
        if known is not None:
            return TrainingResult(known.sha256, read_head(store.open(known)), 0.0, reused=True)
        report(Progress(step="queue"))
        while not self._turn.acquire(timeout=_TURN_SECONDS):
            token.check()
        try:
            return self._train(request, store, pictures, report, token)
        finally:
            self._turn.release()

    def close(self) -> None:
        """Closes the backend."""
        with self._opening:
            backend, self._backend = self._backend, None
        if backend is not None:
            backend.close()

    def _train(
        self,
        request: TrainingRequest,
        store: CheckpointStore,
        pictures: list[Stored],
        report: Report,
        token: CancelToken,
    ) -> TrainingResult:
        # Before anything of the person is in the clear.
        backend = self._open_backend()
        embeddings = [
            np.frombuffer(store.open(each), np.float32).astype(np.float64)
            for each in self._vault.list_objects(request.name, EMBEDDING)
        ]
        begun = store.find(TRAINING)
        task = TrainingTask(
            checkpoint=request.checkpoint,
            checkpoint_sha256=store.binding.checkpoint_sha256,
            recipe=request.recipe,
            pictures=[store.open(each) for each in pictures],
            embedding=mean_embedding(embeddings),
            pictures_sha256=store.binding.pictures_sha256,
            device=self._settings.training_device,
            threads=self._threads(request),
            state=store.open(begun) if begun is not None else None,
        )
        store.log("train", step=request.recipe.text())

        def save(data: bytes) -> None:
            store.put(TRAINING, data)

        result = backend.train(
            task, store.cancellation_check(token, self._settings.watch_seconds), save, report
        )
        stored = store.put(ADAPTER, result.adapter)
        head = read_head(result.adapter)
        _log.info("adapter trained", seconds=result.seconds, step=head.step)
        return TrainingResult(stored.sha256, head, result.seconds, result.resumed_from)

    def _threads(self, request: TrainingRequest) -> int:
        settings = self._settings
        if "training_threads" not in settings.model_fields_set and is_small(request.checkpoint):
            return 1  # with more, small networks wait for each other most of the time
        return settings.training_threads

    def _open_backend(self) -> TrainingBackend:
        with self._opening:
            if self._backend is None:
                self._backend = open_backend(self._settings)
            return self._backend
