"""Erases a person everywhere: the renderers first, then the vault."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from songreel_identity.grants import Grants
from songreel_identity.vault.records import Erasure
from songreel_identity.vault.vault import Vault

_LOOK_SECONDS = 0.05
_MISSED_LOOKS = 3


@dataclass(frozen=True)
class ErasureReport:
    """An erasure, and what became of the uses that were under way."""

    erasure: Erasure
    uses_cleared: int
    """Uses whose renderers have said that they hold nothing any more."""
    uses_silent: int
    """Uses whose renderers were not heard of."""


async def erase_everywhere(
    vault: Vault, grants: Grants, name: str, *, watch_seconds: float, erase_seconds: float
) -> ErasureReport:
    """Withdraws the consent, waits until the renderers hold nothing, and erases.

    A renderer that is not heard of does not delay the erasure: nobody can have told it to go
    on, and one that cannot ask stops by itself.

    Args:
        vault: that holds the person.
        grants: of the vault.
        name: of the identity.
        watch_seconds: how often a renderer asks whether it may go on.
        erase_seconds: how long to wait for renderers that are heard of.

    Raises `IdentityNotFound`.
    """
    grace = round((_MISSED_LOOKS * watch_seconds + 1.0) * 1_000_000)
    before = await asyncio.to_thread(grants.use_states, name, vault.now() - grace)
    withdrawn = await asyncio.to_thread(vault.withdraw, name)
    ended: frozenset[str] = frozenset()
    try:
        async with asyncio.timeout(erase_seconds):
            while not before.running <= ended:
                await asyncio.sleep(_LOOK_SECONDS)
                ended = (await asyncio.to_thread(grants.use_states, name, 0)).ended
    except TimeoutError:
        pass  # the report counts them
    erased = await asyncio.to_thread(vault.erase, name)
    # The withdrawal has destroyed the objects; the erasure takes the name and what is left.
    erasure = Erasure(
        erased.subject,
        withdrawn.objects + erased.objects,
        tuple(sorted((*withdrawn.keys_sha256, *erased.keys_sha256))),
        erased.audit_head,
    )
    cleared = len(before.running & ended)
    silent = len(before.running) + len(before.silent) - cleared
    return ErasureReport(erasure, uses_cleared=cleared, uses_silent=silent)
