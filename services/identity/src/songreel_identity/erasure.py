"""Erases a person everywhere: renderers first let go, then the vault destroys its keys."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from songreel_identity.grants import Grants
from songreel_identity.settings import IdentitySettings
from songreel_identity.vault.records import Erasure
from songreel_identity.vault.vault import Vault

_LOOK_SECONDS = 0.05
_MISSED_LOOKS = 3


@dataclass(frozen=True)
class ErasureReport:
    """An erasure, and what became of the uses that were under way."""

    erasure: Erasure
    cleared: int
    """Uses whose renderers said that they hold nothing any more."""
    silent: int
    """Uses whose renderers were not heard of."""


async def erase_everywhere(
    vault: Vault, grants: Grants, settings: IdentitySettings, name: str
) -> ErasureReport:
    """Withdraws the consent, waits until the renderers have let go, and erases.

    A renderer that is not heard of does not hold the erasure up: it cannot have been
    told that it may go on, and one that cannot ask stops by itself. Raises
    `IdentityNotFound`.
    """
    grace = round((_MISSED_LOOKS * settings.watch_seconds + 1.0) * 1_000_000)
    before = await asyncio.to_thread(grants.use_states, name, vault.now() - grace)
    await asyncio.to_thread(vault.withdraw, name)
    ended: frozenset[str] = frozenset()
    try:
        async with asyncio.timeout(settings.erase_seconds):
            while not before.going <= ended:
                await asyncio.sleep(_LOOK_SECONDS)
                ended = (await asyncio.to_thread(grants.use_states, name, 0)).ended
    except TimeoutError:
        pass  # told in the numbers
    erasure = await asyncio.to_thread(vault.erase, name)
    cleared = len(before.going & ended)
    return ErasureReport(erasure, cleared, len(before.going) + len(before.silent) - cleared)
