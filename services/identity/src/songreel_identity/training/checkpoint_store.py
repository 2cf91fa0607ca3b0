"""Trainings and adapters in the vault, as long as the consent stands."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from songreel_kit.errors import IdentityNotFound, NotEnrolled
from songreel_kit.work import CancelToken

from songreel_identity.vault import audit
from songreel_identity.vault.records import PICTURE, TRAINING, Binding, Consent, Stored
from songreel_identity.vault.tables import objects
from songreel_identity.vault.validity import enrolled_consent, usable_objects
from songreel_identity.vault.vault import Vault, pictures_sha256


class CheckpointStore:
    """Objects of one person with one binding. Thread-safe."""

    def __init__(self, vault: Vault, name: str, consent: Consent, binding: Binding) -> None:
        self._vault = vault
        self._name = name
        self._subject = consent.subject
        self.binding = binding

    def find(self, purpose: str) -> Stored | None:
        """The object of this purpose, if there is one."""
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
        """Replaces the object of this purpose; an adapter replaces its training, too.

        Raises `ConsentWithdrawn`, `IdentityNotFound`, `NotEnrolled`; nothing is kept then.
        """

        def transaction(connection: sa.Connection) -> Stored:
            consent = self._require_consent(connection)
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

    def log(self, event: str, **detail: str) -> None:
        """Adds an entry to the audit log."""
        self._vault.database.run(
            lambda connection: audit.append(
                connection, self._vault.now(), event, self._subject, **detail
            )
        )

    def cancellation_check(self, token: CancelToken, every_seconds: float) -> Callable[[], None]:
        """Returns a function that raises when the work is cancelled or the consent is gone.

        Args:
            token: of the call.
            every_seconds: how often the vault is asked.
        """
        looked = time.monotonic()

        def check() -> None:
            nonlocal looked
            token.check()
            if time.monotonic() - looked >= every_seconds:
                self._vault.database.run(self._require_consent)
                looked = time.monotonic()

        return check

    def _require_consent(self, connection: sa.Connection) -> Consent:
        consent = enrolled_consent(connection, self._name)
        if consent.subject != self._subject:
            raise IdentityNotFound(f"{self._name} was erased meanwhile")
        hashes = connection.execute(
            sa.select(objects.c.sha256).where(
                usable_objects(self._subject), objects.c.purpose == PICTURE
            )
        ).scalars()
        if pictures_sha256(hashes) != self.binding.pictures_sha256:
            raise NotEnrolled(f"{self._name} has enrolled anew: train on the new pictures")
        return consent

    def _which(self, purpose: str) -> tuple[sa.ColumnElement[bool], ...]:
        columns: Any = objects.c
        return (
            usable_objects(self._subject),
            columns.purpose == purpose,
            *(columns[name] == value for name, value in dataclasses.asdict(self.binding).items()),
        )
