"""Lock-out: how many tries may fail, for each name and for each project.

Tries are kept apart from the identity, under keyed hashes of its name and project, until their
window ends: erasing a name, or taking another one, does not give new ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from songreel_kit.errors import LockedOut

from songreel_identity.vault.tables import tries
from songreel_identity.vault.vault import Vault


@dataclass(frozen=True)
class TryLimits:
    """How many tries may fail in a window."""

    of_name: int = 5
    of_project: int = 60
    window: int = 24 * 3_600_000_000
    """Microseconds."""


class Lockout:
    """Counts tries, inside the transactions of its callers."""

    def __init__(self, vault: Vault, limits: TryLimits) -> None:
        self._vault = vault
        self._limits = limits

    def refuse_locked(self, connection: sa.Connection, name: str, at: int) -> None:
        """Raises `LockedOut` when as many tries have failed as may."""
        for column, key, most in (
            (tries.c.name_hash, self._hash(name), self._limits.of_name),
            (tries.c.project_hash, self._hash(_project(name)), self._limits.of_project),
        ):
            begun = (
                connection.execute(
                    sa.select(tries.c.begun)
                    .where(column == key, tries.c.begun > at - self._limits.window)
                    .order_by(tries.c.begun.desc())
                    .limit(most)
                )
                .scalars()
                .all()
            )
            if len(begun) == most:
                wait = (begun[-1] + self._limits.window - at) / 1_000_000
                error = LockedOut(
                    f"{most} tries did not succeed: try again in {wait / 3600:.0f} hours",
                    tries=str(most),
                )
                error.retry_seconds = wait
                raise error

    def count(self, connection: sa.Connection, nonce_sha256: str, name: str, at: int) -> None:
        """A try has begun; it counts unless it is passed, also when it is abandoned."""
        self.forget_old(connection, at)
        connection.execute(
            sa.insert(tries).values(
                nonce_sha256=nonce_sha256,
                name_hash=self._hash(name),
                project_hash=self._hash(_project(name)),
                begun=at,
            )
        )

    def passed(self, connection: sa.Connection, nonce_sha256: str) -> None:
        """A try was passed: none of that name count any more."""
        name = sa.select(tries.c.name_hash).where(tries.c.nonce_sha256 == nonce_sha256)
        connection.execute(sa.delete(tries).where(tries.c.name_hash.in_(name)))

    def forget_old(self, connection: sa.Connection, at: int) -> None:
        """Deletes the tries whose window has ended."""
        connection.execute(sa.delete(tries).where(tries.c.begun <= at - self._limits.window))

    def _hash(self, text: str) -> str:
        return self._vault.keyed_hash(text)


def _project(name: str) -> str:
    return name.partition("/identities/")[0]
