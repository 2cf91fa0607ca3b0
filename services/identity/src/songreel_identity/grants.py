"""Grants: signed for one use, redeemed once, and void as soon as the consent is."""

from __future__ import annotations

import contextlib
import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import Any

import jwt
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from songreel_kit.errors import (
    ConsentWithdrawn,
    GrantInvalid,
    GrantSpent,
    IdentityNotFound,
    InvalidRequest,
    SongreelError,
)
from songreel_kit.likeness.grants import AUDIENCE, ISSUER, MAX_SECONDS, Grant, verify_grant

from songreel_identity.vault import audit
from songreel_identity.vault.keys import public_pem
from songreel_identity.vault.records import ADAPTER
from songreel_identity.vault.tables import consents, grants, objects
from songreel_identity.vault.validity import (
    enrollment_ways,
    subject_of,
    usable_objects,
    valid_consent,
)
from songreel_identity.vault.vault import Vault

_SHA256 = re.compile(r"[0-9a-f]{64}")
_KEY_DIGITS = 64


@dataclass(frozen=True)
class UseStates:
    """Ids of a person's redeemed uses."""

    running: frozenset[str]
    """Their renderers were heard of lately."""
    silent: frozenset[str]
    """Not ended, but not heard of: the renderer is gone, or cut off and has stopped itself."""
    ended: frozenset[str]


