"""Rings the bells for what other gateways wrote into the database."""

from __future__ import annotations

import asyncio

from songreel_kit.errors import SongreelError
from songreel_kit.telemetry.logging import get_logger

from songreel_gateway.jobs.notifications import Bells
from songreel_gateway.jobs.repository import Ledger

_log = get_logger(__name__)


async def read_news(ledger: Ledger, bells: Bells, seconds: float) -> None:
    """Looks, for ever, for events of the watched jobs: one question for all of them.

    Args:
        ledger: Read from.
        bells: Rung for every job that has other events than the last time.
        seconds: Between two looks.
    """
    known: dict[str, int] = {}
    while True:
        watched = bells.heard()
        try:
            found = await ledger.counts(watched) if watched else {}
        except SongreelError as error:
            _log.warning("news cannot be read", problem=error.message)
        else:
            for job in watched:
                # None, for one that is gone, is news once, too.
                if job not in known or known[job] != found.get(job, -1):
                    bells.ring(job)
            known = {job: found.get(job, -1) for job in watched}
        await asyncio.sleep(seconds)
