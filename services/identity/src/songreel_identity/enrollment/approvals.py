"""An operator's approval, which the weaker ways through a session need.

Without the coloured light, a puppet made of one photo passes: somebody has to have made sure, by
other means than pictures, that the person before the camera is the one whose face it is.
"""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from songreel_kit.errors import ApprovalNeeded, InvalidRequest

from songreel_identity.liveness.protocol import Way
from songreel_identity.vault import audit
from songreel_identity.vault.tables import approvals
from songreel_identity.vault.validity import subject_of
from songreel_identity.vault.vault import Vault

WEAKER = frozenset({Way.NO_LIGHT, Way.SKIP_TWO})
"""Ways that leave a challenge out. The others replace one, or give more time."""

HOURS = 24.0
_HOUR = 3_600_000_000


def approve(vault: Vault, name: str, ways: Iterable[Way], hours: float = HOURS) -> None:
    """Approves weaker ways for a person until they pass a session, for some hours at most.

    Raises `IdentityNotFound`; `InvalidRequest` for ways that need no approval.
    """
    wanted = frozenset(ways)
    if not wanted or not wanted <= WEAKER:
        raise InvalidRequest(
            f"only these ways need an approval: {', '.join(sorted(WEAKER))}", field="ways"
        )
    at = vault.now()

    def transaction(connection: sa.Connection) -> None:
        subject = subject_of(connection, name, lock=True)
        connection.execute(sa.delete(approvals).where(approvals.c.subject == subject))
        connection.execute(
            sa.insert(approvals).values(
                subject=subject, ways=ways_text(wanted), expires=at + round(hours * _HOUR)
            )
        )
        audit.append(connection, at, "approve-ways", subject, ways=ways_text(wanted))

    vault.database.run(transaction)


def require_approval(connection: sa.Connection, subject: str, ways: Iterable[Way], at: int) -> None:
    """Raises `ApprovalNeeded` unless all weaker ways among these are approved."""
    weaker = WEAKER & frozenset(ways)
    if not weaker:
        return
    approved = connection.execute(
        sa.select(approvals.c.ways).where(approvals.c.subject == subject, approvals.c.expires > at)
    ).scalar_one_or_none()
    if approved is None or not weaker <= set(approved.split(",")):
        options = " ".join(f"--way {way}" for way in sorted(weaker))
        raise ApprovalNeeded(
            f"{', '.join(sorted(weaker))}: forged pictures pass more easily this way, so this "
            "server's operator has to make sure that it is you, and to run `songreel-identity "
            f"approve IDENTITY {options}`; then begin again",
            ways=ways_text(weaker),
        )


def use_up(connection: sa.Connection, subject: str) -> None:
    """An approval is good for one passed session."""
    connection.execute(sa.delete(approvals).where(approvals.c.subject == subject))


def ways_text(ways: Iterable[Way]) -> str:
    """Ways as they are kept: sorted, with commas between them."""
    return ",".join(sorted(ways))
