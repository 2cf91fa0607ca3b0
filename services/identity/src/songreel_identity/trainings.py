"""Trainings of enrolled people: what goes out of the vault, and what comes back into it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa
from songreel.identity.v1 import identity_service_pb2 as pb
from songreel.type.v1.artifact_pb2 import Progress
from songreel_kit.adapters import AdapterHead, read_head
from songreel_kit.errors import (
    AdapterMismatch,
    IdentityNotFound,
    InvalidRequest,
    NotEnrolled,
)
from songreel_kit.metrics import loading
from songreel_kit.telemetry import get_logger
from songreel_kit.work import CancelToken, Report

from songreel_identity import audit
from songreel_identity.face_finder import mean_embedding
from songreel_identity.records import Binding, Consent, Stored
from songreel_identity.settings import IdentitySettings
from songreel_identity.training.recipe import Recipe, is_small
from songreel_identity.vault import (
    ADAPTER,
    EMBEDDING,
    PICTURE,
    TRAINING,
    Vault,
    pictures_sha256,
    standing,
)
from songreel_identity.vault_tables import objects

_log = get_logger(__name__)
_TURN_SECONDS = 0.2


@dataclass(frozen=True)
class Order:
    """A training that is asked for."""

    name: str
    """The identity."""
    checkpoint: Path
    checkpoint_sha256: str
    """What must be there; empty takes whatever is."""
    recipe: Recipe


class Trainings:
    """Trains one adapter after the other. Thread-safe.

    Everything of a person is in the clear only in this process' memory, while the
    training runs; a withdrawal or an erasure ends it.
    """

    def __init__(self, vault: Vault, settings: IdentitySettings) -> None:
        self._vault = vault
        self._settings = settings
        self._turn = threading.Lock()

    def order(self, request: pb.TrainAdapterRequest) -> Order:
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
        return Order(request.identity, Path(request.checkpoint), request.checkpoint_sha256, recipe)

    def train(self, order: Order, report: Report, token: CancelToken) -> pb.TrainAdapterResult:
        """Trains an adapter, or finds the one that was trained before.

        Raises:
            IdentityNotFound, ConsentMissing, ConsentWithdrawn: there is nobody to be shown, or
                there no longer is; nothing but the trainings of before is kept then.
            NotEnrolled: there are no pictures, or others by now.
            AdapterMismatch: another checkpoint is at that path.
            CheckpointNotFound, CheckpointIncomplete, CheckpointUnsupported.
            Cancelled: the token was cancelled; the last trial's state is kept.
        """
        from songreel_identity.training.base import check_folder

        consent = self._vault.standing(order.name)
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
        keep = _Keep(self._vault, order.name, consent, binding)
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

    def _learn(
        self,
        order: Order,
        keep: _Keep,
        pictures: list[Stored],
        report: Report,
        token: CancelToken,
    ) -> pb.TrainAdapterResult:
        import torch

        from songreel_identity.training.base import load_base
        from songreel_identity.training.portraits import decode_picture
        from songreel_identity.training.trainer import Person, Training

        torch.set_num_threads(self._settings.training_threads)
        report(Progress(step="load"))
        with loading("checkpoint"):
            base = load_base(order.checkpoint, self._settings.training_device)
        if base.sha256 != keep.binding.checkpoint_sha256:
            raise AdapterMismatch(f"the checkpoint at {order.checkpoint} was changed just now")
        embeddings = [
            np.frombuffer(keep.open(each), np.float32).astype(np.float64)
            for each in self._vault.list_objects(order.name, EMBEDDING)
        ]
        person = Person(
            pictures=[decode_picture(keep.open(each)) for each in pictures],
            embedding=mean_embedding(embeddings),
            pictures_sha256=keep.binding.pictures_sha256,
        )
        begun = keep.find(TRAINING)
        state = keep.open(begun) if begun is not None else None
        keep.note("train", step=order.recipe.text())
        training = Training(base, person, order.recipe, keep.guard(token, self._settings))

        def save(data: bytes) -> None:
            keep.put(TRAINING, data)

        trained = training.run(state, save, report)
        stored = keep.put(ADAPTER, trained.data)
        _log.info("adapter trained", seconds=trained.seconds, step=trained.best.step)
        return _told(
            read_head(trained.data), stored.sha256, trained.seconds, resumed=trained.resumed_from
        )


class _Keep:
    """What the vault holds for one binding of one person, as long as the consent stands."""

    def __init__(self, vault: Vault, name: str, consent: Consent, binding: Binding) -> None:
        self._vault = vault
        self._name = name
        self._subject = consent.subject
        self.binding = binding

    def find(self, purpose: str) -> Stored | None:
        """The object of this purpose and binding."""
        row = self._vault.database.run(
            lambda connection: connection.execute(
                sa.select(objects.c.id, objects.c.sha256).where(*self._which(purpose))
            ).first()
        )
        return None if row is None else Stored(row.id, purpose, row.sha256)

    def open(self, stored: Stored) -> bytes:
        """Raises `ConsentWithdrawn`, `IdentityNotFound`, `VaultUnusable`."""
        return self._vault.get(self._name, stored)

    def put(self, purpose: str, data: bytes) -> Stored:
        """Keeps an object in place of the one before; an adapter ends its training.

        Raises `ConsentWithdrawn`, `IdentityNotFound`, `NotEnrolled`: nothing is kept.
        """

        def transaction(connection: sa.Connection) -> Stored:
            consent = self._refuse_gone(connection)
            for each in {purpose, TRAINING}:
                connection.execute(sa.delete(objects).where(*self._which(each)))
            stored = self._vault.seal(connection, consent, purpose, data, self.binding)
            audit.append(
                connection,
                self._vault.now(),
                f"keep-{purpose}",
                consent.subject,
                object=stored.id,
                checkpoint=self.binding.checkpoint_sha256,
            )
            return stored

        return self._vault.database.run(transaction)

    def note(self, event: str, **detail: str) -> None:
        """An entry in the audit log."""
        self._vault.database.run(
            lambda connection: audit.append(
                connection, self._vault.now(), event, self._subject, **detail
            )
        )

    def guard(self, token: CancelToken, settings: IdentitySettings) -> Callable[[], None]:
        """Ends the work when it is cancelled, or the person no longer wants it."""
        looked = time.monotonic()

        def check() -> None:
            nonlocal looked
            token.check()
            if time.monotonic() - looked >= settings.watch_seconds:
                self._vault.database.run(self._refuse_gone)
                looked = time.monotonic()

        return check

    def _refuse_gone(self, connection: sa.Connection) -> Consent:
        consent = standing(connection, self._name)
        if consent.subject != self._subject:
            raise IdentityNotFound(f"{self._name} was erased meanwhile")
        hashes = connection.execute(
            sa.select(objects.c.sha256).where(
                objects.c.subject == self._subject, objects.c.purpose == PICTURE
            )
        ).scalars()
        if pictures_sha256(hashes) != self.binding.pictures_sha256:
            raise NotEnrolled(f"{self._name} has enrolled anew: train on the new pictures")
        return consent

    def _which(self, purpose: str) -> tuple[sa.ColumnElement[bool], ...]:
        columns: Any = objects.c
        return (
            columns.subject == self._subject,
            columns.purpose == purpose,
            *(columns[name] == value for name, value in dataclasses.asdict(self.binding).items()),
        )


def _told(
    head: AdapterHead, sha256: str, seconds: float, *, reused: bool = False, resumed: int = 0
) -> pb.TrainAdapterResult:
    from songreel_kit.adapters import phrase_of

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
