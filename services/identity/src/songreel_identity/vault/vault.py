"""Identities, consents and what is kept of a person, each object under a key of its own."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable, Iterable

import sqlalchemy as sa
from songreel_kit.database.database import Database
from songreel_kit.database.times import microseconds
from songreel_kit.errors import (
    ConsentMissing,
    IdentityNotFound,
    InvalidName,
    InvalidRequest,
)

from songreel_identity.vault import audit
from songreel_identity.vault.consent import ConsentText
from songreel_identity.vault.keys import KEY_BYTES, PERSON, KeyWrapper, seal, unseal
from songreel_identity.vault.records import PURPOSES, UNBOUND, Binding, Consent, Erasure, Stored
from songreel_identity.vault.removal import destroy_objects, remains
from songreel_identity.vault.tables import (
    approvals,
    consents,
    grants,
    identities,
    objects,
    sessions,
)
from songreel_identity.vault.validity import (
    find_subject,
    subject_of,
    usable_objects,
    valid_consent,
)

_NAME = re.compile(r"projects/[a-z][a-z0-9-]{0,61}/identities/[a-z][a-z0-9-]{0,61}")
_DAY = 86_400_000_000


class Vault:
    """Thread-safe; every method is one transaction."""

    def __init__(
        self,
        database: Database,
        keys: KeyWrapper,
        text: ConsentText,
        *,
        retention_days: int = 365,
        now: Callable[[], int] = microseconds,
    ) -> None:
        self.database = database
        self.text = text
        self.now = now
        self._keys = keys
        self._retention = retention_days * _DAY

    def record_consent(self, name: str, version: str, text_sha256: str) -> Consent:
        """Records that a person accepted the text as it was shown.

        Raises:
            InvalidName: not `projects/P/identities/I`.
            ConsentMissing: another version or other words than are asked for now.
        """
        if not _NAME.fullmatch(name):
            raise InvalidName(
                f"{name!r} names no identity: give projects/PROJECT/identities/NAME, each of "
                "lower-case letters, digits and '-'"
            )
        if (version, text_sha256) != (self.text.version, self.text.sha256):
            raise ConsentMissing(
                f"the consent is asked for in version {self.text.version}: show that text and "
                "send its version and SHA-256",
                version=self.text.version,
            )
        at = self.now()

        def transaction(connection: sa.Connection) -> Consent:
            subject = find_subject(connection, name)
            if subject is None:
                subject = secrets.token_hex(16)
                connection.execute(
                    sa.insert(identities).values(
                        subject=subject, name=name, created=at, expires=at + self._retention
                    )
                )
            made = Consent(secrets.token_hex(16), subject, version)
            connection.execute(
                sa.insert(consents).values(
                    id=made.id,
                    subject=subject,
                    version=version,
                    text_sha256=text_sha256,
                    accepted=at,
                    withdrawn=0,
                )
            )
            audit.append(connection, at, "consent", subject, consent=made.id, version=version)
            return made

        return self.database.run(transaction)

    def valid_consent(self, name: str) -> Consent:
        """The person's consent. Raises `IdentityNotFound`, `ConsentMissing`, `ConsentWithdrawn`."""
        return self.database.run(lambda connection: valid_consent(connection, name))

    def withdraw(self, name: str) -> Erasure:
        """Withdraws every consent and destroys what was kept under them; the name stays.

        A later consent brings nothing back: that takes a new session. Raises
        `IdentityNotFound`.
        """
        at = self.now()

        def transaction(connection: sa.Connection) -> Erasure:
            subject = subject_of(connection, name, lock=True)
            connection.execute(
                sa.update(consents)
                .where(consents.c.subject == subject, consents.c.withdrawn == 0)
                .values(withdrawn=at)
            )
            destroyed = destroy_objects(connection, subject)
            self._keys.forget(subject)
            head = audit.append(connection, at, "withdraw", subject, objects=str(len(destroyed)))
            return Erasure(subject, len(destroyed), destroyed, head)

        erasure = self.database.run(transaction)
        self.database.forget()
        return erasure

    def keyed_hash(self, text: str) -> str:
        """A hash that says nothing to those without the vault's keys; 64 hex digits."""
        return self._keys.keyed_hash(text)

    def put(self, consent: Consent, purpose: str, plain: bytes) -> Stored:
        """Seals and stores an object."""
        return self.database.run(lambda connection: self.seal(connection, consent, purpose, plain))

    def seal(
        self,
        connection: sa.Connection,
        consent: Consent,
        purpose: str,
        plain: bytes,
        binding: Binding = UNBOUND,
    ) -> Stored:
        """The same, inside a transaction."""
        if purpose not in PURPOSES:
            raise InvalidRequest(f"{purpose!r} is no purpose: {', '.join(PURPOSES)}")
        stored = Stored(secrets.token_hex(16), purpose, hashlib.sha256(plain).hexdigest())
        bound = _bound(consent.subject, stored.id, purpose, consent.version, binding)
        key = secrets.token_bytes(KEY_BYTES)
        connection.execute(
            sa.insert(objects).values(
                id=stored.id,
                subject=consent.subject,
                purpose=purpose,
                consent=consent.id,
                consent_version=consent.version,
                sha256=stored.sha256,
                key_id=PERSON,
                wrapped_key=self._keys.wrap(consent.subject, key, bound),
                sealed=seal(key, plain, bound),
                created=self.now(),
                checkpoint_sha256=binding.checkpoint_sha256,
                pictures_sha256=binding.pictures_sha256,
                recipe_sha256=binding.recipe_sha256,
            )
        )
        return stored

    def list_objects(self, name: str, purpose: str) -> list[Stored]:
        """Lists a person's objects of one purpose. Raises `IdentityNotFound`."""

        def transaction(connection: sa.Connection) -> list[Stored]:
            subject = subject_of(connection, name)
            rows = connection.execute(
                sa.select(objects.c.id, objects.c.purpose, objects.c.sha256)
                .where(usable_objects(subject), objects.c.purpose == purpose)
                .order_by(objects.c.created, objects.c.id)
            )
            return [Stored(row.id, row.purpose, row.sha256) for row in rows]

        return self.database.run(transaction)

    def get(self, name: str, stored: Stored) -> bytes:
        """Opens an object while the consent that it was made under stands.

        Raises `ConsentWithdrawn`, `IdentityNotFound`, `VaultUnusable`.
        """

        def transaction(connection: sa.Connection) -> sa.Row[tuple[object, ...]]:
            consent = valid_consent(connection, name)
            row = connection.execute(
                sa.select(objects).where(objects.c.id == stored.id, usable_objects(consent.subject))
            ).one_or_none()
            if row is None:
                raise IdentityNotFound(f"{name} holds no such object; it may be erased")
            audit.append(connection, self.now(), "open", consent.subject, object=stored.id)
            return row

        return self.unsealed(self.database.run(transaction))

    def unsealed(self, row: sa.Row[tuple[object, ...]]) -> bytes:
        """The plain bytes of a whole row of `objects`. Raises `VaultUnusable`."""
        bound = _bound_row(row)
        return unseal(self._data_key(row, bound), row.sealed, bound)

    def rewrap(self) -> int:
        """Wraps data keys from before the people had keys of their own; how many they were.

        Raises `VaultUnusable`.
        """

        def transaction(connection: sa.Connection) -> int:
            rows = connection.execute(
                sa.select(objects).where(objects.c.key_id != PERSON).with_for_update()
            ).all()
            for row in rows:
                bound = _bound_row(row)
                wrapped = self._keys.wrap(row.subject, self._data_key(row, bound), bound)
                connection.execute(
                    sa.update(objects)
                    .where(objects.c.id == row.id)
                    .values(key_id=PERSON, wrapped_key=wrapped)
                )
            return len(rows)

        return self.database.run(transaction)

    def _data_key(self, row: sa.Row[tuple[object, ...]], bound: bytes) -> bytes:
        return self._keys.unwrap(row.subject, row.key_id, row.wrapped_key, bound)

    def erase(self, name: str, cause: str = "asked") -> Erasure:
        """Destroys everything kept of a person, keys first, and the name.

        Afterwards the vault is searched for the subject; what remains is the
        pseudonymous audit log. Raises `IdentityNotFound`.
        """
        at = self.now()

        def transaction(connection: sa.Connection) -> Erasure:
            subject = subject_of(connection, name, lock=True)
            destroyed = destroy_objects(connection, subject)
            # Before the end of the transaction: without the key no copy of the rows opens.
            self._keys.forget(subject)
            for table in (approvals, grants, sessions, consents, identities):
                connection.execute(sa.delete(table).where(table.c.subject == subject))
            head = audit.append(
                connection, at, "erase", subject, cause=cause, objects=str(len(destroyed))
            )
            left = remains(connection, subject)
            if left:
                raise RuntimeError(f"an erasure left something in {left}")
            return Erasure(subject, len(destroyed), destroyed, head)

        erasure = self.database.run(transaction)
        self.database.forget()
        return erasure

    def expire(self) -> list[Erasure]:
        """Erases every identity whose retention is over."""
        at = self.now()
        names = self.database.run(
            lambda connection: (
                connection.execute(sa.select(identities.c.name).where(identities.c.expires <= at))
                .scalars()
                .all()
            )
        )
        return [self.erase(name, cause="retention") for name in names]

    def extend_retention(self, connection: sa.Connection, subject: str) -> None:
        """Restarts the retention period, as an enrolment does."""
        connection.execute(
            sa.update(identities)
            .where(identities.c.subject == subject)
            .values(expires=self.now() + self._retention)
        )


def pictures_sha256(hashes: Iterable[str]) -> str:
    """One hash for a person's pictures in any order."""
    return hashlib.sha256("".join(sorted(hashes)).encode()).hexdigest()


def _bound_row(row: sa.Row[tuple[object, ...]]) -> bytes:
    binding = Binding(row.checkpoint_sha256, row.pictures_sha256, row.recipe_sha256)
    return _bound(row.subject, row.id, row.purpose, row.consent_version, binding)


def _bound(subject: str, identifier: str, purpose: str, version: str, binding: Binding) -> bytes:
    parts = [subject, identifier, purpose, version]
    if binding != UNBOUND:
        parts += [binding.checkpoint_sha256, binding.pictures_sha256, binding.recipe_sha256]
    return "|".join(parts).encode()
