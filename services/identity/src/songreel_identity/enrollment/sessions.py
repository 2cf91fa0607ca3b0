"""Enrolment sessions in the vault: nonces for one use, lock-out, and the pictures of a pass."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa
from songreel_kit.errors import ConsentWithdrawn, IdentityNotFound, SessionSpent

from songreel_identity.enrollment.approvals import require_approval, use_up, ways_text
from songreel_identity.enrollment.frame_pipeline import Still
from songreel_identity.enrollment.lockout import Lockout, TryLimits
from songreel_identity.liveness.protocol import Outcome, Verdict, Way
from songreel_identity.vault import audit
from songreel_identity.vault.records import EMBEDDING, PICTURE, Consent
from songreel_identity.vault.tables import consents, identities, objects, sessions
from songreel_identity.vault.validity import valid_consent
from songreel_identity.vault.vault import Vault, pictures_sha256

_SPENT = "this session was used or has expired: open another one and begin anew"


@dataclass(frozen=True)
class StartedSession:
    """A session whose nonce is used up."""

    nonce_sha256: str
    consent: Consent


class EnrollmentSessions:
    """Opens, begins and ends sessions. Thread-safe."""

    def __init__(
        self, vault: Vault, *, limits: TryLimits | None = None, nonce_seconds: int = 150
    ) -> None:
        self._vault = vault
        self._lockout = Lockout(vault, limits or TryLimits())
        self._life = nonce_seconds * 1_000_000

    def open(self, name: str) -> tuple[str, int]:
        """Returns a nonce for one session, and when it expires (microseconds since 1970).

        Raises `ConsentMissing`, `ConsentWithdrawn`, `IdentityNotFound`, `LockedOut`.
        """
        nonce = secrets.token_urlsafe(32)
        at = self._vault.now()

        def transaction(connection: sa.Connection) -> int:
            consent = valid_consent(connection, name)
            self._lockout.refuse_locked(connection, name, at)
            connection.execute(
                sa.insert(sessions).values(
                    nonce_sha256=_digest(nonce),
                    subject=consent.subject,
                    consent=consent.id,
                    opened=at,
                    expires=at + self._life,
                    begun=0,
                    verdict="",
                    ways="",
                )
            )
            audit.append(connection, at, "open-session", consent.subject, consent=consent.id)
            return at + self._life

        return nonce, self._vault.database.run(transaction)

    def forget_old_tries(self) -> None:
        """Deletes the tries that no longer count."""
        at = self._vault.now()
        self._vault.database.run(lambda connection: self._lockout.forget_old(connection, at))

    def check(self, nonce: str, name: str = "", ways: frozenset[Way] = frozenset()) -> None:
        """Raises `SessionSpent` or `ApprovalNeeded` where `begin` would; uses nothing up."""
        at = self._vault.now()

        def transaction(connection: sa.Connection) -> None:
            subject = connection.execute(
                sa.select(sessions.c.subject).where(*_unused(nonce, name, at))
            ).scalar_one_or_none()
            if subject is None:
                raise SessionSpent(_SPENT)
            require_approval(connection, subject, ways, at)

        self._vault.database.run(transaction, reads=True)

    def begin(
        self, nonce: str, name: str = "", ways: frozenset[Way] = frozenset()
    ) -> StartedSession:
        """Uses a nonce up; it must be of `name` unless that is empty.

        Raises `SessionSpent` for one that is unknown, used, expired or another's;
        `ApprovalNeeded`; `LockedOut`; `ConsentWithdrawn`.
        """
        digest, at = _digest(nonce), self._vault.now()

        def transaction(connection: sa.Connection) -> StartedSession:
            taken = connection.execute(
                sa.update(sessions)
                .where(*_unused(nonce, name, at))
                .values(begun=at, ways=ways_text(ways))
            )
            if taken.rowcount != 1:
                raise SessionSpent(_SPENT)
            row = connection.execute(
                sa.select(sessions.c.subject, consents.c.id, consents.c.version, identities.c.name)
                .join(consents, consents.c.id == sessions.c.consent)
                .join(identities, identities.c.subject == sessions.c.subject)
                .where(sessions.c.nonce_sha256 == digest, consents.c.withdrawn == 0)
            ).one_or_none()
            if row is None:
                raise ConsentWithdrawn("the consent was withdrawn: ask for a new one")
            require_approval(connection, row.subject, ways, at)
            self._lockout.refuse_locked(connection, row.name, at)
            self._lockout.count(connection, digest, row.name, at)
            audit.append(connection, at, "begin-session", row.subject, ways=ways_text(ways))
            return StartedSession(digest, Consent(row.id, row.subject, row.version))

        return self._vault.database.run(transaction)

    def end(self, session: StartedSession, outcome: Outcome, stills: list[Still]) -> None:
        """Records the verdict; the pictures of a pass replace earlier ones.

        Raises `ConsentWithdrawn` or `IdentityNotFound` when the person has withdrawn or
        erased meanwhile: then nothing is kept.
        """
        at, subject = self._vault.now(), session.consent.subject

        def transaction(connection: sa.Connection) -> None:
            ended = connection.execute(
                sa.update(sessions)
                .where(sessions.c.nonce_sha256 == session.nonce_sha256, sessions.c.verdict == "")
                .values(verdict=outcome.verdict.value)
            )
            if ended.rowcount != 1:
                raise IdentityNotFound("the identity was erased during the session")
            if outcome.verdict is Verdict.PASS:
                self._keep(connection, session.consent, stills)
                self._lockout.passed(connection, session.nonce_sha256)
            audit.append(
                connection,
                at,
                "end-session",
                subject,
                verdict=outcome.verdict.value,
                reason=outcome.reason.value,
                pictures=stills_sha256(stills) if stills else "",
            )

        self._vault.database.run(transaction)

    def _keep(self, connection: sa.Connection, consent: Consent, stills: list[Still]) -> None:
        connection.execute(
            sa.select(identities).where(identities.c.subject == consent.subject).with_for_update()
        )
        valid = connection.execute(
            sa.select(consents.c.id).where(consents.c.id == consent.id, consents.c.withdrawn == 0)
        ).one_or_none()
        if valid is None:
            raise ConsentWithdrawn("the consent was withdrawn during the session")
        # An adapter is bound to its pictures: it goes with them.
        connection.execute(sa.delete(objects).where(objects.c.subject == consent.subject))
        for still in stills:
            self._vault.seal(connection, consent, PICTURE, still.jpeg)
            embedding = still.embedding.astype(np.float32).tobytes()
            self._vault.seal(connection, consent, EMBEDDING, embedding)
        self._vault.extend_retention(connection, consent.subject)
        use_up(connection, consent.subject)


def stills_sha256(stills: list[Still]) -> str:
    """One hash for the seven pictures; an adapter is bound to it."""
    return pictures_sha256(still.sha256 for still in stills)


def _unused(nonce: str, name: str, at: int) -> list[sa.ColumnElement[bool]]:
    """Of the session that a nonce begins; it must be of `name` unless that is empty."""
    its = sa.select(identities.c.subject).where(identities.c.name == name)
    return [
        sessions.c.nonce_sha256 == _digest(nonce),
        sessions.c.begun == 0,
        sessions.c.expires > at,
        *([sessions.c.subject.in_(its)] if name else []),
    ]


def _digest(nonce: str) -> str:
    return hashlib.sha256(nonce.encode()).hexdigest()