class Grants:
    """Issues, redeems and ends grants, each for one use of an adapter. Thread-safe."""

    def __init__(self, vault: Vault, key: Ed25519PrivateKey, *, seconds: int = MAX_SECONDS) -> None:
        self._vault = vault
        self._key = key
        self._seconds = min(seconds, MAX_SECONDS)
        self.public_key = public_pem(key)
        """PEM that grants are verified with."""

    def issue(self, name: str, adapter_sha256: str, job_sha256: str) -> tuple[str, int]:
        """Returns a token for one use, and when it expires (seconds since 1970).

        Raises `IdentityNotFound`, `ConsentMissing`, `ConsentWithdrawn`; `GrantInvalid`
        when the adapter is not this person's.
        """
        for field, value in (("adapter_sha256", adapter_sha256), ("job_sha256", job_sha256)):
            if not _SHA256.fullmatch(value):
                raise InvalidRequest(f"{field} must be 64 lower-case hex digits", field=field)
        at = self._vault.now()
        issued = at // 1_000_000
        expires = issued + self._seconds

        def transaction(connection: sa.Connection) -> dict[str, object]:
            consent = valid_consent(connection, name)
            adapter = connection.execute(
                sa.select(objects.c.consent).where(
                    usable_objects(consent.subject),
                    objects.c.purpose == ADAPTER,
                    objects.c.sha256 == adapter_sha256,
                )
            ).first()
            if adapter is None:
                raise GrantInvalid(f"{name} has no such adapter: train it first")
            identifier = secrets.token_hex(16)
            connection.execute(
                sa.insert(grants).values(
                    id=identifier,
                    subject=consent.subject,
                    consent=adapter.consent,
                    adapter_sha256=adapter_sha256,
                    job_sha256=job_sha256,
                    expires=expires * 1_000_000,
                    redeemed=0,
                )
            )
            audit.append(connection, at, "grant", consent.subject, grant=identifier, job=job_sha256)
            return {
                "sub": consent.subject,
                "jti": identifier,
                "consent": adapter.consent,
                "ways": enrollment_ways(connection, adapter.consent),
            }

        try:
            claims = self._vault.database.run(transaction)
        except SongreelError as error:
            self._log_refusal("refuse-grant", error, job=job_sha256)
            raise
        claims |= {"iss": ISSUER, "aud": AUDIENCE, "iat": issued, "exp": expires}
        claims |= {"adapter_sha256": adapter_sha256, "job_sha256": job_sha256}
        return jwt.encode(claims, self._key, algorithm="EdDSA"), expires

    def redeem(
        self, token: str, adapter_sha256: str, job_sha256: str, renderer_key: bytes = b""
    ) -> Grant:
        """Verifies a grant and uses it up; the adapter will be sealed to `renderer_key`.

        Raises `InvalidRequest`, `GrantInvalid`, `GrantExpired`, `GrantSpent`, `ConsentWithdrawn`.
        """
        if len(renderer_key) not in (0, _KEY_DIGITS // 2):
            raise InvalidRequest("renderer_key must have 32 bytes", field="renderer_key")
        at = self._vault.now()

        def transaction(connection: sa.Connection) -> None:
            _require_valid(connection, grant)
            taken = connection.execute(
                sa.update(grants)
                .where(grants.c.id == grant.id, grants.c.redeemed == 0)
                .values(redeemed=at, seen=at, renderer_key=renderer_key.hex())
            )
            if taken.rowcount != 1:
                raise GrantSpent("the grant was used before: ask for another one")
            audit.append(
                connection, at, "redeem", grant.subject, grant=grant.id, job=grant.job_sha256
            )

        subject = ""
        try:
            grant = verify_grant(
                token, self.public_key, adapter_sha256=adapter_sha256, job_sha256=job_sha256
            )
            subject = grant.subject
            self._vault.database.run(transaction)
        except SongreelError as error:
            self._log_refusal("refuse-use", error, subject, job=job_sha256)
            raise
        return grant

    def check(self, use: str) -> None:
        """Checks that a redeemed use may go on, and notes that its renderer was heard of.

        Raises `ConsentWithdrawn`, `GrantInvalid`.
        """
        at = self._vault.now()

        def transaction(connection: sa.Connection) -> None:
            _running_use(connection, use)
            connection.execute(sa.update(grants).where(grants.c.id == use).values(seen=at))

        self._vault.database.run(transaction)

    def open_adapter(self, use: str) -> tuple[bytes, bytes]:
        """Returns the adapter of a use that may go on, and the key of the one who redeemed it.

        The adapter is in the clear; it may leave only sealed to that X25519 key, of 32
        bytes. Raises `ConsentWithdrawn`, `GrantInvalid`, `VaultUnusable`.
        """
        at = self._vault.now()

        def transaction(connection: sa.Connection) -> tuple[Any, bytes]:
            grant = _running_use(connection, use)
            if len(grant.renderer_key) != _KEY_DIGITS:
                raise GrantInvalid("the grant was redeemed without a renderer's key: send it one")
            row = connection.execute(
                sa.select(objects).where(
                    usable_objects(grant.subject),
                    objects.c.purpose == ADAPTER,
                    objects.c.sha256 == grant.adapter_sha256,
                )
            ).first()
            if row is None:
                raise GrantInvalid("the adapter of this use is gone: it was trained anew")
            audit.append(connection, at, "open", grant.subject, object=row.id, grant=use)
            return row, bytes.fromhex(grant.renderer_key)

        row, renderer_key = self._vault.database.run(transaction)
        return self._vault.unsealed(row), renderer_key

    def end(self, use: str, refused: str = "") -> None:
        """Notes that the renderer holds nothing of a use any more; idempotent.

        Args:
            use: The use.
            refused: Reason of the error with which the renderer refused the adapter.
        """
        at = self._vault.now()

        def transaction(connection: sa.Connection) -> None:
            ended = connection.execute(
                sa.update(grants)
                .where(grants.c.id == use, grants.c.redeemed > 0, grants.c.ended == 0)
                .values(ended=at)
            )
            if ended.rowcount:
                row = connection.execute(
                    sa.select(grants.c.subject, grants.c.job_sha256).where(grants.c.id == use)
                ).one()
                if refused:
                    audit.append(
                        connection,
                        at,
                        "refuse-use",
                        row.subject,
                        reason=refused[:64],
                        job=row.job_sha256,
                    )
                audit.append(connection, at, "end-use", row.subject, grant=use)

        self._vault.database.run(transaction)

    def use_states(self, name: str, heard_since: int) -> UseStates:
        """Sorts a person's redeemed uses; `heard_since` in microseconds since 1970.

        Raises `IdentityNotFound`.
        """

        def transaction(connection: sa.Connection) -> UseStates:
            subject = subject_of(connection, name)
            rows = connection.execute(
                sa.select(grants.c.id, grants.c.seen, grants.c.ended).where(
                    grants.c.subject == subject, grants.c.redeemed > 0
                )
            ).all()
            running = [row for row in rows if not row.ended]
            return UseStates(
                running=frozenset(row.id for row in running if row.seen >= heard_since),
                silent=frozenset(row.id for row in running if row.seen < heard_since),
                ended=frozenset(row.id for row in rows if row.ended),
            )

        return self._vault.database.run(transaction)

    def record_refusal(self, name: str, project: str, reason: str) -> None:
        """Records in the audit log that another project asked for a person.

        Args:
            name: Of the identity, which may not exist.
            project: Id of the project that asked; its hash goes into the log.
            reason: Of the error.
        """
        at = self._vault.now()
        asked_by = hashlib.sha256(project.encode()).hexdigest()[:16]

        def transaction(connection: sa.Connection) -> None:
            subject = ""
            with contextlib.suppress(IdentityNotFound):
                subject = subject_of(connection, name)
            audit.append(
                connection, at, "refuse-project", subject, reason=reason[:64], project=asked_by
            )

        self._vault.database.run(transaction)

    def _log_refusal(
        self, event: str, error: SongreelError, subject: str = "", *, job: str
    ) -> None:
        """Outside the refused transaction, which was rolled back."""
        at = self._vault.now()
        reason = error.reason
        self._vault.database.run(
            lambda connection: audit.append(
                connection, at, event, subject, reason=reason, job=job[:64]
            )
        )


def _running_use(connection: sa.Connection, use: str) -> Any:
    row = connection.execute(
        sa.select(
            consents.c.withdrawn, grants.c.subject, grants.c.adapter_sha256, grants.c.renderer_key
        )
        .join(grants, grants.c.consent == consents.c.id)
        .where(grants.c.id == use, grants.c.redeemed > 0, grants.c.ended == 0)
    ).one_or_none()
    if row is None:
        raise GrantInvalid("there is no such use; the identity may be erased: stop")
    if row.withdrawn:
        raise ConsentWithdrawn("the consent was withdrawn: stop")
    return row


def _require_valid(connection: sa.Connection, grant: Grant) -> None:
    row = connection.execute(
        sa.select(consents.c.withdrawn).where(consents.c.id == grant.consent)
    ).one_or_none()
    if row is None:
        raise GrantInvalid("the identity of this grant is erased")
    if row.withdrawn:
        raise ConsentWithdrawn("the consent was withdrawn")
